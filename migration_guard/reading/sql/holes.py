"""Operations whose SQL is partly put together at run time: what is not known of them is made unknown, or opaque."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar

from migration_guard.model.objects import Opaque
from migration_guard.model.operations import Operation, TableOperation
from migration_guard.model.schema import UNKNOWN_SCHEMA, Constraint, Name, Table
from migration_guard.model.site import Site
from migration_guard.model.unknown import Needed, Unknown, WithHole, has_hole, show_holes, with_hole
from migration_guard.reading.sql.tokens import Statement, shown

Part = TypeVar("Part")


class Nameless(Exception):
    """What is made of SQL lacks a name that it cannot do without. The message says which."""


def shorten(text: str) -> str:
    """A statement on one line, of at most 80 characters."""
    line = " ".join(shown(text).split())
    return line if len(line) <= 80 else f"{line[:77]}..."


def settle(operation: Operation, statement: Statement) -> Operation:
    """The operation without holes: opaque where it cannot do without a name that has one."""
    try:
        return known(operation)
    except Nameless as missing:
        return Opaque(
            site=operation.site,
            what=shorten(statement.text),
            reason=f"the {missing} is put together at run time",
            tables=_tables(operation),
            rows_only=type(operation).apply is Operation.apply,
        )


def _tables(operation: Operation) -> tuple[Name, ...]:
    if isinstance(operation, TableOperation) and _is_known(operation.table):
        return (_in_a_schema(operation.table),)
    return ()


def _in_a_schema(name: Name) -> Name:
    """A name whose schema is put together at run time: that of a schema that is not known."""
    return Name(name.name, UNKNOWN_SCHEMA) if has_hole(name.schema or "") else name


def known(part: Part) -> Part:
    """
    A dataclass without holes: each field becomes what its metadata says (`model/unknown.py`). Raises Nameless where a
    name is missing that is needed.
    """
    assert is_dataclass(part)
    assert not isinstance(part, type)
    changes: dict[str, object] = {}
    for field in fields(part):
        value = getattr(part, field.name)
        settled = _settled(value, with_hole(field))
        if settled != value:
            changes[field.name] = settled
            if isinstance(part, Table) and isinstance(settled, Mapping) and len(settled) < len(value):
                changes["complete"] = False
            if isinstance(part, Constraint) and field.name == "name":
                changes["named"] = True
    return replace(part, **changes) if changes else part  # type: ignore[type-var]


def _settled(value: object, declared: Needed | WithHole | None) -> object:
    match declared:
        case Needed(what) if not _is_known(value):
            raise Nameless(what)
        case WithHole.NONE if not _is_known(value):
            return None
        case WithHole.UNKNOWN if not _is_known(value):
            return Unknown("it is put together at run time")
        case WithHole.SHOWN if isinstance(value, str):
            return show_holes(value)
        case WithHole.LEFT_OUT if isinstance(value, tuple):
            return tuple(_settled(one, None) for one in value if _is_known(one))
        case WithHole.LEFT_OUT if isinstance(value, Mapping):
            return {name: _settled(one, None) for name, one in value.items() if _is_known(name)}
    if isinstance(value, tuple):
        return tuple(_settled(one, None) for one in value)
    if isinstance(value, Name):
        return _in_a_schema(value)
    if is_dataclass(value) and not isinstance(value, Site):
        return known(value)
    return value


def _is_known(value: object) -> bool:
    """Whether nothing is missing in a name, in several, or in what has one that it needs."""
    if isinstance(value, tuple):
        return all(map(_is_known, value))
    if isinstance(value, str | Name):
        return not has_hole(value.name if isinstance(value, Name) else value)
    try:
        _settled(value, None)
    except Nameless:
        return False
    return True
