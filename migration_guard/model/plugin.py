"""What is said where code that is not ours cannot be used: which plugin it is, and what went wrong where."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import dropwhile, takewhile
from pathlib import Path
from types import TracebackType
from typing import TypeVar

OURS = Path(__file__).parents[1]
LONGEST = 300

T = TypeVar("T")


class PluginError(Exception):
    """A plugin cannot be used. The message is a whole sentence that names it."""


@contextmanager
def blamed(module: str, spared: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """
    Whatever the code of this module raises inside, SystemExit too, becomes a PluginError that names it.

    But for what is `spared`, of which a RecursionError counts where it is not the module's own doing; and for
    KeyboardInterrupt, which is the user's word.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if isinstance(error, (PluginError, *spared)) and not _recurses_itself(error):
            raise
        raise PluginError(f"The plugin {module} failed: {described(error)}. Correct it, or leave it out.") from error


def each_of(given: object, kind: type[T], who: str) -> Iterator[T]:
    """What code of others was to yield, one by one. Raises ValueError, with its name, where it is of another kind."""
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise ValueError(f"{who} gives {_shown(given)}, where each {kind.__name__} is to be yielded")
    for one in given:
        if not isinstance(one, kind):
            raise ValueError(f"{who} yields {_shown(one)}, which is no {kind.__name__}")
        yield one


def _shown(value: object) -> str:
    return f"{value!r:.60}"


def described(error: BaseException) -> str:
    """An error in words: its kind, what it says, and the line of the plugin at which it was raised."""
    said = " ".join(str(error).split())[:LONGEST].rstrip(".")
    kind = "" if isinstance(error, ValueError | SyntaxError) and said else type(error).__name__
    theirs = [frame for frame in _files(error.__traceback__) if not _is_our_file(frame[0])]
    # What Python says of a syntax error ends with the place.
    named = isinstance(error, SyntaxError) and error.filename is not None
    place = f" ({Path(theirs[-1][0]).name}, line {theirs[-1][1]})" if theirs and not named else ""
    return ": ".join(filter(None, (kind, said))) + place


def _files(found: TracebackType | None) -> Iterator[tuple[str, int | None]]:
    """The file and the line of each call on the way to an error."""
    for frame, line in traceback.walk_tb(found):
        if not frame.f_code.co_filename.startswith("<"):
            yield frame.f_code.co_filename, line


def _is_our_file(name: str) -> bool:
    return Path(name).is_relative_to(OURS)


def _recurses_itself(error: BaseException) -> bool:
    """
    Whether it was the code of others that called itself too often: it had half of all calls to itself that Python
    allows, and the last of ours that it called did not take them.
    """
    if not isinstance(error, RecursionError):
        return False
    before = sum(1 for _ in traceback.walk_stack(None))
    below = [*dropwhile(_is_our_file, (file for file, _ in _files(error.__traceback__)))]
    theirs = [*takewhile(lambda file: not _is_our_file(file), below)]
    return before < sys.getrecursionlimit() // 2 and len(theirs) > len(below) // 2


def is_module_name(name: str) -> bool:
    """Whether a plugin may be called so: as one imports it, `package.module`."""
    return all(part.isidentifier() for part in name.split("."))


@cache
def is_ours(module: str) -> bool:
    """Whether a module, by its dotted name, belongs to this package."""
    return f"{module}.".startswith("migration_guard.")
