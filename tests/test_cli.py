"""The command line: exit codes, options, and what goes where. The engine is replaced: its own tests are elsewhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import migration_guard
from migration_guard import cli
from migration_guard.config import Overrides
from migration_guard.model.finding import Edit, Finding, Fix, Report, Severity, Span, Summary
from migration_guard.reading.discovery.project import ProjectError

Run = Callable[..., tuple[int, str, str]]


def finding(code: str = "MG401", severity: Severity = Severity.ERROR, fix: Fix | None = None) -> Finding:
    return Finding(
        code, "blocking-index-build", severity, f"{code} hurts.", "Help.", "a.py", span=Span(1, 1, 1, 4), fix=fix
    )


class Engine(ModuleType):
    """An engine that answers what the test wants, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__("migration_guard.engine")
        self.answer: Callable[[], Report] = lambda: Report((), Summary(migrations=1))
        self.asked: list[tuple[Any, ...]] = []

    def finds(self, *findings: Finding) -> None:
        self.answer = lambda: Report(findings, Summary(migrations=1), {"a.py": "bad\n"})

    def fails(self, error: BaseException) -> None:
        def answer() -> Report:
            raise error

        self.answer = answer

    def lint(self, paths: Any, cwd: Path, explicit: Path | None, overrides: Overrides) -> Report:
        self.asked.append((paths, cwd, explicit, overrides))
        return self.answer()


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Engine:
    made = Engine()
    monkeypatch.setitem(sys.modules, made.__name__, made)
    monkeypatch.setattr(migration_guard, "engine", made, raising=False)
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "MIGRATION_GUARD_TRACEBACK"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".git").mkdir()
    return made


@pytest.fixture
def run(engine: Engine, capfd: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, str, str]:
        code = cli.run(arguments)
        out, err = capfd.readouterr()
        return code, out, err

    return run


def test_a_clean_history_exits_with_0(run: Run) -> None:
    code, out, err = run("lint")
    assert (code, err) == (0, "")
    assert out.startswith("Nothing found")


@pytest.mark.parametrize(
    ("severity", "options", "expected"),
    [
        (Severity.ERROR, [], 1),
        (Severity.WARNING, [], 0),
        (Severity.WARNING, ["--fail-on", "warning"], 1),
        (Severity.INFO, ["--fail-on", "warning"], 0),
        (Severity.INFO, ["--fail-on", "info"], 1),
        (Severity.ERROR, ["--exit-zero"], 0),
    ],
)
def test_findings_exit_with_1_from_the_severity_that_is_asked_for(
    engine: Engine, run: Run, severity: Severity, options: list[str], expected: int
) -> None:
    engine.finds(finding(severity=severity))
    assert run("lint", *options)[0] == expected


def test_an_unreadable_file_always_counts(engine: Engine, run: Run) -> None:
    engine.finds(replace(finding("MG001", Severity.INFO), unconditional=True))
    assert run("lint")[0] == 1


def test_input_we_cannot_work_on_exits_with_2_and_the_sentence(engine: Engine, run: Run) -> None:
    engine.fails(ProjectError("There is no \x1b file."))
    assert run("lint", "gone") == (2, "", "migration-guard: There is no \\x1b file.\n")


def test_a_wrong_option_exits_with_2_and_the_nearest(run: Run) -> None:
    code, out, err = run("lint", "--extend-select", "MG75X")
    assert (code, out) == (2, "")
    assert "--extend-select: no rule is called 'MG75X'. Did you mean MG75" in err


@pytest.mark.parametrize(
    "arguments",
    [["lint", "--fail-on", "sometimes"], ["lint", "--jobs", "0"], ["lint", "--no-such"], ["lnt"]],
)
def test_wrong_usage_exits_with_2(run: Run, arguments: list[str]) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert "Usage:" in err


def test_a_crash_of_ours_exits_with_2_and_asks_for_a_report(engine: Engine, run: Run) -> None:
    engine.fails(KeyError("x"))
    code, out, err = run("lint")
    assert (code, out) == (2, "")
    assert err.startswith(
        "migration-guard: something is wrong with migration-guard itself (KeyError at tests/test_cli.py:"
    )
    assert err.count("\n") == 1


