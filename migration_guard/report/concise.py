"""One line for each finding: path:line:column: CODE message."""

from __future__ import annotations

from migration_guard.model.finding import Report
from migration_guard.model.printable import printable


def render(report: Report) -> str:
    """The report, one line for each finding."""
    lines = []
    for finding in report.findings:
        place = f":{finding.span.line}:{finding.span.column}" if finding.span else ""
        lines.append(printable(f"{finding.path}{place}: {finding.code} {finding.message}") + "\n")
    return "".join(lines)
