"""
The rows of a catalogue, whose fields have names: a class for each question, and at each field its type and the SQL that
it is read with. Knows no dialect.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple, TypeVar, get_type_hints

from migration_guard.roundtripping.catalogues.definitions import Reader

R = TypeVar("R", bound=NamedTuple)


class FromVersion(NamedTuple):
    """SQL that servers before this version do not understand: there the field is NULL."""

    version: int
    expression: str


@cache
def expressions(row: type[NamedTuple], version: int = 0) -> tuple[str, ...]:
    """
    The SQL of all fields of such a row, in their order: what stands behind the type in its annotation, as in
    `oid: Annotated[int, "c.oid::int8"]`, a text or a `FromVersion`. `version` is the server's, as the server counts.
    """
    hints = get_type_hints(row, include_extras=True)
    return tuple(_expression(hint.__metadata__[0], version) for hint in hints.values())


def _expression(source: str | FromVersion, version: int) -> str:
    if isinstance(source, str):
        return source
    return source.expression if version >= source.version else "null"


def select(reader: Reader, row: type[R], rest: str) -> list[R]:
    """Such rows from the database. `rest` is the statement from `from` on."""
    return answers(reader, row, f"select {', '.join(expressions(row))} {rest}")


def answers(reader: Reader, row: type[R], statement: str) -> list[R]:
    """What a statement returns whose columns are the fields of such a row, in their order."""
    return [row._make(values) for values in reader.query(statement)]


def decoded(row: R) -> R:
    """The row with text where a driver gave bytes."""
    return row._make(value.decode() if isinstance(value, bytes) else value for value in row)


def scalar(reader: Reader, statement: str) -> object:
    """What a statement returns that returns one value."""
    ((value,),) = reader.query(statement)
    return value
