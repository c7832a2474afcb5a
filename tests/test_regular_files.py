"""What is read and what is not: files that are none, links that leave, and files that are too large."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from reading import HEAD
from test_project import ini, plain, revision, tree

from migration_guard import baseline, cli, engine, filenames, output_files, regular_files
from migration_guard.config import ConfigError, Overrides
from migration_guard.config.files import toml_table
from migration_guard.model.finding import Report
from migration_guard.model.migration import Migration
from migration_guard.reading import migration
from migration_guard.reading.discovery.project import ProjectError, find
from migration_guard.regular_files import FileNotRead
from migration_guard.rules.multiple_heads import MultipleHeads
from migration_guard.rules.unaudited_table import UnauditedTable

VERSIONS = "alembic/versions"


def unread(report: Report) -> dict[str, str]:
    """What is said of each file that could not be read, by its name."""
    return {Path(one.path).name: one.message for one in report.findings if one.code == "MG001"}


def lint(folder: Path, *paths: str | Path) -> Report:
    return engine.lint([Path(path) for path in paths], folder, None, Overrides(cache=False))


def failing(*arguments: Any) -> Any:
    """The check of a rule that breaks."""
    raise RecursionError
    yield


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with two migrations, and something of somebody else's beside it."""
    tree(tmp_path, {"outside/secret.py": revision("secret", "b"), "outside/keep.txt": "mine\n"})
    root = plain(tmp_path / "repository")
    (root / ".git").mkdir()
    return root


@pytest.fixture
def sockets(tmp_path: Path) -> Iterator[Callable[[Path], None]]:
    opened: list[socket.socket] = []

    def at(path: Path) -> None:
        # The names of sockets are short; links and moves are not.
        one = socket.socket(socket.AF_UNIX)
        opened.append(one)
        before = Path.cwd()
        os.chdir(path.parent)
        one.bind(path.name)
        os.chdir(before)

    yield at
    for one in opened:
        one.close()


# --- the door -------------------------------------------------------------------------------------------------------


def test_a_file_is_read_and_one_that_is_not_there_is_absent(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"text")
    assert regular_files.read(tmp_path / "a.py", tmp_path) == b"text"
    with pytest.raises(FileNotRead, match="is not there") as raised:
        regular_files.read(tmp_path / "b.py", tmp_path)
    assert raised.value.absent
    with pytest.raises(FileNotRead, match="is not there"):
        regular_files.read("a\0b", tmp_path)


def test_what_is_no_file_is_never_opened(tmp_path: Path, sockets: Callable[[Path], None]) -> None:
    os.mkfifo(tmp_path / "pipe")
    sockets(tmp_path / "socket")
    for name, words in (("pipe", "a named pipe"), ("socket", "a socket"), ("", "a folder")):
        with pytest.raises(FileNotRead, match=f"is {words}, no regular file"):
            regular_files.read(tmp_path / name, tmp_path)
    with pytest.raises(FileNotRead, match="is a device, no regular file"):
        regular_files.read("/dev/zero", None)


def test_a_pipe_that_takes_the_place_of_a_file_does_not_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.py").write_bytes(b"text")
    status = os.stat(tmp_path / "a.py")
    (tmp_path / "a.py").unlink()
    os.mkfifo(tmp_path / "a.py")
    monkeypatch.setattr(regular_files.os, "stat", lambda path: status)
    with pytest.raises(FileNotRead, match="is a named pipe"):
        regular_files.read(tmp_path / "a.py", None)


def test_a_link_is_followed_inside_and_never_out(tmp_path: Path) -> None:
    tree(tmp_path, {"in/a.py": "a", "out/b.py": "b"})
    links = {"inner.py": "a.py", "outer.py": "../out/b.py", "gone.py": "c.py", "itself.py": "itself.py"}
    for name, target in links.items():
        (tmp_path / "in" / name).symlink_to(target)
    assert regular_files.read(tmp_path / "in/inner.py", tmp_path / "in") == b"a"
    with pytest.raises(FileNotRead, match=r"leads to .*b\.py, which is outside of .*in"):
        regular_files.read(tmp_path / "in/outer.py", tmp_path / "in")
    for name in ("gone.py", "itself.py"):
        with pytest.raises(FileNotRead, match="is a link that leads nowhere"):
            regular_files.read(tmp_path / "in" / name, tmp_path / "in")
    assert regular_files.read(tmp_path / "in/outer.py", None) == b"b"


