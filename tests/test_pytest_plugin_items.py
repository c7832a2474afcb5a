"""`pytest --migration-guard`: which items there are, when they pass, fail or are skipped, and what they say."""

from __future__ import annotations

import ast
import importlib
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy.dialects.postgresql  # noqa: F401
from projects import GENERIC, MULTIDB, script, write
from servers import left

# What is loaded already, an inner run of pytest need not load again.
import migration_guard.pytest_plugin.workbench
import migration_guard.reading.migration  # noqa: F401
from migration_guard import engine
from migration_guard.baseline import written
from migration_guard.config.roundtrip import TripConfig
from migration_guard.roundtripping.engine import Request, round_trip
from migration_guard.roundtripping.project import choose

pytest_plugins = ["pytester"]

BROKEN = "def upgrade():\n    op.drop_table('absent')\n\n\ndef downgrade():\n    pass\n"
NOTHING = "def upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n"
LEFT = """
def upgrade():
    op.create_table("plans", sa.Column("id", sa.Integer, primary_key=True))
    op.create_index("ix_plans", "plans", ["id"])


def downgrade():
    pass
"""
MODELS = """
import sqlalchemy as sa
target_metadata = sa.MetaData()
sa.Table("t_a", target_metadata, sa.Column("id", sa.Integer, primary_key=True){more})
"""


@pytest.fixture
def guard(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder for a project, in which the linter keeps no cache; plugins that play no part are left out."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:asyncio -p no:hypothesispytest -p no:pytest_alembic")
    (pytester.path / "pyproject.toml").write_text("[tool.migration-guard]\ncache = false\n")
    return pytester


def project(guard: pytest.Pytester, scripts: dict[str, str], **options: str) -> None:
    write(guard.path, scripts, url="sqlite://", **options)


def outcomes(result: pytest.RunResult) -> dict[str, str]:
    """What became of each item of ours, by what is between the colons and the end."""
    told = (re.match(r"migration-guard::(\S+) .*\b(PASSED|FAILED|SKIPPED)\b", line) for line in result.outlines)
    return {found[1]: found[2] for found in told if found}


CHAIN = {"a1": script("a1"), "b2": script("b2", "a1")}


def test_nothing_happens_unless_it_is_asked_for(guard: pytest.Pytester) -> None:
    project(guard, CHAIN)
    guard.makepyfile("def test_one(): pass")
    result = guard.runpytest_subprocess("-v")
    assert result.ret == 0
    result.assert_outcomes(passed=1)
    assert "migration-guard::" not in result.stdout.str()
    assert "migration-guard:" not in result.stdout.str().replace("plugins:", "")


def test_the_plugin_is_loaded_without_what_is_heavy() -> None:
    program = "import migration_guard.pytest_plugin, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert not loaded & {"sqlalchemy", "alembic", "libcst", "click", "rich", "postgast", "tomllib"}


