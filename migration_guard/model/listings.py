"""
What an inspector of SQLAlchemy's lists of a schema, as far as the history shows it.
(https://docs.sqlalchemy.org/en/20/core/reflection.html#sqlalchemy.engine.reflection.Inspector)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from migration_guard.model.schema import (
    VERSION_TABLE,
    Column,
    Constraint,
    ConstraintKind,
    Index,
    Name,
    SchemaState,
    Table,
)
from migration_guard.model.unknown import UNKNOWN, Unknown


class Listing(Enum):
    """What can be listed: of a schema, or of one table."""

    TABLES = "tables"
    VIEWS = "views"
    ENUMS = "enums"
    COLUMNS = "columns"
    INDEXES = "indexes"
    PRIMARY_KEY = "primary key"
    FOREIGN_KEYS = "foreign keys"
    UNIQUE = "unique"
    CHECKS = "checks"
    CONSTRAINTS = "constraints"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The name of what got none: the database or a convention chooses one, which has one of these words in it."""

    words: tuple[str, ...]

    def may_be(self, name: str) -> bool:
        """Whether this may be the name that was chosen."""
        return any(word.lower() in name.lower() for word in self.words)


Part = TypeVar("Part")
Value = str | bool | tuple[str, ...] | Chosen | Unknown | None


@dataclass(frozen=True, slots=True)
class ListedRow:
    """
    One of what is listed: its parts, under the names that SQLAlchemy has for them. One that is not `certain` may be
    listed or not.
    """

    parts: Mapping[str, Value]
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Listed:
    """The rows of a listing; there may be more where it is not `complete`."""

    rows: tuple[ListedRow, ...]
    complete: bool


def listed(
    listing: Listing, state: SchemaState, table: Name | None, schema: str | None, name: str | None = None
) -> Listed | None:
    """
    What is listed of a schema (None for the default one), which may have more than the history shows, or of one table;
    of all of them, where none is named. Rows of another `name` may be left out, where one is given. None where the
    history does not show that the table is there: what is asked of a table that is not is an error.
    """
    if listing in (Listing.TABLES, Listing.VIEWS, Listing.ENUMS):
        return Listed(tuple(_of_schema(listing, state, schema, name)), complete=False)
    if table is None:
        there = [one for one in state.tables.values() if one.certain]
        complete = len(there) == len(state.tables) and all(one.complete for one in there) and not state.clouded
        return Listed(tuple(row for one in there for row in _of_table(listing, one, name)), complete)
    known = state.table(table)
    if known is None or not known.certain:
        return None
    return Listed(tuple(_of_table(listing, known, name)), known.complete)


def _of_schema(listing: Listing, state: SchemaState, schema: str | None, name: str | None) -> Iterator[ListedRow]:
    tables = _of_name(state.tables, schema, name) if listing is Listing.TABLES else ()
    yield from (ListedRow({"name": one.name.name}, one.certain) for one in tables)
    enums = _of_name(state.enums, schema, name) if listing is Listing.ENUMS else ()
    yield from (ListedRow({"name": one.name.name, "labels": one.labels}, one.certain) for one in enums)
    if listing is Listing.ENUMS:
        return
    for view in _of_name(state.views, schema, name):
        # The tables of information_schema have views among them, the views of SQLAlchemy no materialized ones.
        certain = view.certain and listing is Listing.VIEWS and not view.materialized
        yield ListedRow({"name": view.name.name}, certain)
    if listing is Listing.TABLES:
        yield ListedRow({"name": VERSION_TABLE}, certain=False)


def _of_name(objects: Mapping[Name, Part], schema: str | None, name: str | None) -> Iterable[Part]:
    if name is not None:
        return filter(None, [objects.get(Name(name, schema))])
    return [one for key, one in objects.items() if key.schema == schema]


def _of_table(listing: Listing, table: Table, name: str | None) -> Iterable[ListedRow]:
    if listing is not Listing.COLUMNS:
        return _OF_TABLES[listing](table)
    return map(_of_column, table.columns.values() if name is None else filter(None, [table.columns.get(name)]))


def _of_column(one: Column) -> ListedRow:
    default = None if one.default is None and not (one.serial or one.identity) else UNKNOWN
    return ListedRow({"name": one.name, "nullable": one.nullable, "default": default}, one.certain)


