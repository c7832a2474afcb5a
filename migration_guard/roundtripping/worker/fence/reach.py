"""What a statement, a file name or a program would touch beyond one database. Pure: text in, a sentence out."""

from __future__ import annotations

import os
import re
from urllib.parse import unquote, urlsplit

from migration_guard.roundtripping.servers.destination import Destination

# Nearly all statements hold none of these words, and are not read any further.
_WORTH_READING = re.compile(
    r"\b(database|schema|system|role|user|group|tablespace|owned|use|attach|global|persist|\w+`?\.)", re.I
)
_NOISE = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\$(\w*)\$.*?\$\1\$", re.S)
_DATABASE = re.compile(r"(create|drop)\s+database\b", re.I)
_MYSQL_DATABASE = re.compile(r"(create|drop)\s+(?:database|schema)\b", re.I)
_SERVER = re.compile(
    r"alter\s+(?:database|system)\b|(?:create|alter|drop)\s+(?:role|user(?!\s+mapping)|group|tablespace)\b"
    r"|(?:drop|reassign)\s+owned\b|set\s+(?:global|persist)\b",
    re.I,
)
_USE = re.compile(r"use\s+`?(\w+)", re.I)
_ATTACH = re.compile(r"\s*attach\s+(?:database\s+)?'((?:[^']|'')*)'", re.I)
_QUALIFIED = re.compile(
    r"\b(?:table|into|update|delete\s+from|view|trigger|truncate)\s+(?:if\s+(?:not\s+)?exists\s+)?`?(\w+)`?\s*\.", re.I
)
_MYSQL_OWN = ("information_schema", "performance_schema")
_PROGRAMS = (
    "psql pg_dump pg_dumpall pg_restore createdb dropdb createuser dropuser vacuumdb reindexdb clusterdb pgbench "
    "mysql mysqldump mysqladmin mysqlimport mariadb mariadb-dump mariadb-admin mariadb-import sqlite3"
)
_PROGRAM = re.compile(rf"(?:^|[\s;&|(`/\"'])({'|'.join(_PROGRAMS.split())})(?=$|[\s;&|)`\"'])")


def beyond(sql: str, destination: Destination) -> str | None:
    """A sentence about a statement that is not only about the throwaway database; None where it is."""
    if not _WORTH_READING.search(sql):
        return None
    if destination.family == "sqlite":
        attached = _ATTACH.match(sql)
        return attachment(attached[1], destination) if attached else None
    for statement in _NOISE.sub(" ", sql).split(";"):
        trouble = _trouble(statement.strip(), destination)
        if trouble:
            return trouble
    return None


def _trouble(statement: str, destination: Destination) -> str | None:
    words = " ".join(statement.split())[:60]
    mysql = destination.family == "mysql"
    if (_MYSQL_DATABASE if mysql else _DATABASE).match(statement):
        return f"The throwaway database is there already, and this was refused: {words}"
    if not destination.shared:
        return None
    if _SERVER.match(statement):
        return f"This reaches beyond the throwaway database, to the server that others use, and was refused: {words}"
    if not mysql:
        return None
    used, qualified = _USE.match(statement), _QUALIFIED.search(statement)
    name = used[1] if used else qualified[1] if qualified else destination.database
    if name.lower() in (destination.database.lower(), *_MYSQL_OWN):
        return None
    return f"This reaches into the database {name} beside the throwaway one, and was refused: {words}"


def attachment(name: str, destination: Destination | None) -> str | None:
    """A sentence about a file that SQLite is to attach; None for one in memory, and for the throwaway database."""
    ours = destination is not None and destination.family == "sqlite" and same_file(name, destination.database)
    if in_memory(name) or ours:
        return None
    return f"Attaching the file {name} reaches beyond the throwaway database, and was refused."


def program(command: str) -> str | None:
    """The database client that a command line starts, if any."""
    found = _PROGRAM.search(command)
    return found[1] if found else None


def in_memory(name: object) -> bool:
    """Whether SQLite keeps this database in memory (or, with no name, in a file that it makes and removes)."""
    text = os.fsdecode(name) if isinstance(name, (str, bytes, os.PathLike)) else ""
    return text in ("", ":memory:") or text.startswith("file::memory:") or _memory_url(text)


def same_file(name: str, other: str) -> bool:
    """Whether two names, the first perhaps a `file:` URL, mean one file."""
    path = unquote(urlsplit(name).path) if name.startswith("file:") else name
    return os.path.realpath(path) == os.path.realpath(other)


def _memory_url(text: str) -> bool:
    return text.startswith("file:") and "mode=memory" in urlsplit(text).query
