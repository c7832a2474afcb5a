"""
Python source as libcst parses it, with the position of every node and comment. Decodes like Python does, and refuses
what would harm the parser. Knows nothing of migrations.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from operator import itemgetter

import libcst as cst

from migration_guard.model.finding import Span
from migration_guard.reading.discovery.encoding import UnreadableSource, decode
from migration_guard.reading.source.positions import Positions
from migration_guard.reading.source.weight import refuse_what_is_too_heavy
from migration_guard.regular_files import LARGEST_FILE

__all__ = ["LARGEST_FILE", "Lines", "Source", "UnreadableSource", "decode", "parse"]

KEPT = 16
"""How many files stay parsed: the one that is read for several databases, one after the other, and its helpers."""

sys.setrecursionlimit(max(sys.getrecursionlimit(), 12_000))


class Lines:
    """Turns offsets into lines and columns."""

    __slots__ = ("starts", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        if "\r" in text:
            self.starts = [0, *(match.end() for match in re.finditer(r"\r\n|\n|\r", text))]
        else:
            *lines, _ = text.split("\n")
            self.starts = [0, *accumulate(map((1).__add__, map(len, lines)))]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, from 1."""
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def span(self, start: int, end: int) -> Span:
        """The span between two offsets."""
        starts = self.starts
        line = end_line = bisect_right(starts, start)
        if end_line < len(starts) and end >= starts[end_line]:
            end_line = bisect_right(starts, end)
        return Span(line, start - starts[line - 1] + 1, end_line, end - starts[end_line - 1] + 1)


@dataclass(slots=True)
class Source:
    """
    A parsed file. `path` is absolute; positions are worked out when first asked for. No finding points into a `helper`.
    """

    path: str
    text: str
    module: cst.Module
    lines: Lines
    helper: bool = False
    _offsets: Positions | None = field(default=None)

    def _measured(self) -> Positions:
        if self._offsets is None:
            self._offsets = Positions(self.module)
        return self._offsets

    def offsets(self, node: cst.CSTNode) -> tuple[int, int]:
        """Start and end of a node as offsets into the text."""
        return self._measured().spans.get(id(node), (0, 0))

    def start(self, node: cst.CSTNode) -> int:
        """Where a literal begins; nobody asks that of a helper's, and to know it would cost as much as to parse it."""
        return 0 if self.helper else self.offsets(node)[0]

    def span(self, node: cst.CSTNode) -> Span:
        """Where a node stands, without the white space and parentheses around it."""
        return self.lines.span(*self.offsets(node))

    def code(self, node: cst.CSTNode) -> str:
        """A node as it is written."""
        start, end = self.offsets(node)
        return self.text[start:end]

    def calls_in(self, node: cst.CSTNode) -> Iterator[cst.Call]:
        """Every call in a node, but for those in its decorators."""
        start, end = self.offsets(node)
        calls = self._measured().calls
        for at in range(bisect_left(calls, start, key=itemgetter(0)), len(calls)):
            begin, call = calls[at]
            if begin >= end:
                return
            yield call

    def comments(self) -> Iterator[tuple[str, int, int]]:
        """Every comment with its start and end offset."""
        for offset, text in self._measured().comments:
            yield text, offset, offset + len(text)


def parse(path: str, text: str) -> Source:
    """Parse a file's text. Raises UnreadableSource, naming the place and what is wrong."""
    if len(text) > LARGEST_FILE:
        raise UnreadableSource(f"It is larger than {LARGEST_FILE:,} characters.")
    refuse_what_is_too_heavy(text)
    return parse_weighed(path, text)


@lru_cache(maxsize=KEPT)
def parse_weighed(path: str, text: str, *, helper: bool = False) -> Source:
    """As parse(), for a text of which it is known that it is not too heavy."""
    try:
        with _unchecked():
            module = cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        raise UnreadableSource(
            f"It is not valid Python: {_plain(error.message)} (line {error.raw_line}).",
            error.raw_line,
            error.raw_column + 1,
        ) from error
    except RecursionError as error:
        raise UnreadableSource("Its code is nested too deeply to be read.") from error
    return Source(path, text, module, Lines(text), helper)


@contextmanager
def _unchecked() -> Iterator[None]:
    """Without the checks that libcst makes of each node, for those who build trees by hand: an eighth of parsing."""
    check = cst.CSTNode.__post_init__
    cst.CSTNode.__post_init__ = _nothing  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        cst.CSTNode.__post_init__ = check  # type: ignore[method-assign]


def _nothing(node: cst.CSTNode) -> None:
    pass


def _plain(message: str) -> str:
    """What libcst says is wrong, without the parser's own notation."""
    first = message.strip().splitlines()[0] if message.strip() else "unexpected text"
    if "expected INDENT" in first:
        return "an indented block is missing"
    return "unexpected text" if ": expected " in first else first.rstrip(".").removeprefix("tokenizer error: ")
