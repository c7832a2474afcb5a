"""
What a migration asks for, wherever it is written: op.*, batch_op.*, a bound connection or SQL text.

Each operation knows its effect on a schema (`apply`), and what must already be there for it to work (`require`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from migration_guard.model.schema import (
    UNKNOWN,
    Column,
    ColumnType,
    Constraint,
    ConstraintKind,
    Expression,
    Index,
    Name,
    SchemaState,
    Table,
    Unknown,
)
from migration_guard.model.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing a migration asks the database to do."""

    site: Site

    def apply(self, state: SchemaState) -> SchemaState:
        """The schema after this operation. What it works on is there: `require` has seen to it."""
        return state

    def require(self, state: SchemaState) -> SchemaState:
        """The state with everything this operation relies on: what is not known is added, with unknown contents."""
        return state


def with_unknown_table(state: SchemaState, name: Name, certain: bool = True) -> SchemaState:
    """The state in which this table exists; one never seen before is incomplete."""
    if name in state.tables:
        return state
    return state.with_table(Table(name, complete=False, certain=certain))


def with_unknown_column(state: SchemaState, name: Name, column: str, certain: bool = True) -> SchemaState:
    """The state in which this table has this column."""
    state = with_unknown_table(state, name, certain)
    table = state.tables[name]
    if column in table.columns or table.complete:
        return state
    return state.with_table(replace(table, columns={**table.columns, column: Column(column, certain=certain)}))


def _edit_table(state: SchemaState, name: Name, change: Callable[[Table], Table]) -> SchemaState:
    table = state.tables.get(name)
    return state.with_table(change(table)) if table else state


def _edit_column(state: SchemaState, name: Name, column: str, change: Callable[[Column], Column]) -> SchemaState:
    def edit(table: Table) -> Table:
        known = table.columns.get(column) or Column(column)
        return replace(table, columns={**table.columns, column: change(known)})

    return _edit_table(state, name, edit)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOperation(Operation):
    """An operation on one table that already exists."""

    table: Name

    def require(self, state: SchemaState) -> SchemaState:
        return with_unknown_table(state, self.table)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnOperation(TableOperation):
    """An operation on one column that already exists."""

    column: str

    def require(self, state: SchemaState) -> SchemaState:
        return with_unknown_column(state, self.table, self.column)


# --- tables ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTable(Operation):
    """CREATE TABLE, with its constraints; its indexes follow as operations of their own."""

    table: Table
    if_not_exists: bool = False
    temporary: bool = False

    def apply(self, state: SchemaState) -> SchemaState:
        if self.temporary or (self.if_not_exists and self.table.name in state.tables):
            return state
        return state.with_table(self.table)

    def require(self, state: SchemaState) -> SchemaState:
        for constraint in self.table.constraints:
            if constraint.references and constraint.references != self.table.name:
                state = with_unknown_table(state, constraint.references)
        return state


@dataclass(frozen=True, slots=True, kw_only=True)
class DropTable(TableOperation):
    """DROP TABLE."""

    if_exists: bool = False
    cascade: bool = False

    def apply(self, state: SchemaState) -> SchemaState:
        return state.without_table(self.table)

    def require(self, state: SchemaState) -> SchemaState:
        return with_unknown_table(state, self.table, certain=not self.if_exists)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameTable(TableOperation):
    """ALTER TABLE ... RENAME TO, or SET SCHEMA."""

    new_name: Name

    def apply(self, state: SchemaState) -> SchemaState:
        table = state.tables.get(self.table)
        if table is None:
            return state
        state = state.without_table(self.table).with_table(replace(table, name=self.new_name))
        return replace(state, tables={name: self._follow(each) for name, each in state.tables.items()})

    def _follow(self, table: Table) -> Table:
        """Foreign keys go on pointing at the renamed table."""
        if not any(constraint.references == self.table for constraint in table.constraints):
            return table
        followed = tuple(
            replace(each, references=self.new_name) if each.references == self.table else each
            for each in table.constraints
        )
        return replace(table, constraints=followed)


# --- columns --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AddColumn(TableOperation):
    """
    ALTER TABLE ... ADD COLUMN. `inline` are the constraints written in the same statement; those that Alembic emits as
    statements of their own (foreign keys, unique, indexes) follow as operations of their own.
    """

    column: Column
    inline: tuple[Constraint, ...] = ()
    if_not_exists: bool = False

    def apply(self, state: SchemaState) -> SchemaState:
        def add(table: Table) -> Table:
            if self.if_not_exists and self.column.name in table.columns:
                return table
            columns = {**table.columns, self.column.name: self.column}
            return replace(table, columns=columns, constraints=table.constraints + self.inline)

        return _edit_table(state, self.table, add)


