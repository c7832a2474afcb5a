"""
The operations of alembic-postgresql-enum (https://pypi.org/project/alembic-postgresql-enum/1.11.0) and of
alembic-autogenerate-enums (https://pypi.org/project/alembic-autogenerate-enums/0.1.2), measured: they give one name to
two operations.
"""

from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.operations import Operation
from migration_guard.model.schema import Name, in_sql
from migration_guard.reading.directives.arguments import BoundArguments, Signature
from migration_guard.reading.directives.names import identifier, schema_of
from migration_guard.reading.directives.packages.enum_rewrites import EnumColumn, quoted, replaced_type
from migration_guard.reading.directives.registry import directive
from migration_guard.reading.interpreter.values import CallValue, Constant, Items, Symbol, Text, Value, plain

_OF_POSTGRESQL_ENUM = Signature.of(
    "enum_schema enum_name new_values affected_columns enum_values_to_rename indexes_to_recreate",
    objects=("enum_schema", "enum_name", "new_values", "affected_columns"),
    closed=True,
)
_OF_AUTOGENERATE_ENUMS = Signature.of(
    "schema name old_values new_values affected_columns should_reverse",
    objects=("schema", "name", "old_values", "new_values"),
    closed=True,
)


@directive(
    "add_enum_value",
    "enum_schema enum_name new_value before_value",
    needed=("enum_name", "new_value"),
    objects=("enum_schema",),
    closed=True,
)
def add_enum_value(ask: BoundArguments) -> Iterator[Operation]:
    """op.add_enum_value(). What it calls `before_value` is the one that the new one comes behind."""
    name, value, neighbour = ask.text("enum_name"), ask.text("new_value"), ask.text("before_value")
    assert name is not None
    assert value is not None
    if ask.walker.dialect == "postgresql":
        type_ = Name(name, ask.schema("enum_schema"))
        place = f" AFTER {quoted(neighbour)}" if neighbour is not None else ""
        yield from ask.sql(f"ALTER TYPE {in_sql(type_)} ADD VALUE {quoted(value)}{place}")


@directive("sync_enum_values", "schema name *values")
def sync_enum_values(ask: BoundArguments) -> Iterator[Operation]:
    """op.sync_enum_values(), of whichever package it is. On other databases the first one only warns."""
    if ask.walker.dialect != "postgresql":
        return
    of_autogenerate_enums = _is_of_autogenerate_enums(ask)
    signature = _OF_AUTOGENERATE_ENUMS if of_autogenerate_enums else _OF_POSTGRESQL_ENUM
    bound = BoundArguments(ask.walker, ask.made, signature, None)
    if missing := bound.missing():
        bound.opaque(missing)
        return
    yield from (_of_autogenerate_enums if of_autogenerate_enums else _of_postgresql_enum)(bound)


def _is_of_autogenerate_enums(ask: BoundArguments) -> bool:
    """Whether the fourth argument holds values: alembic-postgresql-enum has the columns there."""
    fourth = ask.made.arguments[3] if len(ask.made.arguments) > 3 else None
    listed = isinstance(fourth, Items) and any(isinstance(one, Text) for one in fourth.items)
    return listed or ask["old_values"] is not None


def _of_postgresql_enum(ask: BoundArguments) -> Iterator[Operation]:
    """The type is replaced, and the indexes that are listed are made anew."""
    name, labels = ask.text("enum_name"), ask.names("new_values")
    columns, indexes = _columns(ask, ask.schema("enum_schema")), _indexes(ask["indexes_to_recreate"])
    if name is None or labels is None or columns is None or indexes is None:
        ask.opaque("the enumerated type, its values, its columns or their indexes are not known")
        return
    type_ = Name(name, ask.schema("enum_schema"))
    yield from replaced_type(ask, type_, labels, columns, _renamed(ask["enum_values_to_rename"]), indexes)


def _of_autogenerate_enums(ask: BoundArguments) -> Iterator[Operation]:
    """Every new value is added, behind a COMMIT; on the way back the type is replaced."""
    name, old, labels = ask.text("name"), ask.names("old_values"), ask.names("new_values")
    columns, goes_back = _columns(ask, None), ask.decision("should_reverse")
    if name is None or old is None or labels is None or columns is None or not isinstance(goes_back, bool):
        ask.opaque("the enumerated type, its values or its columns are not known")
        return
    type_ = Name(name, ask.schema())
    if goes_back and ask["affected_columns"] not in (None, Constant(None)):
        yield from replaced_type(ask, type_, sorted(set(labels)), columns)
        return
    yield from ask.sql("COMMIT")
    for label in sorted(set(labels) - set(old)):
        yield from ask.sql(f"ALTER TYPE {in_sql(type_)} ADD VALUE {quoted(label)}")


# --- arguments ------------------------------------------------------------------------------------------------------


def _items(value: Value | None) -> list[Value] | None:
    """What a list that may be left out holds; None where that is not known."""
    if value is None or value == Constant(None):
        return []
    return value.items if isinstance(value, Items) and value.complete else None


def _columns(ask: BoundArguments, schema: str | None) -> list[EnumColumn] | None:
    """The columns that are listed, as ("table", "column") or TableReference(...); None where one is not known."""
    listed = _items(ask["affected_columns"])
    found = [_column(one, schema, ask.walker.dialect) for one in listed or ()]
    columns = [one for one in found if one is not None]
    return columns if listed is not None and len(columns) == len(found) else None


def _column(value: Value, schema: str | None, dialect: str) -> EnumColumn | None:
    kind: Value | None = None
    default: Value | None = None
    if isinstance(value, CallValue):
        table, name = identifier(value.argument(0, "table_name")), identifier(value.argument(1, "column_name"))
        kind, default = value.argument(3, "column_type"), value.argument(4, "existing_server_default")
        written = value.argument(2, "table_schema")
        schema = schema_of(written, dialect) if written is not None else schema
    elif isinstance(value, Items) and len(value.items) >= 2:
        table, name = identifier(value.items[0]), identifier(value.items[1])
        kind = value.items[2] if len(value.items) > 2 else None
    else:
        return None
    if table is None or name is None:
        return None
    sql = default.value if isinstance(default, Text) else ""
    return EnumColumn(Name(table, schema), name, isinstance(kind, Symbol) and kind.name == "ARRAY", sql)


def _indexes(value: Value | None) -> list[tuple[str, str]] | None:
    """The name and the definition of each TableIndex(...); None where one is not known."""
    listed = _items(value)
    found = []
    for one in listed or ():
        name, definition = (
            (one.argument(0, "name"), one.argument(1, "definition")) if isinstance(one, CallValue) else (None, None)
        )
        if not (isinstance(name, Text) and name.known and isinstance(definition, Text) and definition.known):
            return None
        found.append((name.value, definition.value))
    return found if listed is not None else None


def _renamed(value: Value | None) -> list[tuple[str, str]]:
    """The values that are known to take another name, each with that."""
    pairs = [one.items for one in _items(value) or () if isinstance(one, Items)]
    names = [tuple(plain(one) for one in pair) for pair in pairs]
    return [(old, new) for old, new in names if isinstance(old, str) and isinstance(new, str)]
