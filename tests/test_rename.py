"""`rename`: the names that files get, what is left as it is, and that Alembic does not care."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from projects import GENERIC, script
from repositories import git
from sqlalchemy import create_engine, inspect

from migration_guard import cli

Run = Callable[..., tuple[int, str, str]]
DATED = "[tool.migration-guard]\nfilename-pattern = 'dated'\n"


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    def call(folder: Path, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.chdir(folder)
        code = cli.run(("rename", *arguments))
        out, err = capfd.readouterr()
        return code, out, err

    return call


class Shop:
    """A project whose files are called anything: `add` writes a migration with Alembic's header."""

    def __init__(self, folder: Path, pyproject: str = DATED, template: str = "") -> None:
        self.folder = folder
        self.versions = folder / "migrations" / "versions"
        self.versions.mkdir(parents=True)
        (folder / "migrations" / "env.py").write_text(GENERIC, encoding="utf-8")
        (folder / "pyproject.toml").write_text(pyproject, encoding="utf-8")
        line = f"file_template = {template}\n" if template else ""
        ini = f"[alembic]\nscript_location = migrations\nsqlalchemy.url = sqlite:///{folder}/shop.db\n{line}"
        (folder / "alembic.ini").write_text(ini, encoding="utf-8")

    def add(
        self,
        name: str,
        revision: str,
        down: str | tuple[str, ...] | None = None,
        *,
        message: str = "make a table",
        created: str | None = "2026-01-31 12:34:56.789012",
        depends_on: str | None = None,
        top: str = "",
    ) -> None:
        header = f"{message}\n\nRevision ID: {revision}\n" + (f"Create Date: {created}\n" if created else "")
        text = f'{top}"""{header}"""\n{script(revision, down, depends_on=depends_on)}'
        (self.versions / f"{name}.py").write_text(text, encoding="utf-8")

    @property
    def names(self) -> set[str]:
        return {file.name for file in self.versions.glob("*.py")}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_a_date_is_that_of_create_date_and_the_words_are_those_of_the_message(shop: Shop, run: Run) -> None:
    shop.add("a1_", "a1", message="Orders: make the table")
    assert run(shop.folder) == (0, "migrations/versions/a1_.py -> 20260131_0001_orders_make_the_table.py\n", "")
    assert shop.names == {"20260131_0001_orders_make_the_table.py"}
    assert run(shop.folder) == (0, "Every file is called as it should be.\n", "")


def test_numbers_follow_the_chain_through_branches_merges_and_dependencies(shop: Shop, run: Run) -> None:
    shop.add("a_", "a", message="first")
    shop.add("b_", "b", "a", message="left")
    shop.add("c_", "c", "a", message="right")
    shop.add("d_", "d", "c", message="right again")
    shop.add("e_", "e", ("b", "d"), message="merge")
    shop.add("f_", "f", message="another base", depends_on="e")
    run(shop.folder)
    assert shop.names == {
        "20260131_0001_first.py",
        "20260131_0002_left.py",
        "20260131_0002_right.py",
        "20260131_0003_right_again.py",
        "20260131_0004_merge.py",
        "20260131_0005_another_base.py",
    }


def test_a_number_goes_on_from_those_that_are_there(shop: Shop, run: Run) -> None:
    shop.add("20260101_0041_first", "a")
    shop.add("b_", "b", "a", message="second")
    run(shop.folder)
    assert "20260131_0042_second.py" in shop.names


def test_a_date_that_no_calendar_has_is_made_right(shop: Shop, run: Run) -> None:
    shop.add("20261399_0007_first", "a", message="first")
    run(shop.folder)
    assert shop.names == {"20260131_0007_first.py"}


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Größe und Ähnliches", "groe_und_ahnliches"),
        ("Добавить заказы", "a1"),
        ("Revision ID: a1", "a1"),
        ("make it so that nobody has to wait for anybody else", "make_it_so_that_nobody_has_to_wait_for"),
        ("x" * 50, "x" * 40),
    ],
)
def test_words_are_whole_and_in_ascii(shop: Shop, run: Run, message: str, words: str) -> None:
    shop.add("wrong", "a1", message=message)
    run(shop.folder)
    assert shop.names == {f"20260131_0001_{words}.py"}


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("%%(rev)s_%%(slug)s", "a1b2c3_make_a_table.py"),
        ("%%(year)d_%%(month).2d_%%(day).2d-%%(rev).4s", "2026_01_31-a1b2.py"),
        ("%%(hour).2d%%(minute).2d%%(second).2d_%%(slug)s", "123456_make_a_table.py"),
        ("%%(epoch)s_%%(rev)s", "1769862896_a1b2c3.py"),
        ("%%(year)d/%%(month).2d_%%(slug)s", "01_make_a_table.py"),
    ],
)
def test_a_file_template_is_filled_in_with_each_of_its_tokens(
    tmp_path: Path, run: Run, template: str, name: str
) -> None:
    shop = Shop(tmp_path, "", template)
    shop.add("wrong name", "a1b2c3", created="2026-01-31 12:34:56.789012+00:00")
    run(tmp_path)
    assert shop.names == {name}
    assert run(tmp_path)[1] == "Every file is called as it should be.\n"


