"""
The schema as plain data at one point of a history.

What the history does not show is Unknown, which is neither absent nor new. A table that is not `complete` may have
columns, constraints and indexes that are not listed. An object that is not `certain` may or may not be there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import islice
from operator import is_
from typing import Final, TypeVar

from migration_guard.model.unknown import LEFT_OUT, OR_NONE, OR_UNKNOWN, SHOWN, UNKNOWN, Unknown, needed

Key = TypeVar("Key")
Part = TypeVar("Part")


VERSION_TABLE = "alembic_version"
"""The table in which Alembic keeps where a database stands."""
UNKNOWN_SCHEMA = "{...}"
"""The schema of a name whose schema is put together at run time."""

UNKNOWN_WORD: Final = "{...}"
"""What stands in a constraint's options for a word that is put together at run time."""


@dataclass(frozen=True, slots=True, order=True)
class Name:
    """The name of a table, type, view or sequence. `schema` is None for the default schema."""

    name: str
    schema: str | None = None

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name


_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")
_WORDS = re.compile(r"[\w\s.\"`\[\]{}]*")
_RESERVED = re.compile(
    r"all|analy[sz]e|and|any|array|as|asc|both|case|cast|check|collate|column|constraint|create|default|deferrable|desc|"
    r"distinct|do|else|end|except|false|fetch|for|foreign|from|grant|group|having|in|initially|intersect|into|lateral|"
    r"leading|limit|not|null|offset|on|only|or|order|placing|primary|references|returning|select|some|symmetric|table|"
    r"then|to|trailing|true|union|unique|user|using|variadic|when|where|window|with"
)


def in_sql(name: Name | str) -> str:
    """A name as SQL has to write it: in quotes where it is reserved, or holds more than lower case."""
    parts = [name] if isinstance(name, str) else [part for part in (name.schema, name.name) if part]
    return ".".join(map(_quoted, parts))


def _quoted(part: str) -> str:
    if _PLAIN.fullmatch(part) and not _RESERVED.fullmatch(part):
        return part
    return '"' + part.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class Expression:
    """
    An SQL expression.

    `functions` are the lower-case names it calls, Unknown when it could not be parsed. `not_null` are the columns
    that cannot be null where the expression is true. `literal` is the value of a plain string or number literal.
    """

    sql: str = field(metadata=SHOWN)
    functions: tuple[str, ...] | Unknown = field(default=(), metadata=OR_UNKNOWN)
    columns: tuple[str, ...] = field(default=(), metadata=LEFT_OUT)
    not_null: tuple[str, ...] = field(default=(), metadata=LEFT_OUT)
    literal: str | None = field(default=None, metadata=OR_NONE)


@dataclass(frozen=True, slots=True)
class ColumnType:
    """
    A column's type under PostgreSQL's name for it (`varchar`, `integer`, `timestamptz`), or a user's own type name.

    `modifiers` are length, or precision and scale. `labels` are an enum's values, empty for other types.
    `native` is False for an enum or uuid stored in a character column. `known` is False for a type of the
    application's own, whose SQL we cannot see: two such types are only equal when written alike.
    """

    name: str = field(metadata=needed("type name"))
    modifiers: tuple[int, ...] = ()
    dimensions: int = 0
    schema: str | None = field(default=None, metadata=needed("type name"))
    labels: tuple[str, ...] | Unknown = field(default=(), metadata=OR_UNKNOWN)
    is_enum: bool = False
    native: bool = True
    known: bool = True
    collation: str | None = field(default=None, metadata=needed("collation"))

    def __str__(self) -> str:
        size = f"({', '.join(map(str, self.modifiers))})" if self.modifiers else ""
        schema = f"{self.schema}." if self.schema else ""
        return f"{schema}{self.name}{size}{'[]' * self.dimensions}"


@dataclass(frozen=True, slots=True)
class Generated:
    """A generated column's expression. `stored` is Unknown where neither STORED nor VIRTUAL is written."""

    expression: Expression
    stored: bool | Unknown


@dataclass(frozen=True, slots=True)
class Column:
    """
    A column. `default` is the server's default, None for none; `serial` and `identity` draw from a sequence.
    `autoincrement` is SQLite's AUTOINCREMENT, by which no number is used twice.
    """

    name: str = field(metadata=needed("column name"))
    type: ColumnType | Unknown = field(default=UNKNOWN, metadata=OR_UNKNOWN)
    nullable: bool | Unknown = UNKNOWN
    default: Expression | Unknown | None = UNKNOWN
    identity: bool = False
    serial: bool = False
    generated: Generated | None = None
    comment: str | Unknown | None = field(default=UNKNOWN, metadata=OR_UNKNOWN)
    certain: bool = True
    autoincrement: bool = False


class ConstraintKind(Enum):
    """The kinds of constraint, in SQL's words."""

    PRIMARY_KEY = "primary key"
    FOREIGN_KEY = "foreign key"
    UNIQUE = "unique"
    CHECK = "check"
    EXCLUDE = "exclude"
    NOT_NULL = "not null"


