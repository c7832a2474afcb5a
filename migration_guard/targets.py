"""
Which databases a history is for, where nobody says so: guessed from its configuration, its sources and what is around
it, and the reasons told. Where several are plausible it is judged for each of them: the worst of them holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from migration_guard.model.target import ASSUMED, DATABASES, Target
from migration_guard.reading.discovery.declared_databases import NamedDatabase, follows_url, named_databases
from migration_guard.reading.discovery.project import Project

# What a template leaves in alembic.ini; it names no database.
_PLACEHOLDERS = ("driver://", "dialect://")
_IN_MEMORY = re.compile(r"sqlite(?:\+\w+)?:/{2,3}(?::memory:)?")
NOBODY = "nothing names a database"
NO_VERSION = "no version is configured"
FEW = 5
"""SQLite is what tests run on, or what came first, where a server is asked for so many times as often."""
_SCHEMES = {"postgres": "postgresql", "cockroachdb": "postgresql"}


@dataclass(frozen=True, slots=True)
class Guess:
    """A database that a history is probably for, and why. `is_versioned` where something names the version, too."""

    target: Target
    reason: str
    is_versioned: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    What is said outside of the migrations.

    `url` is that of the configuration, `followed` whether env.py goes by it; `named` is what other files name.
    """

    url: str | None = None
    followed: bool = True
    named: tuple[NamedDatabase, ...] = ()

    @classmethod
    def of(cls, project: Project) -> Evidence:
        """What is said around this history."""
        return cls(project.sqlalchemy_url, follows_url(project), named_databases(project))


class _Marks:
    """How the sources of a history ask for one dialect, and how many of its files do."""

    def __init__(self, dialect: str) -> None:
        self.types = self.keywords = self.branches = 0
        name = dialect.encode()
        short = b"postgres" if dialect == "postgresql" else name
        self._word = short
        self._imported = re.compile(rb"dialects(?:\.|\s+import\s+[^\n]*\b)" + name + rb"\b(\s+(?:as|import)\b)?")
        self._used = re.compile(rb"(?<![.\w])" + name + rb"\.\w")
        self._keyword = re.compile(rb"[(,]\s*" + name + rb"_\w+\s*=[^=]")
        asked = short + (b"(?:ql)?" if short != name else b"")
        self._branch = re.compile(rb"(?:dialect|engine\.name)[^\n]{0,120}[\"']" + asked + rb"[\"']")

    @property
    def count(self) -> int:
        """In how many files the dialect is asked for in the way in which most of them do."""
        return max(self.types, self.keywords, self.branches)

    def look_at(self, source: bytes) -> None:
        """Count what this file asks for."""
        # Nearly all files lack the word, and looking for a word is much faster than for a pattern.
        if self._word not in source:
            return
        imported = self._imported.search(source)
        # An import that an editor or a template has left there asks for nothing.
        self.types += imported is not None and (imported[1] is not None or self._used.search(source) is not None)
        self.keywords += self._keyword.search(source) is not None
        self.branches += self._branch.search(source) is not None


def guess(around: Evidence, sources: Iterable[bytes]) -> tuple[Guess, ...]:
    """
    The databases that a history is probably for, one at least, in the order of `DATABASES`.

    The URL of a server decides. That of SQLite counts where env.py goes by it: it is what people write there until the
    application says another. A keyword in one migration tells only that there are several: `mysql_length` is written
    for the one of them that needs it.
    """
    named = dialect_of(around.url)
    if named is not None and named != "sqlite":
        return _guesses({named: f"sqlalchemy.url names {named}"}, around.named)
    kept = named is not None and around.followed and not _IN_MEMORY.fullmatch(around.url or "")
    reasons = {"sqlite": "sqlalchemy.url names sqlite"} if kept else {}
    for one in around.named:
        reasons.setdefault(one.dialect, f"{one.file} names {one.word}")
    marks = _marks(sources)
    for dialect, found in marks.items():
        if found.types:
            reasons.setdefault(dialect, f"{_migrations(found.types, 'use')} {dialect}'s types")
    is_for_sqlite = "sqlite" in marks and marks["sqlite"].types > 0
    has_server = any(dialect != "sqlite" for dialect in reasons)
    for dialect, found in marks.items():
        if found.branches:
            reasons.setdefault(dialect, f"{_migrations(found.branches, 'ask')} for {dialect}")
        if found.keywords > 1:
            reasons.setdefault(dialect, f"{_migrations(found.keywords, 'use')} {dialect}'s keywords")
    if marks and not has_server and not is_for_sqlite:
        reasons.setdefault("postgresql", "what is written for several databases may run on postgresql")
    return _guesses(reasons, around.named) or (Guess(Target("postgresql", ASSUMED["postgresql"]), NOBODY),)


def _marks(sources: Iterable[bytes]) -> dict[str, _Marks]:
    """What the sources ask for, of each dialect that they do; not of SQLite where a server has nearly all of it."""
    every = {dialect: _Marks(dialect) for dialect in DATABASES}
    for source in sources:
        for one in every.values():
            one.look_at(source)
    most = max(one.count for dialect, one in every.items() if dialect != "sqlite")
    return {
        dialect: one for dialect, one in every.items() if one.count and (dialect != "sqlite" or one.count * FEW > most)
    }


def in_words(guesses: Sequence[Guess]) -> str:
    """Why these were taken, and what that leaves out, as a report says it behind their names."""
    words = [one.reason for one in guesses]
    if not all(one.is_versioned for one in guesses) and words != [NOBODY]:
        words.append(NO_VERSION)
    if all(one.target.dialect == "sqlite" for one in guesses):
        words.append("for SQLite alone the lock rules are off")
    return "; ".join(words)


def _guesses(reasons: Mapping[str, str], named: Sequence[NamedDatabase]) -> tuple[Guess, ...]:
    """These dialects, each with the lowest version that is named for it. MariaDB answers to MySQL's drivers."""
    servers = {one.dialect for one in named if one.is_server}
    if "mariadb" in servers and "mysql" not in servers and "mysql" in reasons:
        reasons = {dialect: reason for dialect, reason in reasons.items() if dialect != "mysql"}
        reasons.setdefault("mariadb", next(f"{one.file} names {one.word}" for one in named if one.dialect == "mariadb"))
    found = []
    for dialect in DATABASES:
        if dialect in reasons:
            versions = {one.version: one for one in named if one.dialect == dialect and one.version is not None}
            lowest = min(versions, default=ASSUMED[dialect])
            says = f"{versions[lowest].file} names {versions[lowest].word}" if versions else ""
            reason = reasons[dialect]
            reason += f", and {says}" if says and says != reason else ""
            found.append(Guess(Target(dialect, lowest), reason, bool(versions)))
    return tuple(found)


def _migrations(count: int, verb: str) -> str:
    return f"1 migration {verb}s" if count == 1 else f"{count} migrations {verb}"


def dialect_of(url: str | None) -> str | None:
    """The dialect that a URL names; None for none that we know, and for what a template left there."""
    if not url or url.startswith(_PLACEHOLDERS):
        return None
    scheme = re.match(r"\s*([a-z0-9]+)(?:\+\w+)?:", url)
    name = _SCHEMES.get(scheme[1], scheme[1]) if scheme else ""
    return name if name in ASSUMED else None
