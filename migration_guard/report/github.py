"""
Annotations for GitHub: workflow commands that a job prints and GitHub shows on the lines of a pull request.

GitHub shows ten errors, ten warnings and ten notices of a step, and drops the rest in silence
(https://github.com/actions/toolkit/blob/main/docs/problem-matchers.md#limitations). What it would drop is counted here.
"""

from __future__ import annotations

from migration_guard.model.finding import Finding, Report, Severity
from migration_guard.model.printable import printable
from migration_guard.report import plural
from migration_guard.report.locations import rooted

LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
SHOWN = 10  # annotations of a level in one step


def render(report: Report) -> str:
    """One workflow command for each finding that GitHub would show, and a line on how many more there are."""
    lines, more = [], []
    for severity in Severity:
        found = [finding for finding in report.findings if finding.severity is severity]
        lines += [_command(finding, rooted(finding.path, report)) for finding in found[:SHOWN]]
        if len(found) > SHOWN:
            more.append(plural(len(found) - SHOWN, f"more {severity}"))
    if more:
        lines.append(
            f"Not annotated, because GitHub shows {SHOWN} of a kind for each step: {', '.join(more)}."
            " The summary of the job has them."
        )
    return "".join(f"{line}\n" for line in lines)


def _command(finding: Finding, path: str) -> str:
    properties = {"file": path}
    if finding.span:
        span = finding.span
        properties |= {"line": str(span.line), "endLine": str(span.end_line), "col": str(span.column)}
        if span.line == span.end_line:
            properties["endColumn"] = str(span.end_column)
    properties["title"] = f"{finding.code} {finding.slug}"
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    message = "\n\n".join(filter(None, (finding.message, finding.help)))
    return f"::{LEVELS[finding.severity]} {written}::{_data(message)}"


def _data(text: str) -> str:
    return printable(text, lines=True).replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
