"""Shows what a fix makes of the lines it changes. Knows nothing of why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from migration_guard.model.finding import Edit, Span
from migration_guard.report.excerpt import shortened
from migration_guard.source_edits import apply

CONTEXT = 3  # unchanged lines shown on either side of a change in a long stretch
STATEMENT = 12  # a statement of up to so many lines is shown whole
CORRECTED = 40  # lines of a correction that are shown
_LINE_ENDS = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the corrected text. `mark` is "+" where it is new, "-" where it went, " " where it stayed."""

    mark: str
    text: str


def split(text: str) -> list[str]:
    """The lines of a source, as Python counts them."""
    return _LINE_ENDS.split(text)


def fixed_lines(lines: Sequence[str], edits: Sequence[Edit], statement: Span | None) -> Iterator[tuple[Line, ...]]:
    """The places that the edits change, each as it reads afterwards."""
    for first, last, inside in _regions(edits, statement, len(lines)):
        shift = first - 1
        moved = [replace(edit, span=_moved(edit.span, shift)) for edit in inside]
        before = list(lines[first - 1 : last])
        yield _compared(before, split(apply("\n".join(before), moved)))


def _regions(edits: Sequence[Edit], statement: Span | None, end: int) -> Iterator[tuple[int, int, list[Edit]]]:
    """The edits in groups that are shown together, with their first and last lines."""
    group: list[Edit] = []
    first = last = 0
    for edit in sorted(edits, key=lambda edit: edit.span):
        start, stop = edit.span.line, edit.span.end_line
        short = statement is not None and statement.end_line - statement.line < STATEMENT
        if statement and short and statement.line <= stop and start <= statement.end_line:
            start, stop = min(start, statement.line), max(stop, statement.end_line)
        stop = min(stop, end)
        if group and start > last + CONTEXT:
            yield first, last, group
            group = []
        first, last = (min(first, start), max(last, stop)) if group else (start, stop)
        group.append(edit)
    if group:
        yield first, last, group


def _moved(span: Span, shift: int) -> Span:
    return replace(span, line=span.line - shift, end_line=span.end_line - shift)


def _compared(before: list[str], after: list[str]) -> tuple[Line, ...]:
    """The lines afterwards, the changed ones marked; where nothing takes their place, the lines that went."""
    shorter = min(len(before), len(after))
    head = next((number for number in range(shorter) if before[number] != after[number]), shorter)
    rest = shorter - head
    tail = next((number for number in range(rest) if before[-1 - number] != after[-1 - number]), rest)
    changed = [Line("+", text) for text in after[head : len(after) - tail]]
    gone = [Line("-", text) for text in before[head : len(before) - tail]]
    shown = STATEMENT if len(before) <= STATEMENT else CONTEXT
    above = [Line(" ", text) for text in after[max(0, head - shown) : head]]
    below = [Line(" ", text) for text in after[len(after) - tail :][:shown]]
    return tuple(replace(one, text=shortened(one.text)) for one in (*above, *(changed or gone), *below))
