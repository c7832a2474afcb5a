"""What the readers of calls may ask of the walker that found the call."""

from __future__ import annotations

from typing import Protocol

import libcst as cst

from migration_guard.model.finding import Span
from migration_guard.model.operations import Operation
from migration_guard.model.schema import Name
from migration_guard.model.site import Site
from migration_guard.reading.interpreter.modules import Files
from migration_guard.reading.interpreter.values import Attribute, CallValue, Class, Constant, Symbol, Text, Value, plain
from migration_guard.reading.source.source import Source

UNKNOWN_SCHEMA = "{...}"


class DirectiveWalker(Protocol):
    """A walk through a migration that takes down operations."""

    dialect: str
    source: Source
    files: Files
    segment: int
    autocommit: bool

    def emit(self, *operations: Operation) -> None:
        """Notes operations."""

    def opaque(
        self,
        node: cst.CSTNode | None,
        what: str,
        reason: str,
        *,
        tables: tuple[Name, ...] = (),
        rows_only: bool = False,
    ) -> None:
        """Notes something that could not be read."""

    def site(
        self, node: cst.Call | None, span: Span | None = None, sql: str | None = None, exact: bool = False
    ) -> Site:
        """Where the operation stands that this call asks for."""

    def spend(self, text: Text) -> None:
        """Counts what it takes to read SQL text."""

    def is_statement(self, node: cst.CSTNode | None) -> bool:
        """Whether the call stands alone as a statement, its value unused."""

    def shown(self, node: cst.CSTNode | None) -> str:
        """A node's code on one line, shortened."""

    def attribute_of(self, owner: Value, name: str) -> Value:
        """The attribute of a value."""

    def call_value(self, function: Value, made: CallValue) -> Value:
        """What a call gives."""

    def hole(self) -> Text:
        """A piece of text that is not known."""


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
        case Attribute(owner=Attribute(name="c" | "columns" | "classes"), name=name):
            return name
        case Class(names=names):
            table = names.get("__table__")
            return identifier(names.get("__tablename__")) or (
                identifier(table) if isinstance(table, CallValue) else None
            )
    return None


def schema_of(value: Value | None, dialect: str) -> str | None:
    """The schema that a `schema=` argument names: None for the default one, UNKNOWN_SCHEMA where it is not known."""
    if value is None or value == Constant(None):
        return None
    name = identifier(value)
    if name is None:
        return UNKNOWN_SCHEMA
    default = {"postgresql": "public", "sqlite": "main"}.get(dialect)
    return None if name == default or not name else name


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