def test_the_traceback_of_a_crash_is_shown_to_those_who_ask(
    engine: Engine, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.fails(RecursionError())
    assert "Traceback" in run("lint", "--verbose")[2]
    monkeypatch.setenv("MIGRATION_GUARD_TRACEBACK", "1")
    assert "Traceback" in run("lint")[2]


def test_an_interruption_exits_with_130(engine: Engine, run: Run) -> None:
    engine.fails(KeyboardInterrupt())
    code, out, err = run("lint")
    assert (code, out, err.strip()) == (130, "", "Interrupted.")


def test_every_option_reaches_the_engine(engine: Engine, run: Run, tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("")
    run(
        *("lint", "one", "two", "--target", "pg 15", "--target", "mysql 8.0", "--select", "ALL", "--ignore", "MG75"),
        *("--extend-select", "MG751", "--start-after", "abc", "--filename-pattern", "dated", "--jobs", "3"),
        *("--no-cache", "--config", "other.toml", "--fail-on", "info", "--color", "never"),
    )
    assert engine.asked == [
        (
            (Path("one"), Path("two")),
            tmp_path,
            tmp_path / "other.toml",
            Overrides(
                target=("pg 15", "mysql 8.0"),
                select=("ALL",),
                ignore=("MG75",),
                extend_select=("MG751",),
                start_after="abc",
                filename_pattern="dated",
                jobs=3,
                cache=False,
                fail_on="info",
                color="never",
            ),
        )
    ]


def test_what_is_not_said_is_left_to_the_file(engine: Engine, run: Run, tmp_path: Path) -> None:
    (tmp_path / "migration-guard.toml").write_text("fail-on = 'warning'\npaths = ['db']\noutput-format = 'concise'\n")
    engine.finds(finding(severity=Severity.WARNING))
    assert run("lint") == (1, "a.py:1:1: MG401 MG401 hurts.\n", "")
    assert engine.asked == [((tmp_path / "db",), tmp_path, None, Overrides())]


def test_the_one_file_that_all_histories_share_speaks_for_the_run(engine: Engine, run: Run, tmp_path: Path) -> None:
    for service in ("users", "orders"):
        versions = tmp_path / service / "db" / "versions"
        versions.mkdir(parents=True)
        (versions / "a.py").write_text('revision = "a"\ndown_revision = None\n')
    engine.finds(finding(severity=Severity.WARNING))
    (tmp_path / "users" / "migration-guard.toml").write_text("fail-on = 'warning'\n")
    assert run("lint", "users")[0] == 1
    assert run("lint")[0] == 0
    (tmp_path / "orders").rename(tmp_path / "users" / "orders")
    assert run("lint")[0] == 1


def test_verbose_says_which_configuration_holds(run: Run, tmp_path: Path) -> None:
    assert "none found" in run("lint", "--verbose")[2]
    (tmp_path / "migration-guard.toml").write_text("")
    assert str(tmp_path / "migration-guard.toml") in run("lint", "-v")[2]


def test_several_reports_come_from_one_run(engine: Engine, run: Run, tmp_path: Path) -> None:
    engine.finds(finding())
    code, out, _ = run("lint", "--output-format", "concise", "--output-format", "json:out/report.json")
    assert (code, out) == (1, "a.py:1:1: MG401 MG401 hurts.\n")
    assert json.loads((tmp_path / "out/report.json").read_text())["findings"][0]["code"] == "MG401"
    assert len(engine.asked) == 1


def test_a_report_that_cannot_be_written_is_said(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, _, err = run("lint", "--output-format", "json:file/report.json")
    assert code == 2
    assert "could not be written to file/report.json" in err


def test_two_reports_in_one_file_are_refused(run: Run) -> None:
    code, _, err = run("lint", "--output-format", "json:report", "--output-format", "sarif:./report")
    assert code == 2
    assert "two reports go to report" in err
    assert run("lint", "--output-format", "json:report", "--output-format", "json:report")[0] == 0


def test_a_standard_output_that_takes_nothing_is_no_crash_of_ours(
    engine: Engine, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    engine.finds(finding())
    monkeypatch.setattr("migration_guard.cli.output.close_pipe", lambda: None)
    with monkeypatch.context() as patched:
        patched.setattr("sys.stdout.flush", full)
        code = cli.run(["lint"])
    err = run("lint")[2]
    assert code == 2
    assert "could not be written to the standard output (No space left on device)." in err


def test_quiet_prints_nothing_but_errors(engine: Engine, run: Run) -> None:
    engine.finds(finding("MG402"), finding("MG403", Severity.WARNING))
    code, out, err = run("lint", "--quiet", "--fail-on", "warning")
    assert (code, err) == (1, "")
    assert "MG402" in out
    assert "MG403" not in out
    assert "Found" not in out
    engine.finds(finding("MG403", Severity.WARNING))
    assert run("lint", "-q", "--fail-on", "warning") == (1, "", "")


def test_statistics_count_the_rules(engine: Engine, run: Run) -> None:
    engine.finds(finding(), finding())
    assert run("lint", "--statistics")[1].startswith("2  MG401  blocking-index-build\n")


def test_colours_come_when_they_are_asked_for(engine: Engine, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.finds(finding())
    assert "\x1b" not in run("lint")[1]
    assert "\x1b[" in run("lint", "--color", "always")[1]
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in run("lint")[1]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run("lint")[1]


def fixable(engine: Engine, tmp_path: Path, *, safe: bool) -> Path:
    file = tmp_path / "a.py"
    file.write_text("bad\n")
    fix = Fix(safe, (Edit(Span(1, 1, 1, 4), "good"),), "because")
    engine.answer = lambda: Report(
        (finding(fix=fix),) if file.read_text() == "bad\n" else (), Summary(), {"a.py": file.read_text()}
    )
    return file


def test_fix_corrects_and_reports_what_remains(engine: Engine, run: Run, tmp_path: Path) -> None:
    file = fixable(engine, tmp_path, safe=True)
    code, out, _ = run("lint", "--fix")
    assert code == 0
    assert "Corrected 1 finding." in out
    assert file.read_text() == "good\n"


def test_unsafe_fixes_must_be_asked_for(engine: Engine, run: Run, tmp_path: Path) -> None:
    file = fixable(engine, tmp_path, safe=False)
    assert run("lint", "--fix")[0] == 1
    assert file.read_text() == "bad\n"
    assert run("lint", "--fix", "--unsafe-fixes")[0] == 0
    assert file.read_text() == "good\n"


def test_diff_prints_a_patch_and_changes_nothing(engine: Engine, run: Run, tmp_path: Path) -> None:
    file = fixable(engine, tmp_path, safe=True)
    code, out, err = run("lint", "--diff")
    assert code == 1
    assert out.endswith("@@ -1 +1 @@\n-bad\n+good\n")
    assert err == "Would correct 1 finding.\n"
    assert file.read_text() == "bad\n"


def test_rules_lists_every_rule_on_one_line(run: Run) -> None:
    code, out, _ = run("rules")
    assert code == 0
    assert any(line.startswith("MG401  blocking-index-build ") and " on " in line for line in out.splitlines())


@pytest.mark.parametrize("name", ["MG401", "mg401", "blocking-index-build"])
def test_rule_prints_its_page(run: Run, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    code, out, _ = run("rule", name)
    assert code == 0
    assert out.startswith("MG401 blocking-index-build (error, on)\n\n")
    assert "```" not in out
    assert "\x1b" not in out


@pytest.mark.parametrize("arguments", [("rule", "MG401"), ("rules",)])
def test_headings_are_bold_where_colours_are_wanted(
    arguments: tuple[str, ...], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[1m" in run(*arguments)[1]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run(*arguments)[1]


def test_a_page_fits_the_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "1")
    assert run("rule", "MG401")[0] == 0
    monkeypatch.setenv("COLUMNS", "50")
    _, out, _ = run("rule", "MG401")
    assert "\nBuilding an index the plain way blocks every write\nto its table until it is done.\n" in out


def test_the_rules_are_written_as_json(run: Run) -> None:
    code, out, _ = run("rules", "--output-format", "json")
    assert code == 0
    assert "MG401" in [rule["code"] for rule in json.loads(out)["rules"]]


def test_the_rules_in_a_format_that_there_is_not_exit_with_2(run: Run) -> None:
    code, out, err = run("rules", "--output-format", "yaml")
    assert (code, out) == (2, "")
    assert "'yaml' is not one of 'text', 'json'" in err


def test_an_unknown_rule_exits_with_2_and_the_nearest(run: Run) -> None:
    code, out, err = run("rule", "blocking-index-biuld")
    assert (code, out) == (2, "")
    assert "There is no rule 'blocking-index-biuld'. Did you mean blocking-index-build?" in err


def whole(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "migration_guard.cli", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, **options)


def test_the_version_and_the_help_are_told() -> None:
    assert whole("--version").stdout == f"migration-guard {migration_guard.__version__}\n"
    assert "lint" in whole("--help").stdout
    assert "--output-format" in whole("lint", "--help").stdout


def test_a_missing_path_never_looks_like_all_clear(tmp_path: Path) -> None:
    done = whole("lint", "gone", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "There is no file or folder gone" in done.stderr


def test_a_reader_that_goes_away_is_no_failure() -> None:
    command = f"{sys.executable} -m migration_guard.cli rules | true"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
