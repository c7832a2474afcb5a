"""Turns a report into words, one module for each format. Nothing here prints, judges or reads a file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module

from migration_guard.model.finding import Report, Severity

# What could move the cursor, hide text or turn its direction round on a terminal: control characters, the marks of
# bidirectional text, the invisible ones, and what no terminal can print and no XML can hold: halves of surrogate pairs
# and noncharacters.
_UNSAFE = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff"
    r"\ud800-\udfff\ufffe\uffff"
)
_ANYWHERE = re.compile(f"[{_UNSAFE}]")
_ON_ONE_LINE = re.compile(f"[{_UNSAFE}\n\t]")


def render(report: Report, format: str) -> str:
    """The report in one of the formats, without colours."""
    text: str = import_module(f"{__name__}.{format}").render(report)
    return text


def printable(text: str, *, lines: bool = False) -> str:
    """The text with everything escaped that a terminal would act on. `lines` lets line ends and tabs be."""
    return (_ANYWHERE if lines else _ON_ONE_LINE).sub(_escaped, text)


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


def _escaped(match: re.Match[str]) -> str:
    number = ord(match[0])
    return {9: "\\t", 10: "\\n", 13: "\\r"}.get(number, f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}")
