"""Dates and times that are written out: what the constructors, methods and operators of datetime give for them."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import libcst as cst

from migration_guard.model.unknown import Unknown
from migration_guard.reading.interpreter.values import CallValue, Constant, Symbol, Text, Value, plain

Moment = date | timedelta
_CLASSES: dict[str, type[Moment]] = {
    "datetime.date": date,
    "datetime.datetime": datetime,
    "datetime.timedelta": timedelta,
}
_PARSERS = frozenset({"fromisoformat", "strptime"})
_FIELDS = frozenset({"year", "month", "day", "hour", "minute", "second", "days", "seconds"})
_METHODS = frozenset({"strftime", "isoformat", "replace", "date", "weekday", "isoweekday", "toordinal"})
_WIDE = re.compile(r"%[^a-zA-Z%]*\d{3}")


def made(call: CallValue) -> Value | None:
    """What `date(2026, 1, 1)`, `timedelta(days=1)`, `date.fromisoformat(...)` give; None where it is none of these."""
    if not isinstance(call.function, Symbol):
        return None
    path = call.function.path
    owner, _, method = path.rpartition(".")
    maker = _CLASSES.get(path) or (getattr(_CLASSES.get(owner), method, None) if method in _PARSERS else None)
    return None if maker is None else _called(maker, call)


def method(call: CallValue, owner: Moment) -> Value | None:
    """What a method of a known date gives; None where it is not one we follow."""
    name = call.name
    if name not in _METHODS or not hasattr(owner, name):
        return None
    if name == "strftime" and any(isinstance(one, Text) and _WIDE.search(one.value) for one in call.arguments):
        return None
    return _called(getattr(owner, name), call)


def field(owner: Moment, name: str) -> Value | None:
    """`owner.year` and its kin; None where it is no such field."""
    return Constant(getattr(owner, name)) if name in _FIELDS and hasattr(owner, name) else None


def arithmetic(operator: cst.BaseBinaryOp, left: Moment, right: Moment) -> Value:
    """`left + right`, `left - right`."""
    try:
        match operator, left, right:
            case cst.Add(), date(), timedelta():
                return Constant(left + right)
            case cst.Add(), timedelta(), date() | timedelta():
                return Constant(right + left)
            case cst.Subtract(), date(), timedelta():
                return Constant(left - right)
            case cst.Subtract(), timedelta(), timedelta():
                return Constant(left - right)
            case cst.Subtract(), date(), date() if type(left) is type(right):
                return Constant(left - right)
    except (OverflowError, TypeError):  # past the year 9999; one with and one without a time zone
        pass
    return Unknown("an operation on dates that is not followed")


def _called(function: object, call: CallValue) -> Value | None:
    arguments = [plain(one) for one in call.arguments]
    keywords = {name: plain(one) for name, one in call.keywords}
    given = [*call.arguments, *(one for _, one in call.keywords)]
    if not callable(function) or not all(
        isinstance(one, Constant) or (isinstance(one, Text) and one.known) for one in given
    ):
        return None
    try:
        found = function(*arguments, **keywords)
    except (ValueError, TypeError, OverflowError):
        return None
    if isinstance(found, str):
        return Text(found)
    return Constant(found) if isinstance(found, int | Moment) else None
