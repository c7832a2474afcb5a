"""Operations whose SQL is partly put together at run time: what is not known of them is made unknown, or opaque."""

from __future__ import annotations

from dataclasses import replace

from migration_guard.model.constraints import (
    AddConstraint,
    CreateIndex,
    DropConstraint,
    DropIndex,
    RenameConstraint,
    RenameIndex,
    ValidateConstraint,
)
from migration_guard.model.objects import (
    AddEnumValue,
    CreateEnum,
    CreateSequence,
    CreateView,
    DeleteRows,
    DropEnum,
    DropSchema,
    DropSequence,
    DropView,
    InsertRows,
    Opaque,
    RenameEnumValue,
    RenameType,
    RunSql,
    UpdateRows,
)
from migration_guard.model.operations import (
    AddColumn,
    ColumnOperation,
    CreateTable,
    Operation,
    RenameColumn,
    RenameTable,
    TableOperation,
)
from migration_guard.model.schema import UNKNOWN, Constraint, Index, Name, Table, Unknown
from migration_guard.reading.sql.tokens import Statement, shown

_ROWS = (InsertRows, UpdateRows, DeleteRows)


def has_hole(*names: str | Name | Unknown | None) -> bool:
    """True where one of the names is put together at run time."""
    return any("mghole" in str(name) for name in names)


def shorten(text: str) -> str:
    """A statement on one line, of at most 80 characters."""
    line = " ".join(shown(text).split())
    return line if len(line) <= 80 else f"{line[:77]}..."


def settle(operation: Operation, statement: Statement) -> Operation:
    """The operation without invented names: opaque where it cannot do without the name it lacks."""
    missing = _missing(operation)
    if missing:
        return Opaque(
            site=operation.site,
            what=shorten(statement.text),
            reason=f"the {missing} is put together at run time",
            tables=_tables(operation),
            rows_only=isinstance(operation, _ROWS),
        )
    return _without_holes(operation)


def _tables(operation: Operation) -> tuple[Name, ...]:
    if isinstance(operation, TableOperation) and not has_hole(operation.table):
        return (operation.table,)
    return ()


def _missing(operation: Operation) -> str:
    """Which name the operation cannot do without, and lacks."""
    if isinstance(operation, TableOperation) and has_hole(operation.table):
        return "table name"
    if isinstance(operation, ColumnOperation) and has_hole(operation.column):
        return "column name"
    match operation:
        case CreateTable(table=table) if has_hole(table.name):
            return "table name"
        case RenameTable(new_name=new) if has_hole(new):
            return "table name"
        case AddColumn(column=column) if has_hole(column.name):
            return "column name"
        case RenameColumn(new_name=new) if has_hole(new):
            return "column name"
        case ValidateConstraint(name=name) if has_hole(name):
            return "constraint name"
        case RenameConstraint(name=name, new_name=new) if has_hole(name, new):
            return "constraint name"
        case DropIndex(name=name) if has_hole(name):
            return "index name"
        case RenameIndex(name=name, new_name=new) if has_hole(name, new):
            return "index name"
        case RenameEnumValue(value=value, new_value=new) if has_hole(value, new):
            return "value"
        case AddEnumValue(value=value) if has_hole(value):
            return "value"
    return _missing_object(operation)


def _missing_object(operation: Operation) -> str:
    match operation:
        case CreateEnum(type=enum) if has_hole(enum.name):
            return "type name"
        case DropEnum(type=name) | AddEnumValue(type=name) | RenameEnumValue(type=name) if has_hole(name):
            return "type name"
        case RenameType(type=name, new_name=new) if has_hole(name, new):
            return "type name"
        case CreateView(view=view) if has_hole(view.name):
            return "view name"
        case DropView(view=name) if has_hole(name):
            return "view name"
        case CreateSequence(sequence=name) | DropSequence(sequence=name) if has_hole(name):
            return "sequence name"
        case DropSchema(schema=schema) if has_hole(schema):
            return "schema name"
    return ""


def _without_holes(operation: Operation) -> Operation:
    """The operation with UNKNOWN, None or nothing where a name that it can do without is not known."""
    match operation:
        case CreateTable():
            return replace(operation, table=_known_table(operation.table))
        case AddColumn():
            return replace(operation, inline=tuple(map(_known_constraint, operation.inline)))
        case AddConstraint():
            return replace(operation, constraint=_known_constraint(operation.constraint))
        case DropConstraint(name=name) if has_hole(name):
            return replace(operation, name=None)
        case CreateIndex():
            return replace(operation, index=_known_index(operation.index))
        case CreateEnum(type=enum) if enum.labels is not UNKNOWN and has_hole(*enum.labels):
            return replace(operation, type=replace(enum, labels=UNKNOWN))
        case UpdateRows():
            return replace(operation, columns=tuple(name for name in operation.columns if not has_hole(name)))
        case RunSql():
            return replace(
                operation,
                kind=shown(operation.kind.replace("MGHOLE", "mghole")),
                tables=tuple(name for name in operation.tables if not has_hole(name)),
            )
    return operation


def _known_table(table: Table) -> Table:
    columns = {name: column for name, column in table.columns.items() if not has_hole(name)}
    return replace(
        table,
        columns=columns,
        constraints=tuple(map(_known_constraint, table.constraints)),
        complete=table.complete and len(columns) == len(table.columns),
    )


def _known_constraint(constraint: Constraint) -> Constraint:
    return replace(
        constraint,
        name=None if has_hole(constraint.name) else constraint.name,
        columns=tuple(name for name in constraint.columns if not has_hole(name)),
        references=None if has_hole(constraint.references) else constraint.references,
        referenced_columns=tuple(name for name in constraint.referenced_columns if not has_hole(name)),
        using_index=None if has_hole(constraint.using_index) else constraint.using_index,
    )


def _known_index(index: Index) -> Index:
    known = index.columns is not UNKNOWN and not has_hole(*index.columns)
    return replace(
        index, name=None if has_hole(index.name) else index.name, columns=index.columns if known else UNKNOWN
    )
