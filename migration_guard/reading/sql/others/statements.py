"""One statement of MySQL, MariaDB or SQLite as operations, read word by word. Knows every kind of statement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from migration_guard.model.constraints import CreateIndex, DropIndex
from migration_guard.model.objects import (
    CreateSchema,
    CreateSequence,
    CreateView,
    DropSchema,
    DropSequence,
    DropView,
    InsertRows,
    RunSql,
    TruncateTable,
)
from migration_guard.model.operations import CreateTable, DropTable, Operation, RenameTable
from migration_guard.model.schema import Column, Constraint, ConstraintKind, Index, Name, Table, View
from migration_guard.model.site import Site
from migration_guard.reading.sql.inserted import given_columns, skips_rows
from migration_guard.reading.sql.kinds import kind_of, read_by_words, tables_read, words
from migration_guard.reading.sql.named_objects import ObjectReader
from migration_guard.reading.sql.others.alter_table import alter_table
from migration_guard.reading.sql.others.columns import (
    Cursor,
    NotRead,
    index_columns,
    index_orders,
    read_column,
    read_index,
    read_table_constraint,
    starts_constraint,
)
from migration_guard.reading.sql.tokens import BODY, Statement

_EVERYWHERE = words(
    "SELECT WITH VALUES INSERT REPLACE UPDATE DELETE BEGIN COMMIT ROLLBACK SAVEPOINT RELEASE EXPLAIN ANALYZE CREATE "
    "ALTER DROP ("
)
_MYSQL = words(
    "SET SHOW DESCRIBE DESC USE CALL START LOCK UNLOCK GRANT REVOKE OPTIMIZE REPAIR CHECK CHECKSUM FLUSH PREPARE "
    "EXECUTE DEALLOCATE LOAD DO HANDLER KILL INSTALL UNINSTALL RENAME RESET TRUNCATE TABLE XA SIGNAL PURGE CHANGE "
    "STOP"
)
_SQLITE = words("PRAGMA VACUUM REINDEX ATTACH DETACH END")
_CREATED = words("TRIGGER PROCEDURE FUNCTION EVENT USER ROLE DATABASE SCHEMA SERVER PACKAGE AGGREGATE")
_ALTERED = _CREATED | words("VIEW INSTANCE LOGFILE TABLESPACE SEQUENCE UNDO ALGORITHM DEFINER SQL")
_POSTGRESQL_WORDS = frozenset({"CONCURRENTLY", "EXTENSION", "PLPGSQL", "TIMESTAMPTZ", "JSONB", "ILIKE"})


def read_statement(statement: Statement, site: Site) -> tuple[Operation, ...]:
    """The operations of one statement. Raises NotRead where its words are not understood."""
    first = statement.tokens[0].word
    known = _EVERYWHERE | (_SQLITE if statement.dialect == "sqlite" else _MYSQL)
    if first not in known:
        raise Cursor(statement).lost()
    foreign = next((token for token in statement.tokens if token.raw == "::" or token.kind == BODY), None)
    if foreign and not (foreign.kind == BODY and statement.dialect == "mysql" and first == "CREATE"):
        raise NotRead(f'syntax error at or near "{foreign.raw[:2]}"')
    cursor = Cursor(statement, 1)
    match first:
        case "CREATE":
            return tuple(_create(cursor, site))
        case "DROP":
            return tuple(_drop(cursor, site))
        case "ALTER" if cursor.take("TABLE") or cursor.take("IGNORE", "TABLE") or cursor.take("ONLINE", "TABLE"):
            return tuple(alter_table(cursor, site))
        case "RENAME" if cursor.take_one("TABLE", "TABLES"):
            return tuple(_rename(part, site) for part in cursor.parts())
        case "TRUNCATE":
            cursor.take("TABLE")
            return (TruncateTable(site=site, table=cursor.table()),)
        case "SELECT" | "WITH" | "INSERT" | "REPLACE" | "UPDATE" | "DELETE" | "VALUES" | "(":
            operations = tuple(read_by_words(statement, site))
            if operations:
                return tuple(_with_values(one, statement) for one in operations)
            raise cursor.lost()
        case "ALTER" if cursor.word not in _ALTERED:
            raise cursor.lost()
    return (run(statement, site),)


def _with_values(operation: Operation, statement: Statement) -> Operation:
    if not isinstance(operation, InsertRows):
        return operation
    return replace(operation, given=given_columns(statement), skips=skips_rows(statement))


def run(statement: Statement, site: Site) -> RunSql:
    """A statement that leaves the schema we keep alone."""
    plain = RunSql(site=site, kind=kind_of(statement), tables=tables_read(statement), literals=statement.literals())
    return ObjectReader(statement, plain).read()


def looks_like_postgresql(statement: Statement) -> bool:
    """True where words or marks stand in the statement that only PostgreSQL knows."""
    return any(token.raw == "::" or token.kind == BODY or token.word in _POSTGRESQL_WORDS for token in statement.tokens)


# --- CREATE ---------------------------------------------------------------------------------------------------------


def _create(cursor: Cursor, site: Site) -> Iterator[Operation]:
    or_replace = cursor.take("OR", "REPLACE")
    temporary = bool(cursor.take_one("TEMP", "TEMPORARY"))
    if cursor.take("TABLE"):
        yield from _create_table(cursor, site, temporary)
    elif cursor.take("VIRTUAL", "TABLE"):
        guarded = cursor.take("IF", "NOT", "EXISTS")
        yield CreateTable(site=site, table=Table(cursor.table(), complete=False), if_not_exists=guarded)
    elif cursor.word in ("UNIQUE", "FULLTEXT", "SPATIAL", "INDEX"):
        yield _create_index(cursor, site)
    elif (view := _before(cursor, "VIEW")) is not None:
        view.take("IF", "NOT", "EXISTS")
        tables = tables_read(cursor.statement)
        yield CreateView(site=site, view=View(view.table(), tables=tables), or_replace=or_replace)
    elif cursor.take("SEQUENCE"):
        guarded = cursor.take("IF", "NOT", "EXISTS")
        yield CreateSequence(site=site, sequence=cursor.table(), if_not_exists=guarded)
    elif cursor.take_one("DATABASE", "SCHEMA"):
        guarded = cursor.take("IF", "NOT", "EXISTS")
        yield CreateSchema(site=site, schema=cursor.table().name, if_not_exists=guarded)
    elif set(cursor.statement.words(12)) & _CREATED:
        yield run(cursor.statement, site)
    else:
        raise cursor.lost()


def _before(cursor: Cursor, word: str) -> Cursor | None:
    """Behind `word`, if only ALGORITHM, DEFINER and SQL SECURITY stand before it."""
    if cursor.word not in (word, "ALGORITHM", "DEFINER", "SQL"):
        return None
    position = cursor.statement.find(cursor.position, word, "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "AS")
    found = Cursor(cursor.statement, position)
    return found if found.take(word) else None


def _create_table(cursor: Cursor, site: Site, temporary: bool) -> Iterator[Operation]:
    guarded = cursor.take("IF", "NOT", "EXISTS")
    name = cursor.table()
    columns: dict[str, Column] = {}
    constraints: list[Constraint] = []
    indexes: list[Index] = []
    complete = cursor.word == "(" and cursor.statement.words(1, cursor.position + 1) not in (("LIKE",), ("SELECT",))
    if complete:
        for part in cursor.parentheses().parts():
            _element(part, columns, constraints, indexes)
    rest = cursor.statement.words(len(cursor.statement.tokens), cursor.position)
    if not complete and not {"LIKE", "SELECT", "AS"} & set(rest):
        raise cursor.lost()
    complete = complete and not {"SELECT", "AS"} & set(rest)
    for constraint in constraints:
        if constraint.kind is ConstraintKind.PRIMARY_KEY:
            for column in constraint.columns:
                columns[column] = replace(columns.get(column, Column(column)), nullable=False)
    table = Table(name, columns, tuple(constraints), partitioned="PARTITION" in rest, complete=complete)
    yield CreateTable(site=site, table=table, if_not_exists=guarded, temporary=temporary)
    for index in indexes:
        yield CreateIndex(site=site, table=name, index=index, if_not_exists=guarded)


def _element(part: Cursor, columns: dict[str, Column], constraints: list[Constraint], indexes: list[Index]) -> None:
    """One column, constraint or index of CREATE TABLE."""
    if starts_constraint(part):
        constraints.append(read_table_constraint(part))
    elif part.statement.dialect != "sqlite" and part.word in ("INDEX", "KEY", "FULLTEXT", "SPATIAL"):
        indexes.append(read_index(part))
    else:
        read = read_column(part)
        columns[read.column.name] = read.column
        constraints.extend(read.constraints)


def _create_index(cursor: Cursor, site: Site) -> CreateIndex:
    unique = cursor.take("UNIQUE")
    method = cursor.take_one("FULLTEXT", "SPATIAL").lower() or None
    cursor.expect("INDEX")
    guarded = cursor.take("IF", "NOT", "EXISTS")
    name = cursor.table().name
    if cursor.take("USING"):
        method = cursor.identifier().lower()
    cursor.expect("ON")
    table = cursor.table()
    inside = cursor.parentheses()
    orders = index_orders(Cursor(inside.statement, inside.position, inside.end))
    columns = index_columns(inside)
    plain = not any(column.startswith("(") for column in columns)
    where = cursor.source() if cursor.take("WHERE") else None
    index = Index(name, columns, unique, where, method, orders=orders if plain else ())
    return CreateIndex(site=site, table=table, index=index, if_not_exists=guarded)


# --- DROP and RENAME ------------------------------------------------------------------------------------------------

Dropper = Callable[[Site, Name, bool, bool], Operation]

_DROPS: dict[str, Dropper] = {
    "TABLE": lambda site, name, if_exists, cascade: DropTable(
        site=site, table=name, if_exists=if_exists, cascade=cascade
    ),
    "VIEW": lambda site, name, if_exists, cascade: DropView(site=site, view=name, if_exists=if_exists),
    "SEQUENCE": lambda site, name, if_exists, cascade: DropSequence(site=site, sequence=name, if_exists=if_exists),
    # MySQL's databases are its schemas; with one goes everything that is in it.
    "DATABASE": lambda site, name, if_exists, cascade: DropSchema(
        site=site, schema=name.name, cascade=True, if_exists=if_exists
    ),
    "SCHEMA": lambda site, name, if_exists, cascade: DropSchema(
        site=site, schema=name.name, cascade=True, if_exists=if_exists
    ),
}


def _drop(cursor: Cursor, site: Site) -> Iterator[Operation]:
    cursor.take("TEMPORARY")
    kind = cursor.take_one(*_DROPS)
    if kind:
        if_exists = cursor.take("IF", "EXISTS")
        for part in cursor.parts():
            yield _DROPS[kind](site, part.table(), if_exists, part.take("CASCADE"))
            part.take("RESTRICT")
            if part.token is not None:
                raise part.lost()
    elif cursor.take("INDEX"):
        if_exists = cursor.take("IF", "EXISTS")
        name = cursor.table().name
        table = cursor.table() if cursor.take("ON") else None
        if cursor.token is not None and cursor.word not in ("ALGORITHM", "LOCK", "WAIT", "NOWAIT"):
            raise cursor.lost()
        yield DropIndex(site=site, name=name, table=table, if_exists=if_exists)
    elif set(cursor.statement.words(4)) & (_CREATED | {"PREPARE"}):
        yield run(cursor.statement, site)
    else:
        raise cursor.lost()


def _rename(part: Cursor, site: Site) -> RenameTable:
    part.take("IF", "EXISTS")
    table = part.table()
    part.expect("TO")
    return RenameTable(site=site, table=table, new_name=part.table())
