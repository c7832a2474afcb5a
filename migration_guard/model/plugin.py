"""What is said where code that is not ours cannot be used: which plugin it is, and what went wrong where."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OURS = Path(__file__).parents[1]
LONGEST = 300


class PluginError(Exception):
    """A plugin cannot be used. The message is a whole sentence that names it."""


@contextmanager
def blamed(module: str, spared: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Whatever the code of this module raises inside becomes a PluginError that names it, but for what is `spared`."""
    try:
        yield
    except Exception as error:
        if isinstance(error, (PluginError, *spared)):
            raise
        raise PluginError(f"The plugin {module} failed: {described(error)}. Correct it, or leave it out.") from error


def described(error: BaseException) -> str:
    """An error in words: its kind, what it says, and the line of the plugin at which it was raised."""
    said = " ".join(str(error).split())[:LONGEST].rstrip(".")
    kind = "" if isinstance(error, ValueError | SyntaxError) and said else type(error).__name__
    theirs = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<") and not Path(frame.filename).is_relative_to(OURS)
    ]
    place = f" ({Path(theirs[-1].filename).name}, line {theirs[-1].lineno})" if theirs else ""
    return ": ".join(filter(None, (kind, said))) + place


def is_ours(module: str) -> bool:
    """Whether a module, by its dotted name, belongs to this package."""
    return f"{module}.".startswith("migration_guard.")
