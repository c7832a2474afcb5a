"""Keeps the books of indexes: those that are made, dropped and renamed, but for those that belong to constraints."""

from __future__ import annotations

from dataclasses import dataclass, replace

from migration_guard.model.constraints import CreateIndex
from migration_guard.model.schema import Index, Name, SchemaState, Table
from migration_guard.model.schema_changes import ChangeKind, IndexChange


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """An index under its present name. `table` is None where the history does not show whose it is."""

    name: str
    table: Name | None
    index: Index | None = None


class IndexLedger:
    """The entries."""

    def __init__(self) -> None:
        self._new: list[IndexEntry] = []
        self._dropped: list[IndexEntry] = []
        self._renamed: dict[str, IndexEntry] = {}

    def changes(self) -> tuple[IndexChange, ...]:
        """What became of each, the new ones first."""
        new = [IndexChange(ChangeKind.NEW, _text(one.table), one.name) for one in self._new]
        dropped = [IndexChange(ChangeKind.DROPPED, _text(one.table), one.name) for one in self._dropped]
        renamed = [
            IndexChange(ChangeKind.RENAMED, _text(one.table), one.name, name)
            for name, one in self._renamed.items()
            if name != one.name
        ]
        return tuple(dict.fromkeys((*new, *dropped, *renamed)))

    def holds(self, name: str, table: Name | None) -> bool:
        """Whether an index of this name was made; without a table any is meant."""
        return any(_is(one, name, table) for one in self._new)

    def create(self, operation: CreateIndex) -> None:
        """Takes in an index that is made."""
        self._new.append(IndexEntry(operation.index.name or "", operation.table, operation.index))

    def drop(self, name: str, table: Name | None) -> None:
        """Takes in that one is dropped."""
        if self.holds(name, table):
            self._new = [one for one in self._new if not _is(one, name, table)]
        else:
            self._dropped.append(self._renamed.pop(name, IndexEntry(name, table)))

    def rename(self, old: str, new: str, before: SchemaState) -> None:
        """Takes in another name."""
        if self.holds(old, None):
            self._new = [replace(one, name=new) if one.name == old else one for one in self._new]
            return
        found = before.index(old)
        first = self._renamed.pop(old, None) or IndexEntry(old, found[0].name if found else None)
        self._renamed[new] = first

    def turn_into_constraint(self, name: str, table: Name) -> None:
        """An index that a constraint takes over is no index of its own any more."""
        self._new = [one for one in self._new if not _is(one, name, table)]

    def rename_table(self, old: Name, new: Name) -> None:
        """Indexes stay with their table."""

        def moved(one: IndexEntry) -> IndexEntry:
            return replace(one, table=new) if one.table == old else one

        self._new = [moved(one) for one in self._new]
        self._dropped = [moved(one) for one in self._dropped]
        self._renamed = {name: moved(one) for name, one in self._renamed.items()}

    def forget(self, table: Name) -> None:
        """Indexes go with their table, and need no mention."""
        self._new = [one for one in self._new if one.table != table]
        self._dropped = [one for one in self._dropped if one.table != table]
        self._renamed = {name: one for name, one in self._renamed.items() if one.table != table}

    def keep(self, table: Name, old: Table) -> None:
        """A table that takes the place of an older one has its indexes, too: those are not new."""
        self._new = [one for one in self._new if one.table != table or old.indexes.get(one.name) != one.index]


def _is(one: IndexEntry, name: str, table: Name | None) -> bool:
    return one.name == name and (table is None or one.table in (None, table))


def _text(table: Name | None) -> str:
    return "" if table is None else str(table)
