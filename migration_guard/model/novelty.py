"""
What is new at each moment of a revision: a table that it makes is nobody's yet, but only from then on, and only where
the history had none of that name.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable
from typing import Generic, TypeVar

from migration_guard.model.objects import CreateEnum, CreateView, DeleteRows, TruncateTable
from migration_guard.model.operations import (
    AddColumn,
    CreateTable,
    DropColumn,
    DropTable,
    Operation,
    RenameColumn,
    RenameTable,
)
from migration_guard.model.replay import Replayed, ReplayStep
from migration_guard.model.schema import Name

Key = TypeVar("Key", bound=Hashable)
ColumnName = tuple[Name, str]


class _Timeline(Generic[Key]):
    """
    For each name what holds of it from which place on: True or False, and None for what holds only where a condition
    does.
    """

    def __init__(self) -> None:
        self._marks: dict[Key, tuple[list[int], list[bool | None]]] = {}

    def now(self, key: Key) -> bool | None:
        """What holds of it at the end of all that was noted."""
        return self._marks[key][1][-1] if key in self._marks else False

    def at(self, key: Key, place: int) -> bool | None:
        """What holds of it for the operation at a place: what stands before that has been noted."""
        places, values = self._marks.get(key, ([], []))
        before = bisect_left(places, place)
        return values[before - 1] if before else False

    def note(self, key: Key, place: int, value: bool | None) -> None:
        """Notes what holds once the operation at a place has run."""
        if value is not False or key in self._marks:
            places, values = self._marks.setdefault(key, ([], []))
            places.append(place)
            values.append(value)


class Novelty:
    """
    What is new in one revision, asked of a moment: the one before an operation of it, or the end of its upgrade where
    none is given. What is made under a condition, though the history has it, is new only to what is conditional, too:
    the same branch made it.
    """

    def __init__(self, replayed: Replayed) -> None:
        self._before, self._end = replayed.before, len(replayed.upgrade)
        self._places: dict[int, int] = {}
        self._tables: _Timeline[Name] = _Timeline()
        self._empty: _Timeline[Name] = _Timeline()
        self._columns: _Timeline[ColumnName] = _Timeline()
        self._added: dict[Name, set[str]] = {}
        self.enums: frozenset[Name] = frozenset(
            step.operation.type.name for step in replayed.upgrade if isinstance(step.operation, CreateEnum)
        )
        """The types that its upgrade makes."""
        for place, step in enumerate((*replayed.upgrade, *replayed.downgrade)):
            self._places.setdefault(id(step.operation), place)
            self._follow(place, step)

    def has_table(self, table: Name, at: Operation | None = None) -> bool:
        """Whether the revision has made the table or the view: nobody reads or writes it yet."""
        return self._holds(self._tables, table, at)

    def has_column(self, table: Name, column: str, at: Operation | None = None) -> bool:
        """Whether the revision has added the column, or made its table."""
        return self.has_table(table, at) or self._holds(self._columns, (table, column), at)

    def is_empty(self, table: Name, at: Operation | None = None) -> bool:
        """Whether the revision has made the table, or thrown all its rows away."""
        return self.has_table(table, at) or self._holds(self._empty, table, at)

    def _holds(self, timeline: _Timeline[Key], key: Key, at: Operation | None) -> bool:
        found = timeline.at(key, self._end if at is None else self._places.get(id(at), self._end))
        return found is True or (found is None and at is not None and at.site.conditional)

    def _follow(self, place: int, step: ReplayStep) -> None:
        operation, unsure = step.operation, step.operation.site.conditional
        again = None if unsure else False
        match operation:
            case CreateTable(table=table):
                known = step.before.table(table.name) and self._before.table(table.name)
                there = known is not None and (known.certain or operation.if_not_exists or unsure)
                self._make(place, table.name, again if there and not operation.temporary else True)
            case CreateView(or_replace=False, view=view):
                self._make(place, view.name, again if view.name in step.before.views else True)
            case DropTable() if not unsure:
                self._make(place, operation.table, False)
            case RenameTable():
                self._rename(place, operation, unsure)
            case AddColumn(table=table, column=column):
                known_column = step.before.column(table, column.name) and self._before.column(table, column.name)
                there = known_column is not None and (known_column.certain or operation.if_not_exists or unsure)
                self._add(place, table, column.name, again if there else True)
            case DropColumn() if not unsure:
                self._add(place, operation.table, operation.column, False)
            case RenameColumn(table=table, column=old, new_name=new):
                self._add(place, table, new, self._columns.now((table, old)))
                if not unsure:
                    self._add(place, table, old, False)
            case TruncateTable() | DeleteRows(where=None) if not unsure:
                self._empty.note(operation.table, place, True)

    def _make(self, place: int, table: Name, value: bool | None) -> None:
        """The table is another one now: of what was added to the last one of this name nothing is there."""
        self._tables.note(table, place, value)
        self._empty.note(table, place, False)
        for column in self._added.pop(table, ()):
            self._columns.note((table, column), place, False)

    def _rename(self, place: int, operation: RenameTable, unsure: bool) -> None:
        old, new = operation.table, operation.new_name
        made, emptied = self._tables.now(old), self._empty.now(old)
        columns = {column: self._columns.now((old, column)) for column in self._added.get(old, ())}
        if not unsure:
            self._make(place, old, False)
        self._make(place, new, made)
        self._empty.note(new, place, emptied)
        for column, added in columns.items():
            self._add(place, new, column, added)

    def _add(self, place: int, table: Name, column: str, value: bool | None) -> None:
        self._columns.note((table, column), place, value)
        if value is not False:
            self._added.setdefault(table, set()).add(column)
