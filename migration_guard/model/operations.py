"""
What a migration asks for, wherever it is written: op.*, batch_op.*, a bound connection or SQL text.

Each operation knows its effect on a schema (`apply`), and what must already be there for it to work (`require`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from migration_guard.model.cascades import renamed_column, renamed_table, without_column, without_tables
from migration_guard.model.implied_names import with_chosen_names
from migration_guard.model.schema import (
    Column,
    ColumnType,
    Constraint,
    Expression,
    Index,
    Name,
    SchemaState,
    Table,
    comment_of,
)
from migration_guard.model.site import Site
from migration_guard.model.unknown import OR_UNKNOWN, SHOWN, UNKNOWN, Unknown, needed


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
    return with_unknown_columns(state, name, (column,), certain)


def with_unknown_columns(state: SchemaState, name: Name, columns: Iterable[str], certain: bool = True) -> SchemaState:
    """The state in which this table has these columns."""
    state = with_unknown_table(state, name, certain)
    table = state.tables[name]
    unknown = (
        {} if table.complete else {one: Column(one, certain=certain) for one in columns if one not in table.columns}
    )
    return state.with_table(replace(table, columns={**table.columns, **unknown})) if unknown else state


def edit_table(state: SchemaState, name: Name, change: Callable[[Table], Table]) -> SchemaState:
    """The state with a change made to one table, where that is known."""
    table = state.tables.get(name)
    return state.with_table(change(table)) if table else state


def _edit_column(state: SchemaState, name: Name, column: str, change: Callable[[Column], Column]) -> SchemaState:
    def edit(table: Table) -> Table:
        known = table.columns.get(column) or Column(column)
        return replace(table, columns={**table.columns, column: change(known)})

    return edit_table(state, name, edit)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOperation(Operation):
    """An operation on one table that already exists."""

    table: Name = field(metadata=needed("table name"))

    def require(self, state: SchemaState) -> SchemaState:
        return with_unknown_table(state, self.table)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnOperation(TableOperation):
    """An operation on one column that already exists."""

    column: str = field(metadata=needed("column name"))

    def require(self, state: SchemaState) -> SchemaState:
        return with_unknown_column(state, self.table, self.column)


# --- tables ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTable(Operation):
    """CREATE TABLE, with its constraints; its indexes follow as operations of their own."""

    table: Table
    if_not_exists: bool = False
    temporary: bool = False
    comment: str | Unknown | None = field(default=None, metadata=OR_UNKNOWN)

    def apply(self, state: SchemaState) -> SchemaState:
        if self.temporary or (self.if_not_exists and self.table.name in state.tables):
            return state
        state = state.with_table(self.table)
        if self.comment is None:
            return state
        return replace(state, properties={**state.properties, comment_of(self.table.name): self.comment})

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
        return without_tables(state, [self.table], self.cascade)

    def require(self, state: SchemaState) -> SchemaState:
        return with_unknown_table(state, self.table, certain=not self.if_exists)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameTable(TableOperation):
    """ALTER TABLE ... RENAME TO, or SET SCHEMA."""

    new_name: Name = field(metadata=needed("table name"))

    def apply(self, state: SchemaState) -> SchemaState:
        table = state.tables.get(self.table)
        if table is None:
            return state
        renamed = replace(with_chosen_names(table), name=self.new_name)
        state = state.without_table(self.table).with_table(renamed)
        # Thousands of renames ask thousands of tables: those without constraints are passed by as quickly as can be.
        followed = {name: self._follow(each) if each.constraints else each for name, each in state.tables.items()}
        return renamed_table(replace(state, tables=followed), self.table, self.new_name)

    def _follow(self, table: Table) -> Table:
        """Foreign keys go on pointing at the renamed table."""
        if not any(constraint.references == self.table for constraint in table.constraints):
            return table
        followed = tuple(
            replace(each, references=self.new_name) if each.references == self.table else each
            for each in table.constraints
        )
        return replace(table, constraints=followed)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecreateTable(TableOperation):
    """
    What SQLite gets for most of what a batch of Alembic asks for: a new table with the rows of the old one, under its
    name. It has what SQLAlchemy reflects of the old: an index with an expression is skipped, and a CHECK without a name
    left out, unless a naming convention given to the batch names it (`names_checks`).

    Triggers, COLLATE, DESC and AUTOINCREMENT are lost, too, and so is the ON DELETE of a foreign key written at its
    column, which the schema that we keep does not tell from others. Measured with Alembic 1.8 to 1.20 by
    tests/test_batch_on_sqlite.py. (https://alembic.sqlalchemy.org/en/latest/batch.html)
    """

    names_checks: bool = False

    def apply(self, state: SchemaState) -> SchemaState:
        def reflected(table: Table) -> Table:
            return replace(
                table,
                columns={name: _reflected_column(column) for name, column in table.columns.items()},
                constraints=tuple(one for one in table.constraints if self.names_checks or not one.is_nameless_check),
                indexes={
                    name: _reflected_index(index) for name, index in table.indexes.items() if not index.has_expression
                },
            )

        lost = [key for key in state.others if key.kind == "trigger" and key.table == self.table]
        others = {key: one for key, one in state.others.items() if key not in lost} if lost else state.others
        return edit_table(replace(state, others=others), self.table, reflected)


def _reflected_column(column: Column) -> Column:
    type_ = column.type
    if not column.autoincrement and (isinstance(type_, Unknown) or type_.collation is None):
        return column
    plain = type_ if isinstance(type_, Unknown) else replace(type_, collation=None)
    return replace(column, type=plain, autoincrement=False)


def _reflected_index(index: Index) -> Index:
    """The index without DESC and the like."""
    if isinstance(index.columns, Unknown) or not (index.orders or any(one.startswith("(") for one in index.columns)):
        return index
    columns = tuple(one[1:-1].split()[0] if one.startswith("(") else one for one in index.columns)
    return replace(index, columns=columns, orders=())


@dataclass(frozen=True, slots=True, kw_only=True)
class RestateColumn(ColumnOperation):
    """
    What MySQL and MariaDB get for most of op.alter_column(): MODIFY or CHANGE, which write the column anew. What the
    call does not repeat is lost: NOT NULL, the default, the comment, AUTO_INCREMENT. `nullable`, `default`, `comment`
    and `counts` are what the statement says of them, as Alembic renders it.
    (measured with Alembic 1.20.1; https://dev.mysql.com/doc/refman/8.4/en/alter-table.html)
    """

    nullable: bool | Unknown
    default: Expression | Unknown | None
    comment: str | Unknown | None = field(metadata=OR_UNKNOWN)
    counts: bool

    def apply(self, state: SchemaState) -> SchemaState:
        def restate(column: Column) -> Column:
            return replace(
                column,
                nullable=self.nullable,
                default=self.default if not column.serial else column.default,
                comment=self.comment,
                serial=column.serial and self.counts,
            )

        return _edit_column(state, self.table, self.column, restate)


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

        return edit_table(state, self.table, add)


@dataclass(frozen=True, slots=True, kw_only=True)
class DropColumn(ColumnOperation):
    """ALTER TABLE ... DROP COLUMN: indexes and constraints that use the column go with it."""

    if_exists: bool = False
    cascade: bool = False

    def require(self, state: SchemaState) -> SchemaState:
        return with_unknown_column(state, self.table, self.column, certain=not self.if_exists)

    def apply(self, state: SchemaState) -> SchemaState:
        return without_column(state, self.table, self.column)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameColumn(ColumnOperation):
    """ALTER TABLE ... RENAME COLUMN: indexes and constraints follow."""

    new_name: str = field(metadata=needed("column name"))

    def apply(self, state: SchemaState) -> SchemaState:
        table = state.tables.get(self.table)
        kept = state.with_table(with_chosen_names(table)) if table is not None else state
        return renamed_column(kept, self.table, self.column, self.new_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterColumnType(ColumnOperation):
    """ALTER COLUMN ... TYPE. `existing` is what the author says the type was (`existing_type`)."""

    type: ColumnType | Unknown = field(metadata=OR_UNKNOWN)
    using: str | None = field(default=None, metadata=SHOWN)
    existing: ColumnType | Unknown = field(default=UNKNOWN, metadata=OR_UNKNOWN)

    def require(self, state: SchemaState) -> SchemaState:
        state = with_unknown_column(state, self.table, self.column)
        column = state.column(self.table, self.column)
        if column is None or not isinstance(column.type, Unknown) or isinstance(self.existing, Unknown):
            return state
        return _edit_column(state, self.table, self.column, lambda known: replace(known, type=self.existing))

    def apply(self, state: SchemaState) -> SchemaState:
        return _edit_column(state, self.table, self.column, lambda column: replace(column, type=self.type))


@dataclass(frozen=True, slots=True, kw_only=True)
class SetNotNull(ColumnOperation):
    """ALTER COLUMN ... SET NOT NULL. `existing` is what the author says it was (`existing_nullable`)."""

    existing: bool | Unknown = UNKNOWN

    def require(self, state: SchemaState) -> SchemaState:
        state = with_unknown_column(state, self.table, self.column)
        column = state.column(self.table, self.column)
        if column is None or not isinstance(column.nullable, Unknown) or isinstance(self.existing, Unknown):
            return state
        return _edit_column(state, self.table, self.column, lambda known: replace(known, nullable=self.existing))

    def apply(self, state: SchemaState) -> SchemaState:
        return _edit_column(state, self.table, self.column, lambda column: replace(column, nullable=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class DropNotNull(ColumnOperation):
    """ALTER COLUMN ... DROP NOT NULL."""

    def apply(self, state: SchemaState) -> SchemaState:
        return _edit_column(state, self.table, self.column, lambda column: replace(column, nullable=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class SetDefault(ColumnOperation):
    """
    ALTER COLUMN ... SET DEFAULT, or DROP DEFAULT when `default` is None. With `identity` it is about the sequence of an
    identity column: ADD or SET GENERATED, or DROP IDENTITY.
    """

    default: Expression | Unknown | None
    identity: bool = False

    def apply(self, state: SchemaState) -> SchemaState:
        def edit(column: Column) -> Column:
            identity = self.default is not None if self.identity else column.identity
            return replace(column, default=self.default, identity=identity)

        return _edit_column(state, self.table, self.column, edit)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetColumnComment(ColumnOperation):
    """COMMENT ON COLUMN."""

    comment: str | Unknown | None = field(metadata=OR_UNKNOWN)

    def apply(self, state: SchemaState) -> SchemaState:
        return _edit_column(state, self.table, self.column, lambda column: replace(column, comment=self.comment))
