"""
Keeps the books of what revisions do to a schema, operation by operation: what is made and goes again leaves no entry,
and what is renamed stays one object.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from migration_guard.model.change_entries import ColumnEntry, NewConstraint, TableEntry
from migration_guard.model.constraints import (
    AddConstraint,
    CreateIndex,
    DropConstraint,
    DropIndex,
    RenameConstraint,
    RenameIndex,
    ValidateConstraint,
)
from migration_guard.model.index_ledger import IndexLedger
from migration_guard.model.objects import DeleteRows, DropSchema, InsertRows, TruncateTable, UpdateRows
from migration_guard.model.operations import (
    AddColumn,
    AlterColumnType,
    ColumnOperation,
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
    TableOperation,
)
from migration_guard.model.other_changes import OtherChanges
from migration_guard.model.replay import Replayed, ReplayStep
from migration_guard.model.schema import Column, Constraint, ConstraintKind, Index, Name, SchemaState, Table
from migration_guard.model.schema_changes import ChangeKind, RowsChange, SchemaChanges, arrow

Part = TypeVar("Part")
Renaming = Mapping[type[Operation], str]

ALTERED: Renaming = {
    AlterColumnType: "type",
    SetNotNull: "nullable",
    DropNotNull: "nullable",
    SetDefault: "default",
    SetColumnComment: "comment",
}
VERBS: Renaming = {
    InsertRows: "insert into",
    UpdateRows: "update",
    DeleteRows: "delete from",
    TruncateTable: "truncate",
}


def _rekeyed(entries: dict[Name, Part], old: Name, new: Name) -> dict[Name, Part]:
    return {new if name == old else name: entry for name, entry in entries.items()}


def fold(revisions: Iterable[Replayed]) -> SchemaChanges:
    """What these revisions do to the schema, taken together, in their order."""
    ledger = ChangeLedger()
    for replayed in revisions:
        for step in replayed.upgrade:
            ledger.follow(step)
    return ledger.changes()


class ChangeLedger:
    """The entries, by the names that the objects have by now."""

    def __init__(self) -> None:
        self.tables: dict[Name, TableEntry] = {}
        self.dropped: dict[Name, Table] = {}
        self.temporary: set[Name] = set()
        self.constraints: list[NewConstraint] = []
        self.dropped_keys: dict[str, None] = {}
        self.indexes = IndexLedger()
        self.rows: list[tuple[str, Name, tuple[str, ...]]] = []
        self.other = OtherChanges()
        self.not_named: list[str] = []

    def follow(self, step: ReplayStep) -> None:
        """Takes in what an operation does."""
        operation, before = step.operation, step.before
        if isinstance(operation, TableOperation | DropIndex) and operation.table in self.temporary:
            if isinstance(operation, DropTable):
                self.temporary.discard(operation.table)
            return
        match operation:
            case CreateTable():
                self._create_table(operation, before)
            case DropTable():
                known = before.table(operation.table)
                if operation.table in self.tables or not _is_absent(operation, known, before):
                    self._drop_table(operation.table, known)
            case DropSchema():
                for name in before.tables.keys() - operation.apply(before).tables.keys():
                    self._drop_table(name, before.table(name))
            case RenameTable():
                self._rename_table(operation, before)
            case AddColumn():
                self._add_column(operation, before)
            case DropColumn():
                self._drop_column(operation, before)
            case RenameColumn():
                self._rename_column(operation, before)
            case AlterColumnType() | SetNotNull() | DropNotNull() | SetDefault() | SetColumnComment():
                self._alter_column(operation, before)
            case AddConstraint():
                if not _is_there(operation, _named(before.table(operation.table), operation.constraint.name)):
                    self._made(operation.table, operation.constraint, before)
            case DropConstraint():
                self._drop_constraint(operation, before)
            case RenameConstraint(table=table, name=name) | ValidateConstraint(table=table, name=name):
                self._touch_constraint(table, name, operation)
            case CreateIndex():
                self._create_index(operation, before)
            case DropIndex():
                self._drop_index(operation, before)
            case RenameIndex():
                self.indexes.rename(operation.name, operation.new_name, before)
            case InsertRows() | UpdateRows() | DeleteRows() | TruncateTable():
                columns = operation.columns if isinstance(operation, UpdateRows) else ()
                self.rows.append((VERBS[type(operation)], operation.table, columns))
        self.other.follow(operation)

    def changes(self) -> SchemaChanges:
        """The books, closed."""
        older = {name: entry for name, entry in self.tables.items() if entry.was is not None}
        columns = tuple(change for name, entry in older.items() for change in entry.changes(name))
        touched = {one.table for one in columns if not (one.kind is ChangeKind.CHANGED and one.detail == "comment")}
        constrained = {one.table for one in self.constraints}
        keys = [
            arrow(one.table, one.constraint, one.key)
            for one in self.constraints
            if one.constraint.kind is ConstraintKind.FOREIGN_KEY
        ]
        return SchemaChanges(
            new_tables=tuple(str(name) for name, entry in self.tables.items() if entry.was is None),
            modified_tables=tuple(
                str(name)
                for name, entry in older.items()
                if entry.reshaped or entry.was != name or str(name) in touched or name in constrained
            ),
            dropped_tables=tuple(map(str, self.dropped)),
            renamed_tables=tuple((str(entry.was), str(name)) for name, entry in older.items() if entry.was != name),
            columns=columns,
            indexes=self.indexes.changes(),
            new_foreign_keys=tuple(dict.fromkeys(keys)),
            dropped_foreign_keys=tuple(self.dropped_keys),
            rows=tuple(dict.fromkeys(RowsChange(verb, str(table), columns) for verb, table, columns in self.rows)),
            other=self.other.words(),
            not_named=tuple(self.not_named),
        )

    # --- tables -----------------------------------------------------------------------------------------------------

    def _entry(self, table: Name) -> TableEntry:
        return self.tables.setdefault(table, TableEntry(table))

    def _create_table(self, operation: CreateTable, before: SchemaState) -> None:
        table = operation.table
        if operation.temporary:
            self.temporary.add(table.name)
        elif not _is_there(operation, before.table(table.name)):
            self.tables.pop(table.name, None)
            self.tables[table.name] = TableEntry(None)
            after = before.with_table(table)
            for constraint in table.constraints:
                self._made(table.name, constraint, after)

    def _drop_table(self, name: Name, known: Table | None) -> None:
        entry = self.tables.pop(name, None)
        if entry is None or entry.was is not None:
            was = name if entry is None or entry.was is None else entry.was
            self.dropped[was] = known or Table(name, complete=False)
        self.constraints = [one for one in self.constraints if name not in (one.table, one.constraint.references)]
        self.rows = [one for one in self.rows if one[1] != name]
        self.indexes.forget(name)

    def _rename_table(self, operation: RenameTable, before: SchemaState) -> None:
        old, new = operation.table, operation.new_name
        entry = self._entry(old)
        self.tables = _rekeyed(self.tables, old, new)
        self.constraints = [one.renamed(old, new) for one in self.constraints]
        self.rows = [(verb, new if table == old else table, columns) for verb, table, columns in self.rows]
        self.indexes.rename_table(old, new)
        made = before.table(old)
        if entry.was is None and new in self.dropped and made is not None:
            self._put_in_place(new, self.dropped.pop(new), entry, replace(made, name=new))

    def _put_in_place(self, name: Name, old: Table, entry: TableEntry, made: Table) -> None:
        """A new table takes the place of one that was dropped, as databases rebuild one that they cannot alter."""
        entry.was, entry.reshaped = name, True
        for column in made.columns.values():
            was = old.columns.get(column.name)
            if was is not None or old.complete:
                asked = dict.fromkeys(("type", "nullable", "default")) if was is not None else {}
                entry.columns[column.name] = ColumnEntry(was, column, asked)
        entry.dropped_columns += [one for one in old.columns if made.complete and one not in made.columns]
        kept = {arrow(name, one, ()) for one in old.constraints if one.references}
        self.constraints = [
            one
            for one in self.constraints
            if one.table != name or not one.constraint.references or arrow(name, one.constraint, ()) not in kept
        ]
        self.indexes.keep(name, old)

    # --- columns ----------------------------------------------------------------------------------------------------

    def _add_column(self, operation: AddColumn, before: SchemaState) -> None:
        if _is_there(operation, before.column(operation.table, operation.column.name)):
            return
        entry = self._entry(operation.table)
        if entry.was is not None:
            entry.columns[operation.column.name] = ColumnEntry(None, operation.column)
        after = operation.apply(before)
        for constraint in operation.inline:
            self._made(operation.table, constraint, after)

    def _drop_column(self, operation: DropColumn, before: SchemaState) -> None:
        mine = self.tables.get(operation.table)
        is_mine = mine is not None and operation.column in mine.columns
        if not is_mine and _is_absent(operation, before.column(operation.table, operation.column), before):
            return
        entry = self._entry(operation.table)
        column = entry.columns.pop(operation.column, None)
        if entry.was is not None and (column is None or column.was is not None):
            was = column.was.name if column is not None and column.was is not None else operation.column
            entry.dropped_columns.append(was)
        known, left = before.table(operation.table), operation.apply(before).table(operation.table)
        if known is None or left is None:
            return
        for constraint in known.constraints:
            if constraint not in left.constraints:
                self._unmade(operation.table, constraint, before)
        for name in known.indexes.keys() - left.indexes.keys():
            self.indexes.drop(name, operation.table)

    def _rename_column(self, operation: RenameColumn, before: SchemaState) -> None:
        table, old, new = operation.table, operation.column, operation.new_name
        entry = self._entry(table)
        if entry.was is not None:
            column = entry.column(operation, before)
            column.now = replace(column.now, name=new)
            entry.columns = {new if name == old else name: one for name, one in entry.columns.items()}
        self.constraints = [one.with_column(table, old, new) for one in self.constraints]

    def _alter_column(self, operation: ColumnOperation, before: SchemaState) -> None:
        entry = self._entry(operation.table)
        if entry.was is not None:
            column = entry.column(operation, before)
            column.now = operation.apply(before).column(operation.table, operation.column) or column.now
            column.asked[ALTERED[type(operation)]] = None

    # --- constraints ------------------------------------------------------------------------------------------------

    def _made(self, table: Name, constraint: Constraint, state: SchemaState) -> None:
        self._entry(table)
        if constraint.using_index is not None:
            self.indexes.turn_into_constraint(constraint.using_index, table)
        if constraint.kind is ConstraintKind.FOREIGN_KEY and (constraint.references is None or not constraint.columns):
            self.not_named.append(f"a foreign key of {table}")
            self._entry(table).reshaped = True
            return
        self.constraints.append(NewConstraint(table, constraint, _key_of(constraint.references, state)))

    def _unmade(self, table: Name, constraint: Constraint, before: SchemaState) -> None:
        kept = [one for one in self.constraints if not one.is_same(table, constraint)]
        if len(kept) < len(self.constraints):
            self.constraints = kept
            return
        self._entry(table).reshaped = True
        if constraint.kind is ConstraintKind.FOREIGN_KEY:
            known = bool(constraint.columns and constraint.references)
            key = _key_of(constraint.references, before)
            said = arrow(table, constraint, key) if known else f"{table}: {constraint.name}"
            self.dropped_keys[said] = None

    def _drop_constraint(self, operation: DropConstraint, before: SchemaState) -> None:
        known, left = before.table(operation.table), operation.apply(before).table(operation.table)
        if known is None or left is None:
            return
        # What may be the one that goes is only less certain afterwards: there are as many as before.
        if len(left.constraints) < len(known.constraints):
            for constraint in known.constraints:
                if constraint not in left.constraints:
                    self._unmade(operation.table, constraint, before)
        elif not (operation.if_exists and known.complete):
            self._entry(operation.table).reshaped = True

    def _touch_constraint(self, table: Name, name: str, operation: Operation) -> None:
        entry = self._entry(table)
        new = [one for one in self.constraints if one.table == table and one.constraint.name == name]
        if not new:
            entry.reshaped = True
        elif isinstance(operation, RenameConstraint):
            renamed = replace(new[0], constraint=replace(new[0].constraint, name=operation.new_name))
            self.constraints[self.constraints.index(new[0])] = renamed

    # --- indexes ----------------------------------------------------------------------------------------------------

    def _create_index(self, operation: CreateIndex, before: SchemaState) -> None:
        name = operation.index.name
        if name is None:
            self.not_named.append(f"an index of {operation.table}")
            return
        found = before.index(name, operation.table)
        if not _is_there(operation, found[1] if found else None):
            self.indexes.create(operation)

    def _drop_index(self, operation: DropIndex, before: SchemaState) -> None:
        if self.indexes.holds(operation.name, operation.table):
            self.indexes.drop(operation.name, operation.table)
            return
        found = before.index(operation.name, operation.table)
        for table in before.tables.values() if found is None else ():
            constraint = _named(table, operation.name)
            if constraint is not None and operation.table in (None, table.name):
                self._unmade(table.name, constraint, before)
                return
        if not _is_absent(operation, found[1] if found else None, before):
            self.indexes.drop(operation.name, found[0].name if found else operation.table)


def _is_there(operation: Operation, known: Table | Column | Constraint | Index | None) -> bool:
    """Whether an operation that looks first finds what it would make."""
    looks = getattr(operation, "if_not_exists", False) or operation.site.conditional
    return looks and known is not None and known.certain


def _is_absent(operation: Operation, known: Table | Column | Index | None, before: SchemaState) -> bool:
    """Whether an operation that looks first finds nothing to drop, as far as the history shows."""
    absent = known is None or not known.certain
    return bool(getattr(operation, "if_exists", False)) and absent and not before.clouded


def _named(table: Table | None, name: str | None) -> Constraint | None:
    """The table's constraint of this name."""
    constraints = table.constraints if table is not None and name is not None else ()
    return next((one for one in constraints if one.name == name), None)


def _key_of(table: Name | None, state: SchemaState) -> tuple[str, ...]:
    """The columns of a table's primary key, so far as the history shows them."""
    known = state.table(table) if table is not None else None
    constraints = known.constraints if known is not None else ()
    return next((one.columns for one in constraints if one.kind is ConstraintKind.PRIMARY_KEY), ())
