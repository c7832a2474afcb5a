"""What a statement is by its words alone, for statements that need no more and for those a parser does not take."""

from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.objects import CreateView, DeleteRows, InsertRows, RunSql, TruncateTable, UpdateRows
from migration_guard.model.operations import Operation
from migration_guard.model.schema import Name, View
from migration_guard.model.site import Site
from migration_guard.model.target import without_default
from migration_guard.model.unknown import has_hole
from migration_guard.reading.sql.tokens import NAME, WORD, Statement


def words(text: str) -> frozenset[str]:
    """The words of `text`, to look words up in."""
    return frozenset(text.split())


# Words that say how a statement does its work, not what it works on.
_MANNERS = frozenset(
    {"OR", "REPLACE", "IF", "NOT", "EXISTS", "TEMP", "TEMPORARY", "UNLOGGED", "LOCAL", "GLOBAL", "UNIQUE", "DEFINER"}
    | {"RECURSIVE", "TRUSTED", "PROCEDURAL", "CONSTRAINT", "DEFAULT", "ALGORITHM", "INVOKER", "SQL", "SECURITY"}
)
# How many words behind the verb make up the kind of object.
_OBJECTS = {
    "MATERIALIZED": 2, "FOREIGN": 2, "EVENT": 2, "DEFAULT": 2, "ACCESS": 2, "TEXT": 3, "OPERATOR": 1, "USER": 1,
}  # fmt: skip
_VERBS = frozenset({"CREATE", "ALTER", "DROP"})
_PHRASES = (
    ("REFRESH", "MATERIALIZED", "VIEW", "CONCURRENTLY"),
    ("REFRESH", "MATERIALIZED", "VIEW"),
    ("ALTER", "DEFAULT", "PRIVILEGES"),
    ("VACUUM", "FULL"),
    ("LOCK", "TABLES"),
    ("UNLOCK", "TABLES"),
    ("LOCK", "TABLE"),
    ("SET", "CONSTRAINTS"),
    ("SET", "TRANSACTION"),
    ("SET", "SESSION", "CHARACTERISTICS"),
    ("START", "TRANSACTION"),
    ("ROLLBACK", "TO"),
    ("RELEASE", "SAVEPOINT"),
    ("DROP", "OWNED"),
    ("SECURITY", "LABEL"),
    ("IMPORT", "FOREIGN", "SCHEMA"),
    ("LOAD", "DATA"),
)


def kind_of(statement: Statement) -> str:
    """The leading words that tell what a statement is: SELECT, CREATE FUNCTION, SET LOCK_TIMEOUT, VACUUM FULL."""
    words = statement.words(24)
    for phrase in _PHRASES:
        if words[: len(phrase)] == phrase:
            return " ".join(phrase)
    verb = words[0] if words else ""
    if verb in _VERBS:
        return " ".join((verb, *_object_words(statement)))
    match words:
        case ("SET", "LOCAL" | "SESSION" | "GLOBAL" as scope, name, *_):
            return f"SET {scope} {name}"
        case ("SET" | "RESET" | "SHOW" | "PRAGMA", name, *_):
            return f"{verb} {name}"
        case ("COMMENT", "ON", *rest):
            return " ".join(("COMMENT ON", *rest[: _OBJECTS.get(rest[0], 1) if rest else 0]))
        case ("REINDEX", *rest):
            rest = [word for word in rest if word in ("CONCURRENTLY", "INDEX", "TABLE", "SCHEMA", "DATABASE", "SYSTEM")]
            return " ".join(("REINDEX", *sorted(rest, key=("CONCURRENTLY").__eq__)))
        case ("VACUUM", "(", *rest) if "FULL" in rest[: rest.index(")") if ")" in rest else None]:
            return "VACUUM FULL"
        case ("WITH", *_):
            return "SELECT"
        case ("(", *_):
            return "SELECT"
    return verb


