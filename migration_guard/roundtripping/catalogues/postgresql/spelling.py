"""PostgreSQL's characters and texts as people write them. Knows values only."""

from __future__ import annotations

import re
from collections.abc import Mapping

from migration_guard.roundtripping.catalogues.postgresql.names import is_chosen

Comments = Mapping[tuple[str, int, int], str]

TABLES = {"r": "table", "p": "table", "v": "view", "m": "materialized view", "f": "foreign table"}
CONSTRAINTS = {
    "p": "primary key",
    "u": "unique constraint",
    "f": "foreign key",
    "c": "check constraint",
    "x": "exclusion constraint",
    "n": "not null constraint",
}
LABELS = {"p": "pkey", "u": "key", "f": "fkey", "c": "check", "x": "excl", "n": "not_null"}
PERSISTENCE = {"p": None, "u": "yes"}
REPLICA = {"d": None, "n": "nothing", "f": "full", "i": "index"}
ENABLED = {"O": "yes", "D": "no", "R": "on replicas", "A": "always"}
STORAGE = {"p": "plain", "e": "external", "m": "main", "x": "extended"}
COMPRESSION = {"p": "pglz", "l": "lz4"}
IDENTITY = {"a": "always", "d": "by default"}
GENERATED = {"s": "stored", "v": "virtual"}
COMMANDS = {"r": "select", "a": "insert", "w": "update", "d": "delete", "*": "all"}
ROUTINES = {"f": "function", "p": "procedure", "w": "function"}
GRANTED_ON = {"r": "tables", "S": "sequences", "f": "functions", "T": "types", "n": "schemas", "L": "large objects"}
_NEXT = re.compile(r"^nextval\('(?P<sequence>.+)'::regclass\)$")


def texts(properties: Mapping[str, object]) -> dict[str, str]:
    """The properties that are set, as text."""
    return {name: text(value) for name, value in properties.items() if value is not None}


def text(value: object) -> str:
    """A value of the catalogue as people write it."""
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def yes(value: bool) -> str | None:
    """Said only where it is so."""
    return "yes" if value else None


def shorter(types: str) -> str:
    """Types without the schema that goes without saying."""
    return types.replace("public.", "")


def own_sequence(default: str | None, table: str, column: str) -> str | None:
    """A default in words; the number at the end of a serial's sequence is the database's choice."""
    match = _NEXT.match(default) if default else None
    if match and is_chosen(match["sequence"].rpartition(".")[2].strip('"'), table, [column], "seq"):
        return "the next value of its own sequence"
    return default


def split_routine(text: str) -> tuple[str, str]:
    """pg_get_functiondef() as what is called and what it does."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if line.lstrip().startswith(("AS ", "BEGIN ATOMIC", "RETURN ")) and number:
            head = re.sub(r"^CREATE OR REPLACE (?:FUNCTION|PROCEDURE) ", "", " ".join(lines[:number]))
            return " ".join(head.split()), "\n".join(lines[number:]).strip()
    return " ".join(lines), ""