def test_the_size_is_asked_before_anything_is_read(tmp_path: Path) -> None:
    with (tmp_path / "a.py").open("wb") as file:
        file.truncate(50_000_000_000)  # a hole: nothing of it is on the disk
    with pytest.raises(FileNotRead, match="is larger than 5,000,000 bytes"):
        regular_files.read(tmp_path / "a.py", tmp_path)
    (tmp_path / "b.py").write_bytes(b"12345")
    assert regular_files.read(tmp_path / "b.py", tmp_path, 5) == b"12345"
    with pytest.raises(FileNotRead):
        regular_files.read(tmp_path / "b.py", tmp_path, 4)


# --- migrations -----------------------------------------------------------------------------------------------------


def test_whatever_is_called_a_migration_and_is_no_file_is_named(project: Path, sockets: Callable[[Path], None]) -> None:
    os.mkfifo(project / VERSIONS / "pipe.py")
    sockets(project / VERSIONS / "socket.py")
    (project / VERSIONS / "device.py").symlink_to("/dev/zero")
    (project / VERSIONS / "gone.py").symlink_to("nowhere.py")
    (project / VERSIONS / "out.py").symlink_to(project.parent / "outside/secret.py")
    report = lint(project)
    found = unread(report)
    assert "It is a named pipe" in found["pipe.py"]
    assert "It is a socket" in found["socket.py"]
    assert "It is a device" in found["device.py"]
    assert "It is a link that leads nowhere" in found["gone.py"]
    assert "outside of" in found["out.py"]
    assert report.summary.migrations == 2
    assert not any("secret" in text for text in report.sources.values())


def test_a_migration_that_is_a_link_inside_the_repository_is_read(project: Path) -> None:
    tree(project, {"shared/c.py": revision("c", "b")})
    (project / VERSIONS / "c.py").symlink_to(project / "shared/c.py")
    assert lint(project).summary.migrations == 3


@pytest.mark.parametrize("name", [VERSIONS, f"{VERSIONS}/pipe.py", "alembic.ini", ""])
def test_what_is_no_file_is_named_however_it_is_asked_for(project: Path, name: str) -> None:
    os.mkfifo(project / VERSIONS / "pipe.py")
    assert "pipe.py" in unread(lint(project, name))


def test_a_pipe_among_the_files_of_a_commit_is_not_passed_over(project: Path) -> None:
    os.mkfifo(project / VERSIONS / "pipe.py")
    report = engine.lint([Path(VERSIONS, "pipe.py"), Path("gone.py")], project, None, None, skip_others=True)
    assert "pipe.py" in unread(report)


def test_what_the_user_names_is_read_wherever_it_is(project: Path) -> None:
    assert lint(project, project.parent / "outside/secret.py").summary.migrations == 1


def test_a_configuration_reads_no_migrations_outside(project: Path) -> None:
    outside = project.parent / "outside"
    tree(project, {"alembic.ini": ini("script_location = alembic", f"version_locations = {outside}")})
    with pytest.raises(ProjectError, match=r"outside is outside of .*repository"):
        lint(project, "alembic.ini")


@pytest.fixture
def extended(project: Path) -> Path:
    """The repository builds on revisions of a folder outside of it, which its configuration names."""
    extension = project.parent / "extension"
    tree(extension, {"base/x.py": revision("x")})
    tree(project, {"alembic.ini": ini("script_location = alembic", f"version_locations = {VERSIONS} {extension}/base")})
    tree(project, {f"{VERSIONS}/a.py": revision("a", "x")})
    return project


@pytest.mark.parametrize(
    "named",
    [["repository", "extension/base"], ["extension/base", "repository"], ["repository", "extension"], ["."], []],
)
def test_a_folder_outside_of_the_repository_is_read_where_the_user_names_it(extended: Path, named: list[str]) -> None:
    (extended.parent / "outside/secret.py").unlink()
    (extended.parent / "outside/keep.py").write_text("mine = True\n")
    (extended.parent / "extension/base/link.py").symlink_to(extended.parent / "outside/keep.py")
    (extended / VERSIONS / "link.py").symlink_to(extended.parent / "outside/keep.py")
    (one,) = find([Path(name) for name in named], extended.parent)
    assert (sorted(file.name for file in one.files), one.only) == (["a.py", "b.py", "link.py", "x.py"], None)
    assert [name for name, content in one.contents().items() if content is None] == [
        str(extended / VERSIONS / "link.py")
    ]
    report = lint(extended.parent, *named)
    assert report.summary.migrations == 3
    assert "MG004" not in {finding.code for finding in report.findings}