def _object_words(statement: Statement) -> tuple[str, ...]:
    """The kind of object behind CREATE, ALTER or DROP."""
    words = [token.word for token in statement.tokens[1:24] if token.kind == WORD]
    known = [number for number, word in enumerate(words) if word not in _MANNERS]
    if not known:
        return tuple(words[:1])
    first = known[0]
    return tuple(words[first : first + _OBJECTS.get(words[first], 1)])


# --- by words alone -------------------------------------------------------------------------------------------------

_QUERIES = frozenset({"SELECT", "WITH", "SET", "VALUES", "SHOW", "EXPLAIN", "(", "RESET"})
_CHANGES = frozenset({"INSERT", "REPLACE", "UPDATE", "DELETE", "TRUNCATE"})
_BEFORE_TABLE = frozenset(
    {"INTO", "FROM", "ONLY", "TABLE", "IF", "EXISTS", "IGNORE", "LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "QUICK"}
    | {"OR", "REPLACE", "ABORT", "FAIL", "ROLLBACK", "NOT"}
)
_BEFORE_CLAUSE = ("RETURNING", "ORDER", "LIMIT", "ON")


def changes_rows_only(statement: Statement) -> bool:
    """True where the statement's first word tells that it leaves the schema alone."""
    first = statement.tokens[0].word
    return first in _CHANGES or first in _QUERIES


def name_at(statement: Statement, position: int) -> tuple[Name | None, int]:
    """The table's name that begins with token `position`, and the token behind it."""
    tokens, fold = statement.tokens, statement.dialect == "postgresql"
    if position >= len(tokens) or tokens[position].kind not in (WORD, NAME):
        return None, position
    name, schema = tokens[position].name(fold), None
    position += 1
    while position + 1 < len(tokens) and tokens[position].raw == "." and tokens[position + 1].kind in (WORD, NAME):
        schema, name = name, tokens[position + 1].name(fold)
        position += 2
    return Name(name, without_default(schema, statement.dialect)), position


def table_of(statement: Statement) -> Name | None:
    """The table that a statement on one table names first."""
    position = 1
    while position < len(statement.tokens) and statement.tokens[position].word in _BEFORE_TABLE:
        position += 1
    return name_at(statement, position)[0]


def tables_read(statement: Statement) -> tuple[Name, ...]:
    """The tables behind FROM, JOIN, INTO, UPDATE and TABLE."""
    tables: dict[Name, None] = {}
    for number, token in enumerate(statement.tokens):
        if token.kind == WORD and token.word in ("FROM", "JOIN", "INTO", "UPDATE", "TABLE", "TABLES"):
            name, _ = name_at(statement, number + 1)
            if name and not statement.tokens[number + 1].word.startswith("SELECT"):
                tables[name] = None
    return tuple(tables)


def read_by_words(statement: Statement, site: Site) -> Iterator[Operation]:
    """A query or a change of rows, recognised without a parser; nothing where it is neither."""
    first, table, literals = statement.tokens[0].word, table_of(statement), statement.literals()
    if first == "WITH":
        main = statement.find(1, "SELECT", "INSERT", "REPLACE", "UPDATE", "DELETE")
        if main < len(statement.tokens) and statement.tokens[main].word != "SELECT":
            yield from read_by_words(behind(statement, main), site)
            return
    if first in _QUERIES:
        yield RunSql(site=site, kind=kind_of(statement), tables=tables_read(statement), literals=literals)
    elif first == "CREATE":
        yield from _create_by_words(statement, site)
    elif table is None:
        return
    elif first in ("INSERT", "REPLACE"):
        from_select = statement.find(1, "SELECT", "WITH") < len(statement.tokens)
        yield InsertRows(site=site, table=table, literals=literals, from_select=from_select)
    elif first == "UPDATE":
        columns = tuple(_columns_set(statement))
        where, bounded = condition(statement)
        yield UpdateRows(site=site, table=table, columns=columns, where=where, bounded=bounded, literals=literals)
    elif first == "DELETE":
        where, bounded = condition(statement)
        yield DeleteRows(site=site, table=table, where=where, bounded=bounded, literals=literals)
    elif first == "TRUNCATE":
        yield TruncateTable(site=site, table=table, cascade=statement.tokens[-1].word == "CASCADE")


def _create_by_words(statement: Statement, site: Site) -> Iterator[Operation]:
    """A view or a routine: their names say all that the schema we keep has of them."""
    kind = kind_of(statement)
    if kind in ("CREATE VIEW", "CREATE MATERIALIZED VIEW"):
        position = statement.find(1, "VIEW") + 1
        while statement.words(1, position) in (("IF",), ("NOT",), ("EXISTS",)):
            position += 1
        name, _ = name_at(statement, position)
        if name:
            or_replace = statement.words(3) == ("CREATE", "OR", "REPLACE")
            yield CreateView(site=site, view=View(name, kind != "CREATE VIEW"), or_replace=or_replace)
    elif kind in ("CREATE FUNCTION", "CREATE PROCEDURE", "CREATE TRIGGER"):
        yield RunSql(site=site, kind=kind, literals=statement.literals())


def behind(statement: Statement, first: int) -> Statement:
    """The statement from token `first` on."""
    start = statement.tokens[first].start
    text = statement.text[start - statement.start :]
    return Statement(text, start, statement.end, statement.tokens[first:], statement.dialect)


def _columns_set(statement: Statement) -> Iterator[str]:
    """The columns an UPDATE sets: the names before each `=` between SET and WHERE."""
    position = statement.find(1, "SET") + 1
    end = statement.find(position, "WHERE", "FROM", *_BEFORE_CLAUSE)
    while position < end:
        name, behind = name_at(statement, position)
        if name and behind < end and statement.tokens[behind].raw == "=":
            yield name.name
        position = statement.find(position, ",") + 1


def condition(statement: Statement) -> tuple[str | None, bool]:
    """The WHERE of a statement as text, and whether a LIMIT or a comparison with a key bounds its rows."""
    limited = any(token.word in ("LIMIT", "TOP") and token.kind == WORD for token in statement.tokens)
    first = statement.find(1, "WHERE") + 1
    last = statement.find(first, *_BEFORE_CLAUSE)
    where = statement.slice(first, last) or None
    if where is None or "".join(where.split()).lower() in ("true", "1=1", "1"):
        return None, limited
    return where, limited or _picks_rows(statement, first, last)


def _picks_rows(statement: Statement, first: int, last: int) -> bool:
    """True where one of the conditions joined by AND compares a key with given values or keeps a column in a range."""
    if statement.find(first, "OR") < last:
        return False
    tokens = statement.tokens[first:last]
    words = [token.word for token in tokens]
    sides: dict[str, set[str]] = {}
    for number in range(len(tokens) - 2):
        column, operator, value = tokens[number : number + 3]
        if column.kind not in (WORD, NAME) or value.kind not in ("string", "number", "bind", "mark", WORD):
            continue
        given = value.kind in ("string", "number", "bind") or has_hole(value.raw)
        if operator.word == "BETWEEN" and given:
            return True
        if operator.raw == "=" and given and is_key(column.word):
            return True
        if operator.word == "IN" and is_key(column.word) and words[number + 3 : number + 4] != ["SELECT"]:
            return True
        if operator.raw[0] in "<>" and operator.raw != "<>" and given and not has_hole(column.raw):
            sides.setdefault(column.word, set()).add(operator.raw[0])
    return any(len(each) == 2 for each in sides.values())


# Columns that tell single rows apart: an equality with one of them picks few rows.
KEYS = ("id", "ctid", "oid", "pk", "uuid", "guid", "rowid")


def is_key(column: str) -> bool:
    """True for `id`, `user_id` and the like: by their names, columns that pick single rows."""
    return column.lower() in KEYS or column.lower().endswith(("_id", "_uuid", "_pk"))
