"""Each op.* and batch_op.* directive: its call as operations, in the order in which Alembic emits them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from migration_guard.model.constraints import AddConstraint, CreateIndex
from migration_guard.model.objects import CreateEnum, InsertRows, RunSql
from migration_guard.model.operations import (
    AddColumn,
    AlterColumnType,
    CreateTable,
    DropColumn,
    DropNotNull,
    DropTable,
    Operation,
    RenameColumn,
    RenameTable,
    SetColumnComment,
    SetDefault,
    SetNotNull,
)
from migration_guard.model.schema import Column, ColumnType, Constraint, ConstraintKind, EnumType, Index, Name, Table
from migration_guard.model.site import Site
from migration_guard.model.unknown import UNKNOWN, Unknown
from migration_guard.reading.directives.arguments import SIGNATURES, BoundArguments
from migration_guard.reading.directives.constraints import (
    create_check_constraint,
    create_exclude_constraint,
    create_foreign_key,
    create_index,
    create_primary_key,
    create_unique_constraint,
    drop_constraint,
    drop_index,
    index_from,
)
from migration_guard.reading.directives.constructs import ColumnParts
from migration_guard.reading.directives.names import identifier, table_of
from migration_guard.reading.directives.protocol import DirectiveWalker
from migration_guard.reading.interpreter.values import (
    FALSE,
    Attribute,
    Batch,
    CallValue,
    Constant,
    Items,
    Pairs,
    Symbol,
    Text,
    Value,
    plain,
    truth,
)

_QUIET = frozenset(
    {"get_context", "get_bind", "f", "inline_literal", "implementation_for", "register_operation", "run_async"}
)
NAMES = frozenset(SIGNATURES) | _QUIET


def operation(walker: DirectiveWalker, made: CallValue, batch: Batch | None = None) -> Value:
    """Notes what a directive call asks for, and gives what the call returns."""
    name = made.name
    match name:
        case "f" | "inline_literal":
            return made.arguments[0] if made.arguments else Unknown("op.f() without a name")
        case "get_bind" | "get_context":
            return made
        case "batch_alter_table":
            table = made.argument(0, "table_name") or Unknown("no table name")
            return Batch(table, made.argument(1, "schema"), made)
        case "run_async":
            return _run_async(walker, made)
        case "invoke":
            walker.opaque(made.node, walker.shown(made.node), "op.invoke() takes an operation made elsewhere")
            return made
    reader = _READERS.get(name)
    if reader is None:
        if name not in _QUIET:
            reason = f"{name} is not a directive of Alembic; a plugin or the application adds it"
            walker.opaque(made.node, walker.shown(made.node), reason)
        return made
    ask = BoundArguments(walker, made, name, batch)
    missing = ask.missing()
    if missing is not None:
        about = ask.table()
        walker.opaque(made.node, walker.shown(made.node), missing, tables=(about,) if about else ())
        return made
    walker.emit(*reader(ask))
    return made


def _run_async(walker: DirectiveWalker, made: CallValue) -> Value:
    """op.run_async(function, *arguments): the function gets a connection."""
    if not made.arguments:
        return made
    connection = CallValue(Symbol("alembic.op.get_bind"), path=made.path)
    inner = CallValue(made.arguments[0], (connection, *made.arguments[1:]), made.keywords, made.node, made.path)
    return walker.call_value(made.arguments[0], inner)


# --- tables ---------------------------------------------------------------------------------------------------------


def create_table(ask: BoundArguments) -> Iterator[Operation]:
    """op.create_table(): its enums first, then the table, then the indexes of its columns."""
    name = ask.table()
    assert name is not None
    parts: list[ColumnParts] = []
    constraints: list[Constraint] = []
    indexes: list[Index] = []
    complete = True
    for value in ask.rest:
        made = value
        while isinstance(made, CallValue) and isinstance(made.function, Attribute) and made.name == "copy":
            made = made.function.owner
        if not isinstance(made, CallValue):
            complete = False
        elif made.name == "Column":
            found = ask.constructs.column(made, name)
            complete &= found is not None
            parts += [found] if found is not None else []
        elif made.name == "Index":
            indexes.append(index_from(made, ask.constructs))
        else:
            constraint = ask.constructs.constraint(made, name)
            complete &= constraint is not None
            constraints += [constraint] if constraint is not None else []
    table, own = table_from(name, parts, constraints, complete)
    if_not_exists = ask.flag("if_not_exists")
    prefixes = ask["prefixes"]
    temporary = isinstance(prefixes, Items) and any(
        isinstance(one, Text) and "TEMP" in one.value.upper() for one in prefixes.items
    )
    partitioned = ask["postgresql_partition_by"] is not None
    site = ask.site()
    for part in parts:
        yield from _implicit_enum(part, site)
    made_table = replace(table, partitioned=partitioned)
    yield CreateTable(site=site, table=made_table, if_not_exists=if_not_exists, temporary=temporary)
    for index in own + indexes:
        yield CreateIndex(site=site, table=name, index=index)


def table_from(
    name: Name, parts: list[ColumnParts], constraints: list[Constraint], complete: bool
) -> tuple[Table, list[Index]]:
    """A table from its columns and constraints, and the indexes that `index=True` makes."""
    constraints = list(constraints)
    keys = tuple(part.column.name for part in parts if part.primary_key)
    if keys and not any(one.kind is ConstraintKind.PRIMARY_KEY for one in constraints):
        constraints.insert(0, Constraint(ConstraintKind.PRIMARY_KEY, None, keys))
    own: list[Index] = []
    for part in parts:
        constraints += [*part.foreign_keys, *part.checks]
        if part.index:
            own.append(Index(f"ix_{name.schema + '_' if name.schema else ''}{name.name}_{part.column.name}",
                             (part.column.name,), part.unique))  # fmt: skip
        elif part.unique:
            constraints.append(Constraint(ConstraintKind.UNIQUE, None, (part.column.name,)))
    columns = {part.column.name: part.column for part in parts}
    for constraint in constraints:
        if constraint.kind is ConstraintKind.PRIMARY_KEY:
            for key in constraint.columns:
                if key in columns:
                    columns[key] = _key_column(columns[key], len(constraint.columns) == 1, constraints)
    return Table(name, columns, tuple(constraints), complete=complete), own


def _key_column(column: Column, alone: bool, constraints: list[Constraint]) -> Column:
    """A primary key's column: not null, and drawn from a sequence where it is a lone integer."""
    foreign = any(one.kind is ConstraintKind.FOREIGN_KEY and column.name in one.columns for one in constraints)
    integer = not isinstance(column.type, Unknown) and column.type.name in ("integer", "bigint", "smallint")
    serial = alone and integer and not foreign and not column.identity and column.default is None
    return replace(column, nullable=False, serial=column.serial or serial)


