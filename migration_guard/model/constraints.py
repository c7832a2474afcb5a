"""Operations on constraints and indexes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from migration_guard.model.cascades import without_index
from migration_guard.model.implied_names import chosen_names
from migration_guard.model.operations import (
    Operation,
    TableOperation,
    edit_table,
    with_unknown_columns,
    with_unknown_table,
)
from migration_guard.model.schema import Column, Constraint, ConstraintKind, Index, Name, SchemaState, Table
from migration_guard.model.unknown import OR_NONE, OR_UNKNOWN, Unknown, needed

WITH_INDEX = (ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE, ConstraintKind.EXCLUDE)
"""The kinds of constraint that come with an index of their name."""

# --- constraints ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AddConstraint(TableOperation):
    """ALTER TABLE ... ADD CONSTRAINT."""

    constraint: Constraint
    if_not_exists: bool = False

    def require(self, state: SchemaState) -> SchemaState:
        state = with_unknown_columns(state, self.table, self.constraint.columns)
        if self.constraint.references:
            state = with_unknown_table(state, self.constraint.references)
        return state

    def apply(self, state: SchemaState) -> SchemaState:
        def add(table: Table) -> Table:
            columns, indexes = dict(table.columns), table.indexes
            if self.constraint.kind is ConstraintKind.PRIMARY_KEY:
                for name in self.constraint.columns:
                    columns[name] = replace(columns.get(name, Column(name)), nullable=False)
            added, consumed = self.constraint, indexes.get(self.constraint.using_index or "")
            if consumed is not None:
                indexes = {name: index for name, index in indexes.items() if name != self.constraint.using_index}
                known = () if isinstance(consumed.columns, Unknown) else consumed.columns
                added = replace(added, columns=added.columns or known)
            return replace(table, columns=columns, indexes=indexes, constraints=(*table.constraints, added))

        return edit_table(state, self.table, add)


@dataclass(frozen=True, slots=True, kw_only=True)
class DropConstraint(TableOperation):
    """
    ALTER TABLE ... DROP CONSTRAINT. `name` is None for `drop_constraint(None, ...)`, Unknown where it is found out at
    run time; `kind` where the author says it. `by_convention` as for constraints: a convention that makes names out of
    names makes one of this, too.
    """

    name: str | Unknown | None = field(metadata=OR_UNKNOWN)
    kind: ConstraintKind | None = None
    if_exists: bool = False
    cascade: bool = False
    by_convention: bool = field(default=False, compare=False)

    def require(self, state: SchemaState) -> SchemaState:
        state = with_unknown_table(state, self.table)
        table = state.tables[self.table]
        if table.complete or not isinstance(self.name, str) or self.kind is None or _called(self.name, table):
            return state
        constraint = Constraint(self.kind, self.name, certain=not self.if_exists)
        return state.with_table(replace(table, constraints=(*table.constraints, constraint)))

    def apply(self, state: SchemaState) -> SchemaState:
        def drop(table: Table) -> Table:
            gone = _called(self.name, table)
            if gone:
                indexes = {name: index for name, index in table.indexes.items() if name != self.name}
                kept = tuple(one for one in table.constraints if one not in gone)
                return replace(table, constraints=kept, indexes=indexes)
            return replace(
                table,
                constraints=tuple(
                    replace(one, certain=False) if self._may_be(one) else one for one in table.constraints
                ),
            )

        return edit_table(state, self.table, drop)

    def _may_be(self, constraint: Constraint) -> bool:
        """Whether it may be this constraint that goes: it has no name of its own, or the name dropped is not known."""
        nameless = constraint.name is None or isinstance(self.name, Unknown)
        return nameless and self.kind in (None, constraint.kind)


def _called(name: str | Unknown | None, table: Table) -> tuple[Constraint, ...]:
    """The constraint of this name, be it the name that PostgreSQL chose for one without."""
    named = tuple(one for one in table.constraints if one.name is not None and one.name == name)
    return named or tuple(one for one in table.constraints if name in chosen_names(table.name, one))[:1]


def _renamed(table: Table, name: str, new_name: str) -> Table:
    """The table whose constraint of this name has another one."""
    called = _called(name, table)
    return replace(
        table,
        constraints=tuple(replace(one, name=new_name) if one in called else one for one in table.constraints),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidateConstraint(TableOperation):
    """ALTER TABLE ... VALIDATE CONSTRAINT."""

    name: str = field(metadata=needed("constraint name"))

    def apply(self, state: SchemaState) -> SchemaState:
        def validate(table: Table) -> Table:
            done = tuple(replace(one, valid=True) if one.name == self.name else one for one in table.constraints)
            return replace(table, constraints=done)

        return edit_table(state, self.table, validate)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameConstraint(TableOperation):
    """ALTER TABLE ... RENAME CONSTRAINT."""

    name: str = field(metadata=needed("constraint name"))
    new_name: str = field(metadata=needed("constraint name"))

    def apply(self, state: SchemaState) -> SchemaState:
        return edit_table(state, self.table, lambda table: _renamed(table, self.name, self.new_name))


# --- indexes --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateIndex(TableOperation):
    """CREATE INDEX. With ONLY (`only`) it is made on a partitioned table and on none of its partitions."""

    index: Index
    concurrently: bool | Unknown = False
    if_not_exists: bool = False
    only: bool = False

    def require(self, state: SchemaState) -> SchemaState:
        columns = () if isinstance(self.index.columns, Unknown) else self.index.columns
        return with_unknown_columns(state, self.table, [one for one in columns if not one.startswith("(")])

    def apply(self, state: SchemaState) -> SchemaState:
        name = self.index.name
        if name is None:
            return state
        return edit_table(state, self.table, lambda table: replace(table, indexes={**table.indexes, name: self.index}))


@dataclass(frozen=True, slots=True, kw_only=True)
class DropIndex(Operation):
    """
    DROP INDEX. `table` is None where it is not written. `by_name`: PostgreSQL and SQLite find an index by its name
    alone, whatever table the author names.
    """

    name: str = field(metadata=needed("index name"))
    table: Name | None = field(default=None, metadata=OR_NONE)
    concurrently: bool | Unknown = False
    if_exists: bool = False
    cascade: bool = False
    by_name: bool = False

    def require(self, state: SchemaState) -> SchemaState:
        table = state.table(self.table) if self.table is not None else None
        if table is None or table.complete or self.name in table.indexes:
            return state
        index = Index(self.name, certain=not self.if_exists)
        return state.with_table(replace(table, indexes={**table.indexes, self.name: index}))

    def apply(self, state: SchemaState) -> SchemaState:
        found = state.index(self.name, self.table) or self._elsewhere(state)
        if found is None:
            return self._without_unique(state)
        return without_index(state, found[0].name, self.name)

    def _elsewhere(self, state: SchemaState) -> tuple[Table, Index] | None:
        """The index on another table than the one that is written, where it is found by its name alone."""
        found = state.index(self.name) if self.by_name else None
        schema = self.table.schema if self.table is not None else None
        return found if found is not None and found[0].name.schema == schema else None

    def _without_unique(self, state: SchemaState) -> SchemaState:
        """MySQL drops a unique constraint as the index that it is."""
        for table in state.tables.values():
            if self.table in (None, table.name) and any(one.name == self.name for one in table.constraints):
                kept = tuple(one for one in table.constraints if one.name != self.name)
                return state.with_table(replace(table, constraints=kept))
        return state


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameIndex(Operation):
    """ALTER INDEX ... RENAME TO."""

    name: str = field(metadata=needed("index name"))
    new_name: str = field(metadata=needed("index name"))

    def apply(self, state: SchemaState) -> SchemaState:
        found = state.index(self.name)
        if found is None:
            return self._of_constraint(state)
        table, index = found
        indexes = {name: one for name, one in table.indexes.items() if name != self.name}
        return state.with_table(replace(table, indexes={**indexes, self.new_name: replace(index, name=self.new_name)}))

    def _of_constraint(self, state: SchemaState) -> SchemaState:
        """
        PostgreSQL renames the constraint with its index. https://www.postgresql.org/docs/18/sql-alterindex.html
        """
        for table in state.tables.values():
            if any(one.kind in WITH_INDEX for one in _called(self.name, table)):
                return state.with_table(_renamed(table, self.name, self.new_name))
        return state
