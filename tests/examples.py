"""The examples of all rules: fences in their pages and in tests/cases."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

from migration_guard import rules
from migration_guard.rule_examples import Example, of_page

CASES = Path(__file__).parent / "cases"


def all_examples() -> Iterator[Example]:
    """Every example of every rule."""
    slugs = {}
    for code, rule in rules.load().items():
        slugs[rule.slug()] = code
        yield from of_page(code, cleandoc(type(rule).__doc__ or ""), rule.slug())
    for path in sorted(CASES.glob("*.md")):
        yield from of_page(slugs[path.stem], path.read_text(encoding="utf-8"), path.name)
