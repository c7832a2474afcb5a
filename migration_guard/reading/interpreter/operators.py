"""Python's operators on known values: arithmetic within bounds, comparisons, membership. None says: cannot be told."""

from __future__ import annotations

from datetime import date, timedelta

import libcst as cst

from migration_guard.model.unknown import Unknown
from migration_guard.reading.interpreter import dates, library, texts
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
    join,
    plain,
    same,
)

LARGEST_NUMBER = 10**12
METHODS: dict[type[cst.BaseBinaryOp], str] = {
    cst.Add: "add",
    cst.BitAnd: "and",
    cst.BitOr: "or",
    cst.BitXor: "xor",
    cst.Divide: "truediv",
    cst.FloorDivide: "floordiv",
    cst.LeftShift: "lshift",
    cst.MatrixMultiply: "matmul",
    cst.Modulo: "mod",
    cst.Multiply: "mul",
    cst.Power: "pow",
    cst.RightShift: "rshift",
    cst.Subtract: "sub",
}
"""The methods that an object has for an operator, without their underscores."""


def operate(operator: cst.BaseBinaryOp, left: Value, right: Value, path: str) -> Value:
    """What `left operator right` gives in the file at `path`."""
    match operator, left, right:
        case cst.Add(), Items(), Items():
            return Items(left.items + right.items, left.complete and right.complete)
        case cst.Add(), Text(), _:
            return join([left, texts.as_text(right)])
        case cst.Add(), _, Text():
            return join([texts.as_text(left), right])
        case cst.Modulo(), Text(), _:
            return texts.percent(left, right)
        case cst.BitOr(), Pairs(), Pairs():
            return Pairs(left.pairs + right.pairs, left.complete and right.complete)
        case cst.Multiply(), Text(value=text), Constant(int(count)) if len(text) * abs(count) < 10_000:
            return join([left] * count)
        case cst.Divide(), CallValue() | Text() | Attribute(), Text():
            return library.path_join([left, right], path)
        case _, Constant(date() | timedelta() as moment), Constant(date() | timedelta() as length):
            return dates.arithmetic(operator, moment, length)
        case _, Constant(int(one)), Constant(int(other)) if max(abs(one), abs(other)) < LARGEST_NUMBER:
            return _arithmetic(operator, one, other)
    return Unknown("its operands are not known")


def _arithmetic(operator: cst.BaseBinaryOp, one: int, other: int) -> Value:
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
            elif isinstance(right, Constant) and isinstance(left, Class | Function | Items | Pairs):
                known = False
            elif isinstance(operator, cst.Is | cst.IsNot) and isinstance(left, Items):
                known = None
            else:
                known = same(left, right)
            negated = isinstance(operator, cst.NotEqual | cst.IsNot)
            return known if known is None else known is not negated
        case cst.In() | cst.NotIn():
            known = contains(right, left)
            return known if known is None else known is not isinstance(operator, cst.NotIn)
        case cst.LessThan() | cst.GreaterThan() | cst.LessThanEqual() | cst.GreaterThanEqual():
            order = _order(plain(left), plain(right))
            if order is not None:
                return {
                    cst.LessThan: order < 0,
                    cst.GreaterThan: order > 0,
                    cst.LessThanEqual: order <= 0,
                    cst.GreaterThanEqual: order >= 0,
                }[type(operator)]
    return None


def _order(one: object, other: object) -> int | None:
    """-1, 0 or 1 as one is smaller than the other, equal or larger; None where they are not to be compared."""
    match one, other:
        case int() | float(), int() | float():
            return (one > other) - (one < other)
        case date(), date() if type(one) is type(other) and not getattr(one, "tzinfo", None):
            return (one > other) - (one < other)
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
                return True if container.certain else None
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
