"""The report for programs. The format is documented in docs/json.md: keys may be added, none changes its meaning."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from migration_guard.model.finding import Edit, Finding, Fix, Rename, Report, Severity
from migration_guard.report import as_json
from migration_guard.version import __version__

VERSION = 1


def render(report: Report) -> str:
    """The report as one JSON object."""
    return as_json(document(report))


def document(report: Report) -> dict[str, Any]:
    """The report as plain values."""
    summary = report.summary
    return {
        "version": VERSION,
        "tool_version": __version__,
        "target": list(summary.target),
        "summary": {
            "files": summary.files,
            "migrations": summary.migrations,
            "operations": summary.operations,
            "opaque": summary.opaque,
            "uncompared": summary.uncompared,
            "errors": report.count(Severity.ERROR),
            "warnings": report.count(Severity.WARNING),
            "infos": report.count(Severity.INFO),
            "seconds": round(summary.seconds, 3),
            "assumed": summary.assumed,
            "notes": list(summary.notes),
            "examined": [asdict(one) for one in summary.examined],
            "since": summary.since,
            "start_after": summary.start_after,
            "older": summary.older,
            "default_branch": summary.default_branch,
            "baselined": summary.baselined,
            "folder": summary.folder,
        },
        "proofs": [asdict(proof) for proof in summary.proofs],
        "findings": [_finding(finding) for finding in report.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    span = finding.span
    return {
        "code": finding.code,
        "slug": finding.slug,
        "severity": finding.severity.value,
        "message": finding.message,
        "help": finding.help,
        "path": finding.path,
        "line": span.line if span else None,
        "column": span.column if span else None,
        "end_line": span.end_line if span else None,
        "end_column": span.end_column if span else None,
        "revision": finding.revision,
        "direction": finding.direction.value if finding.direction else None,
        "objects": list(finding.objects),
        "fix": _fix(finding.fix) if finding.fix else None,
        "fingerprint": finding.fingerprint,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    return {"safe": fix.safe, "reason": fix.reason, "edits": [_edit(edit) for edit in fix.edits]}


def _edit(edit: Edit | Rename) -> dict[str, Any]:
    if isinstance(edit, Rename):
        return {"rename": edit.name}
    span = edit.span
    return {
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "text": edit.text,
    }
