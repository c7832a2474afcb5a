"""What has to be known of a table before rows can be written into it. Plain data, whatever the database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Protocol


class Kind(Enum):
    """What the values of a column are like."""

    INTEGER = "integer"
    NUMERIC = "numeric"
    FLOAT = "float"
    TEXT = "text"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    TIMESTAMP = "timestamp"
    BYTES = "bytes"
    ENUM = "enum"
    OTHER = "other"  # its `type` says


class TableName(NamedTuple):
    """A table by its schema (None: the database has none) and its name."""

    schema: str | None
    name: str

    def __str__(self) -> str:
        return self.name if self.schema in (None, "public") else f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnInfo:
    """A column, with what its values have to be like."""

    name: str
    type: str  # as the database prints it; that of a domain is its base
    kind: Kind
    size: int | None = None  # the length of texts and bytes, the bits of integers, the precision of numerics
    scale: int | None = None  # of numerics
    nullable: bool = True
    written: bool = True  # False: the database computes the value
    always: bool = False  # GENERATED ALWAYS AS IDENTITY: the database wants to be overruled
    array: bool = False  # `kind` is that of the elements
    labels: tuple[str, ...] = ()  # all the values that an ENUM can have
    default: str | None = None  # the text that stands in the column by default, if it is a plain one
    touched: bool = False  # the database itself changes the value whenever it changes the row
    table: str = ""  # the name of the column's table
    # What the failure of an upgrade has taught us of its texts: the only words that they may be, and the type whose
    # values they have to look like.
    few: tuple[str, ...] = ()
    like: str = ""


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Columns that have to name a row of another table; `implied` where only the column's name says so."""

    columns: tuple[str, ...]
    table: TableName
    referred: tuple[str, ...]
    implied: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """A condition in the database's words, and the columns that it is about."""

    condition: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableInfo:
    """A table, with all that its rows have to satisfy."""

    name: TableName
    columns: tuple[ColumnInfo, ...]
    primary: tuple[str, ...] = ()
    uniques: tuple[tuple[str, ...], ...] = ()  # with the primary key, if there is one
    foreign_keys: tuple[ForeignKey, ...] = ()
    checks: tuple[Check, ...] = ()
    refuses: str = ""  # why nobody should write into it, if so
    partitioned: bool = False  # its rows are in other tables

    def column(self, name: str) -> ColumnInfo:
        """The column of this name."""
        return next(column for column in self.columns if column.name == name)

    @property
    def written(self) -> tuple[ColumnInfo, ...]:
        """The columns that take a value."""
        return tuple(column for column in self.columns if column.written)

    @property
    def identity(self) -> tuple[str, ...]:
        """The columns by which we find a row again: none where the database computes one of them."""
        written = {column.name for column in self.written}
        return self.primary if written.issuperset(self.primary) else ()

    @property
    def keyed(self) -> frozenset[str]:
        """The columns of which some unique key consists."""
        return frozenset(name for unique in self.uniques for name in unique)

    def optional(self, key: ForeignKey) -> bool:
        """Whether rows may do without what this foreign key names."""
        return key.implied or any(self.column(name).nullable for name in key.columns)


class RowDialect(Protocol):
    """How one database tells about its tables, and how it writes values."""

    # What tells rows apart in a table without a key, as SQL; None where nothing does.
    identity: str | None
    # What lets foreign keys wait for the end of a transaction, where that can be said.
    deferring: tuple[str, ...]

    def tables(self) -> tuple[TableInfo, ...]:
        """All tables of the project."""

    def quoted(self, name: str) -> str:
        """A name as it stands in SQL."""

    def literal(self, value: str | None, column: ColumnInfo) -> str:
        """A value as it stands in an INSERT."""

    def typed(self, value: str | None, column: ColumnInfo) -> str:
        """A value as it stands in a SELECT, with the type of its column."""

    def text(self, column: ColumnInfo) -> str:
        """SQL that reads a column as the text from which `literal` writes it again."""

    def contents(self, tables: Iterable[TableInfo]) -> Iterator[tuple[TableName, tuple[str, ...]]]:
        """Every row of these tables as a JSON object, sorted."""


def place(dialect: RowDialect, table: TableName) -> str:
    """A table's name as it stands in SQL."""
    name = dialect.quoted(table.name)
    return f"{dialect.quoted(table.schema)}.{name}" if table.schema else name