@dataclass(frozen=True, slots=True)
class Constraint:
    """
    A constraint. `name` is None when the database, or a naming convention, is left to choose one, and where it is put
    together at run time: then it is `named`. `by_convention` tells that a naming convention of the application's
    MetaData has a say in it, as it has for what is no SQL text and not written in op.f(). `chosen` are
    the names that the database chose for one without, where its table or a column has another name by now.

    `references` and `referenced_columns` belong to foreign keys, and so does `in_default_schema`: the key says itself
    that `references` is in the default schema, which names leave out. `options` are its other clauses in SQL's words,
    with UNKNOWN_WORD for what is put together at run time. `expression` belongs to checks. `valid` is False for NOT
    VALID. `using_index` is the existing index it was made from.
    """

    kind: ConstraintKind
    name: str | None = field(default=None, metadata=OR_NONE)
    columns: tuple[str, ...] = field(default=(), metadata=LEFT_OUT)
    references: Name | None = field(default=None, metadata=OR_NONE)
    in_default_schema: bool = False
    referenced_columns: tuple[str, ...] = field(default=(), metadata=LEFT_OUT)
    options: tuple[str, ...] = field(default=(), metadata=LEFT_OUT)
    expression: Expression | None = None
    valid: bool | Unknown = True
    using_index: str | None = field(default=None, metadata=OR_NONE)
    certain: bool = True
    named: bool = field(default=False, compare=False)
    by_convention: bool = field(default=False, compare=False)
    chosen: tuple[str, ...] = field(default=(), metadata=LEFT_OUT)

    @property
    def is_nameless_check(self) -> bool:
        """Whether it is a CHECK without a name of its own."""
        return self.kind is ConstraintKind.CHECK and self.name is None


@dataclass(frozen=True, slots=True)
class Index:
    """
    An index. `columns` holds column names, and expressions as SQL text in parentheses. `orders` says what else is
    written of each: DESC, NULLS FIRST, an operator class; it is empty where nothing is, and where nobody knows.
    `include` are the columns that it only carries along, `parent` is the index that it is attached to as a partition.
    `by_convention` tells that nobody has named it, so that a naming convention may.
    """

    name: str | None = field(metadata=OR_NONE)
    columns: tuple[str, ...] | Unknown = field(default=UNKNOWN, metadata=OR_UNKNOWN)
    unique: bool | Unknown = UNKNOWN
    where: str | None = field(default=None, metadata=SHOWN)
    method: str | None = field(default=None, metadata=OR_NONE)
    certain: bool = True
    orders: tuple[str, ...] = field(default=(), metadata=LEFT_OUT)
    include: tuple[str, ...] = field(default=(), metadata=LEFT_OUT)
    parent: str | None = field(default=None, metadata=OR_NONE)
    by_convention: bool = field(default=False, compare=False)

    @property
    def has_expression(self) -> bool:
        """Whether it is known to hold more than columns: `(lower(tag))`, and not `(stars DESC)` or `(expression)`."""
        if isinstance(self.columns, Unknown):
            return False
        return any(one.startswith("(") and not _WORDS.fullmatch(one[1:-1]) for one in self.columns)


@dataclass(frozen=True, slots=True)
class Table:
    """
    A table. Constraints are a tuple because they may be nameless; columns and indexes go by name. `parents` are the
    tables that it inherits from, or the one that it is a `partition` of; `bounds` say of which rows, in SQL's
    words, None where that is not known.
    """

    name: Name = field(metadata=needed("table name"))
    columns: Mapping[str, Column] = field(default_factory=dict, metadata=LEFT_OUT)
    constraints: tuple[Constraint, ...] = ()
    indexes: Mapping[str, Index] = field(default_factory=dict, metadata=LEFT_OUT)
    partitioned: bool = False
    complete: bool = True
    certain: bool = True
    parents: tuple[Name, ...] = field(default=(), metadata=LEFT_OUT)
    partition: bool = False
    bounds: str | None = field(default=None, metadata=OR_NONE)


@dataclass(frozen=True, slots=True)
class EnumType:
    """An enumerated type. `labels` is Unknown when the type was made where we cannot see."""

    name: Name = field(metadata=needed("type name"))
    labels: tuple[str, ...] | Unknown = field(default=UNKNOWN, metadata=OR_UNKNOWN)
    certain: bool = True


@dataclass(frozen=True, slots=True)
class View:
    """
    A view or a materialized view. `columns` are those that it has, in their order. `reads` are the tables and views of
    its query, and `read_columns` the names of columns in it, "*" where it takes them all: both are empty for a query
    that says more than that (a subquery, WITH, a function). `tables` are all that are named anywhere in the query,
    `definition` is its text, None where that is not known.
    """

    name: Name = field(metadata=needed("view name"))
    materialized: bool = False
    certain: bool = True
    columns: tuple[str, ...] | Unknown = field(default=UNKNOWN, metadata=OR_UNKNOWN)
    reads: tuple[Name, ...] = field(default=(), metadata=LEFT_OUT)
    read_columns: tuple[str, ...] = field(default=(), metadata=LEFT_OUT)
    tables: tuple[Name, ...] = field(default=(), metadata=LEFT_OUT)
    definition: str | None = field(default=None, metadata=OR_NONE)
    comment: str | Unknown | None = field(default=UNKNOWN, metadata=OR_UNKNOWN)


