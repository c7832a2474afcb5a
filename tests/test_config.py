"""Options: where they are looked for, which one wins, and what is said about a wrong one."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from migration_guard.config import Config, ConfigError, Output, Overrides, load
from migration_guard.config.selection import resolve
from migration_guard.config.terminal import wants_color
from migration_guard.model.finding import Severity
from migration_guard.model.target import Target
from migration_guard.rules import selectable

KNOWN = {
    "MG101": "drop-table",
    "MG401": "blocking-index-build",
    "MG402": "concurrent-in-transaction",
    "MG702": "empty-downgrade",
}


def configured(folder: Path, text: str, *, name: str = "migration-guard.toml", **overrides: object) -> Config:
    (folder / name).write_text(text, encoding="utf-8")
    return load(folder, overrides=Overrides(**overrides), known=KNOWN)  # type: ignore[arg-type]


def selected(config: Config, *, on_by_default: bool = True) -> list[str]:
    return [code for code in KNOWN if config.selects(code, default=on_by_default)]


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    config = load(tmp_path, known=KNOWN)
    assert (config.file, config.fail_on, config.cache) == (None, Severity.ERROR, True)
    assert config.read == (tmp_path / "migration-guard.toml", tmp_path / "pyproject.toml")
    assert selected(config) == list(KNOWN)


def test_every_option_can_stand_in_a_file(tmp_path: Path) -> None:
    config = configured(
        tmp_path,
        """
        target = ["postgresql 16", "mysql 8.0"]
        select = ["ALL"]
        ignore = ["drop-table"]
        extend-select = "MG4"
        fail-on = "warning"
        exit-zero = true
        start-after = "abc"
        filename-pattern = "dated"
        jobs = 4
        cache = false
        color = "never"
        output-format = ["text", "json:out/report.json"]
        quiet = true
        statistics = true
        verbose = true
        paths = ["migrations"]
        [severity]
        MG4 = "warning"
        blocking-index-build = "info"
        """,
    )
    assert config.target == (Target("postgresql", (16,)), Target("mysql", (8, 0)))
    assert config.output_format == (Output("text"), Output("json", "out/report.json"))
    assert config.filename_pattern == r"^\d{8}_\d{4}_[a-z0-9_]+\.py$"
    assert (config.fail_on, config.jobs, config.cache, config.paths) == (Severity.WARNING, 4, False, ("migrations",))
    assert config.severity_of("MG401", Severity.ERROR) is Severity.INFO
    assert config.severity_of("MG402", Severity.ERROR) is Severity.WARNING
    assert config.severity_of("MG101", Severity.ERROR) is Severity.ERROR
    assert selected(config) == ["MG401", "MG402", "MG702"]


def test_the_nearest_file_upward_counts_and_a_pyproject_without_our_table_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.migration-guard]\njobs = 1\n")
    inner = tmp_path / "service/db"
    inner.mkdir(parents=True)
    (tmp_path / "service/pyproject.toml").write_text("[project]\nname = 'migration-guard'\n")
    assert load(inner, known=KNOWN).jobs == 1
    (tmp_path / "service/migration-guard.toml").write_text("jobs = 2\n")
    assert load(inner, known=KNOWN).jobs == 2
    assert load(inner, explicit=tmp_path / "pyproject.toml", known=KNOWN).jobs == 1


def test_the_search_ends_at_the_root_of_the_repository(tmp_path: Path) -> None:
    (tmp_path / "migration-guard.toml").write_text("jobs = 1\n")
    (tmp_path / "repository/.git").mkdir(parents=True)
    assert load(tmp_path / "repository", known=KNOWN).file is None


def test_the_command_line_wins(tmp_path: Path) -> None:
    config = configured(tmp_path, "jobs = 1\nquiet = true\ntarget = 'mysql 8'", jobs=3, target=("pg 15",))
    assert (config.jobs, config.quiet, config.target) == (3, True, (Target("postgresql", (15,)),))


@pytest.mark.parametrize(
    ("file", "overrides", "expected"),
    [
        ("", {"select": ("MG4",)}, ["MG401", "MG402"]),
        ("", {"select": ("MG4,drop-table",)}, ["MG101", "MG401", "MG402"]),
        ("", {"ignore": ("MG4",)}, ["MG101", "MG702"]),
        ("", {"select": ("MG4",), "ignore": ("MG401",)}, ["MG402"]),
        ("", {"select": ("MG401",), "ignore": ("MG4",)}, ["MG401"]),
        ("", {"select": ("MG401",), "ignore": ("MG401",)}, []),
        ("", {"select": ("MG1",), "extend_select": ("MG702",)}, ["MG101", "MG702"]),
        ("ignore = ['MG401']", {"ignore": ("MG402",)}, ["MG101", "MG702"]),
        ("ignore = ['MG401']", {"extend_select": ("MG401",)}, list(KNOWN)),
        ("ignore = ['MG401']", {"select": ("MG4",)}, ["MG401", "MG402"]),
        ("select = ['MG4']", {"extend_select": ("MG1",)}, ["MG101", "MG401", "MG402"]),
        ("select = ['ALL']", {"ignore": ("MG7",)}, ["MG101", "MG401", "MG402"]),
        ("select = []", {}, []),
    ],
)
def test_selection_works_as_in_ruff(tmp_path: Path, file: str, overrides: dict[str, object], expected: object) -> None:
    assert selected(configured(tmp_path, file, **overrides)) == expected


def test_a_rule_that_is_off_runs_when_it_is_asked_for(tmp_path: Path) -> None:
    assert selected(configured(tmp_path, "extend-select = ['MG401']"), on_by_default=False) == ["MG401"]


@pytest.mark.parametrize("word", ["MG401", "mg401", "blocking-index-build", "MG4", "MG", "ALL"])
def test_a_selector_is_a_code_a_slug_a_prefix_or_all(word: str) -> None:
    assert resolve(word, KNOWN) is not None


@pytest.mark.parametrize("word", ["MG759", "MG75"])
def test_a_code_that_is_reserved_may_be_named_already(word: str) -> None:
    assert resolve(word, selectable()) == word


def test_a_reserved_code_has_no_name_by_which_it_could_be_meant(tmp_path: Path) -> None:
    (tmp_path / "migration-guard.toml").write_text('[severity]\n"" = "error"\n')
    with pytest.raises(ConfigError, match="no rule is called ''"):
        load(tmp_path, known=selectable())


@pytest.mark.parametrize("word", ["", "M", "MG9", "MG4011", "blocking", "401"])
def test_anything_else_is_no_selector(word: str) -> None:
    assert resolve(word, KNOWN) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("targt = 'x'", "no option 'targt'. Did you mean target?"),
        ("fail_on = 'error'", "Did you mean fail-on?"),
        ("jobs = '4'", "jobs: '4' is not a whole number"),
        ("jobs = true", "jobs: True is not a whole number"),
        ("jobs = 0", "jobs: 0 is no number of processes"),
        ("quiet = 1", "quiet: 1 is not true or false"),
        ("select = [1]", "select: [1] is not a string or a list of strings"),
        ("select = 'MG410'", "select: no rule is called 'MG410'. Did you mean MG40"),
        ("ignore = 'blocking-index'", "Did you mean blocking-index-build?"),
        ("[severity]\nMG401 = 'bad'", "severity: 'bad' is none of error, warning, info"),
        ("[severity]\nMG999 = 'info'", "severity: no rule is called 'MG999'"),
        ("severity = 'info'", "severity: 'info' is not a table"),
        ("target = 'oracle 23'", "target: 'oracle 23' is not a target"),
        ("fail-on = 'warnings'", "Did you mean warning?"),
        ("output-format = 'jsn'", "Did you mean json?"),
        ("color = 'yes'", "color: 'yes' is none of auto, always, never"),
        ("filename-pattern = '('", "filename-pattern: '(' is no regular expression"),
        ("= 1", "no valid TOML"),
    ],
)
def test_a_wrong_option_is_named_with_its_file_and_what_to_write(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        configured(tmp_path, text)
    assert says in str(caught.value)
    assert str(tmp_path / "migration-guard.toml") in str(caught.value)


def test_a_wrong_option_of_the_command_line_is_named_as_it_is_typed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--extend-select: no rule is called 'MG9'"):
        load(tmp_path, overrides=Overrides(extend_select=("MG9",)), known=KNOWN)


def test_a_configuration_that_is_named_must_exist_and_speak(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no file"):
        load(tmp_path, explicit=tmp_path / "absent.toml", known=KNOWN)
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    with pytest.raises(ConfigError, match="has no table"):
        load(tmp_path, explicit=tmp_path / "pyproject.toml", known=KNOWN)


@pytest.mark.parametrize(
    ("choice", "environment", "terminal", "expected"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_colour_follows_the_option_then_the_environment_then_the_terminal(
    choice: str, environment: dict[str, str], terminal: bool, expected: bool
) -> None:
    assert wants_color(choice, terminal=terminal, environment=environment) is expected


def test_what_is_found_rests_on_every_option_that_is_not_said_to_stand_beside_it(tmp_path: Path) -> None:
    # A new option is forgotten by the cache only where somebody writes that it changes nothing.
    config = load(tmp_path, known=KNOWN)
    beside = {"fail_on", "exit_zero", "jobs", "cache", "color", "output_format", "quiet", "statistics", "verbose"}
    beside |= {"paths", "since", "baseline", "plugins", "owners", "file", "read", "said_by"}
    assert {name for name, _ in config.judging()} == {option.name for option in fields(Config)} - beside
    for option, value in {"severity": (("MG401", Severity.INFO),), "start_after": "a1"}.items():
        assert replace(config, **{option: value}).judging() != config.judging()