def test_alembic_is_its_own_template_where_it_has_none(tmp_path: Path, run: Run) -> None:
    shop = Shop(tmp_path, "")
    shop.add("wrong", "a1b2c3")
    run(tmp_path, "--filename-pattern", "alembic")
    assert shop.names == {"a1b2c3_make_a_table.py"}


def test_a_template_that_alembic_could_not_fill_in_is_refused(tmp_path: Path, run: Run) -> None:
    shop = Shop(tmp_path, "", "%%(author)s_%%(rev)s")
    shop.add("wrong name", "a1")
    code, _, err = run(tmp_path)
    assert (code, "no name can be made from %(author)s_%(rev)s" in err) == (2, True)


@pytest.mark.parametrize(("template", "revision"), [("%%s", "a1"), ("x/", "a1"), ("%%(rev)s", "../../a1")])
def test_a_template_that_gives_no_name_of_a_file_is_refused(
    tmp_path: Path, run: Run, template: str, revision: str
) -> None:
    shop = Shop(tmp_path, "", template)
    shop.add("wrong name", revision)
    code, _, err = run(tmp_path)
    assert (code, "no name can be made from" in err) == (2, True)
    assert len(shop.names) == 1


def test_a_file_that_cannot_be_read_is_named_and_left(tmp_path: Path, run: Run) -> None:
    shop = Shop(tmp_path)
    (shop.versions / "broken.py").write_text("def upgrade(:\n", encoding="utf-8")
    code, _, err = run(tmp_path)
    assert (code, shop.names) == (2, {"broken.py"})
    assert "broken.py could not be read. " in err


@pytest.mark.parametrize("pyproject", ["", "[tool.migration-guard]\nfilename-pattern = '[a-z]+_v2.py'\n"])
def test_without_a_pattern_that_makes_names_nothing_is_renamed(tmp_path: Path, run: Run, pyproject: str) -> None:
    shop = Shop(tmp_path, pyproject)
    shop.add("wrong", "a1")
    code, _, err = run(tmp_path)
    assert (code, '"dated" or "alembic"' in err, shop.names) == (2, True, {"wrong.py"})


@pytest.mark.parametrize("created", [None, "2026-02-31"])
def test_a_file_without_a_date_is_left_and_named(shop: Shop, run: Run, created: str | None) -> None:
    shop.add("a1_", "a1", created=created)
    code, out, err = run(shop.folder)
    assert (code, out, "migrations/versions/a1_.py does not say when it was made" in err) == (2, "", True)
    assert shop.names == {"a1_.py"}


def test_diff_changes_nothing(shop: Shop, run: Run) -> None:
    shop.add("a1_", "a1")
    assert run(shop.folder, "--diff")[:2] == (0, "migrations/versions/a1_.py -> 20260131_0001_make_a_table.py\n")
    assert shop.names == {"a1_.py"}


def test_a_name_that_two_would_have_or_another_has_is_given_to_none(shop: Shop, run: Run) -> None:
    shop.add("a_", "a", message="first")
    shop.add("b_", "b", "a", message="same")
    shop.add("c_", "c", "a", message="same")
    (shop.versions / "20260131_0001_first.py").write_text("# a note, no migration\n", encoding="utf-8")
    code, out, err = run(shop.folder)
    assert (code, out, err.count("is the name of another file, too")) == (2, "", 3)
    assert shop.names == {"a_.py", "b_.py", "c_.py", "20260131_0001_first.py"}


def test_what_lint_leaves_alone_keeps_its_name(shop: Shop, run: Run) -> None:
    (shop.folder / "pyproject.toml").write_text(f"{DATED}start-after = 'b'\n", encoding="utf-8")
    shop.add("a_", "a")
    shop.add("b_", "b", "a")
    shop.add("c_", "c", "b", top="# migration-guard: ignore[MG008] the name is in a contract\n")
    shop.add("d_", "d", "c", message="new")
    run(shop.folder)
    assert shop.names == {"a_.py", "b_.py", "c_.py", "20260131_0004_new.py"}


def test_a_revision_to_start_after_that_is_not_there_is_refused(shop: Shop, run: Run) -> None:
    (shop.folder / "pyproject.toml").write_text(f"{DATED}start-after = 'zz'\n", encoding="utf-8")
    shop.add("a_", "a")
    code, _, err = run(shop.folder)
    assert (code, "there is no revision 'zz'" in err, shop.names) == (2, True, {"a_.py"})