def _implicit_enum(part: ColumnParts, site: Site) -> Iterator[Operation]:
    enum = part.column.type
    if isinstance(enum, Unknown) or not enum.is_enum or not enum.native or enum.name == "enum":
        return
    construct = part.enum
    if isinstance(construct, CallValue) and truth(construct.keyword("create_type") or Constant(True)) is False:
        return
    labels = enum.labels
    yield CreateEnum(site=site, type=EnumType(Name(enum.name, enum.schema), labels), implicit=True)


def drop_table(ask: BoundArguments) -> Iterator[Operation]:
    """op.drop_table()."""
    table = ask.table()
    assert table is not None
    yield DropTable(site=ask.site(), table=table, if_exists=ask.flag("if_exists"))


def rename_table(ask: BoundArguments) -> Iterator[Operation]:
    """op.rename_table()."""
    schema = ask.schema()
    old, new = ask.text("old_table_name"), ask.text("new_table_name")
    assert old is not None
    assert new is not None
    yield RenameTable(site=ask.site(), table=Name(old, schema), new_name=Name(new, schema))


# --- columns --------------------------------------------------------------------------------------------------------


def add_column(ask: BoundArguments) -> Iterator[Operation]:
    """op.add_column(): foreign keys, unique and index become statements of their own (measured on Alembic 1.20)."""
    table, made = ask.table(), ask["column"]
    assert table is not None
    while isinstance(made, CallValue) and isinstance(made.function, Attribute) and made.name in ("copy", "_copy"):
        made = made.function.owner
    part = ask.constructs.column(made, table) if isinstance(made, CallValue) and made.name == "Column" else None
    if part is None:
        reason = "the column is not a Column(...) whose name is known"
        ask.walker.opaque(ask.made.node, ask.walker.shown(ask.made.node), reason, tables=(table,))
        return
    site = ask.site()
    inline_keys = part.foreign_keys if ask.flag("inline_references") else ()
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
    if part.index:
        schema = f"{table.schema}_" if table.schema else ""
        index = Index(f"ix_{schema}{table.name}_{name}", (name,), part.unique)
        yield CreateIndex(site=site, table=table, index=index)
    elif part.unique:
        constraint = Constraint(ConstraintKind.UNIQUE, None, (name,))
        yield AddConstraint(site=site, table=table, constraint=constraint)


