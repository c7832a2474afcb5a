"""
A Code Quality report for GitLab: one object for each finding, at its line of a merge request.

The format: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

from migration_guard.model.finding import Report, Severity
from migration_guard.model.printable import printable
from migration_guard.report import as_json
from migration_guard.report.locations import identities, rooted

# Of info, minor, major, critical and blocker: what fails the job is critical, and nothing blocks but a person.
SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.INFO: "info"}


def render(report: Report) -> str:
    """The report as a JSON array. GitLab shows one finding for each fingerprint, so no two have the same."""
    issues = [
        {
            "description": printable(f"{finding.code}: {finding.message}"),
            "check_name": finding.slug,
            "fingerprint": identity,
            "severity": SEVERITIES[finding.severity],
            "location": {
                "path": printable(rooted(finding.path, report)),
                "lines": {"begin": finding.span.line if finding.span else 1},
            },
        }
        for finding, identity in zip(report.findings, identities(report.findings), strict=True)
    ]
    return as_json(issues)
