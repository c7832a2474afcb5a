"""The directives on indexes and constraints: their calls as operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from migration_guard.model.constraints import AddConstraint, CreateIndex, DropConstraint, DropIndex
from migration_guard.model.operations import Operation
from migration_guard.model.schema import Constraint, ConstraintKind, Index, Name
from migration_guard.model.target import is_default
from migration_guard.model.unknown import UNKNOWN
from migration_guard.reading.directives import constructs
from migration_guard.reading.directives.arguments import BoundArguments
from migration_guard.reading.directives.constructs import Constructs, index_name
from migration_guard.reading.directives.names import identifier, is_by_convention
from migration_guard.reading.directives.registry import directive
from migration_guard.reading.interpreter.values import (
    FALSE,
    CallValue,
    Constant,
    Items,
    Pairs,
    Text,
    Value,
    plain,
    truth,
)

_KINDS = {
    "foreignkey": ConstraintKind.FOREIGN_KEY,
    "unique": ConstraintKind.UNIQUE,
    "check": ConstraintKind.CHECK,
    "primary": ConstraintKind.PRIMARY_KEY,
}


def index_from(made: CallValue, reader: Constructs) -> Index:
    """An Index(...) construct."""
    columns = constructs.names(Items(list(made.arguments[1:])))
    return _index(identifier(made.argument(0, "name")), columns, made.keyword, reader)


def _index(
    name: str | None, columns: tuple[str, ...] | None, given: Callable[[str], Value | None], reader: Constructs
) -> Index:
    """The index of these columns that the keyword arguments of a call ask for."""
    where = given("postgresql_where") or given("sqlite_where")
    method = plain(given("postgresql_using") or Constant(None))
    classes = given("postgresql_ops")
    pairs = classes.pairs if isinstance(classes, Pairs) else ()
    by_column = {key.shown: plain(value) for key, value in pairs if isinstance(key, Text)}
    lengths = given("mysql_length")
    if lengths not in (None, Constant(None)):
        by_column = dict.fromkeys(columns or (), "length")
    orders = tuple(str(by_column.get(column, "")) for column in columns or ())
    return Index(
        name,
        _or_unknown(columns),
        truth(given("unique") or FALSE) is True,
        (reader.expression(where).sql or "...") if where is not None and where != Constant(None) else None,
        method if isinstance(method, str) and method != "btree" else None,
        orders=orders if any(orders) else (),
        include=constructs.names(given("postgresql_include")) or (),
    )


@directive("create_index", "index_name table_name columns", needed=("table_name",))
def create_index(ask: BoundArguments) -> Iterator[Operation]:
    """op.create_index()."""
    table = ask.table()
    assert table is not None
    columns = constructs.names(ask["columns"])
    name = ask.text("index_name")
    nameless = ask["index_name"] in (None, Constant(None)) and columns is not None
    if nameless and columns:
        name = index_name(table, columns[0], ask.walker.dialect)
    index = _index(name, columns, ask.__getitem__, ask.constructs)
    yield CreateIndex(
        site=ask.site(),
        table=table,
        index=replace(index, by_convention=nameless),
        concurrently=ask.decision("postgresql_concurrently"),
        if_not_exists=ask.flag("if_not_exists"),
    )


@directive("drop_index", "index_name table_name", needed=("index_name",))
def drop_index(ask: BoundArguments) -> Iterator[Operation]:
    """op.drop_index()."""
    name = ask.text("index_name")
    assert name is not None
    yield DropIndex(
        site=ask.site(),
        name=name,
        table=ask.table(),
        concurrently=ask.decision("postgresql_concurrently"),
        if_exists=ask.flag("if_exists"),
        by_name=ask.walker.dialect in ("postgresql", "sqlite"),
    )


def _add(ask: BoundArguments, kind: ConstraintKind, **fields: object) -> Operation:
    table = ask.table()
    assert table is not None
    name, given = ask.text("constraint_name"), ask["constraint_name"]
    constraint = Constraint(
        kind,
        name,
        named=name is None and given not in (None, Constant(None)),
        by_convention=is_by_convention(given),
        valid=not ask.flag("postgresql_not_valid"),
        **fields,  # type: ignore[arg-type]
    )
    return AddConstraint(site=ask.site(), table=table, constraint=constraint, if_not_exists=ask.flag("if_not_exists"))


@directive("create_primary_key", "constraint_name table_name columns schema", needed=("table_name",))
def create_primary_key(ask: BoundArguments) -> Iterator[Operation]:
    """op.create_primary_key()."""
    columns, options = constructs.names(ask["columns"]) or (), constructs.options(ask.__getitem__)
    yield _add(ask, ConstraintKind.PRIMARY_KEY, columns=columns, options=options)


@directive("create_unique_constraint", "constraint_name table_name columns schema", needed=("table_name",))
def create_unique_constraint(ask: BoundArguments) -> Iterator[Operation]:
    """op.create_unique_constraint()."""
    columns, options = constructs.names(ask["columns"]) or (), constructs.options(ask.__getitem__)
    yield _add(ask, ConstraintKind.UNIQUE, columns=columns, options=options)


@directive("create_check_constraint", "constraint_name table_name condition schema", needed=("table_name",))
def create_check_constraint(ask: BoundArguments) -> Iterator[Operation]:
    """op.create_check_constraint()."""
    expression = ask.constructs.expression(ask["condition"])
    yield _add(ask, ConstraintKind.CHECK, columns=expression.columns, expression=expression)


@directive("create_exclude_constraint", "constraint_name table_name *columns", needed=("table_name",))
def create_exclude_constraint(ask: BoundArguments) -> Iterator[Operation]:
    """op.create_exclude_constraint()."""
    first = [one.items[0] for one in ask.rest if isinstance(one, Items) and one.items]
    yield _add(ask, ConstraintKind.EXCLUDE, columns=constructs.names(Items(first)) or ())


@directive(
    "create_foreign_key",
    "constraint_name source_table referent_table local_cols remote_cols",
    needed=("source_table", "referent_table"),
)
def create_foreign_key(ask: BoundArguments) -> Iterator[Operation]:
    """op.create_foreign_key()."""
    referent = ask.text("referent_table")
    assert referent is not None
    yield _add(
        ask,
        ConstraintKind.FOREIGN_KEY,
        columns=constructs.names(ask["local_cols"]) or (),
        references=Name(referent, ask.schema("referent_schema")),
        in_default_schema=is_default(identifier(ask["referent_schema"]), ask.walker.dialect),
        referenced_columns=constructs.names(ask["remote_cols"]) or (),
        options=constructs.options(ask.__getitem__),
    )


@directive("drop_constraint", "constraint_name table_name type_ schema", needed=("table_name",))
def drop_constraint(ask: BoundArguments) -> Iterator[Operation]:
    """op.drop_constraint()."""
    table, given = ask.table(), ask["constraint_name"]
    assert table is not None
    name = ask.text("constraint_name")
    unknown = name is None and given is not None and given != Constant(None)
    kind = plain(ask["type_"] or Constant(None))
    yield DropConstraint(
        site=ask.site(),
        table=table,
        name=UNKNOWN if unknown else name,
        kind=_KINDS.get(kind) if isinstance(kind, str) else None,
        if_exists=ask.flag("if_exists"),
        by_convention=is_by_convention(given),
    )


def _or_unknown(columns: tuple[str, ...] | None) -> tuple[str, ...]:
    return UNKNOWN if columns is None else columns  # type: ignore[return-value]
