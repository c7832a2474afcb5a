"""Python's operators on known values: arithmetic within bounds, comparisons, membership. None says: cannot be told."""

from __future__ import annotations

import libcst as cst

from migration_guard.model.unknown import Unknown
from migration_guard.reading.interpreter.values import (
    NONE,
    Attribute,
    CallValue,
    Class,
    Constant,
    Function,
    Items,
    Pairs,
    Symbol,
    Text,
    Value,
    is_known,
    plain,
    same,
)


def arithmetic(operator: cst.BaseBinaryOp, one: int, other: int) -> Value:
    """`one operator other` for whole numbers."""
    match operator:
        case cst.Add():
            return Constant(one + other)
        case cst.Subtract():
            return Constant(one - other)
        case cst.Multiply():
            return Constant(one * other)
        case cst.FloorDivide() if other:
            return Constant(one // other)
        case cst.Modulo() if other:
            return Constant(one % other)
    return Unknown("an operator that is not followed")


def compare(operator: cst.BaseCompOp, left: Value, right: Value) -> bool | None:
    """Whether `left operator right` holds."""
    match operator:
        case cst.Equal() | cst.NotEqual() | cst.Is() | cst.IsNot():
            if NONE in (left, right) and isinstance(left, Symbol | Class | Function | Items | Text | Pairs):
                known: bool | None = False
            else:
                known = same(left, right)
            negated = isinstance(operator, cst.NotEqual | cst.IsNot)
            return known if known is None else known is not negated
        case cst.In() | cst.NotIn():
            known = contains(right, left)
            return known if known is None else known is not isinstance(operator, cst.NotIn)
        case cst.LessThan() | cst.GreaterThan() | cst.LessThanEqual() | cst.GreaterThanEqual():
            one, other = plain(left), plain(right)
            if isinstance(one, int | float) and isinstance(other, int | float):
                order = (one > other) - (one < other)
                return {
                    cst.LessThan: order < 0,
                    cst.GreaterThan: order > 0,
                    cst.LessThanEqual: order <= 0,
                    cst.GreaterThanEqual: order >= 0,
                }[type(operator)]
    return None


def contains(container: Value, item: Value) -> bool | None:
    """Whether `item in container`."""
    match container, item:
        case Text(), Text() if container.known and item.known:
            return item.value in container.value
        case ((Items() | Pairs()), _):
            keys = container.items if isinstance(container, Items) else [key for key, _ in container.pairs]
            results = [same(key, item) for key in keys]
            if True in results:
                return True
            return False if container.complete and None not in results else None
    return None


def item(owner: Value, key: Value) -> Value:
    """`owner[key]`."""
    match owner, key:
        case Items(items, True), Constant(int(at)) if -len(items) <= at < len(items):
            return items[at]
        case Pairs(), _ if (found := owner.get(key)) is not None:
            return found
        case Attribute(name="c" | "columns"), Text(value=name) if is_known(key):
            return Attribute(owner, name)
        case Attribute(name="tables"), Text():
            return CallValue(Symbol("sqlalchemy.Table"), (key,))
        case Class(), Text() if key.known:
            return next((each for each in owner.names.values() if each == key), Unknown("no such member"))
    return Unknown("its index is not known")


def part(owner: Value, start: int | None, stop: int | None, step: int | None) -> Value:
    """`owner[start:stop:step]`."""
    if isinstance(owner, Items) and owner.complete and step != 0:
        return Items(owner.items[start:stop:step])
    if isinstance(owner, Text) and step is None:
        return owner.part(start, stop)
    return Unknown("its bounds are not known")
