"""What the database does not do at all: to this kind of object, or in this version."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migration_guard.model.certainty import Certainty
from migration_guard.model.constraints import AddConstraint, CreateIndex
from migration_guard.model.objects import CreateView
from migration_guard.model.operations import AddColumn, AlterColumnType, CreateTable, Operation, SetDefault
from migration_guard.model.refusals import Encounter, Refusal, RefusalKind
from migration_guard.model.schema import Column, ColumnType, ConstraintKind, Name
from migration_guard.model.unknown import Unknown

VIRTUAL_COLUMNS = (18,)
"""https://www.postgresql.org/docs/18/release-18.html; up to 17 the word is a syntax error (measured on 15)."""
KEYS_NOT_VALID_ON_PARTITIONED = (18,)
"""Measured on PostgreSQL 12 to 18."""


def prohibitions(operation: Operation, encounter: Encounter) -> Iterator[Refusal]:
    """Why the database never takes the operation as it stands."""
    if encounter.dialect == "mysql" and isinstance(operation, CreateIndex):
        yield from _key_without_length(operation, encounter)
    if encounter.dialect != "postgresql":
        return
    match operation:
        case CreateTable(temporary=False):
            for column in operation.table.columns.values():
                yield from _virtual(operation, operation.table.name, column, encounter)
        case AddColumn():
            yield from _virtual(operation, operation.table, operation.column, encounter)
        case CreateIndex(concurrently=True) if _is_partitioned(operation.table, encounter):
            why = f"{operation.table} is partitioned, and no index of such a table is built concurrently"
            help_ = "Create it on the table with ONLY, concurrently on each partition, and attach those to it."
            yield _never(operation, "index", str(operation.index.name), why, help_)
        case AddConstraint(constraint=constraint) if _is_partitioned(operation.table, encounter):
            early = encounter.target.version < KEYS_NOT_VALID_ON_PARTITIONED
            if constraint.kind is ConstraintKind.FOREIGN_KEY and constraint.valid is False and early:
                why = f"{operation.table} is partitioned, and its foreign keys cannot be NOT VALID before PostgreSQL 18"
                yield _never(operation, "constraint", str(constraint.name), why, "Leave NOT VALID out.")
        case CreateView(or_replace=True):
            yield from _narrower_view(operation, encounter)
        case AlterColumnType():
            yield from _enum_to_enum(operation, encounter)
        case SetDefault(default=None, identity=False):
            column_there = encounter.state.column(operation.table, operation.column)
            if column_there is not None and column_there.identity and encounter.known(operation.table) is not None:
                name = f"{operation.table}.{operation.column}"
                why = f"{name} is an identity column, which has no default to drop"
                help_ = f"Write ALTER TABLE {operation.table} ALTER COLUMN {operation.column} DROP IDENTITY."
                yield _never(operation, "column", name, why, help_)


# https://dev.mysql.com/doc/refman/8.4/en/column-indexes.html: error 1170. MariaDB 10.11 takes them (measured).
_LONG_TYPES = frozenset({"text", "tinytext", "mediumtext", "longtext", "blob", "tinyblob", "mediumblob", "longblob"})


def _key_without_length(operation: CreateIndex, encounter: Encounter) -> Iterator[Refusal]:
    table, index = encounter.there(operation.table), operation.index
    if table is None or isinstance(index.columns, Unknown) or index.method or index.orders:
        return
    for name in index.columns:
        column = table.columns.get(name)
        if column is None or not column.certain or isinstance(column.type, Unknown):
            continue
        if column.type.known and column.type.name in _LONG_TYPES:
            why = f"MySQL builds no index on {operation.table}.{name}, a {column.type}, without a length"
            yield _never(operation, "index", str(index.name), why, f'Give it one: mysql_length={{"{name}": 100}}')


def _never(operation: Operation, what: str, name: str, why: str, instead: str) -> Refusal:
    return Refusal(RefusalKind.NEVER, operation, what, name, why, None, instead)


def _is_partitioned(name: Name, encounter: Encounter) -> bool:
    table = encounter.there(name)
    return table is not None and table.partitioned


def _virtual(operation: Operation, table: Name, column: Column, encounter: Encounter) -> Iterator[Refusal]:
    """A generated column that is not stored. What SQL leaves open is virtual, and before 18 a syntax error as well."""
    generated, written = column.generated, operation.site.sql is not None
    if generated is None or encounter.target.version >= VIRTUAL_COLUMNS:
        return
    if generated.stored is False or (written and isinstance(generated.stored, Unknown)):
        name = f"{table}.{column.name}"
        why = f"the generated column {name} is not STORED, and PostgreSQL has no virtual ones before 18"
        yield _never(operation, "column", name, why, "Write STORED: sa.Computed(..., persisted=True).")


def _narrower_view(operation: CreateView, encounter: Encounter) -> Iterator[Refusal]:
    """https://www.postgresql.org/docs/18/sql-createview.html: the same columns in the same order, and more behind."""
    name, new = operation.view.name, operation.view.columns
    there = encounter.state.views.get(name)
    if there is None or not there.certain or not _is_followed(encounter.certainty, name):
        return
    old = there.columns
    if isinstance(old, Unknown) or isinstance(new, Unknown) or new[: len(old)] == old:
        return
    why = f"OR REPLACE keeps the columns of view {name} ({', '.join(old)}), and here they are {', '.join(new)}"
    yield _never(operation, "view", str(name), why, f"Write DROP VIEW {name} before, and CREATE VIEW.")


def _is_followed(certainty: Certainty, view: Name) -> bool:
    """Whether everything that happened since the view was made could be read."""
    return view in certainty.reads


def _enum_to_enum(operation: AlterColumnType, encounter: Encounter) -> Iterator[Refusal]:
    """There is no cast from one enum to another (measured: 42846), only through text."""
    table, new = encounter.there(operation.table), operation.type
    column = table.columns.get(operation.column) if table is not None else None
    if column is None or not column.certain or isinstance(column.type, Unknown) or isinstance(new, Unknown):
        return
    if not (_is_enum(column.type, encounter) and _is_enum(new, encounter)) or column.type.name == new.name:
        return
    plain = rf'"?{re.escape(operation.column)}"?\s*::\s*"?{re.escape(new.name)}"?'
    if operation.using is not None and re.fullmatch(plain, operation.using.strip(), re.IGNORECASE):
        why = f"PostgreSQL has no cast from enum {column.type.name} to enum {new.name}"
        instead = f"Write USING {operation.column}::text::{new.name}."
        yield _never(operation, "column", f"{operation.table}.{operation.column}", why, instead)


def _is_enum(type_: ColumnType, encounter: Encounter) -> bool:
    return (
        type_.native
        and not type_.dimensions
        and (type_.is_enum or Name(type_.name, type_.schema) in encounter.state.enums)
    )
