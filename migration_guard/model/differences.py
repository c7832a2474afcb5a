"""
What a downgrade leaves behind, loses or changes: two schemas compared, object by object. What is unknown or uncertain
in either is no difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from migration_guard.model.schema import (
    Column,
    ColumnType,
    Constraint,
    ConstraintKind,
    EnumType,
    Expression,
    Index,
    Name,
    SchemaState,
    Sequence,
    Table,
    View,
    changed,
)
from migration_guard.model.unknown import Unknown

SchemaObject = Table | Column | Index | EnumType | View | Sequence
Other = TypeVar("Other", EnumType, View, Sequence)


class Fate(Enum):
    """What became of an object, seen from the state it should be in."""

    LEFT_BEHIND = "left behind"
    MISSING = "missing"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class SchemaDifference:
    """
    One object that is not as it was. `fate` is what became of it, `kind` says what it is, in SQL's word; `was` and
    `now` show a change.
    """

    fate: Fate
    kind: str
    name: str
    table: Name | None = None
    was: str = ""
    now: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def differences(before: SchemaState, after: SchemaState) -> tuple[SchemaDifference, ...]:
    """How `after` differs from `before`, tables first."""
    return tuple(_differences(before, after))


def _differences(before: SchemaState, after: SchemaState) -> Iterator[SchemaDifference]:
    for name, was, now in changed(before.tables, after.tables):
        if was is None or now is None:
            yield from _one_sided("table", str(name), was, now, name)
        elif was.certain and now.certain:
            yield from _table(was, now)
    yield from _objects("type", before.enums, after.enums)
    yield from _objects("view", before.views, after.views)
    yield from _objects("sequence", before.sequences, after.sequences)


def _objects(kind: str, one: Mapping[Name, Other], other: Mapping[Name, Other]) -> Iterator[SchemaDifference]:
    for name, had, has in changed(one, other):
        if had is None or has is None:
            yield from _one_sided(kind, str(name), had, has, None)


def _one_sided(
    kind: str, name: str, was: SchemaObject | None, now: SchemaObject | None, table: Name | None
) -> Iterator[SchemaDifference]:
    present = was if was is not None else now
    if present is not None and present.certain:
        yield SchemaDifference(Fate.MISSING if now is None else Fate.LEFT_BEHIND, kind, name, table)


def _table(was: Table, now: Table) -> Iterator[SchemaDifference]:
    name = was.name
    known = was.complete and now.complete
    for key in {**was.columns, **now.columns}:
        old, new = was.columns.get(key), now.columns.get(key)
        if old is new:
            continue
        if old is not None and new is not None:
            yield from _column(name, old, new)
        elif known or _surely(was, now, old is None):
            yield from _one_sided("column", f"{name}.{key}", old, new, name)
    for index in {**was.indexes, **now.indexes}:
        before, after = was.indexes.get(index), now.indexes.get(index)
        if before is None or after is None:
            if not _covered(before or after, was if before is None else now):
                yield from _one_sided("index", index, before, after, name)
        elif _differ(before.unique, after.unique) or _differ(before.columns, after.columns):
            yield SchemaDifference(Fate.CHANGED, "index", index, name, _shown_index(before), _shown_index(after))
    yield from _constraints(was, now)


def _surely(was: Table, now: Table, appeared: bool) -> bool:
    """
    Whether a column on one side only is a difference though a table is incomplete: the two states are the same table
    seen before and after, so that a column can only have appeared or gone by an operation that we saw.
    """
    return now.complete == was.complete or not appeared


def _covered(index: Index | None, other: Table) -> bool:
    """Whether a unique constraint of the same name stands for the index: making one USING INDEX consumes it."""
    return index is not None and any(one.name == index.name for one in other.constraints)


def _differ(one: object, other: object) -> bool:
    return not isinstance(one, Unknown) and not isinstance(other, Unknown) and one != other


def _shown_index(index: Index) -> str:
    columns = "unknown" if isinstance(index.columns, Unknown) else ", ".join(index.columns)
    return f"{'unique ' if index.unique is True else ''}on ({columns})"


def _column(table: Name, was: Column, now: Column) -> Iterator[SchemaDifference]:
    if not (was.certain and now.certain):
        return
    name = f"{table}.{was.name}"
    if not isinstance(was.type, Unknown) and not isinstance(now.type, Unknown) and not _same_type(was.type, now.type):
        yield SchemaDifference(Fate.CHANGED, "type of", name, table, str(was.type), str(now.type))
    if _differ(was.nullable, now.nullable):
        words = {True: "NULL", False: "NOT NULL"}
        yield SchemaDifference(
            Fate.CHANGED, "nullability of", name, table, words[was.nullable is True], words[now.nullable is True]
        )
    counted = was.serial or now.serial or was.identity or now.identity
    known = not isinstance(was.default, Unknown) and not isinstance(now.default, Unknown)
    if known and not counted and not _same_default(was.default, now.default):  # type: ignore[arg-type]
        yield SchemaDifference(Fate.CHANGED, "default of", name, table, _shown(was.default), _shown(now.default))


def _same_type(was: ColumnType, now: ColumnType) -> bool:
    if not (was.known and now.known):
        return True
    if was.is_enum and now.is_enum:
        return was.name == now.name
    return _spelled(was) == _spelled(now)


def _spelled(one: ColumnType) -> tuple[object, ...]:
    """A type as it behaves: varchar without a length is text."""
    name = "text" if one.name == "varchar" and not one.modifiers else one.name
    return name, one.modifiers if name != "text" else (), one.dimensions


def _same_default(was: Expression | None, now: Expression | None) -> bool:
    if was is None or now is None:
        empty = was if was is not None else now
        return empty is None or empty.sql.upper() == "NULL"
    if was.literal is not None and now.literal is not None:
        return _plain(was.literal) == _plain(now.literal)
    unread = isinstance(was.functions, Unknown) or isinstance(now.functions, Unknown)
    return unread or _plain(was.sql) == _plain(now.sql)


def _plain(sql: str) -> str:
    text = "".join(sql.lower().split()).strip("()")
    return {"t": "true", "f": "false", "1": "true", "0": "false", "current_timestamp": "now"}.get(text, text)


def _shown(default: Expression | Unknown | None) -> str:
    return "none" if default is None or isinstance(default, Unknown) else default.sql


def _constraints(was: Table, now: Table) -> Iterator[SchemaDifference]:
    """Constraints by what they say: a name may have been left to the database on one side."""
    gone = [one for one in was.constraints if one.certain and not any(_alike(one, two) for two in now.constraints)]
    come = [one for one in now.constraints if one.certain and not any(_alike(one, two) for two in was.constraints)]
    if not (was.complete and now.complete):
        # A constraint that the history never showed may be the one that was dropped.
        come = [one for one in come if one.name is not None]
    for one in list(gone):
        renamed = next((two for two in come if _says_the_same(one, two)), None)
        if renamed is not None:
            gone.remove(one)
            come.remove(renamed)
            if one.kind is not ConstraintKind.PRIMARY_KEY:
                names = constraint_name(was.name, one), constraint_name(was.name, renamed)
                yield SchemaDifference(Fate.CHANGED, f"name of {one.kind.value} constraint", names[0], was.name, *names)
    for fate, constraints, other in ((Fate.MISSING, gone, now), (Fate.LEFT_BEHIND, come, was)):
        for constraint in constraints:
            if fate is Fate.MISSING and not set(constraint.columns) <= set(other.columns):
                continue
            yield SchemaDifference(
                fate, f"{constraint.kind.value} constraint", constraint_name(was.name, constraint), was.name
            )


def _says_the_same(one: Constraint, other: Constraint) -> bool:
    """Whether two constraints differ in nothing but their names."""
    return (one.kind, one.columns, one.references) == (other.kind, other.columns, other.references) and bool(
        one.columns
    )


def _alike(one: Constraint, other: Constraint) -> bool:
    if one.kind is not other.kind:
        return False
    if one.name is not None and other.name is not None and one.name != other.name:
        return False
    if one.name is not None and one.name == other.name:
        return True
    return one.columns == other.columns or not one.columns or not other.columns


def constraint_name(table: Name, constraint: Constraint) -> str:
    """The constraint's name; where it has none of its own, what it is about."""
    if constraint.name is not None:
        return constraint.name
    columns = ", ".join(constraint.columns)
    if constraint.kind is ConstraintKind.FOREIGN_KEY and constraint.references is not None:
        return f"{table} ({columns}) to {constraint.references}"
    return f"{table} ({columns})"
