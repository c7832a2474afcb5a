"""Replays migrations into schemas: each operation with the state it meets, and both ends of each revision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from migration_guard.model.differences import Difference, differences
from migration_guard.model.join import join
from migration_guard.model.migration import Migration
from migration_guard.model.objects import CreateEnum, Opaque
from migration_guard.model.operations import AddColumn, CreateTable, Operation, RenameColumn, RenameTable
from migration_guard.model.schema import EMPTY, Name, SchemaState


@dataclass(frozen=True, slots=True)
class Step:
    """One operation and the schema it meets."""

    operation: Operation
    before: SchemaState


@dataclass(frozen=True, slots=True)
class Replayed:
    """
    One revision, replayed: upgrade from `before` to `after`, then downgrade from there to `restored`.

    `before` also holds what the upgrade shows to have been there, though the history never made it. `created` are the
    tables that its upgrade makes, `added` the columns it adds to tables, `created_enums` the types it makes. `differences`
    are those between `before` and `restored`.
    """

    migration: Migration
    before: SchemaState = EMPTY
    upgrade: tuple[Step, ...] = ()
    after: SchemaState = EMPTY
    downgrade: tuple[Step, ...] = ()
    restored: SchemaState = EMPTY
    created: frozenset[Name] = frozenset()
    added: frozenset[tuple[Name, str]] = frozenset()
    created_enums: frozenset[Name] = frozenset()
    differences: tuple[Difference, ...] = ()

    @property
    def comparable(self) -> bool:
        """Whether upgrade and downgrade were read well enough to be compared."""
        return not any(
            isinstance(operation, Opaque) and not operation.rows_only and not operation.tables
            for operation in self.migration.operations
        )


def replay(migrations: Sequence[Migration]) -> Iterator[Replayed]:
    """Each migration with the state that all before it left. They come in the order in which they would run."""
    state = EMPTY
    for migration in migrations:
        replayed = replay_one(migration, state)
        yield replayed
        state = replayed.after


def replay_one(migration: Migration, state: SchemaState) -> Replayed:
    """One migration upon the state that it meets."""
    before = _learn(state, migration.upgrade.operations)
    upgrade, after = _run(before, migration.upgrade.operations)
    downgrade, restored = _run(after, migration.downgrade.operations)
    created, added, enums = _made(migration.upgrade.operations)
    found = differences(before, restored)
    return Replayed(migration, before, upgrade, after, downgrade, restored, created, added, enums, found)


def _learn(state: SchemaState, operations: Sequence[Operation]) -> SchemaState:
    """
    The state, with what these operations rely on and the history never made: it must have been there before.

    A table that is made or renamed on the way is left alone: what is missing in it is no news about the state before.
    """
    before, now = state, state
    for operation in operations:
        needed = operation.require(now)
        if needed is not now:
            own = [name for name in now.tables if name not in before.tables]
            if not any(needed.tables[name] is not now.tables[name] for name in own):
                before = operation.require(before)
            now = needed
        now = _applied(operation, now)
    return before


def _applied(operation: Operation, state: SchemaState) -> SchemaState:
    after = operation.apply(state)
    return join(state, after) if operation.site.conditional and after is not state else after


def _run(state: SchemaState, operations: Sequence[Operation]) -> tuple[tuple[Step, ...], SchemaState]:
    steps = []
    for operation in operations:
        state = operation.require(state)
        steps.append(Step(operation, state))
        state = _applied(operation, state)
    return tuple(steps), state


def _made(
    operations: Sequence[Operation],
) -> tuple[frozenset[Name], frozenset[tuple[Name, str]], frozenset[Name]]:
    tables: set[Name] = set()
    columns: set[tuple[Name, str]] = set()
    enums: set[Name] = set()
    for operation in operations:
        match operation:
            case CreateTable():
                tables.add(operation.table.name)
            case AddColumn():
                columns.add((operation.table, operation.column.name))
            case RenameColumn() if (operation.table, operation.column) in columns:
                columns.add((operation.table, operation.new_name))
            case RenameTable() if operation.table in tables:
                tables.add(operation.new_name)
            case CreateEnum():
                enums.add(operation.type.name)
    return frozenset(tables), frozenset(columns), frozenset(enums)
