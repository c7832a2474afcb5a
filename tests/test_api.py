"""What other programs may call, and what it promises: types, no surprises, one kind of error."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest
from projects import script, write

import migration_guard
from migration_guard import MigrationGuardError, Report, lint, roundtrip
from migration_guard.cli import commands

KEEPS = "def upgrade():\n    op.create_table('t', sa.Column('id', sa.Integer))\n\n\ndef downgrade():\n    pass\n"


def test_lint_gives_a_report(tmp_path: Path) -> None:
    write(tmp_path, {"a": script("a", None, KEEPS)})
    report = lint(folder=tmp_path, cache=False)
    assert isinstance(report, Report)
    assert [(one.code, one.path) for one in report.findings] == [("MG702", "migrations/versions/a_.py")]
    assert lint("migrations", folder=tmp_path, ignore=["MG702"], cache=False).findings == ()


def test_one_word_stands_for_itself(tmp_path: Path) -> None:
    write(tmp_path, {"a": script("a", None, KEEPS)})
    report = lint(folder=tmp_path, target="mysql 8.0", ignore="MG702", cache=False)
    assert (report.summary.target, report.findings) == (("mysql 8.0",), ())


def test_roundtrip_gives_a_report(tmp_path: Path) -> None:
    write(tmp_path, {"a": script("a", None, KEEPS), "b": script("b", "a")}, url="sqlite://")
    assert [one.code for one in roundtrip(folder=tmp_path).findings] == ["MG753", "MG754"]
    (proof,) = roundtrip(tmp_path, only="b").summary.proofs
    assert (proof.revisions, proof.proven) == (1, 1)


def test_what_cannot_be_done_is_one_kind_of_error_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(MigrationGuardError, match="There is no file or folder gone"):
        lint("gone", folder=tmp_path)
    write(tmp_path / "one", {"a": script("a")})
    with pytest.raises(MigrationGuardError, match="no rule is called 'MG9999'"):
        lint(folder=tmp_path / "one", select=["MG9999"], cache=False)
    with pytest.raises(MigrationGuardError, match=r"There is no file or folder .*gone"):
        roundtrip("gone", folder=tmp_path / "one")
    write(tmp_path / "two", {"a": script("a")}, environment="raise RuntimeError('no settings')\n", url="sqlite://")
    with pytest.raises(MigrationGuardError, match="no settings"):
        roundtrip(folder=tmp_path / "two")


def test_the_options_are_those_of_the_command_line() -> None:
    for function, command in ((lint, "lint"), (roundtrip, "roundtrip")):
        known = {parameter.name for parameter in commands.commands[command].params}
        known |= {name.lstrip("-").replace("-", "_") for one in commands.commands[command].params for name in one.opts}
        mine = set(inspect.signature(function).parameters) - {"folder", "cache", "full_trip"}
        assert mine <= known


def test_importing_it_loads_nothing_heavy_and_leaves_the_functions_callable() -> None:
    program = (
        "import sys, migration_guard\n"
        "heavy = {'libcst', 'sqlalchemy', 'alembic', 'click', 'rich'} & {name.split('.')[0] for name in sys.modules}\n"
        "import migration_guard.roundtripping.engine, migration_guard.cli, migration_guard.engine\n"
        "print(heavy, callable(migration_guard.lint), callable(migration_guard.roundtrip))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set() True True\n"


def test_everything_that_is_public_is_documented_and_typed() -> None:
    assert (Path(migration_guard.__file__).parent / "py.typed").is_file()
    for name in migration_guard.__all__:
        value = getattr(migration_guard, name)
        assert name == "__version__" or inspect.getdoc(value)
        if inspect.isfunction(value):
            assert "return" in value.__annotations__
