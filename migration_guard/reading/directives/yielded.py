"""What the readers of plugins yield, held against the operations' own types before anything rests on it."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from dataclasses import fields

from migration_guard.model.operations import Operation
from migration_guard.model.plugin import each_of
from migration_guard.reading.cache.codec import Malformed, decoder, encoder

# What an encoder meets where a value is of another type than its hint says.
_MISFITS = (Malformed, AttributeError, KeyError, StopIteration, TypeError, ValueError)


def operations(given: object, directive: str) -> Iterator[Operation]:
    """The operations that the reader of a directive has given. Raises ValueError for what is none, or holds no such."""
    who = f"the reader of {directive}"
    for one in each_of(given, Operation, who):
        hints = typing.get_type_hints(type(one))
        for field in fields(one):
            value = getattr(one, field.name)
            if not _fits(value, hints[field.name]):
                wrong = f"{field.name}={value!r:.60}"
                raise ValueError(f"{who} yields {type(one).__name__}({wrong}), where {field.type} is due")
        yield one


def _fits(value: object, hint: object) -> bool:
    """Whether a value is of the type that a hint says: only then it comes back out of JSON as it went in."""
    try:
        return bool(decoder(hint)(encoder(hint)(value)) == value)
    except _MISFITS:
        return False
