"""Finding histories: every layout that Alembic and its users know, made in a temporary folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from migration_guard.reading.discovery.project import Project, ProjectError, find
from migration_guard.roundtripping.project import choose

REVISION = 'revision = "{0}"\ndown_revision = {1}\n'


def revision(name: str, parent: str | None = None) -> str:
    return REVISION.format(name, repr(parent))


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    return root


def ini(*lines: str) -> str:
    return "\n".join(("[alembic]", *lines, ""))


def plain(root: Path, *, versions: str = "alembic/versions", location: str = "alembic") -> Path:
    return tree(
        root,
        {
            "alembic.ini": ini(f"script_location = {location}"),
            "alembic/env.py": "",
            f"{versions}/a.py": revision("a"),
            f"{versions}/b.py": revision("b", "a"),
        },
    )


def files(project: Project, root: Path) -> list[str]:
    return [file.relative_to(root).as_posix() for file in project.files]


def only(paths: list[str], root: Path) -> Project:
    (project,) = find([Path(path) for path in paths], root)
    return project


@pytest.mark.parametrize("path", ["", "alembic.ini", "alembic", "alembic/versions"])
def test_every_way_to_name_a_history_finds_the_whole_of_it(tmp_path: Path, path: str) -> None:
    plain(tmp_path)
    project = only([path] if path else [], tmp_path)
    assert files(project, tmp_path) == ["alembic/versions/a.py", "alembic/versions/b.py"]
    assert project.ini == tmp_path / "alembic.ini"
    assert project.env == tmp_path / "alembic/env.py"
    assert project.script_location == tmp_path / "alembic"
    assert project.only is None
    assert project.root == tmp_path


def test_a_single_file_is_judged_in_the_light_of_its_whole_history(tmp_path: Path) -> None:
    plain(tmp_path)
    project = only(["alembic/versions/b.py"], tmp_path)
    assert len(project.files) == 2
    assert project.only == {tmp_path / "alembic/versions/b.py"}


def test_two_files_of_one_history_are_one_project(tmp_path: Path) -> None:
    tree(plain(tmp_path), {"alembic/versions/c.py": revision("c", "b")})
    project = only(["alembic/versions/c.py", "alembic/versions/b.py"], tmp_path)
    assert project.only == {tmp_path / "alembic/versions/b.py", tmp_path / "alembic/versions/c.py"}


def test_a_file_named_beside_its_folder_restricts_nothing(tmp_path: Path) -> None:
    plain(tmp_path)
    assert only(["alembic/versions/b.py", "alembic"], tmp_path).only is None


def test_files_that_alembic_never_loads_are_no_candidates(tmp_path: Path) -> None:
    extra = ["__init__.py", ".#a.py", "__pycache__/a.py", "notes.txt"]
    tree(plain(tmp_path), {f"alembic/versions/{name}": "" for name in extra})
    assert len(only([], tmp_path).files) == 2


@pytest.mark.parametrize(
    ("separator", "between"),
    [
        ("", " "),
        ("", ", "),
        ("path_separator = space", " "),
        ("path_separator = newline", "\n  "),
        ("path_separator = ;", ";"),
        ("path_separator = :", ":"),
        ("version_path_separator = os  # as of old", ":"),
    ],
)
def test_version_locations_are_split_as_alembic_splits_them(tmp_path: Path, separator: str, between: str) -> None:
    locations = between.join(("%(here)s/one", "two", "%(here)s/absent"))
    tree(
        tmp_path,
        {
            "alembic.ini": ini("script_location = alembic", f"version_locations = {locations}", separator),
            "alembic/env.py": "",
            "one/a.py": revision("a"),
            "two/b.py": revision("b", "a"),
        },
    )
    assert files(only([], tmp_path), tmp_path) == ["one/a.py", "two/b.py"]


def test_a_folder_of_several_reports_on_itself_only(tmp_path: Path) -> None:
    locations = "version_locations = %(here)s/one %(here)s/two"
    tree(
        tmp_path,
        {
            "alembic.ini": ini("script_location = alembic", locations),
            "alembic/env.py": "",
            "one/a.py": revision("a"),
            "two/b.py": revision("b", "a"),
        },
    )
    project = only(["two"], tmp_path)
    assert len(project.files) == 2
    assert project.only == {tmp_path / "two/b.py"}


def test_an_unknown_separator_is_refused_with_those_that_exist(tmp_path: Path) -> None:
    tree(
        plain(tmp_path),
        {"alembic.ini": ini("script_location = alembic", "version_locations = a|b", "path_separator=|")},
    )
    with pytest.raises(ProjectError, match="newline"):
        find([Path("alembic.ini")], tmp_path)


def test_percent_signs_in_the_file_template_are_unescaped(tmp_path: Path) -> None:
    tree(plain(tmp_path), {"alembic.ini": ini("script_location = alembic", "file_template = %%(rev)s_%%(slug)s")})
    assert only([], tmp_path).file_template == "%(rev)s_%(slug)s"


def test_a_url_that_only_the_application_can_complete_is_left_out(tmp_path: Path) -> None:
    tree(plain(tmp_path), {"alembic.ini": ini("script_location = alembic", "sqlalchemy.url = pg://%(DB_HOST)s/x")})
    assert only([], tmp_path).sqlalchemy_url is None


def test_a_script_location_may_be_relative_to_the_current_folder(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {"conf/alembic.ini": ini("script_location = db"), "db/env.py": "", "db/versions/a.py": revision("a")},
    )
    assert files(only([], tmp_path), tmp_path) == ["db/versions/a.py"]


@pytest.mark.parametrize("location", ["shop:db/migrations", "shop:db:migrations", "shop.db:migrations"])
@pytest.mark.parametrize("where", ["alembic.ini", "shop/db/alembic.ini", "deploy/alembic.ini"])
@pytest.mark.parametrize("source", ["", "src/"])
def test_a_package_resource_is_found_without_importing(tmp_path: Path, location: str, where: str, source: str) -> None:
    where = source + where if where.startswith("shop") else where
    folder = f"{source}shop/db/migrations"
    tree(
        tmp_path,
        {
            where: ini(f"script_location = {location}"),
            f"{source}shop/__init__.py": "raise SystemExit",
            f"{folder}/env.py": "",
            f"{folder}/versions/a.py": revision("a"),
        },
    )
    assert files(only([], tmp_path), tmp_path) == [f"{folder}/versions/a.py"]


def test_each_section_with_a_script_location_is_a_history(tmp_path: Path) -> None:
    sections = ini("script_location = one") + "[other]\nscript_location = two\n[loggers]\nkeys = root\n"
    tree(
        tmp_path,
        {
            "alembic.ini": sections,
            **{f"{name}/env.py": "" for name in ("one", "two")},
            "one/versions/a.py": revision("a"),
            "two/versions/a.py": revision("a"),
        },
    )
    assert [(one.section, files(one, tmp_path)) for one in find([], tmp_path)] == [
        ("alembic", ["one/versions/a.py"]),
        ("other", ["two/versions/a.py"]),
    ]


def test_several_databases_of_one_folder_are_one_project_each(tmp_path: Path) -> None:
    more = "[users]\nsqlalchemy.url = mysql://u\n[orders]\nsqlalchemy.url = postgresql://o\n"
    tree(plain(tmp_path), {"alembic.ini": ini("script_location = alembic", "databases = users, orders") + more})
    assert [(one.database, one.sqlalchemy_url) for one in find([], tmp_path)] == [
        ("users", "mysql://u"),
        ("orders", "postgresql://o"),
    ]


ENGINES = """
def upgrade(engine_name):
    globals()["upgrade_%s" % engine_name]()
