"""
SQL text as operations: the same that op.* gives, else RunSql or Opaque. Knows which reader reads which dialect; the
parser is imported when the first statement needs it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice

from migration_guard.model.objects import Mistake, Opaque
from migration_guard.model.operations import Operation
from migration_guard.model.schema import ColumnType, Expression, Name
from migration_guard.model.site import Site
from migration_guard.model.target import DATABASES
from migration_guard.model.unknown import HOLE, UNKNOWN, has_hole
from migration_guard.reading.sql.holes import known, settle, shorten
from migration_guard.reading.sql.kinds import changes_rows_only, name_at, read_by_words
from migration_guard.reading.sql.others.columns import Cursor, NotRead, expression_here
from migration_guard.reading.sql.others.statements import looks_like_postgresql, read_statement
from migration_guard.reading.sql.tokens import BODY, STRING, Statement, Token, scan, split
from migration_guard.reading.sql.types import canonical_type, type_from_text

__all__ = ["SiteFor", "canonical_type", "read_expression", "read_sql", "read_type"]

# (start, end) offsets of a statement in the text, in code points -> where that is in the source.
SiteFor = Callable[[int, int], Site]

NOT_INSTALLED = "PostgreSQL's parser is not installed: pip install postgast"
MOST_CHARACTERS = 2_000_000
MOST_STATEMENTS = 5_000
# PostgreSQL's parser works recursively, and so does the C code that hands its tree over: an expression of twenty
# thousand terms overflows the stack of the process.
DEEPEST = 4_000
# https://dev.mysql.com/doc/refman/8.4/en/sql-data-manipulation-statements.html and alter-table.html there
_OF_MYSQL = re.compile(
    r"\b(?:AUTO_INCREMENT|ENGINE|MODIFY|CHANGE\s+COLUMN|UNSIGNED|ON\s+DUPLICATE\s+KEY|DROP\s+(?:PRIMARY|FOREIGN)\s+KEY|"
    r"ADD\s+(?:UNIQUE\s+)?(?:KEY|INDEX)|CHARACTER\s+SET)\b|^\s*(?:INSERT\s+IGNORE|REPLACE\s+INTO|SHOW\s+\w+|"
    r"UPDATE\b[^;']*\bJOIN\b[^;]*\bSET|ALTER\s+TABLE\b.*\b(?:DROP\s+INDEX|CONVERT\s+TO)|DROP\s+INDEX\b.*\bON|"
    r"DELETE\s+\w+(?:\s*,\s*\w+)*\s+FROM|SET\s+@|USE)\b",
    re.IGNORECASE | re.DOTALL,
)
_FILLED_IN = re.compile(r"%s|%\(|\{|\?|<%|\$\w")


def read_sql(text: str, dialect: str, site: SiteFor) -> tuple[Operation, ...]:
    """All statements of `text` as operations, in order. Never raises, whatever the text is."""
    if len(text) > MOST_CHARACTERS:
        reason = f"it is longer than {MOST_CHARACTERS:,} letters"
        return (Opaque(site=site(0, len(text)), what=shorten(text[:200]), reason=reason),)
    return tuple(_operations(text, dialect, site))


def _operations(text: str, dialect: str, site: SiteFor) -> Iterator[Operation]:
    statements = split(text, dialect)
    for statement in islice(statements, MOST_STATEMENTS):
        yield from read_one(statement, site)
    beyond = next(statements, None)
    if beyond:
        reason = f"it is one of more than {MOST_STATEMENTS:,} statements"
        yield Opaque(site=site(beyond.start, beyond.end), what=shorten(beyond.text), reason=reason)


def read_one(statement: Statement, site: SiteFor, depth: int = 0) -> tuple[Operation, ...]:
    """The operations of one statement, which stands inside `depth` DO blocks."""
    if statement.dialect == "postgresql" and statement.tokens[0].word == "DO":
        operations = _read_do(statement, site, depth)
    else:
        operations = _read(statement, site(statement.start, statement.end))
    if statement.has_hole:
        return tuple(settle(operation, statement) for operation in operations)
    return operations


def _read(statement: Statement, site: Site) -> tuple[Operation, ...]:
    if statement.text == HOLE:
        return (Opaque(site=site, what="{...}", reason="the statement is put together at run time"),)
    if statement.text.startswith("\\"):
        reason = "it is a command of psql, which no database server knows"
        return (_opaque(statement, site, reason, Mistake.STATEMENT),)
    if len(statement.tokens) > DEEPEST and _depth(statement.tokens) > DEEPEST:
        return _by_words(statement, site, "the statement is nested too deeply")
    return _read_postgresql(statement, site) if statement.dialect == "postgresql" else _read_other(statement, site)


def _read_postgresql(statement: Statement, site: Site) -> tuple[Operation, ...]:
    try:
        from migration_guard.reading.sql.postgresql.statements import NotAccepted
        from migration_guard.reading.sql.postgresql.statements import read_statement as read
    except ImportError:
        return (_opaque(statement, site, NOT_INSTALLED),)
    try:
        return read(statement, site)
    except NotAccepted as refused:
        reason = f"PostgreSQL's parser does not accept it: {refused}"
        if statement.has_hole or statement.has_bind or "nested" in str(refused):
            return _by_words(statement, site, reason)
        likeness = _looks_like(statement)
        # What a driver or a template is still to fill in is no mistake, nor what is meant for another database.
        mistake = None if likeness or _FILLED_IN.search(statement.text) else Mistake.STATEMENT
        return (_opaque(statement, site, reason + likeness, mistake),)


def _read_do(statement: Statement, site: SiteFor, depth: int) -> tuple[Operation, ...]:
    body = next((token for token in statement.tokens if token.kind in (BODY, STRING)), None)
    if "LANGUAGE" in statement.words(6) and not {"PLPGSQL", "plpgsql"} & set(statement.words(6)):
        return (_opaque(statement, site(statement.start, statement.end), "it is not written in PL/pgSQL"),)
    if body and _depth(tuple(scan(body.word, "postgresql"))) > DEEPEST:
        return (_opaque(statement, site(statement.start, statement.end), "the statement is nested too deeply"),)
    try:
        from migration_guard.reading.sql.postgresql.plpgsql import read_do
    except ImportError:
        return (_opaque(statement, site(statement.start, statement.end), NOT_INSTALLED),)
    return read_do(statement, site, partial(read_one, depth=depth + 1), depth)


def _read_other(statement: Statement, site: Site) -> tuple[Operation, ...]:
    try:
        return read_statement(statement, site)
    except NotRead as refused:
        reason = f"it does not read as {DATABASES[statement.dialect]}: {refused}"
        if statement.has_hole or statement.has_bind:
            return _by_words(statement, site, reason)
        likeness = " (it looks like PostgreSQL)" if looks_like_postgresql(statement) else ""
        return (_opaque(statement, site, reason + likeness),)


def _by_words(statement: Statement, site: Site, reason: str) -> tuple[Operation, ...]:
    """What the words of the statement tell, where no parser could read it."""
    return tuple(read_by_words(statement, site)) or (_opaque(statement, site, reason),)


def _opaque(statement: Statement, site: Site, reason: str, mistake: Mistake | None = None) -> Opaque:
    rows_only = changes_rows_only(statement)
    table = altered_table(statement)
    tables = (table,) if table else ()
    what = shorten(statement.text)
    return Opaque(site=site, what=what, reason=reason, tables=tables, rows_only=rows_only, mistake=mistake)


def altered_table(statement: Statement) -> Name | None:
    """The table of an ALTER TABLE, or of a CREATE INDEX."""
    words = statement.words(12)
    if words[:2] == ("ALTER", "TABLE"):
        position = 2
        while words[position : position + 1] and words[position] in ("IF", "EXISTS", "ONLY"):
            position += 1
        return name_at(statement, position)[0]
    if words[:1] == ("CREATE",) and "INDEX" in words[1:4] and "ON" in words:
        position = words.index("ON") + 1
        return name_at(statement, position + (words[position : position + 1] == ("ONLY",)))[0]
    return None


def _looks_like(statement: Statement) -> str:
    """Which other dialect the statement seems to be written in."""
    words = set(statement.words(60))
    if any(token.raw.startswith("`") for token in statement.tokens) or _OF_MYSQL.search(statement.text):
        return " (it looks like MySQL)"
    if words & {"AUTOINCREMENT", "PRAGMA"}:
        return " (it looks like SQLite)"
    return ""


def _depth(tokens: tuple[Token, ...]) -> int:
    """No expression of the statement is nested deeper than this: commas part expressions, parentheses hold them."""
    depth = deepest = 0
    outside: list[int] = []
    joined = 0
    for token in tokens:
        if token.raw == "(":
            outside.append(depth)
        elif token.raw == ")" and outside:
            depth = outside.pop()
        elif token.raw in (",", ";"):
            depth = outside[-1] if outside else 0
        elif token.word in ("UNION", "INTERSECT", "EXCEPT", "JOIN", "BEGIN"):
            joined += 1
        depth += 1
        deepest = max(deepest, depth, joined)
    return deepest


# --- loose expressions and types ------------------------------------------------------------------------------------


def read_expression(text: str, dialect: str) -> Expression:
    """An SQL expression on its own. `functions` is Unknown where it could not be read."""
    expression = _expression(text, dialect)
    return known(expression) if has_hole(text) else expression


def _expression(text: str, dialect: str) -> Expression:
    statement = next(split(text, dialect), None)
    if statement is None or statement.end < len(text.rstrip()) or _depth(statement.tokens) > DEEPEST:
        return Expression(text.strip(), functions=UNKNOWN)
    if dialect == "postgresql":
        try:
            from migration_guard.reading.sql.postgresql.statements import read_expression as read
        except ImportError:
            return Expression(text.strip(), functions=UNKNOWN)
        return read(statement.text, statement.clean)
    return expression_here(Cursor(statement))


def read_type(text: str, dialect: str) -> ColumnType:
    """A column type on its own: `character varying(50)[]` is ColumnType("varchar", (50,), 1)."""
    statement = next(split(text, dialect), None)
    if dialect == "postgresql" and statement and statement.end >= len(text.rstrip()) and len(statement.tokens) < 40:
        try:
            from migration_guard.reading.sql.postgresql.statements import read_type as read
        except ImportError:
            return type_from_text(text, dialect)
        return read(statement.clean)
    return type_from_text(text, dialect)