@dataclass(frozen=True, slots=True, kw_only=True)
class DropColumn(ColumnOperation):
    """ALTER TABLE ... DROP COLUMN: indexes and constraints that use the column go with it."""

    if_exists: bool = False
    cascade: bool = False

    def require(self, state: SchemaState) -> SchemaState:
        return with_unknown_column(state, self.table, self.column, certain=not self.if_exists)

    def apply(self, state: SchemaState) -> SchemaState:
        def drop(table: Table) -> Table:
            return replace(
                table,
                columns={name: column for name, column in table.columns.items() if name != self.column},
                constraints=tuple(one for one in table.constraints if self.column not in one.columns),
                indexes={
                    name: index
                    for name, index in table.indexes.items()
                    if index.columns is UNKNOWN or self.column not in index.columns
                },
            )

        return _edit_table(state, self.table, drop)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameColumn(ColumnOperation):
    """ALTER TABLE ... RENAME COLUMN: indexes and constraints follow."""

    new_name: str

    def apply(self, state: SchemaState) -> SchemaState:
        def new(column: str) -> str:
            return self.new_name if column == self.column else column

        def rename(table: Table) -> Table:
            columns = {new(name): replace(column, name=new(name)) for name, column in table.columns.items()}
            indexes = {
                name: index if index.columns is UNKNOWN else replace(index, columns=tuple(map(new, index.columns)))
                for name, index in table.indexes.items()
            }
            constraints = tuple(replace(one, columns=tuple(map(new, one.columns))) for one in table.constraints)
            return replace(table, columns=columns, indexes=indexes, constraints=constraints)

        return _edit_table(state, self.table, rename)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterColumnType(ColumnOperation):
    """ALTER COLUMN ... TYPE. `existing` is what the author says the type was (`existing_type`)."""

    type: ColumnType | Unknown
    using: str | None = None
    existing: ColumnType | Unknown = UNKNOWN

    def require(self, state: SchemaState) -> SchemaState:
        state = with_unknown_column(state, self.table, self.column)
        column = state.column(self.table, self.column)
        if column is None or column.type is not UNKNOWN or self.existing is UNKNOWN:
            return state
        return _edit_column(state, self.table, self.column, lambda known: replace(known, type=self.existing))

    def apply(self, state: SchemaState) -> SchemaState:
        return _edit_column(state, self.table, self.column, lambda column: replace(column, type=self.type))


