"""Replays a migration's operations into schemas: each operation with the state it meets, and both ends."""

from __future__ import annotations

from dataclasses import dataclass

from migration_guard.model.migration import Migration
from migration_guard.model.operations import Operation
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

    `created` are the tables that its upgrade makes, `added` the columns it adds to tables, `created_enums` the types.
    """

    migration: Migration
    before: SchemaState = EMPTY
    upgrade: tuple[Step, ...] = ()
    after: SchemaState = EMPTY
    downgrade: tuple[Step, ...] = ()
    restored: SchemaState = EMPTY
    created: frozenset[Name] = frozenset()
    added: frozenset[tuple[Name, str]] = frozenset()
