"""What makes two columns one: types, defaults and the like, in two spellings."""

from __future__ import annotations

from migration_guard.model.schema import Column, ColumnType, Expression
from migration_guard.model.spelling import same_constant
from migration_guard.model.unknown import Unknown


def differ(one: object, other: object) -> bool:
    """Whether two values are known, and not the same."""
    return not isinstance(one, Unknown) and not isinstance(other, Unknown) and one != other


def collation(column: Column) -> str | None:
    """The collation that is written of a column."""
    known = column.type
    return None if isinstance(known, Unknown) else known.collation


def drawn(column: Column) -> str:
    """What draws the column's values from a sequence; empty where nothing does."""
    if column.identity:
        return "identity"
    default = column.default
    called = () if default is None or isinstance(default, Unknown) else default.functions
    return "sequence" if column.serial or (not isinstance(called, Unknown) and "nextval" in called) else ""


def same_type(was: ColumnType, now: ColumnType) -> bool:
    """Whether two types are one, as far as both are known."""
    if not (was.known and now.known):
        return True
    if was.is_enum and now.is_enum:
        # MySQL has no types of their own for enums: the labels are part of the column's.
        return was.name == now.name and not (was.name == "enum" and differ(was.labels, now.labels))
    return _spelled(was) == _spelled(now)


def _spelled(one: ColumnType) -> tuple[object, ...]:
    """A type as it behaves: varchar without a length is text."""
    name = "text" if one.name == "varchar" and not one.modifiers else one.name
    return name, one.modifiers if name != "text" else (), one.dimensions


def same_default(was: Expression | None, now: Expression | None) -> bool:
    """Whether two defaults give the same value, as far as both could be read."""
    if was is None or now is None:
        empty = was if was is not None else now
        return empty is None or empty.sql.upper() == "NULL"
    if was.literal is not None and now.literal is not None:
        return same_constant(was.literal, now.literal)
    unread = isinstance(was.functions, Unknown) or isinstance(now.functions, Unknown)
    return unread or same_constant(was.sql, now.sql)
