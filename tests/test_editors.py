"""lint from an editor, which has a buffer, and from a hook, which has any file of a commit."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from projects import script
from repositories import VERSIONS, Repository, unversioned

from migration_guard import cli

DROPS = """
def upgrade():
    op.drop_table("t_a1")


def downgrade():
    op.create_table("t_a1", sa.Column("id", sa.Integer, primary_key=True))
"""
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    made = unversioned(tmp_path, "a1", "b2 <- a1")
    (tmp_path / "migrations" / "env.py").write_text("")
    monkeypatch.chdir(tmp_path)
    return made


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    def run(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = cli.run((*arguments, "--no-cache") if arguments[0] == "lint" else arguments)
        out, err = capfd.readouterr()
        return code, out, err

    return run


def concise(run: Run, path: str, stdin: str) -> tuple[int, str]:
    code, out, err = run("lint", "--output-format", "concise", "--stdin-filename", path, "-", stdin=stdin)
    return code, out + err


def test_a_buffer_is_judged_in_the_light_of_its_history(shop: Repository, run: Run) -> None:
    code, out = concise(run, f"{VERSIONS}/b2_.py", script("b2", "a1", DROPS))
    assert (code, out.split(" ")[:2]) == (1, [f"{VERSIONS}/b2_.py:10:5:", "MG101"])
    assert concise(run, f"{VERSIONS}/b2_.py", script("b2", "a1"))[0] == 0


def test_a_buffer_that_was_never_saved_belongs_to_the_history_of_its_folder(shop: Repository, run: Run) -> None:
    code, out = concise(run, f"{VERSIONS}/c3_.py", script("c3", "a1", DROPS))
    assert code == 1
    assert {line.split(" ")[1] for line in out.splitlines()} == {"MG006", "MG101"}
    assert not (shop.versions / "c3_.py").exists()


def test_a_buffer_with_broken_code_is_named_and_others_are_not_reported(shop: Repository, run: Run) -> None:
    (shop.versions / "a1_.py").write_text(script("a1", None, "def upgrade():\n    op.drop_table('x')\n"))
    code, out = concise(run, f"{VERSIONS}/b2_.py", script("b2", "a1", "def upgrade(:\n"))
    assert (code, [line.split(" ")[1] for line in out.splitlines()]) == (1, ["MG001"])


@pytest.mark.parametrize("path", ["migrations/env.py", "app/models.py", "README.md"])
def test_a_buffer_that_is_no_migration_is_nothing_to_judge(shop: Repository, run: Run, path: str) -> None:
    code, out, _ = run("lint", "--stdin-filename", path, "-", stdin="x = 1\n")
    assert (code, "None of these files is a migration." in out) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["-"], "--stdin-filename PATH -"),
        (["--stdin-filename", "a.py"], "write - as the only path"),
        (["--stdin-filename", "a.py", "-", "b.py"], "write - as the only path"),
        (["--stdin-filename", "a.py", "--fix", "-"], "save the file"),
    ],
)
def test_a_buffer_without_a_name_or_with_corrections_is_refused(run: Run, arguments: list[str], sentence: str) -> None:
    code, out, err = run("lint", *arguments)
    assert (code, out) == (2, "")
    assert sentence in err


def test_a_hook_may_pass_any_file(shop: Repository, run: Run) -> None:
    (shop.folder / "app").mkdir()
    (shop.folder / "app" / "models.py").write_text("import nothing\n")
    (shop.versions / "helpers.py").write_text("TABLES = ['a']\n")
    (shop.versions / "__init__.py").write_text("")
    others = ["app/models.py", "migrations/env.py", f"{VERSIONS}/gone.py", f"{VERSIONS}/__init__.py", "pyproject.toml"]
    code, out, _ = run("lint", "--skip-others", *others)
    assert (code, "None of these files is a migration." in out) == (0, True)
    shop.write(**{"b2 <- a1": DROPS})
    code, out, _ = run("lint", "--skip-others", "--output-format", "concise", *others, f"{VERSIONS}/b2_.py")
    assert (code, [line.split(" ")[1] for line in out.splitlines()]) == (1, ["MG101"])


def test_a_hook_tells_what_is_wrong_with_the_graph_once(shop: Repository, run: Run) -> None:
    shop.write("c3 <- a1", "d4 <- a1")
    paths = [f"{VERSIONS}/{name}_.py" for name in ("c3", "d4")]
    code, out, _ = run("lint", "--skip-others", "--output-format", "concise", *paths)
    assert (code, [line.split(" ")[1] for line in out.splitlines()]) == (1, ["MG006"])


def test_a_hook_is_told_of_a_broken_migration(shop: Repository, run: Run) -> None:
    (shop.versions / "c3_.py").write_text("def (:\n")
    code, out, _ = run("lint", "--skip-others", "--output-format", "concise", f"{VERSIONS}/c3_.py")
    assert (code, [line.split(" ")[1] for line in out.splitlines()]) == (1, ["MG001"])