def _indexes(table: Table) -> Iterator[ListedRow]:
    """Its indexes. Those of keys are listed too, or not, as the database has it."""
    yield from map(_of_index, table.indexes.values())
    yield from _maybe(_key_index(one) for one in table.constraints if one.kind in _INDEXED)


def _of_index(index: Index) -> ListedRow:
    columns = UNKNOWN if isinstance(index.columns, Unknown) or index.has_expression else index.columns
    name = index.name if index.name is not None else Chosen(("ix", "idx", "index", *_known(columns)))
    return ListedRow({"name": name, "column_names": columns, "unique": index.unique}, index.certain)


def _key_index(one: Constraint) -> ListedRow:
    # MySQL calls the index of a foreign key after its first column, where the key has no name.
    return ListedRow({"name": _name(one), "column_names": one.columns or UNKNOWN, "unique": UNKNOWN})


def _primary_key(table: Table) -> Iterator[ListedRow]:
    keys = _of_kind(table, ConstraintKind.PRIMARY_KEY)
    for one in keys:
        yield ListedRow(
            {"name": _name(one), "constrained_columns": one.columns or UNKNOWN}, one.certain and len(keys) == 1
        )
    if not keys:
        yield ListedRow({"name": None, "constrained_columns": ()}, table.complete)


def _foreign_keys(table: Table) -> Iterator[ListedRow]:
    for one in _of_kind(table, ConstraintKind.FOREIGN_KEY):
        parts: dict[str, Value] = {
            "name": _name(one),
            "constrained_columns": one.columns or UNKNOWN,
            "referred_table": one.references.name if one.references else UNKNOWN,
            "referred_columns": one.referenced_columns or UNKNOWN,
        }
        yield ListedRow(parts, one.certain)


def _unique(table: Table) -> Iterator[ListedRow]:
    """Its unique constraints. MySQL lists unique indexes among them."""
    for one in _of_kind(table, ConstraintKind.UNIQUE):
        yield ListedRow({"name": _name(one), "column_names": one.columns or UNKNOWN}, one.certain)
    yield from _maybe(_of_index(one) for one in table.indexes.values() if one.unique is not False)


def _checks(table: Table) -> Iterator[ListedRow]:
    for one in _of_kind(table, ConstraintKind.CHECK):
        yield ListedRow({"name": _name(one)}, one.certain)


def _constraints(table: Table) -> Iterator[ListedRow]:
    """All of them; NOT NULL has a row there in some databases and versions, under a name that nobody chose."""
    for one in table.constraints:
        yield ListedRow({"name": _name(one), "type": one.kind.value}, one.certain)
    yield from _maybe(_of_index(one) for one in table.indexes.values() if one.unique is not False)
    yield ListedRow({"name": Chosen(("not_null",)), "type": UNKNOWN}, certain=False)


def _of_kind(table: Table, kind: ConstraintKind) -> list[Constraint]:
    return [one for one in table.constraints if one.kind is kind]


def _maybe(rows: Iterable[ListedRow]) -> Iterator[ListedRow]:
    yield from (ListedRow(one.parts, certain=False) for one in rows)


def _name(one: Constraint) -> Value:
    if one.name is not None:
        return one.name
    if one.named:
        return UNKNOWN
    # What PostgreSQL, MySQL and conventions choose; that of a foreign key is called `pets_ibfk_1` by MySQL.
    return Chosen((*_WORDS.get(one.kind, ()), *one.columns)) if one.columns else UNKNOWN


def _known(columns: tuple[str, ...] | Unknown) -> tuple[str, ...]:
    return () if isinstance(columns, Unknown) else columns


_INDEXED = (ConstraintKind.UNIQUE, ConstraintKind.FOREIGN_KEY, ConstraintKind.EXCLUDE)
_WORDS = {
    ConstraintKind.PRIMARY_KEY: ("pk", "primary"),
    ConstraintKind.FOREIGN_KEY: ("ibfk",),
    ConstraintKind.CHECK: ("ck", "chk", "check"),
}
_OF_TABLES: Mapping[Listing, Callable[[Table], Iterator[ListedRow]]] = {
    Listing.INDEXES: _indexes,
    Listing.PRIMARY_KEY: _primary_key,
    Listing.FOREIGN_KEYS: _foreign_keys,
    Listing.UNIQUE: _unique,
    Listing.CHECKS: _checks,
    Listing.CONSTRAINTS: _constraints,
}
