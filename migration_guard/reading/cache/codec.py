"""
Facts as JSON and back, by the type hints of their dataclasses. JSON runs no code; what does not fit the hints, field by
field, is refused.
"""

from __future__ import annotations

import sys
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any

from migration_guard.model.unknown import UNKNOWN, Unknown

# Values of any type go in and come out: the hints, not this module, say which.
Encode = Callable[[Any], Any]
Decode = Callable[[Any], Any]


class Malformed(Exception):
    """The JSON is not what `encoder` makes of a value of that type."""


def encoder(hint: Any) -> Encode:
    """What turns values of this type into what `json.dumps` takes."""
    return _coder(hint)[0]


def decoder(hint: Any) -> Decode:
    """What turns the JSON back into values. It raises Malformed on anything else."""
    return _coder(hint)[1]


@cache
def _coder(hint: Any) -> tuple[Encode, Decode]:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _union(arguments)
    if origin is tuple:
        return _items(arguments[0])
    if origin is Mapping:
        return _pairs(*arguments)
    if hint is Unknown:
        return _encode_unknown, _decode_unknown
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _enum(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return _family(hint) if _heirs(hint) else _record(hint)
    if hint in (str, int, bool, float, type(None)):
        return _plain(hint)
    raise TypeError(f"Values of type {hint!r} cannot be kept. Write a coder for them.")


def _heirs(kind: type) -> tuple[type, ...]:
    """The dataclasses that derive from this one, itself among them, where there are any."""
    found: list[type] = []
    waiting: list[type] = kind.__subclasses__()
    while waiting:
        # slots=True makes a second class; the first one lingers until it is collected.
        one = waiting.pop()
        if getattr(sys.modules[one.__module__], one.__name__, None) is one:
            found.append(one)
        waiting += one.__subclasses__()
    return (kind, *sorted(found, key=lambda one: one.__name__)) if found else ()


def _plain(kind: type) -> tuple[Encode, Decode]:
    allowed = (int, float) if kind is float else (kind,)

    def decode(value: Any) -> Any:
        if type(value) not in allowed:
            raise Malformed
        return value

    return _same, decode


def _same(value: Any) -> Any:
    return value


def _encode_unknown(value: Unknown) -> dict[str, str]:
    """Without its reason where that is the usual one: most columns have something unknown."""
    return {} if value.reason == UNKNOWN.reason else {"reason": value.reason}


def _decode_unknown(value: Any) -> Unknown:
    if type(value) is not dict or value.keys() - {"reason"} or type(reason := value.get("reason", "")) is not str:
        raise Malformed
    return Unknown(reason) if value else UNKNOWN


def _enum(kind: type[Enum]) -> tuple[Encode, Decode]:
    members = {member.value: member for member in kind}

    def decode(value: Any) -> Any:
        member = members.get(value) if type(value) is str else None
        if member is None:
            raise Malformed
        return member

    return (lambda value: value.value), decode


def _items(hint: Any) -> tuple[Encode, Decode]:
    encode_one, decode_one = _coder(hint)

    def decode(value: Any) -> Any:
        if type(value) is not list:
            raise Malformed
        return tuple([decode_one(one) for one in value])

    return (lambda value: [encode_one(one) for one in value]), decode


def _pairs(key_hint: Any, value_hint: Any) -> tuple[Encode, Decode]:
    (encode_key, decode_key), (encode_one, decode_one) = _coder(key_hint), _coder(value_hint)

    def decode(value: Any) -> Any:
        if type(value) is not list or any(type(pair) is not list or len(pair) != 2 for pair in value):
            raise Malformed
        return {decode_key(key): decode_one(one) for key, one in value}

    return (lambda value: [[encode_key(key), encode_one(one)] for key, one in value.items()]), decode


def _record(kind: type) -> tuple[Encode, Decode]:
    """A dataclass as the list of its fields."""
    parts: list[tuple[str, Encode, Decode]] = []
    keyword_only = any(field.kw_only for field in fields(kind))

    def prepare() -> None:
        # When first used, for a class may hold itself.
        hints = typing.get_type_hints(kind)
        parts.extend((field.name, *_coder(hints[field.name])) for field in fields(kind))

    def encode(value: Any) -> Any:
        if not parts:
            prepare()
        return [encode_one(getattr(value, name)) for name, encode_one, _ in parts]

    def decode(value: Any) -> Any:
        if not parts:
            prepare()
        if type(value) is not list or len(value) != len(parts):
            raise Malformed
        if keyword_only:
            return kind(**{name: decode_one(one) for (name, _, decode_one), one in zip(parts, value, strict=True)})
        return kind(*[decode_one(one) for (_, _, decode_one), one in zip(parts, value, strict=True)])

    return encode, decode


def _family(kind: type) -> tuple[Encode, Decode]:
    """A dataclass that others derive from: some of them may be imported later than this is first asked for."""

    coders: dict[int, tuple[Encode, Decode]] = {}

    def current() -> tuple[Encode, Decode]:
        loaded = len(sys.modules)
        if loaded not in coders:
            coders[loaded] = _tagged(_heirs(kind))
        return coders[loaded]

    return (lambda value: current()[0](value)), (lambda value: current()[1](value))


def _tagged(kinds: tuple[type, ...]) -> tuple[Encode, Decode]:
    """One of several dataclasses: the name of its class, then its fields."""
    coders = {kind.__name__: _record(kind) for kind in kinds}

    def encode(value: Any) -> Any:
        name = type(value).__name__
        return [name, coders[name][0](value)]

    def decode(value: Any) -> Any:
        if type(value) is not list or len(value) != 2 or type(value[0]) is not str or value[0] not in coders:
            raise Malformed
        return coders[value[0]][1](value[1])

    return encode, decode


def _union(hints: tuple[Any, ...]) -> tuple[Encode, Decode]:
    """One of several types, told apart by what they are in JSON; several dataclasses by their names."""
    records = tuple(hint for hint in hints if isinstance(hint, type) and is_dataclass(hint) and hint is not Unknown)
    rest = tuple(hint for hint in hints if hint not in records)
    by_json: dict[type, Decode] = {}
    encoders: list[tuple[Any, Encode]] = []
    coders = [(hint, _coder(hint)) for hint in rest]
    if records:
        coders.append((records, _tagged(records) if len(records) > 1 else _coder(records[0])))
    for hint, (encode_one, decode_one) in coders:
        kind = _json_type(hint)
        if kind in by_json:
            raise TypeError(f"The types of {hints} cannot be told apart in JSON.")
        by_json[kind] = decode_one
        encoders.append((typing.get_origin(hint) or hint, encode_one))

    def encode(value: Any) -> Any:
        return next(encode_one for kind, encode_one in encoders if isinstance(value, kind))(value)

    def decode(value: Any) -> Any:
        found = by_json.get(type(value))
        if found is None:
            raise Malformed
        return found(value)

    return encode, decode


def _json_type(hint: Any) -> type:
    if hint is Unknown:
        return dict
    if hint in (str, int, bool, float, type(None)):
        return typing.cast(type, hint)
    return str if isinstance(hint, type) and issubclass(hint, Enum) else list
