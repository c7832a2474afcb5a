"""
Which database a history is for, where nobody says so: guessed from its configuration and sources, and the reason
told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from migration_guard.model.target import ASSUMED, Target

# What a template leaves in alembic.ini; it names no database.
_PLACEHOLDERS = ("driver://", "dialect://")
_MARKS = {
    "postgresql": re.compile(rb"\bpostgresql_\w+\s*=|dialects(?:\.|\s+import\s+[^\n]*\b)postgresql\b"),
    "mysql": re.compile(rb"\bmysql_\w+\s*=|dialects(?:\.|\s+import\s+[^\n]*\b)mysql\b"),
    "mariadb": re.compile(rb"\bmariadb_\w+\s*=|dialects(?:\.|\s+import\s+[^\n]*\b)mariadb\b"),
    "sqlite": re.compile(rb"dialects(?:\.|\s+import\s+[^\n]*\b)sqlite\b"),
}
NOBODY = "nothing names a database"
_DRIVERS = {"postgres": "postgresql", "cockroachdb": "postgresql"}


def guess(url: str | None, sources: Iterable[bytes]) -> tuple[Target, str]:
    """The target, and why it was taken, in words that follow "assumed ...:"."""
    dialect = dialect_of(url)
    if dialect is not None:
        return Target(dialect, ASSUMED[dialect]), f"sqlalchemy.url names {dialect}; no version is configured"
    counts = dict.fromkeys(_MARKS, 0)
    for content in sources:
        for name, pattern in _MARKS.items():
            # Nearly all files lack the word, and looking for a word is much faster than for a pattern.
            counts[name] += name.encode() in content and pattern.search(content) is not None
    best = max(counts, key=lambda name: counts[name])
    if counts[best]:
        files = "1 migration uses" if counts[best] == 1 else f"{counts[best]} migrations use"
        return Target(best, ASSUMED[best]), f"{files} {best}'s types or keywords; no version is configured"
    return Target("postgresql", ASSUMED["postgresql"]), NOBODY


def dialect_of(url: str | None) -> str | None:
    """The dialect that a URL names; None for none that we know, and for what a template left there."""
    if not url or url.startswith(_PLACEHOLDERS):
        return None
    scheme = re.match(r"\s*([a-z0-9]+)(?:\+\w+)?:", url)
    name = _DRIVERS.get(scheme[1], scheme[1]) if scheme else ""
    return name if name in ASSUMED else None
