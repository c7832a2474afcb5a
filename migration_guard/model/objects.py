"""Operations on what is no table: enumerated types, views, sequences and schemas; and on the rows of tables."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum

from migration_guard.model.cascades import (
    not_on,
    without_columns_of_type,
    without_schema,
    without_views_that_read,
)
from migration_guard.model.join import join
from migration_guard.model.operations import Operation, TableOperation, edit_table, with_unknown_table
from migration_guard.model.schema import (
    EMPTY,
    EnumType,
    Name,
    NamedObject,
    ObjectKey,
    SchemaState,
    Sequence,
    View,
)
from migration_guard.model.unknown import LEFT_OUT, OR_NONE, OR_UNKNOWN, SHOWN, UNKNOWN, Unknown, needed


def with_unknown_enum(state: SchemaState, name: Name, certain: bool = True) -> SchemaState:
    """The state in which this enumerated type exists."""
    if name in state.enums:
        return state
    return replace(state, enums={**state.enums, name: EnumType(name, certain=certain)})


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateEnum(Operation):
    """
    CREATE TYPE ... AS ENUM. `implicit` is True where create_table makes the type on the way.
    `if_not_exists` is True where it looks first (`checkfirst=True`, or a guarded DO block).
    """

    type: EnumType
    implicit: bool = False
    if_not_exists: bool = False

    def apply(self, state: SchemaState) -> SchemaState:
        if self.type.name in state.enums and self.if_not_exists:
            return state
        return replace(state, enums={**state.enums, self.type.name: self.type})


@dataclass(frozen=True, slots=True, kw_only=True)
class DropEnum(Operation):
    """DROP TYPE of an enumerated type. With `cascade` the columns of that type go, too."""

    type: Name = field(metadata=needed("type name"))
    if_exists: bool = False
    cascade: bool = False

    def require(self, state: SchemaState) -> SchemaState:
        return with_unknown_enum(state, self.type, certain=not self.if_exists)

    def apply(self, state: SchemaState) -> SchemaState:
        state = without_columns_of_type(state, self.type) if self.cascade else state
        return replace(state, enums={name: each for name, each in state.enums.items() if name != self.type})


@dataclass(frozen=True, slots=True, kw_only=True)
class AddEnumValue(Operation):
    """ALTER TYPE ... ADD VALUE."""

    type: Name = field(metadata=needed("type name"))
    value: str = field(metadata=needed("value"))
    if_not_exists: bool = False

    def require(self, state: SchemaState) -> SchemaState:
        return with_unknown_enum(state, self.type)

    def apply(self, state: SchemaState) -> SchemaState:
        known = state.enums.get(self.type)
        if known is None or isinstance(known.labels, Unknown) or self.value in known.labels:
            return state
        grown = replace(known, labels=(*known.labels, self.value))
        return replace(state, enums={**state.enums, self.type: grown})


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameEnumValue(Operation):
    """ALTER TYPE ... RENAME VALUE."""

    type: Name = field(metadata=needed("type name"))
    value: str = field(metadata=needed("value"))
    new_value: str = field(metadata=needed("value"))

    def require(self, state: SchemaState) -> SchemaState:
        return with_unknown_enum(state, self.type)

    def apply(self, state: SchemaState) -> SchemaState:
        known = state.enums.get(self.type)
        if known is None or isinstance(known.labels, Unknown):
            return state
        labels = tuple(self.new_value if label == self.value else label for label in known.labels)
        return replace(state, enums={**state.enums, self.type: replace(known, labels=labels)})


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameType(Operation):
    """ALTER TYPE ... RENAME TO: the columns of that type follow."""

    type: Name = field(metadata=needed("type name"))
    new_name: Name = field(metadata=needed("type name"))

    def require(self, state: SchemaState) -> SchemaState:
        return with_unknown_enum(state, self.type)

    def apply(self, state: SchemaState) -> SchemaState:
        known = state.enums.get(self.type, EnumType(self.type))
        enums = {name: each for name, each in state.enums.items() if name != self.type}
        tables = {}
        for name, table in state.tables.items():
            columns = dict(table.columns)
            for column in table.columns.values():
                used = column.type
                if not isinstance(used, Unknown) and Name(used.name, used.schema) == self.type:
                    renamed = replace(used, name=self.new_name.name, schema=self.new_name.schema)
                    columns[column.name] = replace(column, type=renamed)
            tables[name] = replace(table, columns=columns)
        renamed_type = replace(known, name=self.new_name)
        return replace(state, enums={**enums, self.new_name: renamed_type}, tables=tables)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateView(Operation):
    """CREATE [OR REPLACE] [MATERIALIZED] VIEW."""

    view: View
    or_replace: bool = False

    def apply(self, state: SchemaState) -> SchemaState:
        view = self.view
        if self.or_replace:  # the comment stays
            known = state.views.get(view.name)
            view = replace(view, comment=known.comment if known is not None else UNKNOWN)
        return replace(state, views={**state.views, view.name: view})


@dataclass(frozen=True, slots=True, kw_only=True)
class DropView(Operation):
    """DROP [MATERIALIZED] VIEW: the indexes of a materialized view go with it."""

    view: Name = field(metadata=needed("view name"))
    materialized: bool = False
    if_exists: bool = False
    cascade: bool = False

    def require(self, state: SchemaState) -> SchemaState:
        if self.view in state.views:
            return state
        view = View(self.view, self.materialized, certain=not self.if_exists)
        return replace(state, views={**state.views, self.view: view})

    def apply(self, state: SchemaState) -> SchemaState:
        # What a history indexes is a table to us, though it be a view.
        state = edit_table(state, self.view, lambda table: replace(table, indexes={}))
        state = without_views_that_read(state, {self.view}) if self.cascade else state
        views = {name: each for name, each in state.views.items() if name != self.view}
        return replace(state, views=views, others=not_on({self.view}, state.others))


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateSequence(Operation):
    """CREATE SEQUENCE. `owner` and `column` are those of its OWNED BY."""

    sequence: Name = field(metadata=needed("sequence name"))
    if_not_exists: bool = False
    owner: Name | None = field(default=None, metadata=OR_NONE)
    column: str | None = field(default=None, metadata=OR_NONE)

    def apply(self, state: SchemaState) -> SchemaState:
        if self.if_not_exists and self.sequence in state.sequences:
            return state
        made = Sequence(self.sequence, owner=self.owner, column=self.column)
        return replace(state, sequences={**state.sequences, self.sequence: made})


@dataclass(frozen=True, slots=True, kw_only=True)
class DropSequence(Operation):
    """DROP SEQUENCE."""

    sequence: Name = field(metadata=needed("sequence name"))
    if_exists: bool = False

    def require(self, state: SchemaState) -> SchemaState:
        if self.sequence in state.sequences:
            return state
        known = Sequence(self.sequence, certain=not self.if_exists)
        return replace(state, sequences={**state.sequences, self.sequence: known})

    def apply(self, state: SchemaState) -> SchemaState:
        rest = {name: each for name, each in state.sequences.items() if name != self.sequence}
        return replace(state, sequences=rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateSchema(Operation):
    """CREATE SCHEMA, and CREATE DATABASE of MySQL and MariaDB. `schema` is None for the default one."""

    schema: str | Unknown | None = field(metadata=OR_UNKNOWN)
    if_not_exists: bool = False

    def apply(self, state: SchemaState) -> SchemaState:
        key = ObjectKey("schema", Name(self.schema)) if isinstance(self.schema, str) else None
        if key is None or key in state.others:
            return state
        # What is only taken for granted has no definition: of that nobody knows who may do what.
        definition = None if self.if_not_exists else f"create schema {self.schema}"
        made = NamedObject(key, definition, certain=not self.if_not_exists)
        return replace(state, others={**state.others, key: made})


@dataclass(frozen=True, slots=True, kw_only=True)
class DropSchema(Operation):
    """
    DROP SCHEMA, and DROP DATABASE of MySQL and MariaDB. `schema` is None for the default one. With `cascade` everything
    in it goes too, as it always does there; without, PostgreSQL refuses while something is left in it.
    """

    schema: str | None = field(metadata=needed("schema name"))
    cascade: bool = False
    if_exists: bool = False

    def require(self, state: SchemaState) -> SchemaState:
        key = ObjectKey("schema", Name(self.schema)) if self.schema else None
        if key is None or key in state.others:
            return state
        return replace(state, others={**state.others, key: NamedObject(key, certain=not self.if_exists)})

    def apply(self, state: SchemaState) -> SchemaState:
        return without_schema(state, self.schema)


@dataclass(frozen=True, slots=True, kw_only=True)
class DropDatabase(Operation):
    """DROP DATABASE of PostgreSQL: another one than that of the migration, which the server would refuse to drop."""

    database: str = field(metadata=needed("database name"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DropOwned(Operation):
    """DROP OWNED BY: whatever in this database belongs to the roles. Which objects that is, a history does not show."""

    roles: tuple[str, ...] = field(metadata=needed("role name"))

    def apply(self, state: SchemaState) -> SchemaState:
        return join(state, EMPTY)


# --- rows -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class InsertRows(TableOperation):
    """
    INSERT. `literals` are the text values written out; `from_select` tells that the rows come from a query. `columns`
    are those it names, `given` those whose values are written out in every row; `skips` tells that a row that is there
    already is no error.
    """

    literals: tuple[str, ...] = field(default=(), metadata=LEFT_OUT)
    from_select: bool = False
    given: tuple[str, ...] = field(default=(), metadata=LEFT_OUT)
    skips: bool = False
    columns: tuple[str, ...] = field(default=(), metadata=LEFT_OUT)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRows(TableOperation):
    """
    UPDATE. `columns` are those it sets. `where` is the condition's text, None without one. `bounded` is True where the
    statement itself limits the rows it takes (LIMIT in it or in the subquery that picks them, a key range, or bind
    parameters that pick single rows). `reads` are the columns of the table in its expressions, where it names no other
    table. `constant` is a part of the condition that Python decides before the database hears of it, as it is written.
    """

    columns: tuple[str, ...] = field(default=(), metadata=LEFT_OUT)
    where: str | None = field(default=None, metadata=SHOWN)
    bounded: bool = False
    literals: tuple[str, ...] = field(default=(), metadata=LEFT_OUT)
    reads: tuple[str, ...] = field(default=(), metadata=LEFT_OUT)
    constant: str | None = field(default=None, metadata=OR_NONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteRows(TableOperation):
    """DELETE. `where`, `bounded`, `reads` and `constant` as for UpdateRows."""

    where: str | None = field(default=None, metadata=SHOWN)
    bounded: bool = False
    literals: tuple[str, ...] = field(default=(), metadata=LEFT_OUT)
    reads: tuple[str, ...] = field(default=(), metadata=LEFT_OUT)
    constant: str | None = field(default=None, metadata=OR_NONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class TruncateTable(TableOperation):
    """TRUNCATE of one table (a statement that names several gives several operations)."""

    cascade: bool = False


# --- the rest -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSql(Operation):
    """
    An SQL statement that was read and does nothing to the schema we keep: SELECT, SET, GRANT, CREATE FUNCTION ...

    `kind` are the statement's leading words in upper case. `literals` are the text values written out.
    """

    kind: str = field(metadata=SHOWN)
    tables: tuple[Name, ...] = field(default=(), metadata=LEFT_OUT)
    literals: tuple[str, ...] = field(default=(), metadata=LEFT_OUT)


class Mistake(Enum):
    """What it is that can never work."""

    STATEMENT = "statement"
    CALL = "call"
    BIND = "bind parameter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opaque(Operation):
    """
    Something that could not be read from the source. `what` is the code as written (shortened), `reason` says what is
    missing.

    `tables` are those it is known to touch. `rows_only` is True where it cannot change the schema (a query or DML
    built by SQLAlchemy whose table we do not know). `mistake` says what fails of it, where all of it is known and it
    can never work.
    """

    what: str = field(metadata=SHOWN)
    reason: str = field(metadata=SHOWN)
    tables: tuple[Name, ...] = field(default=(), metadata=LEFT_OUT)
    rows_only: bool = False
    mistake: Mistake | None = None

    @property
    def fails(self) -> bool:
        """Whether it fails on every run."""
        return self.mistake is not None and not (self.site.conditional or self.site.repeated)

    def require(self, state: SchemaState) -> SchemaState:
        for name in self.tables:
            state = with_unknown_table(state, name)
        return state

    def apply(self, state: SchemaState) -> SchemaState:
        if self.rows_only:
            return state
        if not self.tables:
            return replace(state, clouded=True)
        for name in self.tables:
            table = state.tables[name]
            columns = {key: replace(column, certain=False) for key, column in table.columns.items()}
            state = state.with_table(replace(table, columns=columns, complete=False))
        return state