def upgrade_():
    pass
def upgrade_logs():
    pass
"""


def test_engines_that_only_env_py_knows_are_those_that_the_migrations_have_functions_for(tmp_path: Path) -> None:
    env = "context.run_migrations(engine_name=name)"
    tree(plain(tmp_path), {"alembic/env.py": env, "alembic/versions/a.py": revision("a") + ENGINES})
    assert [one.database for one in find([], tmp_path)] == ["", "logs"]
    # The round trip asks env.py.
    assert [one.database for one in choose(None, tmp_path)] == [None]


def test_one_engine_is_one_project_whatever_functions_its_migrations_have(tmp_path: Path) -> None:
    tree(plain(tmp_path), {"alembic/versions/a.py": revision("a") + ENGINES})
    assert only([], tmp_path).database is None


def test_pyproject_can_hold_the_settings(tmp_path: Path) -> None:
    table = '[tool.alembic]\nscript_location = "%(here)s/db"\nversion_locations = ["%(here)s/one", "%(here)s/two"]\n'
    tree(
        tmp_path,
        {
            "pyproject.toml": table + 'file_template = "%%(rev)s"\n',
            "db/env.py": "",
            "one/a.py": revision("a"),
            "two/b.py": revision("b", "a"),
        },
    )
    project = only([], tmp_path)
    assert files(project, tmp_path) == ["one/a.py", "two/b.py"]
    assert project.ini is None
    assert project.file_template == "%(rev)s"


def test_pyproject_completes_an_ini_without_script_location(tmp_path: Path) -> None:
    tree(
        plain(tmp_path),
        {
            "alembic.ini": ini("sqlalchemy.url = sqlite://"),
            "pyproject.toml": '[tool.alembic]\nscript_location = "%(here)s/alembic"\n',
        },
    )
    project = only([], tmp_path)
    assert (project.ini, project.sqlalchemy_url) == (tmp_path / "alembic.ini", "sqlite://")


def test_flask_migrate_keeps_its_ini_beside_env(tmp_path: Path) -> None:
    folder = {"migrations/alembic.ini": ini("# nothing"), "migrations/env.py": ""}
    tree(tmp_path, {**folder, "migrations/versions/a.py": revision("a"), "app.py": ""})
    assert files(only([], tmp_path), tmp_path) == ["migrations/versions/a.py"]


def test_recursive_version_locations_are_searched_to_the_bottom(tmp_path: Path) -> None:
    tree(
        plain(tmp_path),
        {
            "alembic.ini": ini("script_location = alembic", "recursive_version_locations = true"),
            "alembic/versions/2024/c.py": revision("c", "b"),
        },
    )
    project = only([], tmp_path)
    assert project.recursive
    assert len(project.files) == 3
    assert only(["alembic/versions/2024"], tmp_path).only == {tmp_path / "alembic/versions/2024/c.py"}


def test_versions_without_any_configuration_are_a_history(tmp_path: Path) -> None:
    tree(tmp_path, {"db/env.py": "", "db/versions/a.py": revision("a")})
    for path in ([], ["db"], ["db/versions"], ["db/versions/a.py"]):
        project = only(path, tmp_path)
        assert (project.ini, project.env, project.root) == (None, tmp_path / "db/env.py", tmp_path / "db")


def test_subfolders_of_their_own_are_histories_of_their_own(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            "alembic.ini": ini("script_location = db"),
            "db/env.py": "",
            "db/versions/sqlite/a.py": revision("a"),
            "db/versions/sqlite/b.py": revision("b", "a"),
            "db/versions/postgresql/a.py": revision("a"),
        },
    )
    found = [files(project, tmp_path) for project in find([], tmp_path)]
    assert found == [["db/versions/postgresql/a.py"], ["db/versions/sqlite/a.py", "db/versions/sqlite/b.py"]]
    assert files(only(["db/versions/sqlite"], tmp_path), tmp_path) == found[1]
    assert len(find([Path("db/versions")], tmp_path)) == 2


def test_subfolders_that_name_each_other_are_one_history(tmp_path: Path) -> None:
    tree(
        plain(tmp_path),
        {
            "alembic/versions/liberty/expand/c.py": revision("c", "b"),
            "alembic/versions/liberty/contract/d.py": 'revision = "d"\ndown_revision = (\n    "b",\n    "c",\n)\n',
            "alembic/versions/archive/z.py": revision("z"),
        },
    )
    project = only([], tmp_path)
    assert [file.name for file in project.files] == ["a.py", "b.py", "d.py", "c.py"]


def test_two_configurations_of_one_folder_are_one_project(tmp_path: Path) -> None:
    plain(tmp_path)
    tree(tmp_path, {"other/alembic.ini": ini("script_location = ../alembic")})
    assert len(find([], tmp_path)) == 1


def test_a_monorepo_yields_every_history_once(tmp_path: Path) -> None:
    for service in ("users", "orders"):
        plain(tmp_path / service)
    assert [project.root.name for project in find([], tmp_path)] == ["orders", "users"]
    assert len(find([Path(), Path("users"), Path("orders/alembic")], tmp_path)) == 2


def test_environments_builds_and_links_are_not_searched(tmp_path: Path) -> None:
    plain(tmp_path)
    for folder in (".git/x", "node_modules/x", "env/lib/site-packages/x", "build/lib/x", ".tox/x", "myenv/x"):
        plain(tmp_path / folder)
    (tmp_path / "myenv/pyvenv.cfg").write_text("")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert len(find([], tmp_path)) == 1


def test_links_that_lead_nowhere_and_pipes_are_candidates_to_be_complained_about(tmp_path: Path) -> None:
    plain(tmp_path)
    (tmp_path / "alembic/versions/c.py").symlink_to(tmp_path / "gone.py")
    (tmp_path / "alembic/versions/itself.py").symlink_to("itself.py")
    os.mkfifo(tmp_path / "alembic/versions/d.py")
    os.mkfifo(tmp_path / "other.ini")
    assert [file.name for file in only([], tmp_path).files] == ["a.py", "b.py", "c.py", "d.py", "itself.py"]
    with pytest.raises(ProjectError, match=r"other\.ini is a named pipe, no regular file"):
        find([Path("other.ini")], tmp_path)


def test_the_repository_fences_what_may_be_read(tmp_path: Path) -> None:
    users = tmp_path / "services/users"
    plain(users)
    assert only([], tmp_path).repository == tmp_path
    assert only([users], tmp_path / "services/mail").repository == users
    (tmp_path / ".git").mkdir()
    assert only([], users).repository == tmp_path


def test_a_broken_configuration_beside_a_sound_one_is_a_note(tmp_path: Path) -> None:
    plain(tmp_path)
    tree(tmp_path, {"template/alembic.ini": ini("script_location = {{ name }}")})
    (note,) = only([], tmp_path).notes
    assert "template/alembic.ini" in note


def test_a_package_that_is_merely_called_versions_is_no_history(tmp_path: Path) -> None:
    tree(plain(tmp_path), {"api/versions/v1.py": "revision = 1\n"})
    assert len(find([], tmp_path)) == 1


def test_a_broken_file_in_a_folder_that_the_user_names_is_read(tmp_path: Path) -> None:
    tree(tmp_path, {"versions/a.py": "def (:"})
    assert len(only(["versions"], tmp_path).files) == 1


@pytest.mark.parametrize(
    ("made", "path", "says"),
    [
        ({}, "absent", "There is no file or folder absent"),
        ({}, "", "There are no migrations"),
        ({"db/a.txt": ""}, "db", "There are no migrations in db"),
        ({"notes.txt": ""}, "notes.txt", "no Python file"),
        ({"alembic.ini": "nonsense"}, "", "no valid ini file"),
        ({"alembic.ini": "[alembic]\n"}, "", "sets no script_location"),
        ({"alembic.ini": ini("script_location = gone")}, "", "does not exist"),
        ({"alembic.ini": ini("script_location = gone")}, "alembic.ini", "does not exist"),
        ({"alembic.ini": ini("script_location = gone:db")}, "", "does not exist"),
        ({"alembic.ini": ini("script_location = %(home)s/db")}, "", "could not be worked out"),
        ({"alembic.ini": ini("script_location = db"), "db/env.py": ""}, "", "there are no migrations"),
        ({"pyproject.toml": "[tool.alembic]\nscript_location = 1\n"}, "", "is not a string"),
        ({"pyproject.toml": "[tool.alembic\n"}, "", "no valid TOML"),
        ({"pyproject.toml": "[project]\n"}, "pyproject.toml", "no table"),
    ],
)
def test_bad_input_is_refused_with_a_sentence(tmp_path: Path, made: dict[str, str], path: str, says: str) -> None:
    tree(tmp_path, made)
    with pytest.raises(ProjectError, match=says) as caught:
        find([Path(path)] if path else [], tmp_path)
    assert str(caught.value).endswith(".")
