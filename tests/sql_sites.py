"""Gives each SQL statement of a test the site at its own offsets, on one line."""

from __future__ import annotations

from migration_guard.model.finding import Direction, Span
from migration_guard.model.site import Site

NOWHERE = Span(1, 1, 1, 1)


def site(start: int, end: int) -> Site:
    """The site of the statement between two offsets."""
    return Site(Direction.UPGRADE, Span(1, start + 1, 1, end + 1), NOWHERE)
