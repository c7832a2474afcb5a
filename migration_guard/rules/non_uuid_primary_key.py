from __future__ import annotations

from collections.abc import Iterator

from migration_guard.dialects.postgresql_types import BUILT_IN, name_of
from migration_guard.model.finding import Severity
from migration_guard.model.schema import ColumnType, ConstraintKind, Table
from migration_guard.model.unknown import Unknown
from migration_guard.rules import Context
from migration_guard.rules._conventions import (
    Breach,
    Convention,
    constraints,
    is_association,
    key_columns,
    who_fills_in,
)


class NonUuidPrimaryKey(Convention):
    """
    A row is known by a number that is counted up, where the team has agreed on UUIDs.

    ## What happens

    `uuid-keys` says how a key holds its UUID: `native` (the default: sa.Uuid, postgresql.UUID), `string` (text, or a
    string of 32 or more) or `any` of both. `uuid-default` says who makes it: `server`, `client` or `any` (the default).

    ```python bad
    op.create_table("projects", sa.Column("id", sa.Integer(), primary_key=True))
    ```

    ```python bad
    op.create_table("projects", sa.Column("id", sa.String(36), primary_key=True))
    ```

    ## To whom

    Whoever merges rows of two databases, or learns from an address how many customers there are. To change the key
    later means to change every table that refers to it.

    ## When it is no hazard

    A key of several UUIDs is one, too. A table that only connects two others, whose key is made of foreign keys, is
    left alone, and so is whatever `exempt-tables` names:

    ```python good
    op.create_table("projects", sa.Column("id", sa.Uuid(), primary_key=True))
    ```

    A type that is the application's own, or a domain of the database's, is not known, and nothing is said of it.

    ## What to write instead

    `sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), primary_key=True)`

    ## Sources

    - The team's own conventions: `uuid-keys`, and every preset.
    - gen_random_uuid() is there from PostgreSQL 13 on: https://www.postgresql.org/docs/18/functions-uuid.html
    """

    code = "MG901"
    severity = Severity.WARNING
    message = "The primary key of {table} is no UUID as agreed: {what}."
    help = 'Give {table} a UUID as its key: sa.Column("{column}", sa.Uuid(), primary_key=True)'

    def breaches(self, table: Table, context: Context) -> Iterator[Breach]:
        if is_association(table):
            return
        wanted, native_here = context.conventions.uuid_keys, context.target.dialect == "postgresql"
        foreign = {name for one in constraints(table, ConstraintKind.FOREIGN_KEY) for name in one.columns}
        for name in key_columns(table):
            column = table.columns.get(name)
            if column is None or isinstance(column.type, Unknown) or not column.type.known or not column.certain:
                continue
            if native_here and not column.type.is_enum and name_of(column.type) not in BUILT_IN:
                continue  # a domain of the database's own may be one of UUIDs
            fits = (wanted != "string" and _is_native(column.type, native_here)) or (
                wanted != "native" and _holds_uuid(column.type)
            )
            if not fits and not (table.partitioned and _has_uuid(table)):
                yield Breach(f"{name} is {column.type}", (name,))
            elif name not in foreign and (what := who_fills_in(column, context.conventions.uuid_default)):
                yield Breach(f"{name} {what}", (name,), "default")


def _has_uuid(table: Table) -> bool:
    """Whether a UUID is in the key: PostgreSQL wants what a table is partitioned by in it, too."""
    types = [table.columns[name].type for name in key_columns(table) if name in table.columns]
    return any(not isinstance(one, Unknown) and (one.name == "uuid" or _holds_uuid(one)) for one in types)


def _is_native(type: ColumnType, native_here: bool) -> bool:
    """Whether it is a UUID type; where the database has none, SQLAlchemy keeps it in 32 characters."""
    return type.name == "uuid" or (not type.native and not type.is_enum and not native_here)


def _holds_uuid(type: ColumnType) -> bool:
    """Whether text of this type has room for a UUID, with or without its hyphens."""
    if type.name in ("varchar", "char"):
        return (not type.modifiers and type.name == "varchar") or (bool(type.modifiers) and type.modifiers[0] >= 32)
    return type.name in ("text", "citext")