def test_the_stub_tells_of_what_is_loaded_late() -> None:
    plugin = importlib.import_module("migration_guard.pytest_plugin")
    assert plugin.__file__ is not None
    stub = ast.parse(Path(plugin.__file__).with_suffix(".pyi").read_bytes())
    named = {alias.asname for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert named == {name for name in plugin.__all__ if name[0].isupper()}
    assert all(getattr(plugin, name).__name__ == name for name in named)
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        _ = plugin.Nothing


def test_a_run_of_other_tests_never_loads_what_is_heavy(guard: pytest.Pytester) -> None:
    guard.makepyfile(
        "import sys\ndef test_one(): assert not {'sqlalchemy', 'alembic', 'libcst', 'click'} & sys.modules.keys()"
    )
    guard.runpytest_subprocess("-p", "no:xdist").assert_outcomes(passed=1)


def test_there_is_an_item_for_each_revision_and_kind(guard: pytest.Pytester) -> None:
    project(guard, CHAIN)
    result = guard.runpytest("--migration-guard", "-v")
    assert outcomes(result) == {
        "lint[history]": "PASSED",
        "lint[a1]": "PASSED",
        "lint[b2]": "PASSED",
        "roundtrip[a1]": "PASSED",
        "roundtrip[b2]": "PASSED",
        "roundtrip[history]": "PASSED",
        "models[heads]": "SKIPPED",
    }
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*collected 7 items*"])
    assert not left()


@pytest.mark.parametrize(
    ("options", "chosen"),
    [
        (["-k", "roundtrip and a1"], {"roundtrip[a1]"}),
        (["-m", "migration_guard", "-k", "history and lint"], {"lint[history]"}),
        (["migration-guard::roundtrip[b2]"], {"roundtrip[b2]"}),
        (["migration-guard::lint"], {"lint[history]", "lint[a1]", "lint[b2]"}),
        (["--migration-guard-kinds", "models"], {"models[heads]"}),
        (["-m", "not migration_guard"], set()),
    ],
)
def test_items_are_chosen_like_any_others(guard: pytest.Pytester, options: list[str], chosen: set[str]) -> None:
    project(guard, CHAIN)
    guard.makepyfile("def test_one(): pass")
    result = guard.runpytest("--migration-guard", "-v", *options)
    assert result.ret == 0
    assert outcomes(result).keys() == chosen


def test_what_has_failed_is_run_again_alone(guard: pytest.Pytester) -> None:
    project(guard, {"a1": script("a1"), "b2": script("b2", "a1", LEFT)})
    arguments = ("--migration-guard", "-v", "--migration-guard-kinds", "roundtrip")
    guard.runpytest(*arguments).assert_outcomes(passed=2, failed=1)
    assert outcomes(guard.runpytest(*arguments, "--last-failed")) == {"roundtrip[b2]": "FAILED"}


def test_an_item_that_does_not_exist_is_said_not_to(guard: pytest.Pytester) -> None:
    project(guard, CHAIN)
    result = guard.runpytest("--migration-guard", "migration-guard::lint[c3]")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: There is no item migration-guard::lint?c3?.*"])


def test_the_project_is_found_from_any_folder_of_the_tests(
    guard: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(guard, {"a1": script("a1"), "b2": script("b2", "a1", BROKEN)})
    (guard.path / "pytest.ini").write_text("[pytest]\n")
    (guard.path / "tests" / "unit").mkdir(parents=True)
    (guard.path / "tests" / "unit" / "test_one.py").write_text("def test_one(migration_guard): pass")
    monkeypatch.chdir(guard.path / "tests" / "unit")
    result = guard.runpytest("--migration-guard")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([f"migration-guard: lint, roundtrip, models of {guard.path}"])
    result.assert_outcomes(passed=5, failed=2, skipped=1)
    # As the summary of the failures writes it.
    name = next(line.split()[1] for line in result.outlines if line.startswith("FAILED ") and "roundtrip" in line)
    assert name == "../../migration-guard::roundtrip[b2]"
    guard.runpytest("--migration-guard", name).assert_outcomes(failed=1)


def test_where_several_projects_are_linted_no_fixture_takes_any_of_them(guard: pytest.Pytester) -> None:
    for name in ("one", "two"):
        (guard.path / name).mkdir()
        write(guard.path / name, {f"{name}1": script(f"{name}1")}, url="sqlite://")
    (guard.path / "test_one.py").write_text("def test_one(migration_guard): pass")
    result = guard.runpytest("--migration-guard", "--migration-guard-kinds", "lint")
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(["migration-guard: There are several projects in *one/alembic.ini, two/alembic.ini*"])


def test_a_folder_of_our_name_is_a_folder(guard: pytest.Pytester) -> None:
    project(guard, CHAIN)
    (guard.path / "migration-guard").mkdir()
    (guard.path / "migration-guard" / "test_one.py").write_text("def test_one(): pass")
    result = guard.runpytest("--migration-guard", "--migration-guard-kinds", "lint", "migration-guard")
    result.assert_outcomes(passed=4)


@pytest.mark.parametrize("processes", [[], ["-n", "1"]])
def test_who_names_single_tests_gets_no_items_for_the_configuration(
    guard: pytest.Pytester, processes: list[str]
) -> None:
    project(guard, CHAIN)
    (guard.path / "pytest.ini").write_text(
        "[pytest]\nmigration_guard = true\nmigration_guard_kinds = lint\ntestpaths = test_one.py\n"
    )
    (guard.path / "test_one.py").write_text("def test_one(): pass")
    run = guard.runpytest_subprocess if processes else guard.runpytest
    run(*processes).assert_outcomes(passed=4)
    run(".", *processes).assert_outcomes(passed=4)
    run("test_one.py", *processes).assert_outcomes(passed=1)
    run("test_one.py::test_one", *processes).assert_outcomes(passed=1)
    run("test_one.py", "--migration-guard", *processes).assert_outcomes(passed=4)
    run("test_one.py", "migration-guard::lint[a1]", *processes).assert_outcomes(passed=2)


def test_the_configuration_of_pytest_asks_for_it(guard: pytest.Pytester) -> None:
    (guard.path / "services" / "api").mkdir(parents=True)
    write(guard.path / "services" / "api", CHAIN, url="sqlite://")
    (guard.path / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\nmigration_guard = true\nmigration_guard_kinds = ["lint", "roundtrip"]\n'
        'migration_guard_project = "services/api"\n'
    )
    result = guard.runpytest("-v")
    assert [name for name in outcomes(result) if "a1" in name] == ["lint[a1]", "roundtrip[a1]"]
    assert result.ret == 0


def test_a_failure_is_our_report_without_a_traceback(guard: pytest.Pytester) -> None:
    project(guard, {"a1": script("a1"), "b2": script("b2", "a1", LEFT)})
    result = guard.runpytest("--migration-guard", "-v", "--migration-guard-kinds", "roundtrip")
    assert outcomes(result)["roundtrip[b2]"] == "FAILED"
    result.stdout.fnmatch_lines(
        ["migrations/versions/b2_.py:*error MG753 downgrade-leaves-traces", "*op.create_table(*"]
    )
    assert "items.py" not in result.stdout.str()
    assert "Traceback" not in result.stdout.str()


def test_what_is_not_bad_enough_is_a_warning_at_its_line(guard: pytest.Pytester) -> None:
    drop = "def upgrade():\n    op.drop_table('t_a1')\n\n\ndef downgrade():\n    op.create_table('t_a1')\n"
    project(guard, {"a1": script("a1"), "b2": script("b2", "a1", drop)})
    arguments = ("--migration-guard", "-v", "--migration-guard-kinds", "lint")
    mild = '[tool.migration-guard]\nselect = ["MG101"]\nseverity = { MG101 = "warning" }\ncache = false\n'
    (guard.path / "pyproject.toml").write_text(mild)
    result = guard.runpytest(*arguments)
    assert (result.ret, outcomes(result)["lint[b2]"]) == (0, "PASSED")
    result.stdout.fnmatch_lines(["*b2_.py:9: MigrationGuardWarning: MG101 drop-table: *"])
    (guard.path / "pyproject.toml").write_text(f'{mild}fail-on = "warning"\n')
    assert outcomes(guard.runpytest(*arguments))["lint[b2]"] == "FAILED"


def test_where_warnings_are_errors_the_findings_stand_beside_those_that_fail(guard: pytest.Pytester) -> None:
    both = "def upgrade():\n    op.drop_table('t_a1')\n\n\ndef downgrade():\n    pass\n"
    project(guard, {"a1": script("a1"), "b2": script("b2", "a1", both)})
    (guard.path / "pyproject.toml").write_text(
        '[tool.migration-guard]\nselect = ["MG101", "MG702"]\nseverity = { MG101 = "warning" }\ncache = false\n'
    )
    arguments = ("--migration-guard", "-v", "-W", "error", "--migration-guard-kinds", "lint")
    result = guard.runpytest(*arguments)
    assert outcomes(result) == {"lint[history]": "PASSED", "lint[a1]": "PASSED", "lint[b2]": "FAILED"}
    result.stdout.fnmatch_lines(["*b2_.py:*error MG702*", "migrations/versions/b2_.py:9: MG101 drop-table: *"])
    assert "items.py" not in result.stdout.str()


def test_what_belongs_to_no_revision_has_an_item_of_its_own(guard: pytest.Pytester) -> None:
    project(guard, CHAIN)
    (guard.path / "migrations" / "versions" / "c3_.py").write_text("revision = 'c3'\ndef upgrade(:")
    result = guard.runpytest("--migration-guard", "-v", "--migration-guard-kinds", "lint")
    assert outcomes(result) == {"lint[history]": "FAILED", "lint[a1]": "PASSED", "lint[b2]": "PASSED"}
    result.stdout.fnmatch_lines(["*MG001*"])


def test_what_only_alembic_finds_is_tried_too(guard: pytest.Pytester) -> None:
    computed = LEFT.replace("plans", "others")
    project(guard, {"a1": script("a1"), "b2": script("b2", "a1", computed).replace("'b2'", "str(b'b2', 'ascii')")})
    result = guard.runpytest("--migration-guard", "-v", "--migration-guard-kinds", "roundtrip")
    assert outcomes(result) == {"roundtrip[a1]": "PASSED", "roundtrip[history]": "FAILED"}
    result.stdout.fnmatch_lines(["*MG753*"])


def test_what_comes_behind_a_failure_is_skipped_with_its_name(guard: pytest.Pytester) -> None:
    scripts = {"a1": script("a1"), "b2": script("b2", "a1", BROKEN), "c3": script("c3", "b2"), "d4": script("d4", "a1")}
    project(guard, scripts)
    result = guard.runpytest("--migration-guard", "-v", "-rs", "--migration-guard-kinds", "roundtrip,models")
    assert outcomes(result) == {
        "roundtrip[a1]": "PASSED",
        "roundtrip[b2]": "FAILED",
        "roundtrip[c3]": "SKIPPED",
        "roundtrip[d4]": "PASSED",
        "roundtrip[history]": "PASSED",
        "models[heads]": "SKIPPED",
    }
    result.stdout.fnmatch_lines(["SKIPPED*Revision b2 fails, which comes before this one: see roundtrip?b2?."])


NEEDS_ROWS = """
def upgrade():
    if not op.get_bind().exec_driver_sql("SELECT count(*) FROM t_a1").scalar():
        raise LookupError("There is nobody.")


def downgrade():
    pass
"""
REFUSES_ROWS = """
def upgrade():
    op.execute("CREATE TABLE never (id integer CHECK (id < 0 AND id > 0))")
    op.execute("INSERT INTO never SELECT id FROM t_a1")


def downgrade():
    op.drop_table("never")
"""


def test_what_needs_rows_is_not_in_the_way_of_a_single_item(guard: pytest.Pytester) -> None:
    project(guard, {"a1": script("a1"), "b2": script("b2", "a1", NEEDS_ROWS), "c3": script("c3", "b2")})
    arguments = ("--migration-guard", "-v", "--migration-guard-kinds", "roundtrip")
    assert set(outcomes(guard.runpytest(*arguments)).values()) == {"PASSED"}
    assert outcomes(guard.runpytest(*arguments, "-k", "c3")) == {"roundtrip[c3]": "PASSED"}


def test_what_is_seen_to_fail_after_it_has_passed_is_told_by_the_next(guard: pytest.Pytester) -> None:
    scripts = {
        "a1": script("a1"),
        "b2": script("b2", "a1", NEEDS_ROWS),
        "c3": script("c3", "b2", REFUSES_ROWS),
        "d4": script("d4", "b2"),
    }
    project(guard, scripts)
    result = guard.runpytest("--migration-guard", "-v", "--migration-guard-kinds", "roundtrip")
    assert outcomes(result) == {
        "roundtrip[a1]": "PASSED",
        "roundtrip[b2]": "PASSED",
        "roundtrip[c3]": "FAILED",
        "roundtrip[d4]": "FAILED",
        "roundtrip[history]": "PASSED",
    }
    result.stdout.fnmatch_lines(["*b2_.py:*MG751*", "*There is nobody.*"])


@pytest.mark.parametrize("more", ["", ", sa.Column('name', sa.Text)"])
def test_the_models_are_compared_at_the_heads(guard: pytest.Pytester, more: str) -> None:
    body = "def upgrade():\n    op.create_table('t_a', sa.Column('id', sa.Integer, primary_key=True))\n\n\n"
    body += "def downgrade():\n    op.drop_table('t_a')\n"
    environment = GENERIC.replace("target_metadata = None", MODELS.replace("{more}", more))
    project(guard, {"a": script("a", None, body)}, environment=environment)
    arguments = ("--migration-guard", "-v", "--migration-guard-kinds", "models")
    result = guard.runpytest(*arguments)
    assert outcomes(result) == {"models[heads]": "PASSED"}
    assert ("MigrationGuardWarning: MG757" in result.stdout.str()) is bool(more)
    (guard.path / "pyproject.toml").write_text('[tool.migration-guard.severity]\nmodels-differ = "error"\n')
    assert outcomes(guard.runpytest(*arguments)) == {"models[heads]": "FAILED" if more else "PASSED"}


def test_two_processes_find_what_one_finds(guard: pytest.Pytester) -> None:
    scripts = {
        "a1": script("a1"),
        "b2": script("b2", "a1", LEFT),
        "c3": script("c3", "b2"),
        "d4": script("d4", "c3", BROKEN),
        "e5": script("e5", "d4", NOTHING),
    }
    project(guard, scripts)
    one = outcomes(guard.runpytest("--migration-guard", "-v"))
    result = guard.runpytest_subprocess("--migration-guard", "-v", "-n", "2")
    words = [line.split() for line in result.outlines if re.match(r"\[gw\d\] \[", line)]
    two = {line[-1].removeprefix("migration-guard::"): line[-2] for line in words}
    assert two == one
    assert {line[0] for line in words} == {"[gw0]", "[gw1]"}


def test_only_what_a_git_ref_lacks_is_judged(guard: pytest.Pytester) -> None:
    project(guard, {"a1": script("a1", None, BROKEN), "b2": script("b2", "a1")})
    git = ["git", "-C", str(guard.path), "-c", "user.name=x", "-c", "user.email=x@example.com"]
    (guard.path / "migrations" / "versions" / "b2_.py").rename(guard.path / "b2_.py")
    for arguments in (["init", "-q"], ["add", "migrations"], ["commit", "-q", "-m", "old"]):
        subprocess.run([*git, *arguments], check=True)
    (guard.path / "b2_.py").rename(guard.path / "migrations" / "versions" / "b2_.py")
    result = guard.runpytest("--migration-guard", "-v", "--migration-guard-since", "HEAD")
    assert outcomes(result) == {
        "lint[history]": "PASSED",
        "lint[b2]": "PASSED",
        # Its parent has no item that would tell of the failure.
        "roundtrip[b2]": "FAILED",
        "roundtrip[history]": "PASSED",
        "models[heads]": "FAILED",
    }
    result.stdout.fnmatch_lines(["*a1_.py*MG751*", "*no such table: absent*"])


@pytest.mark.parametrize("kind", ["lint", "roundtrip"])
def test_a_base_that_is_not_there_is_told_and_all_is_judged(
    guard: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    project(guard, {"a1": script("a1")})
    subprocess.run(["git", "-C", str(guard.path), "init", "-q"], check=True)
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    result = guard.runpytest("--migration-guard", "-v", "--migration-guard-kinds", kind)
    assert outcomes(result) == {f"{kind}[history]": "PASSED", f"{kind}[a1]": "PASSED"}
    result.stdout.fnmatch_lines(["*MigrationGuardWarning: git has no commit origin/main here*"])


def test_each_database_of_a_project_is_tried(guard: pytest.Pytester) -> None:
    body = """
    def upgrade(engine_name):
        globals()[f"upgrade_{engine_name}"]()

    def downgrade(engine_name):
        globals()[f"downgrade_{engine_name}"]()

    def upgrade_one():
        op.create_table("t_one", sa.Column("id", sa.Integer))

    def downgrade_one():
        op.drop_table("t_one")

    def upgrade_two():
        op.create_table("t_two", sa.Column("id", sa.Integer))

    def downgrade_two():
        pass
    """
    sections = "\n[one]\nsqlalchemy.url = sqlite:///one.db\n[two]\nsqlalchemy.url = sqlite:///two.db\n"
    project(guard, {"a1": script("a1", None, body)}, environment=MULTIDB, ini=f"databases = one, two\n{sections}")
    result = guard.runpytest("--migration-guard", "-v", "--migration-guard-kinds", "roundtrip")
    assert outcomes(result)["roundtrip[a1]"] == "FAILED"
    result.stdout.fnmatch_lines(["*Table t_two is left behind*"])
    assert "t_one is left" not in result.stdout.str()


def test_what_a_prepared_database_has_is_skipped(guard: pytest.Pytester) -> None:
    project(guard, CHAIN)
    (guard.path / "before.sql").write_text("CREATE TABLE t_a1 (id integer PRIMARY KEY);")
    options = '[tool.migration-guard.roundtrip]\nprepare = "before.sql"\nfrom = "a1"\n'
    (guard.path / "pyproject.toml").write_text(f"[tool.migration-guard]\ncache = false\n{options}")
    result = guard.runpytest("--migration-guard", "-v", "-k", "roundtrip and not history")
    assert outcomes(result) == {"roundtrip[a1]": "SKIPPED", "roundtrip[b2]": "PASSED"}


def test_what_a_baseline_holds_fails_nothing(guard: pytest.Pytester) -> None:
    project(guard, {"a1": script("a1", None, LEFT), "b2": script("b2", "a1")})
    arguments = ("--migration-guard", "-v", "-k", "a1")
    assert outcomes(guard.runpytest(*arguments)) == {"lint[a1]": "FAILED", "roundtrip[a1]": "FAILED"}
    report = engine.lint([guard.path], guard.path)
    tried = round_trip(choose(None, guard.path), guard.path, Request(TripConfig(database="sqlite")))
    both = replace(report, findings=(*report.findings, *tried.findings))
    (guard.path / "known.json").write_text(written(both, guard.path / "known.json", guard.path)[0])
    options = '[tool.migration-guard]\ncache = false\nbaseline = "known.json"\n'
    (guard.path / "pyproject.toml").write_text(options)
    assert outcomes(guard.runpytest(*arguments)) == {"lint[a1]": "PASSED", "roundtrip[a1]": "PASSED"}


def test_what_could_not_be_proven_does_not_pass(guard: pytest.Pytester) -> None:
    body = 'def upgrade():\n    op.execute("CREATE EXTENSION no_such_extension")\n\n\ndef downgrade():\n    pass\n'
    write(guard.path, {"a1": script("a1", None, body)}, url="postgresql://localhost/shop")
    result = guard.runpytest("--migration-guard", "-v", "--migration-guard-kinds", "roundtrip")
    assert outcomes(result)["roundtrip[a1]"] == "FAILED"
    result.stdout.fnmatch_lines(["Not proven: This database (PostgreSQL*) lacks the extension no_such_extension*"])


@pytest.mark.parametrize("processes", [[], ["-n", "1"]])
def test_a_place_without_a_project_is_a_usage_error(guard: pytest.Pytester, processes: list[str]) -> None:
    result = guard.runpytest_subprocess("--migration-guard", *processes)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: migration-guard: There are no migrations in *"])


def test_a_wrong_option_is_a_usage_error(guard: pytest.Pytester) -> None:
    project(guard, CHAIN)
    result = guard.runpytest("--migration-guard", "--migration-guard-kinds", "lint,models,round")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: migration_guard_kinds: 'round' is none of lint, roundtrip, models."])
    result = guard.runpytest("--migration-guard", "--migration-guard-database", "oracle")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: migration-guard: *oracle*"])


@pytest.mark.parametrize("processes", [[], ["-n", "1"]])
def test_a_history_that_cannot_be_judged_is_an_error_of_the_collection(
    guard: pytest.Pytester, processes: list[str]
) -> None:
    project(guard, CHAIN)
    (guard.path / "pyproject.toml").write_text('[tool.migration-guard]\nstart-after = "zz"\ncache = false\n')
    result = guard.runpytest_subprocess("--migration-guard", *processes)
    assert result.ret != 0
    result.stdout.fnmatch_lines(["start-after: there is no revision 'zz' in this history*"])
    assert "Traceback" not in result.stdout.str()


def test_an_env_py_that_fails_fails_every_round_trip_with_a_sentence(guard: pytest.Pytester) -> None:
    project(guard, CHAIN, environment="raise RuntimeError('no settings')")
    result = guard.runpytest("--migration-guard", "-v", "--migration-guard-kinds", "roundtrip")
    assert set(outcomes(result).values()) == {"FAILED"}
    result.stdout.fnmatch_lines(["The project could not be run (*env.py:1): RuntimeError: no settings"])
    assert "Traceback" not in result.stdout.str()


def test_what_env_py_complains_of_at_its_end_is_not_passed_over(guard: pytest.Pytester) -> None:
    project(guard, CHAIN, environment=f"{GENERIC}\nraise RuntimeError('too late')")
    result = guard.runpytest("--migration-guard", "-v", "-k", "roundtrip and b2")
    assert outcomes(result) == {"roundtrip[b2]": "FAILED"}
    result.stdout.fnmatch_lines(["Not proven: env.py fails after the migrations*too late*"])


def test_the_first_failure_can_be_the_last_item(guard: pytest.Pytester) -> None:
    project(guard, {"a1": script("a1", None, BROKEN), "b2": script("b2", "a1")})
    result = guard.runpytest("--migration-guard", "-v", "-x", "--migration-guard-kinds", "roundtrip")
    assert outcomes(result) == {"roundtrip[a1]": "FAILED"}
    assert not left()


def test_ctrl_c_leaves_no_server_and_no_process(guard: pytest.Pytester, tmp_path: Path) -> None:
    body = "import pathlib, time\n\n\ndef upgrade():\n"
    body += f"    pathlib.Path({str(tmp_path / 'started')!r}).touch()\n    time.sleep(60)\n"
    write(guard.path, {"a1": script("a1", None, body)}, url="postgresql://localhost/shop")
    command = [sys.executable, "-m", "pytest", "--migration-guard", "--migration-guard-kinds", "roundtrip"]
    run = subprocess.Popen(command, cwd=guard.path, stdout=subprocess.PIPE, text=True)
    while not (tmp_path / "started").exists():
        assert run.poll() is None
        time.sleep(0.02)
    run.send_signal(signal.SIGINT)
    out, _ = run.communicate(timeout=20)
    assert run.returncode == pytest.ExitCode.INTERRUPTED, out
    assert not left(run.pid)
