"""What revisions do to a schema, all of them taken together: the plain lists that a change is handed over with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum

from migration_guard.model.schema import Constraint, Name

REQUIRED = "required"


class ChangeKind(StrEnum):
    """What became of a column or an index."""

    NEW = "new"
    DROPPED = "dropped"
    RENAMED = "renamed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """
    A column of a table that was there before. `detail` is the new name of one that is renamed, and of one that is
    changed what is new of it: "type", "not null", "nullable", "default", "comment". A new one is REQUIRED where no row
    can be written without it.
    """

    kind: ChangeKind
    table: str
    column: str
    detail: str = ""

    def __str__(self) -> str:
        name = f"{self.table}.{self.column}"
        if self.kind is ChangeKind.RENAMED:
            return f"{name} -> {self.table}.{self.detail}"
        return f"{name}: {self.detail}" if self.kind is ChangeKind.CHANGED else name


@dataclass(frozen=True, slots=True)
class IndexChange:
    """An index. `table` is empty where the history does not show whose it is; `detail` as for a column."""

    kind: ChangeKind
    table: str
    name: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.name} -> {self.detail}" if self.detail else self.name


@dataclass(frozen=True, slots=True)
class RowsChange:
    """A change of rows: "insert into", "update", "delete from" or "truncate"; the columns that an update sets."""

    verb: str
    table: str
    columns: tuple[str, ...] = ()

    def __str__(self) -> str:
        columns = f" ({', '.join(self.columns)})" if self.columns else ""
        return f"{self.verb} {self.table}{columns}"


@dataclass(frozen=True, slots=True)
class SchemaChanges:
    """
    The net effect of some revisions: what one of them makes and a later one drops is nowhere.

    `foreign_keys` and `dropped_foreign_keys` are written `child.column -> parent.column`. `modified_tables` are tables
    that were there before and whose columns, constraints or name are others now; `renamed_tables` are the old and the
    new names of some of them. `columns` are of such tables only. `other` is what concerns no table: types, views,
    functions, in words. `not_named` says what is made, under a name that the history does not show.
    """

    new_tables: tuple[str, ...] = ()
    modified_tables: tuple[str, ...] = ()
    dropped_tables: tuple[str, ...] = ()
    renamed_tables: tuple[tuple[str, str], ...] = ()
    columns: tuple[ColumnChange, ...] = ()
    indexes: tuple[IndexChange, ...] = ()
    new_foreign_keys: tuple[str, ...] = ()
    dropped_foreign_keys: tuple[str, ...] = ()
    rows: tuple[RowsChange, ...] = ()
    other: tuple[str, ...] = ()
    not_named: tuple[str, ...] = field(default=())

    def lists(self) -> dict[str, list[str]]:
        """The four lists, in the shape in which agents and programs hand them over."""
        return {
            "new_tables": list(self.new_tables),
            "modified_tables": list(self.modified_tables),
            "new_indexes": _words(self.indexes, ChangeKind.NEW),
            "new_foreign_keys": list(self.new_foreign_keys),
        }

    def further(self) -> dict[str, list[str]]:
        """Everything else, in the same way."""
        return {
            "dropped_tables": list(self.dropped_tables),
            "renamed_tables": [f"{old} -> {new}" for old, new in self.renamed_tables],
            "new_columns": _words(self.columns, ChangeKind.NEW),
            "dropped_columns": _words(self.columns, ChangeKind.DROPPED),
            "renamed_columns": _words(self.columns, ChangeKind.RENAMED),
            "changed_columns": _words(self.columns, ChangeKind.CHANGED),
            "dropped_indexes": _words(self.indexes, ChangeKind.DROPPED),
            "renamed_indexes": _words(self.indexes, ChangeKind.RENAMED),
            "dropped_foreign_keys": list(self.dropped_foreign_keys),
            "data_changes": list(dict.fromkeys(map(str, self.rows))),
            "other_changes": list(self.other),
        }

    def of_kind(self, kind: ChangeKind) -> tuple[IndexChange, ...]:
        """The indexes of which this became."""
        return tuple(one for one in self.indexes if one.kind is kind)


def _words(changes: Iterable[ColumnChange | IndexChange], kind: ChangeKind) -> list[str]:
    return list(dict.fromkeys(str(one) for one in changes if one.kind is kind))


def united(every: Sequence[SchemaChanges]) -> SchemaChanges:
    """What is done to several databases by the same revisions, as one."""
    return SchemaChanges(
        **{
            one.name: tuple(dict.fromkeys(entry for each in every for entry in getattr(each, one.name)))
            for one in fields(SchemaChanges)
        }
    )


def arrow(table: Name, constraint: Constraint, key: Sequence[str]) -> str:
    """
    A foreign key in words: `orders.user_id -> users.id`, and of several columns `t.(a, b) -> p.(x, y)`. `key` are the
    columns of the other table where the constraint does not name them; without any the table alone is named.
    """
    columns = constraint.referenced_columns or tuple(key)
    parent = f"{constraint.references}.{_listed(columns)}" if columns else f"{constraint.references}"
    return f"{table}.{_listed(constraint.columns)} -> {parent}"


def _listed(columns: Sequence[str]) -> str:
    return columns[0] if len(columns) == 1 else f"({', '.join(columns)})"