def test_a_link_of_the_repository_that_leaves_it_is_not_a_folder_that_the_user_names(extended: Path) -> None:
    (extended / "link").symlink_to(extended.parent / "extension/base")
    tree(extended, {"alembic.ini": ini("script_location = alembic", f"version_locations = {VERSIONS} link")})
    (note,) = lint(extended.parent, "repository", "repository/alembic/versions").summary.notes[:1]
    assert "link is outside of" in note


def test_a_revision_that_builds_on_what_was_left_out_misses_no_parent(extended: Path) -> None:
    report = lint(extended)
    assert any("base is outside of" in note for note in report.summary.notes)
    assert report.summary.migrations == 2
    assert not {"MG003", "MG004"} & {finding.code for finding in report.findings}
    (extended.parent / "extension/base/x.py").unlink()
    assert "MG004" in {finding.code for finding in lint(extended.parent, "repository", "extension").findings}


@pytest.mark.parametrize(("cwd", "named"), [("conf", []), (".", ["conf"]), (".", ["conf/alembic.ini"])])
def test_without_a_repository_a_configuration_that_the_user_names_may_have_its_scripts_beside_it(
    tmp_path: Path, cwd: str, named: list[str]
) -> None:
    root = plain(tmp_path / "shop", location="%(here)s/../alembic")
    tree(root, {"conf/alembic.ini": (root / "alembic.ini").read_text()})
    (root / "alembic.ini").unlink()
    tree(tmp_path, {"secret.py": revision("secret", "b")})
    (root / VERSIONS / "link.py").symlink_to(tmp_path / "secret.py")
    report = lint(root / cwd, *named)
    assert (report.summary.migrations, set(unread(report))) == (2, {"link.py"})


def test_a_configuration_does_not_make_the_home_folder_a_fence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    root = plain(tmp_path / "shop", location="%(here)s/../alembic")
    (root / "alembic").rename(tmp_path / "alembic")
    with pytest.raises(ProjectError, match=r"is outside of .*shop"):
        lint(root)


def test_without_a_repository_the_folder_that_was_named_is_the_fence(tmp_path: Path) -> None:
    tree(tmp_path, {"secret.py": revision("secret", "b")})
    root = plain(tmp_path / "project")
    (root / VERSIONS / "out.py").symlink_to(tmp_path / "secret.py")
    assert "out.py" in unread(lint(tmp_path, "project"))
    assert not unread(lint(tmp_path))


def test_a_folder_that_cannot_be_opened_is_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = str(project / VERSIONS / "closed")
    tree(project, {f"{VERSIONS}/closed/c.py": revision("c", "b")})
    scandir = os.scandir

    def refusing(path: Any) -> Any:
        if str(path) == closed:
            raise PermissionError(13, "Permission denied", closed)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    report = lint(project)
    assert "It is a folder that cannot be opened (Permission denied)" in unread(report)["closed"]
    assert f"{closed} cannot be opened, so nobody knows what is in it." in report.summary.notes
    assert "closed" in unread(lint(project, VERSIONS))


def test_a_fix_writes_no_file_outside(project: Path, monkeypatch: pytest.MonkeyPatch, run: Any) -> None:
    outside = tree(project.parent, {"outside/fixable.py": FIXABLE}) / "outside/fixable.py"
    (project / VERSIONS / "c.py").symlink_to(outside)
    code, output, _ = run("lint", "--fix", "--no-cache")
    assert code == 1
    assert "outside of" in output
    assert outside.read_text() == FIXABLE
    assert (project / VERSIONS / "c.py").is_symlink()


FIXABLE = """
import sqlalchemy as sa
from alembic import op

revision = "c"
down_revision = "b"


def upgrade():
    op.create_index("ix_a", "accounts", ["name"])


def downgrade():
    op.drop_index("ix_a", "accounts")
"""


