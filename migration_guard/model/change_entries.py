"""What the books on a change hold: a column or a table that was made or modified, and a constraint that was made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from migration_guard.model.operations import ColumnOperation
from migration_guard.model.schema import Column, Constraint, Name, SchemaState
from migration_guard.model.schema_changes import REQUIRED, ChangeKind, ColumnChange
from migration_guard.model.unknown import Unknown


@dataclass(slots=True)
class ColumnEntry:
    """A column of an older table: what it was (None: it is new), what it is, and which of its fields were asked for."""

    was: Column | None
    now: Column
    asked: dict[str, None] = field(default_factory=dict)

    def words(self) -> list[str]:
        """What is new of a column that was there."""
        return [self._word(name) for name in self.asked if self.was is not None and self._differs(name)]

    def is_required(self) -> bool:
        """Whether a row cannot be written without it."""
        now = self.now
        return now.nullable is False and now.default is None and not (now.identity or now.serial or now.generated)

    def _differs(self, name: str) -> bool:
        was, now = getattr(self.was, name), getattr(self.now, name)
        return was != now or isinstance(now, Unknown)

    def _word(self, name: str) -> str:
        return "not null" if name == "nullable" and self.now.nullable is False else name


@dataclass(slots=True)
class TableEntry:
    """
    A table that was made or modified. `was` is its name before, None for a new one. `reshaped`: a constraint that it
    had is gone or another one.
    """

    was: Name | None
    columns: dict[str, ColumnEntry] = field(default_factory=dict)
    dropped_columns: list[str] = field(default_factory=list)
    reshaped: bool = False

    def column(self, operation: ColumnOperation, before: SchemaState) -> ColumnEntry:
        """The entry of the operation's column."""
        known = before.column(operation.table, operation.column) or Column(operation.column)
        return self.columns.setdefault(operation.column, ColumnEntry(known, known))

    def changes(self, name: Name) -> Iterable[ColumnChange]:
        """What became of its columns."""
        for column, entry in self.columns.items():
            if entry.was is None:
                yield ColumnChange(ChangeKind.NEW, str(name), column, REQUIRED if entry.is_required() else "")
                continue
            if entry.was.name != column:
                yield ColumnChange(ChangeKind.RENAMED, str(name), entry.was.name, column)
            if words := entry.words():
                yield ColumnChange(ChangeKind.CHANGED, str(name), column, ", ".join(words))
        for column in self.dropped_columns:
            yield ColumnChange(ChangeKind.DROPPED, str(name), column)


@dataclass(frozen=True, slots=True)
class NewConstraint:
    """A constraint that was made. `key` are the columns of the other table's primary key."""

    table: Name
    constraint: Constraint
    key: tuple[str, ...] = ()

    def is_same(self, table: Name, other: Constraint) -> bool:
        """Whether a constraint is this one."""
        mine = self.constraint
        if table != self.table or mine.kind is not other.kind:
            return False
        return mine.name == other.name and (mine.name is not None or mine.columns == other.columns)

    def renamed(self, old: Name, new: Name) -> NewConstraint:
        """The same, once a table is called otherwise."""
        constraint = self.constraint
        if constraint.references == old:
            constraint = replace(constraint, references=new)
        return replace(self, table=new if self.table == old else self.table, constraint=constraint)

    def with_column(self, table: Name, old: str, new: str) -> NewConstraint:
        """The same, once a column is called otherwise."""
        constraint, key = self.constraint, self.key
        if self.table == table:
            constraint = replace(constraint, columns=_swapped(constraint.columns, old, new))
        if constraint.references == table:
            constraint = replace(constraint, referenced_columns=_swapped(constraint.referenced_columns, old, new))
            key = _swapped(key, old, new)
        return NewConstraint(self.table, constraint, key)


def _swapped(names: Sequence[str], old: str, new: str) -> tuple[str, ...]:
    return tuple(new if one == old else one for one in names)
