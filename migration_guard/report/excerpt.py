"""Which lines of a migration are shown with a finding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from migration_guard.model.finding import Span

SHOWN = 8  # lines of a statement that are shown
LONGEST_LINE = 500  # characters of a line that are shown


@dataclass(frozen=True, slots=True)
class Excerpt:
    """
    Lines of a source from the number `first` on. `marked` are the numbers of those in question, empty where all are.
    `hidden` is how many more there would be.
    """

    first: int
    lines: tuple[str, ...]
    marked: range
    hidden: int


def excerpt(span: Span, statement: Span, lines: Sequence[str]) -> Excerpt:
    """The statement around a span; where it is long only the span, and of that the beginning."""
    if statement.end_line - statement.line >= SHOWN or not statement.line <= span.line <= statement.end_line:
        statement = span
    last = min(statement.end_line, statement.line + SHOWN - 1, len(lines))
    shown = tuple(map(shortened, lines[statement.line - 1 : last]))
    whole = (span.line, span.end_line) == (statement.line, statement.end_line)
    marked = range(0) if whole else range(span.line, span.end_line + 1)
    return Excerpt(statement.line, shown, marked, min(statement.end_line, len(lines)) - last if shown else 0)


def shortened(line: str) -> str:
    """A line, as much of it as is shown: one can be a whole file, and each finding in it shows it again."""
    return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}..."