# --- configurations -------------------------------------------------------------------------------------------------


@pytest.fixture
def run(project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Any:
    monkeypatch.chdir(project)

    def command(*arguments: str) -> tuple[int, str, str]:
        code = cli.run(arguments)
        return (code, *capfd.readouterr())

    return command


@pytest.mark.parametrize("name", ["pyproject.toml", "migration-guard.toml", "alembic.ini", "known.json"])
@pytest.mark.parametrize("kind", ["pipe", "device", "outside", "large"])
def test_a_configuration_that_is_no_file_of_the_repository_is_refused_in_a_sentence(
    project: Path, run: Any, name: str, kind: str
) -> None:
    file = project / name
    file.unlink(missing_ok=True)
    if name == "known.json":
        (project / "pyproject.toml").write_text('[tool.migration-guard]\nbaseline = "known.json"\n')
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "large":
        with file.open("wb") as opened:
            opened.truncate(50_000_000_000)
    else:
        file.symlink_to("/dev/zero" if kind == "device" else project.parent / "outside/keep.txt")
    code, output, errors = run("lint", "--no-cache")
    said = {"pipe": "a named pipe", "device": "a device", "outside": "outside of", "large": "larger than"}[kind]
    assert said in output + errors
    assert code == 2 or name == "alembic.ini"
    assert "mine" not in output + errors


def test_a_configuration_that_the_user_names_may_be_anywhere(project: Path, run: Any) -> None:
    (project.parent / "outside/guard.toml").write_text('ignore = ["MG4"]\n')
    assert run("lint", "--no-cache", "--config", "../outside/guard.toml")[0] in (0, 1)
    code, _, errors = run("lint", "--config", "/dev/zero")
    assert (code, "is a device" in errors) == (2, True)


def test_what_is_extended_is_in_the_repository(project: Path, run: Any) -> None:
    (project.parent / "outside/guard.toml").write_text('ignore = ["MG4"]\n')
    (project / "migration-guard.toml").write_text('extends = ["../outside/guard.toml"]\n')
    code, _, errors = run("lint", "--no-cache")
    assert (code, "outside of" in errors) == (2, True)


def test_deep_toml_is_refused_in_a_sentence(project: Path, run: Any) -> None:
    for text in (f"ignore = {'[' * 60}{']' * 60}", f"ignore = {'[' * 20_000}{']' * 20_000}", f"[{'a.' * 400}b]\nc = 1"):
        (project / "migration-guard.toml").write_text(text)
        code, _, errors = run("lint", "--no-cache")
        assert (code, "is nested too deeply" in errors) == (2, True)


@pytest.mark.parametrize("template", ["%%(slug)999999999s", "%%(rev).999999999s", f"%%(year){'9' * 5000}d"])
def test_an_absurd_width_in_a_file_template_is_refused(project: Path, template: str) -> None:
    one = Migration("a.py", "a", docstring="Create Date: 2026-01-31")
    with pytest.raises(filenames.UnusableTemplate, match="no name can be made"):
        filenames.from_template(template, one)
    tree(project, {"alembic.ini": ini("script_location = alembic", f"file_template = {template}")})
    assert lint(project).summary.migrations == 2


def test_an_absurd_width_in_toml_is_refused(tmp_path: Path) -> None:
    plain(tmp_path)
    (tmp_path / "alembic.ini").unlink()
    (tmp_path / "pyproject.toml").write_text('[tool.alembic]\nscript_location = "%(here)999999999s/alembic"\n')
    with pytest.raises(ProjectError, match=r"Only %\(here\)s can stand in it"):
        lint(tmp_path, "pyproject.toml")


# --- outputs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../outside/keep.txt", "is not below"),
        ("link.txt", "leads through the link"),
        ("folder/keep.txt", "leads through the link"),
        (".git/config", "is git's own"),
        ("pipe", "is no regular file"),
    ],
)
def test_a_configuration_names_no_output_outside_of_its_folder(project: Path, run: Any, name: str, reason: str) -> None:
    outside = project.parent / "outside"
    (project / "link.txt").symlink_to(outside / "keep.txt")
    (project / "folder").symlink_to(outside)
    os.mkfifo(project / "pipe")
    for absolute in (name, str(project / name)):
        (project / "migration-guard.toml").write_text(f'output-format = ["text", "json:{absolute}"]\n')
        code, _, errors = run("lint", "--no-cache")
        assert code == 2
        assert reason in errors
        assert f"--output-format json:{absolute}" in errors
    (project / "migration-guard.toml").write_text(f'baseline = "{name}"\n')
    code, _, errors = run("baseline")
    assert code == 2
    assert reason in errors
    assert (outside / "keep.txt").read_text() == "mine\n"