@dataclass(frozen=True, slots=True, kw_only=True)
class SetNotNull(ColumnOperation):
    """ALTER COLUMN ... SET NOT NULL."""

    def apply(self, state: SchemaState) -> SchemaState:
        return _edit_column(state, self.table, self.column, lambda column: replace(column, nullable=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class DropNotNull(ColumnOperation):
    """ALTER COLUMN ... DROP NOT NULL."""

    def apply(self, state: SchemaState) -> SchemaState:
        return _edit_column(state, self.table, self.column, lambda column: replace(column, nullable=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDefault(ColumnOperation):
    """ALTER COLUMN ... SET DEFAULT, or DROP DEFAULT when `default` is None."""

    default: Expression | Unknown | None

    def apply(self, state: SchemaState) -> SchemaState:
        return _edit_column(state, self.table, self.column, lambda column: replace(column, default=self.default))


@dataclass(frozen=True, slots=True, kw_only=True)
class SetColumnComment(ColumnOperation):
    """COMMENT ON COLUMN."""

    comment: str | Unknown | None

    def apply(self, state: SchemaState) -> SchemaState:
        return _edit_column(state, self.table, self.column, lambda column: replace(column, comment=self.comment))


# --- constraints ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AddConstraint(TableOperation):
    """ALTER TABLE ... ADD CONSTRAINT."""

    constraint: Constraint
    if_not_exists: bool = False

    def require(self, state: SchemaState) -> SchemaState:
        state = with_unknown_table(state, self.table)
        for column in self.constraint.columns:
            state = with_unknown_column(state, self.table, column)
        if self.constraint.references:
            state = with_unknown_table(state, self.constraint.references)
        return state

    def apply(self, state: SchemaState) -> SchemaState:
        def add(table: Table) -> Table:
            columns, indexes = dict(table.columns), table.indexes
            if self.constraint.kind is ConstraintKind.PRIMARY_KEY:
                for name in self.constraint.columns:
                    columns[name] = replace(columns.get(name, Column(name)), nullable=False)
            if self.constraint.using_index in indexes:
                indexes = {name: index for name, index in indexes.items() if name != self.constraint.using_index}
            return replace(table, columns=columns, indexes=indexes, constraints=(*table.constraints, self.constraint))

        return _edit_table(state, self.table, add)


@dataclass(frozen=True, slots=True, kw_only=True)
class DropConstraint(TableOperation):
    """
    ALTER TABLE ... DROP CONSTRAINT. `name` is None for `drop_constraint(None, ...)`, UNKNOWN where it is found out at run
    time; `kind` where the author says it.
    """

    name: str | Unknown | None
    kind: ConstraintKind | None = None
    if_exists: bool = False
    cascade: bool = False

    def require(self, state: SchemaState) -> SchemaState:
        state = with_unknown_table(state, self.table)
        table = state.tables[self.table]
        if table.complete or not isinstance(self.name, str) or self.kind is None or self._dropped(table):
            return state
        constraint = Constraint(self.kind, self.name, certain=not self.if_exists)
        return state.with_table(replace(table, constraints=(*table.constraints, constraint)))

    def apply(self, state: SchemaState) -> SchemaState:
        def drop(table: Table) -> Table:
            gone = self._dropped(table)
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

        return _edit_table(state, self.table, drop)

    def _dropped(self, table: Table) -> tuple[Constraint, ...]:
        """The constraint of this name, be it the name that PostgreSQL chose for one without."""
        named = tuple(one for one in table.constraints if one.name is not None and one.name == self.name)
        return named or tuple(one for one in table.constraints if self.name in chosen_names(self.table, one))[:1]

    def _may_be(self, constraint: Constraint) -> bool:
        """Whether it may be this constraint that goes: it has no name of its own, or the name dropped is not known."""
        nameless = constraint.name is None or self.name is UNKNOWN
        return nameless and self.kind in (None, constraint.kind)


def chosen_names(table: Name, constraint: Constraint) -> tuple[str, ...]:
    """
    The names that PostgreSQL chooses for a constraint without one.
    (https://www.postgresql.org/docs/current/sql-createtable.html; ChooseConstraintName in its sources)
    """
    if constraint.name is not None:
        return ()
    columns = "_".join(constraint.columns)
    match constraint.kind:
        case ConstraintKind.PRIMARY_KEY:
            return (f"{table.name}_pkey",)
        case ConstraintKind.FOREIGN_KEY:
            return (f"{table.name}_{columns}_fkey",)
        case ConstraintKind.UNIQUE:
            return (f"{table.name}_{columns}_key",)
        case ConstraintKind.CHECK:
            return (f"{table.name}_{columns}_check", f"{table.name}_check")
        case ConstraintKind.EXCLUDE:
            return (f"{table.name}_{columns}_excl",)
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidateConstraint(TableOperation):
    """ALTER TABLE ... VALIDATE CONSTRAINT."""

    name: str

    def apply(self, state: SchemaState) -> SchemaState:
        def validate(table: Table) -> Table:
            done = tuple(replace(one, valid=True) if one.name == self.name else one for one in table.constraints)
            return replace(table, constraints=done)

        return _edit_table(state, self.table, validate)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameConstraint(TableOperation):
    """ALTER TABLE ... RENAME CONSTRAINT."""

    name: str
    new_name: str

    def apply(self, state: SchemaState) -> SchemaState:
        def rename(table: Table) -> Table:
            done = tuple(
                replace(one, name=self.new_name) if one.name == self.name else one for one in table.constraints
            )
            return replace(table, constraints=done)

        return _edit_table(state, self.table, rename)


# --- indexes --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateIndex(TableOperation):
    """CREATE INDEX."""

    index: Index
    concurrently: bool = False
    if_not_exists: bool = False

    def require(self, state: SchemaState) -> SchemaState:
        state = with_unknown_table(state, self.table)
        for column in () if self.index.columns is UNKNOWN else self.index.columns:
            if not column.startswith("("):
                state = with_unknown_column(state, self.table, column)
        return state

    def apply(self, state: SchemaState) -> SchemaState:
        name = self.index.name
        if name is None:
            return state
        return _edit_table(state, self.table, lambda table: replace(table, indexes={**table.indexes, name: self.index}))


@dataclass(frozen=True, slots=True, kw_only=True)
class DropIndex(Operation):
    """DROP INDEX. `table` is None where it is not written: PostgreSQL finds an index by its name alone."""

    name: str
    table: Name | None = None
    concurrently: bool = False
    if_exists: bool = False
    cascade: bool = False

    def require(self, state: SchemaState) -> SchemaState:
        if self.table is None or state.index(self.name, self.table):
            return state
        state = with_unknown_table(state, self.table)
        table = state.tables[self.table]
        if table.complete:
            return state
        index = Index(self.name, certain=not self.if_exists)
        return state.with_table(replace(table, indexes={**table.indexes, self.name: index}))

    def apply(self, state: SchemaState) -> SchemaState:
        found = state.index(self.name, self.table)
        if found is None:
            return self._without_unique(state)
        table, _ = found
        rest = {name: index for name, index in table.indexes.items() if name != self.name}
        return state.with_table(replace(table, indexes=rest))

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

    name: str
    new_name: str

    def apply(self, state: SchemaState) -> SchemaState:
        found = state.index(self.name)
        if found is None:
            return state
        table, index = found
        indexes = {name: one for name, one in table.indexes.items() if name != self.name}
        return state.with_table(replace(table, indexes={**indexes, self.new_name: replace(index, name=self.new_name)}))
