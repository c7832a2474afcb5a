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
    """Whether it fails when it is run a second time, as it has no IF [NOT] EXISTS and nobody asks before."""
    if type(operation) not in _WORDS or operation.site.conditional:
        return False
    guards = ("if_not_exists", "if_exists", "or_replace", "temporary", "implicit")
    return not any(getattr(operation, guard, False) for guard in guards)


def words(operation: Operation) -> str:
    """What it leaves, in words."""
    return _WORDS[type(operation)]