def test_the_command_line_names_an_output_anywhere(project: Path, run: Any) -> None:
    run("lint", "--no-cache", "--output-format", "json:../outside/report.json")
    assert (project.parent / "outside/report.json").exists()
    run("baseline", "--output", "../outside/known.json")
    assert (project.parent / "outside/known.json").exists()


def test_an_output_below_the_configuration_is_written(project: Path, run: Any) -> None:
    (project / "migration-guard.toml").write_text('output-format = ["text", "json:reports/lint.json"]\n')
    assert run("lint", "--no-cache")[0] in (0, 1)
    assert (project / "reports/lint.json").exists()


def test_a_baseline_is_not_written_through_a_link_that_was_there(project: Path, run: Any) -> None:
    (project / "migration-guard-baseline.json").symlink_to(project.parent / "outside/keep.txt")
    code, _, errors = run("baseline")
    assert (code, "leads through the link" in errors) == (2, True)
    assert (project.parent / "outside/keep.txt").read_text() == "mine\n"


@pytest.mark.parametrize("name", ["migration-guard.toml", ".pre-commit-config.yaml", "AGENTS.md"])
def test_init_writes_through_no_link_that_leaves(project: Path, run: Any, name: str) -> None:
    (project / name).symlink_to(project.parent / "outside/new.txt")
    code, _, _ = run("init", "--yes", "--pre-commit", "--agents")
    assert code == 2
    assert not (project.parent / "outside/new.txt").exists()


def test_a_place_is_refused_for_what_it_leads_through(tmp_path: Path) -> None:
    assert output_files.refusal(tmp_path / "a/b.json", tmp_path) == ""
    assert output_files.refusal(tmp_path, tmp_path) == f"is not below {tmp_path}"
    assert output_files.refusal(tmp_path / "a/../../b", tmp_path) == f"is not below {tmp_path}"


# --- what breaks us -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["hex", "rot13", "zip", "base64", "undefined", "idna", "punycode", "bz2", "uu"])
def test_a_source_encoding_that_decodes_to_no_text_is_said_of_that_file(project: Path, name: str) -> None:
    (project / VERSIONS / "c.py").write_bytes(f"# -*- coding: {name} -*-\n{revision('c', 'b')}".encode())
    report = lint(project)
    assert "encoding" in unread(report)["c.py"]
    assert report.summary.migrations == 2