def drop_column(ask: BoundArguments) -> Iterator[Operation]:
    """op.drop_column()."""
    table, column = ask.table(), ask.text("column_name")
    assert table is not None
    assert column is not None
    yield DropColumn(site=ask.site(), table=table, column=column, if_exists=ask.flag("if_exists"))


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
            ask.walker.opaque(ask.made.node, ask.walker.shown(ask.made.node), reason, tables=(table,))
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
            ask.walker.opaque(
                ask.made.node, ask.walker.shown(ask.made.node), "the new name is not known", tables=(table,)
            )
        elif renamed != column:
            yield RenameColumn(**where, new_name=renamed)  # type: ignore[arg-type]


def _type(ask: BoundArguments, argument: str) -> ColumnType:
    return ask.constructs.type(ask[argument])  # type: ignore[return-value]


# --- the rest -------------------------------------------------------------------------------------------------------


def table_comment(ask: BoundArguments) -> Iterator[Operation]:
    """op.create_table_comment() and drop_table_comment()."""
    table = ask.table()
    yield RunSql(site=ask.site(), kind="COMMENT ON TABLE", tables=(table,) if table else ())


def bulk_insert(ask: BoundArguments) -> Iterator[Operation]:
    """op.bulk_insert()."""
    table = table_of(ask["table"], ask.walker.dialect)
    if table is None:
        reason = "the table of bulk_insert is not known"
        ask.walker.opaque(ask.made.node, ask.walker.shown(ask.made.node), reason, rows_only=True)
        return
    yield InsertRows(site=ask.site(), table=table, literals=tuple(_literals(ask["rows"])))


def _literals(rows: Value | None) -> Iterator[str]:
    for row in rows.items if isinstance(rows, Items) else []:
        for _, value in row.pairs if isinstance(row, Pairs) else []:
            if isinstance(value, Text) and value.known:
                yield value.value


_READERS: dict[str, Callable[[BoundArguments], Iterator[Operation]]] = {
    "create_table": create_table,
    "drop_table": drop_table,
    "rename_table": rename_table,
    "add_column": add_column,
    "drop_column": drop_column,
    "alter_column": alter_column,
    "create_index": create_index,
    "drop_index": drop_index,
    "create_primary_key": create_primary_key,
    "create_foreign_key": create_foreign_key,
    "create_unique_constraint": create_unique_constraint,
    "create_check_constraint": create_check_constraint,
    "create_exclude_constraint": create_exclude_constraint,
    "drop_constraint": drop_constraint,
    "create_table_comment": table_comment,
    "drop_table_comment": table_comment,
    "bulk_insert": bulk_insert,
}
