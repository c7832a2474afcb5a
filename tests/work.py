"""How much is done, counted instead of timed: a machine that is busy with something else changes nothing in it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType


def calls(work: Callable[[], object]) -> int:
    """How many functions are called while something is done, Python's and built-in ones."""
    count = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def grows_with(work: Callable[[int], object], size: int) -> bool:
    """Whether twice as much takes about twice the work, and not four times."""
    return calls(lambda: work(2 * size)) < 2.5 * calls(lambda: work(size))