@pytest.mark.parametrize("error", [RecursionError, MemoryError, KeyError, type("PanicException", (BaseException,), {})])
def test_an_error_of_ours_while_a_migration_is_read_is_said_of_that_file(
    project: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    read = migration.read_migration

    def failing(path: str, *arguments: Any) -> Any:
        if path.endswith("a.py"):
            raise error
        return read(path, *arguments)

    monkeypatch.setattr(migration, "read_migration", failing)
    report = lint(project)
    assert f"migration-guard failed on it ({error.__name__} in test_regular_files.py:" in unread(report)["a.py"]
    assert report.summary.migrations == 1


def test_an_error_of_ours_while_a_migration_is_replayed_or_judged_is_said_of_that_file(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, check = engine.replay.__globals__["replay_one"], engine._check

    def replaying(one_more: Migration, *arguments: Any, **options: Any) -> Any:
        if one_more.revision == "a":
            raise RecursionError
        return one(one_more, *arguments, **options)

    def judging(context: Any, *arguments: Any) -> Any:
        if context.replayed.migration.revision == "b":
            raise MemoryError
        yield from check(context, *arguments)

    tree(project, {f"{VERSIONS}/c.py": revision("c", "b")})
    monkeypatch.setitem(engine.replay.__globals__, "replay_one", replaying)
    monkeypatch.setattr(engine, "_check", judging)
    found = unread(lint(project))
    assert "RecursionError" in found["a.py"]
    assert "MemoryError" in found["b.py"]
    assert "c.py" not in found


def test_an_error_of_ours_in_env_py_is_said_of_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*arguments: Any) -> Any:
        raise RecursionError

    monkeypatch.setattr("migration_guard.reading.environment.read_environment", failing)
    report = lint(project)
    assert "RecursionError" in unread(report)["env.py"]
    assert report.summary.migrations == 2


def test_an_env_py_that_is_no_file_is_named(project: Path) -> None:
    (project / "alembic/env.py").unlink()
    os.mkfifo(project / "alembic/env.py")
    report = lint(project)
    assert "It is a named pipe" in unread(report)["env.py"]
    assert report.summary.migrations == 2


def test_an_error_of_ours_in_a_rule_on_the_history_is_said_and_the_rest_is_judged(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree(project, {f"{VERSIONS}/c.py": revision("c", "a"), f"{VERSIONS}/d.py": ""})
    monkeypatch.setattr(MultipleHeads, "check", failing)
    report = lint(project)
    assert "MG006: migration-guard failed on it (RecursionError" in unread(report)[""]  # the project as a whole
    assert "empty" in unread(report)["d.py"]


def test_an_error_of_ours_in_a_rule_on_a_table_is_said_of_the_last_migration_that_changed_it(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = '    op.create_table("a", sa.Column("id", sa.Integer))\n    op.drop_table("b")\n'
    tree(project, {f"{VERSIONS}/c.py": f"{HEAD}def upgrade():\n{table}".replace('"one"', '"c"')})
    monkeypatch.setattr(UnauditedTable, "check", failing)
    report = engine.lint([], project, None, Overrides(cache=False, extend_select=("MG920",)))
    assert "RecursionError" in unread(report)["c.py"]
    assert "MG101" in {finding.code for finding in report.findings}


def test_an_interruption_is_none_of_these(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(migration, "read_migration", interrupted)
    with pytest.raises(KeyboardInterrupt):
        lint(project)


def test_a_table_that_is_read_for_its_own_sake_is_absent_or_refused(tmp_path: Path) -> None:
    assert toml_table(tmp_path / "a.toml", root=tmp_path) is None
    (tmp_path / "a.toml").mkdir()
    with pytest.raises(ConfigError, match="is a folder, no regular file"):
        toml_table(tmp_path / "a.toml", root=tmp_path)
    with pytest.raises(ConfigError, match="is not there"):
        baseline.read(tmp_path / "known.json", tmp_path)


def test_a_value_of_the_ini_file_that_names_others_comes_to_an_end(tmp_path: Path) -> None:
    values = "\n".join(f"v{level} = {f'%(v{level + 1})s' * 100}" for level in range(8))
    (tmp_path / "alembic.ini").write_text(f"[alembic]\nscript_location = %(v0)s\n{values}\nv8 = x\n")

    with pytest.raises(ProjectError, match=r"script_location .* comes to more than 20,000 characters"):
        find([tmp_path], tmp_path)


def test_a_key_of_very_many_parts_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(".".join(["a"] * 60) + " = 1\n")

    with pytest.raises(ConfigError, match="is nested too deeply"):
        toml_table(tmp_path / "a.toml", root=tmp_path)


def test_very_many_databases_are_refused_in_a_sentence(tmp_path: Path) -> None:
    names = ", ".join(f"v{number}" for number in range(101))
    tree(tmp_path, {"alembic.ini": f"[alembic]\nscript_location = .\ndatabases = {names}\n", "env.py": ""})

    with pytest.raises(ProjectError, match="databases names 101"):
        find([tmp_path], tmp_path)


@pytest.mark.parametrize("location", ["x" * 5_000, ":".join("a" * 3_000)])
def test_a_location_that_no_folder_can_have_is_one_that_does_not_exist(tmp_path: Path, location: str) -> None:
    tree(tmp_path, {"alembic.ini": f"[alembic]\nscript_location = {location}\n"})

    with pytest.raises(ProjectError, match="does not exist"):
        find([tmp_path], tmp_path)


@pytest.mark.parametrize("name", ["x" * 5_000, "a\0b"])
def test_an_output_that_no_file_can_be_is_refused(tmp_path: Path, name: str) -> None:
    assert output_files.refusal(tmp_path / name, tmp_path) == "is no name that a file can have"
