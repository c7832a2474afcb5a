"""
What cannot be told from the source: a value, a piece of a text, and what becomes of whatever holds such a text.

A text keeps each piece that is not known as a HOLE. A field of an operation, or of a part of one, that holds text says
in its metadata what becomes of it where the text has a hole: `name: str = field(metadata=needed("index name"))`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import Field, dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Unknown:
    """What cannot be told from the source, and why. All of them are equal: it is not known what they differ in."""

    reason: str = field(compare=False)


UNKNOWN: Final = Unknown("the history does not show it")

# --- pieces of a text -----------------------------------------------------------------------------------------------

_MARK = "\ufdd0"
HOLE: Final = _MARK * 3
"""
A piece of a text that is not known. U+FDD0 is one of the characters that Unicode keeps free for use inside a program
(https://www.unicode.org/faq/private_use.html#noncharacters), and `without_marks` keeps it out of what others wrote: no
text of theirs is taken for a hole. There are three of it because `(1)` has to fit in where a parser wants a list.
"""
_HOLE = re.compile(f"{_MARK}{{1,3}}")  # whoever shortens names, such as PostgreSQL's parser, may have cut one


def has_hole(text: str) -> bool:
    """Whether a piece of the text is not known."""
    return _MARK in text


def show_holes(text: str) -> str:
    """The text for a person to read: holes as {...}."""
    return _HOLE.sub("{...}", text) if _MARK in text else text


def without_holes(text: str) -> str:
    """What is known of the text."""
    return text.replace(_MARK, "")


def without_marks(text: str) -> str:
    """A text that somebody else wrote, as long as it was, with nothing in it that could be taken for a hole."""
    return text.replace(_MARK, "\ufffd")


# --- the fields that hold text --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Needed:
    """A name without which there is nothing to say. `what` is what it names: "table name"."""

    what: str


class WithHole(Enum):
    """What becomes of a field where what it holds has a hole."""

    NONE = "it is None"
    UNKNOWN = "it is not known"
    LEFT_OUT = "those that are not known are left out"
    SHOWN = "it is for people to read: {...} stands for the hole"


Metadata = Mapping[str, Needed | WithHole]


def needed(what: str) -> Metadata:
    """For the field of a name without which there is nothing to say: `what` is not known, then."""
    return MappingProxyType({"with_hole": Needed(what)})


OR_NONE: Final[Metadata] = MappingProxyType({"with_hole": WithHole.NONE})
OR_UNKNOWN: Final[Metadata] = MappingProxyType({"with_hole": WithHole.UNKNOWN})
LEFT_OUT: Final[Metadata] = MappingProxyType({"with_hole": WithHole.LEFT_OUT})
SHOWN: Final[Metadata] = MappingProxyType({"with_hole": WithHole.SHOWN})


def with_hole(of: Field[Any]) -> Needed | WithHole | None:
    """What the field says becomes of it where what it holds has a hole; None where it says nothing."""
    declared: Needed | WithHole | None = of.metadata.get("with_hole")
    return declared
