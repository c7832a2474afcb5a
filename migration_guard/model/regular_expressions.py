"""
The regular expressions that a configuration names: compiled, and matched within a bounded time. Some take longer than
anybody waits for a name of thirty letters, and Python's own module has no limit.

Where a timer can interrupt it, which Python's module looks out for, it is interrupted: in the main thread, but for
Windows (https://docs.python.org/3.14/library/signal.html#signal.setitimer). Elsewhere whatever repeats what repeats, or
has too many repetitions for the text, is matched by another process, which can be ended.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

LONGEST_PATTERN = 1_000
LONGEST_TEXT = 10_000
MOST_SECONDS = 1.0
_MOST_WAYS = 20_000_000
_IN_ANOTHER_PROCESS = (
    "import json, re, sys; given = json.load(sys.stdin); print(bool(getattr(re, given[0])(given[1], given[2])))"
)


class SlowPatternError(Exception):
    """A pattern takes too long. The message is a sentence: which one, and what to write instead."""


class _TooSlowError(Exception):
    pass


def problem(pattern: str) -> str | None:
    """What is wrong with a regular expression; None for nothing."""
    if len(pattern) > LONGEST_PATTERN:
        return f"it is longer than {LONGEST_PATTERN:,} letters"
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return str(error)
    return None


def is_all_of(pattern: str, text: str) -> bool:
    """Whether a pattern of the configuration matches the whole text. Raises SlowPatternError where that takes long."""
    return _matches("fullmatch", pattern, text)


def is_in(pattern: str, text: str) -> bool:
    """Whether a pattern of the configuration matches in the beginning of a text. May raise SlowPatternError."""
    return _matches("search", pattern, text)


def _matches(how: str, pattern: str, text: str) -> bool:
    text = text[:LONGEST_TEXT]
    try:
        if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():
            with _limited():
                return getattr(re, how)(pattern, text) is not None
        if _is_plain(pattern, text):
            return getattr(re, how)(pattern, text) is not None
        return _matches_elsewhere(how, pattern, text)
    except (_TooSlowError, subprocess.TimeoutExpired):
        raise SlowPatternError(
            f"The regular expression {pattern} of the configuration takes more than {MOST_SECONDS:.0f} s to be matched "
            f"with {text[:60]!r}. Write it without repetitions of what repeats itself: [a-z0-9_]+ for ([a-z0-9]+_?)+."
        ) from None


def _is_plain(pattern: str, text: str) -> bool:
    """Whether no repetition has another one in it, and there are few enough for the length of the text."""
    repetitions = len(re.findall(r"[*+]|\{\d*,", pattern))
    return not re.search(r"\)[*+?{]", pattern) and len(text) ** repetitions <= _MOST_WAYS


def _matches_elsewhere(how: str, pattern: str, text: str) -> bool:
    """As _matches(), by a process that is ended when it takes too long."""
    given = json.dumps([how, pattern, text])
    command = [sys.executable, "-I", "-S", "-c", _IN_ANOTHER_PROCESS]
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=MOST_SECONDS)
    return done.stdout.strip() == "True"


@contextmanager
def _limited() -> Iterator[None]:
    """Interrupts what takes too long. A timer that somebody else has set goes on afterwards."""
    begun = time.monotonic()
    handler = signal.signal(signal.SIGALRM, _interrupt)
    delay, interval = signal.setitimer(signal.ITIMER_REAL, MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if delay:
            signal.setitimer(signal.ITIMER_REAL, max(0.001, delay - (time.monotonic() - begun)), interval)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise _TooSlowError
