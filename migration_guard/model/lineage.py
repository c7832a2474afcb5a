"""
Tables from where they were made to where the history ends: what a rule on conventions judges. What it finds at the end
is the doing of the operation since which it has held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from migration_guard.model.constraints import RenameConstraint, RenameIndex
from migration_guard.model.migration import Migration
from migration_guard.model.objects import Opaque
from migration_guard.model.operations import Operation, RenameColumn, RenameTable
from migration_guard.model.replay import Replayed
from migration_guard.model.schema import Name, Table, View, changed

Key = tuple[str, ...]
"""What something is about, by the names of columns, constraints or indexes."""


@dataclass(frozen=True, slots=True)
class Moment:
    """An operation on a table, which was `before` (None: it makes the table) and is `after`."""

    migration: Migration
    operation: Operation
    before: Table | None
    after: Table

    def key_before(self, key: Key) -> Key:
        """What was called so before the operation, which may have renamed it."""
        match self.operation:
            case RenameColumn(column=old, new_name=new) | RenameIndex(name=old, new_name=new):
                return tuple(old if one == new else one for one in key)
            case RenameConstraint(name=old, new_name=new):
                return tuple(old if one == new else one for one in key)
        return key


@dataclass(frozen=True, slots=True)
class TableLineage:
    """
    A table that stands where the history ends, and the operations on it from the one that made it, if the history did.

    `certain` is False where something that could not be read may have changed the table since.
    """

    table: Table
    moments: tuple[Moment, ...]
    certain: bool

    def since(self, key: Key, holds: Callable[[Table, Key], bool]) -> Moment | None:
        """
        The operation since which something holds of the table that holds at the end; None where none brought it about,
        but the history only shows by and by what was there before it.
        """
        for moment in reversed(self.moments):
            if not holds(moment.after, key):
                return None
            key = moment.key_before(key)
            if moment.before is None or not holds(moment.before, key):
                return moment
        return None


class TableLineages:
    """The tables of a history, gathered revision by revision as it is replayed."""

    def __init__(self) -> None:
        self._moments: dict[Name, list[Moment]] = {}
        self._tables: Mapping[Name, Table] = {}
        self._views: Mapping[Name, View] = {}
        self._clouded: set[Name] = set()

    def follow(self, replayed: Replayed) -> None:
        """Takes in what the upgrade of the next revision does."""
        for step in replayed.upgrade:
            operation = step.operation
            if isinstance(operation, Opaque) and not operation.rows_only:
                self._clouded |= set(operation.tables or step.before.tables)
            gone = []
            for name, before, after in changed(step.before.tables, step.after.tables):
                if after is None:
                    gone.append(name)
                    continue
                if before is None:
                    before = self._origin(operation, name, step.before.tables)
                self._moments.setdefault(name, []).append(Moment(replayed.migration, operation, before, after))
            for name in gone:
                self._moments.pop(name, None)
                self._clouded.discard(name)
        self._tables, self._views = replayed.after.tables, replayed.after.views

    def _origin(self, operation: Operation, name: Name, tables: Mapping[Name, Table]) -> Table | None:
        """What a table was that has a new name now; None for one that is new."""
        if not (isinstance(operation, RenameTable) and operation.new_name == name and operation.table in tables):
            self._moments.pop(name, None)
            return None
        self._moments[name] = self._moments.pop(operation.table, [])
        if operation.table in self._clouded:
            self._clouded.add(name)
        return tables[operation.table]

    def __iter__(self) -> Iterator[TableLineage]:
        for name, table in self._tables.items():
            if name not in self._views:
                yield TableLineage(table, tuple(self._moments.get(name, ())), name not in self._clouded)
