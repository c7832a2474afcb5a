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
    RestateColumn,
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
from migration_guard.reading.interpreter.values import FALSE, Attribute, CallValue, Constant, Text, Value, plain, truth

_EXISTING = "existing_server_default"


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
        identity = any(isinstance(one, CallValue) and one.name == "Identity" for one in (default, ask[_EXISTING]))
        yield SetDefault(**where, default=ask.constructs.default(default), identity=identity)  # type: ignore[arg-type]
    comment = ask["comment"]
    if comment is not None and comment != FALSE:
        yield SetColumnComment(**where, comment=_comment(comment))  # type: ignore[arg-type]
    if ask.walker.dialect in ("mysql", "mariadb") and _is_restated(ask):
        yield _restated(ask, where)
    new_name = ask["new_column_name"] or ask["name"]
    if new_name is not None and new_name != Constant(None):
        renamed = identifier(new_name)
        if renamed is None:
            ask.opaque("the new name is not known", table)
        elif renamed != column:
            yield RenameColumn(**where, new_name=renamed)  # type: ignore[arg-type]


def _is_restated(ask: BoundArguments) -> bool:
    """
    Whether MySQL gets MODIFY or CHANGE for op.alter_column(): not for a default alone. (alembic/ddl/mysql.py, the same
    in Alembic 1.8 to 1.20)
    """
    given = (ask["nullable"], ask["type_"], ask["autoincrement"], ask["new_column_name"], ask["name"])
    comment = ask["comment"]
    return any(one not in (None, Constant(None)) for one in given) or (comment is not None and comment != FALSE)


def _restated(ask: BoundArguments, where: dict[str, object]) -> RestateColumn:
    """What the statement says of the column: what is asked for, else what the author says it was, else nothing."""
    nullable = _given(ask["nullable"], ask["existing_nullable"])
    known = True if nullable is None else truth(nullable)
    default = ask["server_default"]
    if default is None or truth(default) is False:
        default = ask["existing_server_default"]
        default = None if default is not None and truth(default) is False else default
    comment = ask["comment"]
    comment = ask["existing_comment"] if comment is None or comment == FALSE else comment
    counts = _given(ask["autoincrement"], ask["existing_autoincrement"])
    return RestateColumn(
        **where,  # type: ignore[arg-type]
        nullable=UNKNOWN if known is None else known,
        default=ask.constructs.default(default),
        comment=_comment(comment),
        counts=counts is not None and truth(counts) is not False,
    )


def _given(asked: Value | None, existing: Value | None) -> Value | None:
    found = existing if asked in (None, Constant(None)) else asked
    return None if found == Constant(None) else found


def _comment(value: Value | None) -> str | Unknown | None:
    if value is None or value == Constant(None):
        return None
    shown = plain(value)
    return shown if isinstance(shown, str) else UNKNOWN


def _type(ask: BoundArguments, argument: str) -> ColumnType:
    return ask.constructs.type(ask[argument])  # type: ignore[return-value]
