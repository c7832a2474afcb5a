"""Turns a report into words, one module for each format. Nothing here prints, judges or reads a file."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from json import dumps

from migration_guard.model.finding import Report, Severity


def render(report: Report, format: str) -> str:
    """The report in one of the formats, without colours."""
    text: str = import_module(f"{__name__}.{format}").render(report)
    return text


def as_json(document: object) -> str:
    """
    A document for programs. A value in it stays what it is, but nothing in it is a command to the runner of a workflow.
    """
    return dumps(document, indent=2).replace("##[", "#\\u0023[") + "\n"


def by_code(report: Report) -> Mapping[tuple[str, str, Severity], int]:
    """How many findings each rule has, the most frequent first."""
    counts: dict[tuple[str, str, Severity], int] = {}
    for finding in report.findings:
        key = (finding.code, finding.slug, finding.severity)
        counts[key] = counts.get(key, 0) + 1
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))


def plural(count: int, noun: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
