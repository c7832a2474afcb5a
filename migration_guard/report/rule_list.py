"""All rules in a list: a line for each, for people and for grep, or a JSON document for programs."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from migration_guard.report import as_json, rule_page
from migration_guard.rules import PLUGINS, TITLES, AnyRule, Rules, group_of
from migration_guard.version import __version__

VERSION = 1
HEADER = ("code", "name", "severity", "state", "fix", "what it finds")


def text(rules: Rules, *, bold: Callable[[str], str]) -> str:
    """A header, and a line for each rule below the title of its group."""
    rows = {code: _row(rule) for code, rule in rules.items()}
    widths = [max(map(len, column)) for column in zip(HEADER, *rows.values(), strict=True)]
    lines = [bold(_line(HEADER, widths))]
    ours_first = sorted(rules, key=lambda code: group_of(code) == PLUGINS)
    for group, codes in groupby(ours_first, group_of):
        lines += ["", bold(TITLES.get(group, "Of plugins")), *(_line(rows[code], widths) for code in codes)]
    return "\n".join(lines) + "\n"


def json(rules: Rules) -> str:
    """The document that docs/json.md describes."""
    document = {
        "version": VERSION,
        "tool_version": __version__,
        "rules": [
            {
                "code": rule.code,
                "slug": rule.slug(),
                "group": group_of(rule.code),
                "severity": rule.severity,
                "enabled": rule.enabled,
                "fix": rule.fixable,
                "dialects": rule.dialects,
                "supersedes": rule.supersedes,
                "summary": rule.page().hazard,
                "page": rule_page.markdown(rule),
            }
            for rule in rules.values()
        ],
    }
    return as_json(document)


def _row(rule: AnyRule) -> tuple[str, ...]:
    state = "on" if rule.enabled else "off"
    return (rule.code, rule.slug(), rule.severity, state, rule.fixable, rule.page().hazard)


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()
