"""The names of tables, columns and schemas that values of Python stand for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from migration_guard.model.schema import UNKNOWN_SCHEMA, Name
from migration_guard.model.target import without_default
from migration_guard.reading.interpreter.values import Attribute, CallValue, Class, Constant, Symbol, Text, Value, plain


def identifier(value: Value | None) -> str | None:
    """
    The name that a value stands for: a text, quoted_name(), the name of a Table or of a mapped class; None if not
    known.
    """
    match value:
        case Text(value=text) if value.known:
            return text
        case CallValue(function=Symbol(name="quoted_name" | "f" | "conv"), arguments=[first, *_]):
            return identifier(first)
        case CallValue(
            function=Symbol(name="Table" | "table" | "Column" | "column" | "create_table"), arguments=[first, *_]
        ):
            return identifier(first)
        case Attribute(owner=Class(names=names), name=name) if "__tablename__" in names and not name.startswith("__"):
            return name
        case Attribute(
            owner=CallValue() | Class() as owner, name="name" | "fullname" | "key" | "__tablename__" | "__table__"
        ):
            return identifier(owner)
        case Attribute(owner=Attribute(name="c" | "columns" | "classes" | "tables"), name=name):
            return name
        case Class(names=names):
            table = names.get("__table__")
            return identifier(names.get("__tablename__")) or (
                identifier(table) if isinstance(table, CallValue) else None
            )
    return None


def is_by_convention(value: Value | None) -> bool:
    """Whether a naming convention has a say in this name: op.f() and conv() say the last word."""
    return not (isinstance(value, Text) and value.final)


def constant_columns(pairs: Iterable[tuple[Value, Value]]) -> Iterator[str]:
    """The columns, out of pairs of a column and a value, whose values are known."""
    for key, value in pairs:
        name = identifier(key)
        known = (isinstance(value, Text) and value.known) or (isinstance(value, Constant) and value != Constant(None))
        if name is not None and known:
            yield name


def schema_of(value: Value | None, dialect: str) -> str | None:
    """The schema that a `schema=` argument names: None for the default one, UNKNOWN_SCHEMA where it is not known."""
    if value is None or value == Constant(None):
        return None
    name = identifier(value)
    if name is None:
        return UNKNOWN_SCHEMA
    return without_default(name, dialect)


def table_of(value: Value | None, dialect: str) -> Name | None:
    """The table that a Table, table(), mapped class or name stands for, with its schema."""
    name = identifier(value)
    if name is None:
        return None
    schema: str | None = None
    if isinstance(value, CallValue):
        schema = schema_of(value.keyword("schema"), dialect)
    elif isinstance(value, Class):
        arguments = value.names.get("__table_args__")
        pairs = getattr(arguments, "pairs", []) or [
            pair for item in getattr(arguments, "items", []) for pair in getattr(item, "pairs", [])
        ]
        schema = schema_of(next((found for key, found in pairs if plain(key) == "schema"), None), dialect)
    return Name(name, schema)
