"""Joins two schemas of which one holds, and nobody knows which: what differs becomes uncertain or unknown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from migration_guard.model.schema import (
    Column,
    Constraint,
    EnumType,
    Index,
    Name,
    NamedObject,
    ObjectKey,
    SchemaState,
    Sequence,
    Table,
    View,
    changed,
)
from migration_guard.model.unknown import UNKNOWN, Unknown

Part = TypeVar("Part", Table, Column, Index, EnumType, View, Sequence, NamedObject)
Key = TypeVar("Key", str, Name, ObjectKey)


def join(one: SchemaState, other: SchemaState) -> SchemaState:
    """The schema that is either of the two."""
    if one is other:
        return one
    return SchemaState(
        tables=_joined(one.tables, other.tables, _table),
        enums=_joined(one.enums, other.enums, _enum),
        views=_joined(one.views, other.views, _view),
        sequences=_joined(one.sequences, other.sequences, _keep),
        clouded=one.clouded or other.clouded,
        others=_joined(one.others, other.others, _other),
        properties=_either(one, other),
    )


def _either(one: SchemaState, other: SchemaState) -> dict[ObjectKey, str | Unknown | None]:
    """The properties; what is not the same in both is not known."""
    joined = {**one.properties, **other.properties}
    for key, _, _ in changed(one.properties, other.properties):
        if one.properties.get(key) != other.properties.get(key):
            joined[key] = UNKNOWN
    return joined


def _other(one: NamedObject, other: NamedObject) -> NamedObject:
    definition = one.definition if one.definition == other.definition else None
    comment = one.comment if one.comment == other.comment else UNKNOWN
    return replace(one, definition=definition, comment=comment, certain=one.certain and other.certain)


def _joined(one: Mapping[Key, Part], other: Mapping[Key, Part], both: Callable[[Part, Part], Part]) -> dict[Key, Part]:
    joined = dict(one)
    for key, left, right in changed(one, other):
        if left is not None and right is not None:
            joined[key] = both(left, right)
        else:  # one of the two is there
            joined[key] = replace(left or right, certain=False)  # type: ignore[type-var, assignment]
    return joined


def _keep(one: Part, other: Part) -> Part:
    return one


def _view(one: View, other: View) -> View:
    definition = one.definition if one.definition == other.definition else None
    comment = one.comment if one.comment == other.comment else UNKNOWN
    return replace(one, definition=definition, comment=comment, certain=one.certain and other.certain)


def _table(one: Table, other: Table) -> Table:
    return Table(
        one.name,
        _joined(one.columns, other.columns, _column),
        _constraints(one.constraints, other.constraints),
        _joined(one.indexes, other.indexes, _index),
        partitioned=one.partitioned or other.partitioned,
        complete=one.complete and other.complete,
        certain=one.certain and other.certain,
        parents=one.parents if one.parents == other.parents else (),
        partition=one.partition or other.partition,
        bounds=one.bounds if one.bounds == other.bounds else None,
    )


def _column(one: Column, other: Column) -> Column:
    return replace(
        one,
        type=one.type if one.type == other.type else UNKNOWN,
        nullable=one.nullable if one.nullable == other.nullable else UNKNOWN,
        default=one.default if (one.default, one.identity) == (other.default, other.identity) else UNKNOWN,
        comment=one.comment if one.comment == other.comment else UNKNOWN,
        autoincrement=one.autoincrement and other.autoincrement,
        certain=one.certain and other.certain,
    )


def _index(one: Index, other: Index) -> Index:
    if one == other:
        return one
    return replace(
        one,
        columns=one.columns if one.columns == other.columns else UNKNOWN,
        unique=one.unique if one.unique == other.unique else UNKNOWN,
        parent=one.parent or other.parent,
        certain=one.certain and other.certain,
    )


def _constraints(one: tuple[Constraint, ...], other: tuple[Constraint, ...]) -> tuple[Constraint, ...]:
    if one is other:
        return one
    certain = tuple(each for each in one if each in other)
    rest = tuple(replace(each, certain=False) for each in (*one, *other) if each not in certain)
    return certain + rest


def _enum(one: EnumType, other: EnumType) -> EnumType:
    labels = one.labels if one.labels == other.labels else UNKNOWN
    return replace(one, labels=labels, certain=one.certain and other.certain)
