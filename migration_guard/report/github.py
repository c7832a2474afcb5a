"""Annotations for GitHub: workflow commands that a job prints and GitHub shows on the lines of a pull request."""

from __future__ import annotations

from migration_guard.model.finding import Finding, Report, Severity
from migration_guard.report import printable

LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(report: Report) -> str:
    """One workflow command for each finding."""
    return "".join(f"{_command(finding)}\n" for finding in report.findings)


def _command(finding: Finding) -> str:
    properties = {"file": finding.path}
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
