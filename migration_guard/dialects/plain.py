"""What operations ask for where nothing depends on the schema before them: the part that all dialects share."""

from __future__ import annotations

from migration_guard.dialects import Change as C
from migration_guard.model.constraints import (
    AddConstraint,
    CreateIndex,
    DropConstraint,
    DropIndex,
    RenameConstraint,
    RenameIndex,
    ValidateConstraint,
)
from migration_guard.model.objects import TruncateTable
from migration_guard.model.operations import (
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
from migration_guard.model.schema import Constraint, ConstraintKind, Name, SchemaState
from migration_guard.model.unknown import Unknown

ALWAYS: dict[type[Operation], C] = {
    CreateTable: C.CREATE_TABLE,
    DropTable: C.DROP_TABLE,
    RenameTable: C.RENAME_TABLE,
    TruncateTable: C.TRUNCATE,
    DropColumn: C.DROP_COLUMN,
    RenameColumn: C.RENAME_COLUMN,
    SetNotNull: C.SET_NOT_NULL,
    DropNotNull: C.DROP_NOT_NULL,
    SetDefault: C.SET_DEFAULT,
    SetColumnComment: C.COMMENT,
    RenameConstraint: C.RENAME_CONSTRAINT,
    CreateIndex: C.CREATE_INDEX,
    DropIndex: C.DROP_INDEX,
    RenameIndex: C.RENAME_INDEX,
}

ADD = {
    ConstraintKind.FOREIGN_KEY: C.ADD_FOREIGN_KEY,
    ConstraintKind.CHECK: C.ADD_CHECK,
    ConstraintKind.UNIQUE: C.ADD_UNIQUE,
    ConstraintKind.PRIMARY_KEY: C.ADD_PRIMARY_KEY,
    ConstraintKind.EXCLUDE: C.ADD_EXCLUSION,
    ConstraintKind.NOT_NULL: C.SET_NOT_NULL,
}


def plain_changes(operation: Operation, state: SchemaState) -> tuple[C, ...]:
    """The change an operation asks for by its kind; none where the dialect must decide, or for what is no change."""
    match operation:
        case AddConstraint(constraint=constraint):
            return (ADD[constraint.kind],)
        case DropConstraint():
            found = constraint_of(state, operation.table, operation.name)
            kind = found.kind if found else operation.kind
            return (C.DROP_FOREIGN_KEY if kind is ConstraintKind.FOREIGN_KEY else C.DROP_CONSTRAINT,)
        case ValidateConstraint():
            found = constraint_of(state, operation.table, operation.name)
            is_key = found is not None and found.kind is ConstraintKind.FOREIGN_KEY
            return (C.VALIDATE_FOREIGN_KEY if is_key else C.VALIDATE_CHECK,)
        case _:
            change = ALWAYS.get(type(operation))
            return (change,) if change else ()


def constraint_of(state: SchemaState, table: Name, name: str | Unknown | None) -> Constraint | None:
    """The constraint of this name on this table, if the history shows it."""
    known = state.table(table)
    return (
        next((one for one in known.constraints if one.name == name), None) if known and isinstance(name, str) else None
    )