@dataclass(frozen=True, slots=True)
class Sequence:
    """
    A sequence made by name (those of serial and identity columns belong to their column). It is OWNED BY `column` of
    the table `owner`, where that is said, and goes with it.
    """

    name: Name = field(metadata=needed("sequence name"))
    certain: bool = True
    owner: Name | None = field(default=None, metadata=OR_NONE)
    column: str | None = field(default=None, metadata=OR_NONE)


@dataclass(frozen=True, slots=True, order=True)
class ObjectKey:
    """
    What goes by its kind and its name: "function", "trigger", "policy", "extension"; or a property of an object: "row
    level security of". `table` is the one that it belongs to, and goes with.
    """

    kind: str = field(metadata=SHOWN)
    name: Name = field(metadata=needed("name"))
    table: Name | None = field(default=None, metadata=OR_NONE)

    def __str__(self) -> str:
        on = f" on {self.table}" if self.table is not None and self.table != self.name else ""
        return f"{self.kind} {self.name}{on}"


def comment_of(table: Name) -> ObjectKey:
    """The property that is a table's comment."""
    return ObjectKey("comment of table", table, table)


ROUTINES: Final = ("function", "procedure", "aggregate")
"""The kinds of named objects that are called."""


@dataclass(frozen=True, slots=True)
class NamedObject:
    """
    An object of which no more is kept than how it is defined, in SQL's words, None where that is not known: a function,
    a trigger, a policy. `uses` are the functions or tables without which it cannot be. `signature` are a function's
    parameters; there may be several of one name, which are `overloaded`: then it stands for all of them, and nothing is
    certain of it.
    """

    key: ObjectKey
    definition: str | None = field(default=None, metadata=OR_NONE)
    uses: tuple[Name, ...] = field(default=(), metadata=LEFT_OUT)
    certain: bool = True
    signature: str | None = field(default=None, metadata=OR_NONE)
    overloaded: bool = False
    comment: str | Unknown | None = field(default=UNKNOWN, metadata=OR_UNKNOWN)


@dataclass(frozen=True, slots=True)
class SchemaState:
    """
    Every object we know of. `clouded` means that something ran which we could not read: absent names may exist.

    `others` are those of which only a definition is kept. `properties` are settings of objects (row level security, a
    comment, a privilege), None for what holds where nobody sets anything, and Unknown.
    """

    tables: Mapping[Name, Table] = field(default_factory=dict)
    enums: Mapping[Name, EnumType] = field(default_factory=dict)
    views: Mapping[Name, View] = field(default_factory=dict)
    sequences: Mapping[Name, Sequence] = field(default_factory=dict)
    clouded: bool = False
    others: Mapping[ObjectKey, NamedObject] = field(default_factory=dict)
    properties: Mapping[ObjectKey, str | Unknown | None] = field(default_factory=dict)

    def table(self, name: Name) -> Table | None:
        """The table of this name, if the history shows it."""
        return self.tables.get(name)

    def column(self, table: Name, column: str) -> Column | None:
        """The column of this table, if the history shows it."""
        known = self.tables.get(table)
        return known.columns.get(column) if known else None

    def index(self, name: str, table: Name | None = None) -> tuple[Table, Index] | None:
        """The index of this name with its table; without a table every table is searched."""
        tables = self.tables.values() if table is None else filter(None, [self.tables.get(table)])
        return next(((one, one.indexes[name]) for one in tables if name in one.indexes), None)

    def with_table(self, table: Table) -> SchemaState:
        """The state with this table added or replaced."""
        return replace(self, tables={**self.tables, table.name: table})

    def without_table(self, name: Name) -> SchemaState:
        """The state without this table; the same state where it was not there."""
        if name not in self.tables:
            return self
        tables = dict(self.tables)
        del tables[name]
        return replace(self, tables=tables)


EMPTY: Final = SchemaState()
NOT_KNOWN: Final = SchemaState(clouded=True)


def changed(one: Mapping[Key, Part], other: Mapping[Key, Part]) -> Iterator[tuple[Key, Part | None, Part | None]]:
    """
    The keys whose values are not the very same object in both, with the two values; None where a key is missing.

    States share what did not change: where both have the same keys in the same order, as is usual, nothing is hashed.
    """
    if one is other:
        return
    if not all(map(is_, one, other)):
        for key in {**one, **other}:
            left, right = one.get(key), other.get(key)
            if left is not right:
                yield key, left, right
        return
    for key, left, right in zip(one, one.values(), other.values(), strict=False):
        if left is not right:
            yield key, left, right
    common = min(len(one), len(other))
    for key, value in islice(one.items(), common, None):
        yield key, value, None
    for key, value in islice(other.items(), common, None):
        yield key, None, value