def test_only_the_files_that_were_named_are_renamed_with_their_place_in_the_whole_chain(shop: Shop, run: Run) -> None:
    shop.add("a_", "a")
    shop.add("b_", "b", "a", message="second")
    run(shop.folder, "migrations/versions/b_.py")
    assert shop.names == {"a_.py", "20260131_0002_second.py"}


def test_git_sees_what_was_renamed_and_tells_who_names_it(shop: Shop, run: Run) -> None:
    shop.add("a_", "a")
    shop.add("20260131_0002_b", "b", "a")
    (shop.folder / "README.md").write_text("See `a_.py`, and not `ba_.py`.\n", encoding="utf-8")
    (shop.folder / "imports.py").write_text("from migrations.versions.a_ import upgrade\n", encoding="utf-8")
    (shop.folder / "other.md").write_text("data_.py, a_.pyc\n", encoding="utf-8")
    git(shop.folder, "init")
    git(shop.folder, "add", "--all")
    git(shop.folder, "commit", "--message", "work")
    shop.add("c_", "c", "b", message="untracked")
    _, out, _ = run(shop.folder)
    assert out.splitlines() == [
        "migrations/versions/a_.py -> 20260131_0001_make_a_table.py",
        "  named in README.md",
        "  named in imports.py",
        "migrations/versions/c_.py -> 20260131_0003_untracked.py",
    ]
    git(shop.folder, "add", "--all")
    assert git(shop.folder, "status", "--short").splitlines() == [
        "R  migrations/versions/a_.py -> migrations/versions/20260131_0001_make_a_table.py",
        "A  migrations/versions/20260131_0003_untracked.py",
    ]


def test_the_hooks_of_a_repository_do_not_run(shop: Shop, run: Run) -> None:
    shop.add("a_", "a")
    git(shop.folder, "init")
    git(shop.folder, "add", "--all")
    hook = shop.folder / ".git" / "hooks" / "post-index-change"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {shop.folder}/ran\n", encoding="utf-8")
    hook.chmod(0o755)
    run(shop.folder)
    assert "20260131_0001_make_a_table.py" in shop.names
    assert not (shop.folder / "ran").exists()


def test_lint_fix_gives_the_same_names(shop: Shop, run: Run) -> None:
    shop.add("a_", "a")
    shop.add("b_", "b", "a", message="second")
    _, planned, _ = run(shop.folder, "--diff")
    cli.run(("lint", "--fix", "--select", "MG008"))
    assert shop.names == {line.partition(" -> ")[2] for line in planned.splitlines()}


def test_the_history_loads_and_runs_in_alembic_after_it(shop: Shop, run: Run) -> None:
    shop.add("a_", "a", message="first")
    shop.add("b_", "b", "a", message="left")
    shop.add("c_", "c", "a", message="right")
    config = Config(str(shop.folder / "alembic.ini"))
    config.set_main_option("script_location", str(shop.folder / "migrations"))
    command.upgrade(config, "b")
    before = [(one.revision, one.down_revision) for one in ScriptDirectory.from_config(config).walk_revisions()]
    shop.add("d_", "d", ("b", "c"), message="merge")
    run(shop.folder)
    assert len([name for name in shop.names if name.startswith("20260131_000")]) == 4
    after = [(one.revision, one.down_revision) for one in ScriptDirectory.from_config(config).walk_revisions()]
    assert after == [("d", ("b", "c")), *before]
    command.upgrade(config, "heads")
    engine = create_engine(f"sqlite:///{shop.folder}/shop.db")
    assert set(inspect(engine).get_table_names()) == {"alembic_version", "t_a", "t_b", "t_c", "t_d"}
    command.downgrade(config, "base")
    assert set(inspect(engine).get_table_names()) == {"alembic_version"}
    engine.dispose()


def test_alembic_gives_a_new_file_the_name_that_is_made_from_the_template(tmp_path: Path, run: Run) -> None:
    shop = Shop(tmp_path, "", "%%(year)d_%%(month).2d_%%(day).2d_%%(rev)s_%%(slug)s")
    mako = """\"\"\"${message}

Revision ID: ${up_revision}
Create Date: ${create_date}
\"\"\"
revision = ${repr(up_revision)}
down_revision = None
"""
    (tmp_path / "migrations" / "script.py.mako").write_text(mako, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": ""}
    made = [sys.executable, "-m", "alembic", "revision", "--message", "Orders: make the table"]
    subprocess.run(made, cwd=tmp_path, env=environment, capture_output=True, check=True)
    (name,) = shop.names
    (shop.versions / name).rename(shop.versions / "wrong name.py")
    run(tmp_path)
    assert shop.names == {name}
