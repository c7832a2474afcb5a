"""The directives on columns: their calls as operations, in the order in which Alembic emits them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from migration_guard.model.constraints import AddConstraint, CreateIndex
from migration_guard.model.operations import (
    AddColumn,
    AlterColumnType,
    DropColumn,
    DropNotNull,
    Operation,
    RenameColumn,
    SetColumnComment,
    SetDefault,
    SetNotNull,
)
from migration_guard.model.schema import ColumnType, Constraint, ConstraintKind
from migration_guard.model.unknown import UNKNOWN, Unknown
from migration_guard.reading.directives.arguments import BoundArguments
from migration_guard.reading.directives.constructs import ColumnParts
from migration_guard.reading.directives.names import identifier
from migration_guard.reading.directives.registry import directive
from migration_guard.reading.interpreter.values import FALSE, Attribute, CallValue, Constant, Text, plain, truth


@directive("add_column", "table_name column", needed=("table_name",))
def add_column(ask: BoundArguments) -> Iterator[Operation]:
    """op.add_column(): foreign keys, unique and index become statements of their own (measured on Alembic 1.20)."""
    table, part = ask.table(), column_of(ask)
    assert table is not None
    if part is None:
        reason = "the column is not a Column(...) whose name is known"
        ask.opaque(reason, table)
        return
    site = ask.site()
    # Alembic 1.20.1 writes REFERENCES without the name of the key: the database chooses one (measured).
    keys = part.foreign_keys if ask.flag("inline_references") else ()
    inline_keys = tuple(replace(key, name=None, by_convention=False) for key in keys)
    yield AddColumn(
        site=site,
        table=table,
        column=part.column,
        inline=part.checks + inline_keys,
        if_not_exists=ask.flag("if_not_exists"),
    )
    name = part.column.name
    for key in () if inline_keys else part.foreign_keys:
        yield AddConstraint(site=site, table=table, constraint=key)
    for index in part.indexes(table):
        yield CreateIndex(site=site, table=table, index=index)
    if part.unique and not part.index:
        constraint = Constraint(ConstraintKind.UNIQUE, None, (name,), by_convention=True)
        yield AddConstraint(site=site, table=table, constraint=constraint)


def column_of(ask: BoundArguments) -> ColumnParts | None:
    """The argument `column`; None where it is not a Column(...) whose name is known."""
    made = ask["column"]
    while isinstance(made, CallValue) and isinstance(made.function, Attribute) and made.name in ("copy", "_copy"):
        made = made.function.owner
    return ask.constructs.column(made) if isinstance(made, CallValue) and made.name == "Column" else None


@directive("drop_column", "table_name column_name", needed=("table_name", "column_name"))
def drop_column(ask: BoundArguments) -> Iterator[Operation]:
    """op.drop_column()."""
    table, column = ask.table(), ask.text("column_name")
    assert table is not None
    assert column is not None
    yield DropColumn(site=ask.site(), table=table, column=column, if_exists=ask.flag("if_exists"))


@directive("alter_column", "table_name column_name nullable", needed=("table_name", "column_name"))
def alter_column(ask: BoundArguments) -> Iterator[Operation]:
    """op.alter_column(): up to five statements, in the order Alembic emits them."""
    table, column = ask.table(), ask.text("column_name")
    assert table is not None
    assert column is not None
    site = ask.site()
    where = {"site": site, "table": table, "column": column}
    existing = _type(ask, "existing_type")
    nullable, type_, default = ask["nullable"], ask["type_"], ask["server_default"]
    if type_ is not None and type_ != Constant(None):
        using = ask["postgresql_using"]
        clause = None if using is None else (using.shown if isinstance(using, Text) else "{...}")
        yield AlterColumnType(
            **where,  # type: ignore[arg-type]
            type=_type(ask, "type_"),
            using=clause if isinstance(clause, str) else None,
            existing=existing,
        )
    if nullable is not None and nullable != Constant(None):
        known = truth(nullable)
        if known is None:
            reason = "whether the column becomes nullable is not known"
            ask.opaque(reason, table)
        elif known:
            yield DropNotNull(**where)  # type: ignore[arg-type]
        else:
            before = truth(ask["existing_nullable"] or Unknown("not told"))
            yield SetNotNull(**where, existing=UNKNOWN if before is None else before)  # type: ignore[arg-type]
    if (default is not None and truth(default) is not False) or default == Constant(None) or default == Text(""):
        yield SetDefault(**where, default=ask.constructs.default(default))  # type: ignore[arg-type]
    comment = ask["comment"]
    if comment is not None and comment != FALSE:
        shown = plain(comment)
        known_comment = shown if isinstance(shown, str) else (None if comment == Constant(None) else UNKNOWN)
        yield SetColumnComment(**where, comment=known_comment)  # type: ignore[arg-type]
    new_name = ask["new_column_name"] or ask["name"]
    if new_name is not None and new_name != Constant(None):
        renamed = identifier(new_name)
        if renamed is None:
            ask.opaque("the new name is not known", table)
        elif renamed != column:
            yield RenameColumn(**where, new_name=renamed)  # type: ignore[arg-type]


def _type(ask: BoundArguments, argument: str) -> ColumnType:
    return ask.constructs.type(ask[argument])  # type: ignore[return-value]
