"""Which operations cannot be run a second time: they find what they have made, or miss what they have taken away."""

from __future__ import annotations

from migration_guard.model.constraints import AddConstraint, CreateIndex, DropConstraint, DropIndex, RenameConstraint
from migration_guard.model.named_objects import MakeObject
from migration_guard.model.objects import AddEnumValue, CreateEnum, CreateSequence, CreateView, DropView
from migration_guard.model.operations import (
    AddColumn,
    CreateTable,
    DropColumn,
    DropTable,
    Operation,
    RenameColumn,
    RenameTable,
)
from migration_guard.model.schema import Constraint, ConstraintKind

_WORDS: dict[type[Operation], str] = {
    CreateTable: "the new table",
    DropTable: "the drop of the table",
    RenameTable: "the table's new name",
    AddColumn: "the new column",
    DropColumn: "the drop of the column",
    RenameColumn: "the column's new name",
    AddConstraint: "the new constraint",
    DropConstraint: "the drop of the constraint",
    RenameConstraint: "the constraint's new name",
    CreateIndex: "the new index",
    DropIndex: "the drop of the index",
    CreateEnum: "the new type",
    AddEnumValue: "the new value",
    CreateSequence: "the new sequence",
    CreateView: "the new view",
    DropView: "the drop of the view",
    MakeObject: "what it makes",
}


def fails_again(operation: Operation) -> bool:
    """
    Whether it fails when it is run a second time, as it has no IF [NOT] EXISTS and nobody asks before. A constraint
    that has no name gets another one the second time (measured on PostgreSQL 15 and MariaDB 10.11); of a primary key
    there is only one.
    """
    if type(operation) not in _WORDS or operation.site.conditional or operation.site.guards:
        return False
    if isinstance(operation, AddConstraint) and not _has_name(operation.constraint):
        return False
    guards = ("if_not_exists", "if_exists", "or_replace", "temporary", "implicit")
    return not any(getattr(operation, guard, False) for guard in guards)


def _has_name(constraint: Constraint) -> bool:
    return constraint.kind is ConstraintKind.PRIMARY_KEY or constraint.name is not None or constraint.named


def words(operation: Operation) -> str:
    """What it leaves, in words."""
    return _WORDS[type(operation)]
