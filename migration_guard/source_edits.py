"""
The few ways to edit a statement, and to apply edits to a text. Knows source text and where things stand in it, and
nothing of what they mean.

A way that does not fit the text at hand (a statement that shares its line, a call without a name for `op`) gives None:
then there is no fix, never a wrong one.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from migration_guard.model.finding import Edit, Span
from migration_guard.model.migration import Migration
from migration_guard.model.site import Call, Site

_LINE_END = re.compile(r"\r\n|\n|\r")
_BODY = re.compile(r"^def [^\r\n]*:[^\r\n]*(?:\s*[\r\n])([ \t]+)\S", re.MULTILINE)
_COMMENTED = re.compile(r"(?:[ \t]*(,))?([ \t]*#[^\r\n]*)")
_REST_OF_LINE = re.compile(r"[ \t\f]*(?:#[^\r\n]*)?")


class Places:
    """Translates lines and columns into places in the text, and back."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(found.end() for found in _LINE_END.finditer(text))]
        self.newline = found[0] if (found := _LINE_END.search(text)) else "\n"

    def offset(self, line: int, column: int) -> int:
        """The place of a line and column, both counted from 1."""
        return self.starts[line - 1] + column - 1

    def range(self, span: Span) -> tuple[int, int]:
        """Where a span begins and ends."""
        return self.offset(span.line, span.column), self.offset(span.end_line, span.end_column)

    def of(self, span: Span) -> str:
        """The text of a span."""
        begin, end = self.range(span)
        return self.text[begin:end]

    def span(self, begin: int, end: int) -> Span:
        """The span between two places."""
        return Span(*self._position(begin), *self._position(end))

    def _position(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def indent(self, line: int) -> str:
        """The white space a line begins with."""
        begin = self.starts[line - 1]
        found = re.compile(r"[ \t\f]*").match(self.text, begin)
        return found[0] if found else ""

    def line_end(self, line: int) -> int:
        """The place behind the last character of a line, before its line break."""
        found = _LINE_END.search(self.text, self.starts[line - 1])
        return found.start() if found else len(self.text)

    def begins_line(self, span: Span) -> bool:
        """Whether nothing stands before the span on its line."""
        return len(self.indent(span.line)) == span.column - 1

    def ends_line(self, span: Span) -> bool:
        """Whether nothing but a comment follows the span on its last line."""
        end = self.offset(span.end_line, span.end_column)
        found = _REST_OF_LINE.match(self.text, end)
        return found is not None and found.end() == self.line_end(span.end_line)

    def unit(self, line: int) -> str:
        """One step of indentation, as this line and the functions of the file have it."""
        indent, body = self.indent(line), _BODY.search(self.text)
        step = body[1] if body else "    "
        if "\t" in indent:
            return "\t"
        return "    " if indent and "\t" in step else step


# --- applying -------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def places_of(text: str) -> Places:
    """The places of a text, found out once: many findings may speak of one file."""
    return Places(text)


def apply(text: str, edits: Sequence[Edit]) -> str:
    """
    The text with all edits made. What is inserted at one place keeps its order.

    Raises ValueError when two edits overlap.
    """
    places = Places(text)
    ranges = sorted((*places.range(edit.span), number) for number, edit in enumerate(edits))
    for (_, end, _), (begin, _, _) in pairwise(ranges):
        if begin < end:
            raise ValueError("Two edits overlap. Apply the corrections one after the other.")
    parts, done = [], 0
    for begin, end, number in ranges:
        parts += [text[done:begin], edits[number].text]
        done = end
    return "".join([*parts, text[done:]])


class TouchedText:
    """The text that chosen edits touch: ranges in their order, with text between each and the next."""

    def __init__(self) -> None:
        self._begins: list[tuple[int, int]] = []
        self._ends: list[tuple[int, int]] = []

    def add(self, edit: Edit) -> None:
        """Takes the text of one more edit, together with what it touches."""
        first, behind = self._touched(edit.span)
        begin, end = _begin(edit.span), _end(edit.span)
        self._begins[first:behind] = [min([begin, *self._begins[first:behind]])]
        self._ends[first:behind] = [max([end, *self._ends[first:behind]])]

    def touches(self, edit: Edit) -> bool:
        """Whether the edit is about text that is taken, or borders on it: then it must wait."""
        first, behind = self._touched(edit.span)
        return first < behind

    def _touched(self, span: Span) -> tuple[int, int]:
        """Which ranges the span touches: the number of the first, and of the one behind the last."""
        return bisect_left(self._ends, _begin(span)), bisect_right(self._begins, _end(span))


def _begin(span: Span) -> tuple[int, int]:
    return span.line, span.column


def _end(span: Span) -> tuple[int, int]:
    return span.end_line, span.end_column


# --- editing --------------------------------------------------------------------------------------------------------


def replace(span: Span, text: str) -> Edit:
    """Put another text in the place of this one."""
    return Edit(span, text)


def remove(source: str, span: Span) -> Edit:
    """Take this text away: with its whole line where nothing else stands on it, else with the space before it."""
    places = places_of(source)
    begin, end = places.range(span)
    before = source[places.starts[span.line - 1] : begin]
    if not before.strip() and end == places.line_end(span.end_line):
        next_line = span.end_line < len(places.starts)
        after = places.starts[span.end_line] if next_line else len(source)
        return Edit(places.span(places.starts[span.line - 1], after), "")
    return Edit(places.span(begin - (len(before) - len(before.rstrip())), end), "")


def set_keyword(source: str, call: Call, name: str, value: str) -> Edit:
    """Give the call a keyword argument, or the one it has another value."""
    known = call.argument(name)
    if known:
        return Edit(known.value, value)
    if not call.arguments:
        return Edit(call.arguments_end, f"{name}={value}")
    places, last = places_of(source), call.arguments[-1]
    alone_on_line = places.begins_line(last.span) and last.span.line != call.span.line
    behind = places.span(places.range(last.span)[1], places.line_end(last.span.end_line))
    commented = _COMMENTED.fullmatch(places.of(behind))
    if alone_on_line and commented:
        comma, comment = commented.groups()
        line = f"{places.newline}{places.indent(last.span.line)}{name}={value}{comma or ''}"
        return replace(behind, f",{comment}{line}")
    between = f",{places.newline}{places.indent(last.span.line)}" if alone_on_line else ", "
    return Edit(call.arguments_end, f"{between}{name}={value}")


def insert_before(source: str, span: Span, code: str) -> Edit | None:
    """Put lines of code above the statement at this span, as far in as it stands."""
    places = places_of(source)
    if not places.begins_line(span):
        return None
    at = places.offset(span.line, span.column)
    return Edit(
        places.span(at, at), "".join(line + places.newline + places.indent(span.line) for line in code.splitlines())
    )


def insert_after(source: str, span: Span, code: str) -> Edit | None:
    """Put lines of code below the statement at this span, as far in as it stands."""
    places = places_of(source)
    if not (places.begins_line(span) and places.ends_line(span)):
        return None
    at = places.line_end(span.end_line)
    return Edit(
        places.span(at, at), "".join(places.newline + places.indent(span.line) + line for line in code.splitlines())
    )


def wrap(source: str, span: Span, opener: str) -> tuple[Edit, ...] | None:
    """Put the statement at this span into a block. Lines inside a string stay as they are."""
    places = places_of(source)
    if not (places.begins_line(span) and places.ends_line(span)):
        return None
    begin, end = places.range(span)
    indent, unit = places.indent(span.line), places.unit(span.line)
    edits = [Edit(places.span(begin, begin), f"{opener}{places.newline}{indent}{unit}")]
    inside = set(lines_inside_strings(source[begin:end]))
    for line in range(span.line + 1, span.end_line + 1):
        start = places.starts[line - 1]
        if line - span.line not in inside and places.text[start : places.line_end(line)].strip():
            edits.append(Edit(places.span(start, start), unit))
    return tuple(edits)


def deeper(source: str, edit: Edit) -> Edit:
    """The edit inside a statement that is wrapped as well: the lines it adds move with the others."""
    places = places_of(source)
    return Edit(edit.span, edit.text.replace(places.newline, places.newline + places.unit(edit.span.line)))


_STRING = re.compile(r"(?i:\b[rbuft]{1,2})?(\"\"\"|'''|\"|')")


def lines_inside_strings(code: str) -> Iterator[int]:
    """The lines of some code, counted from 0, whose beginning belongs to a string."""
    line_starts = [found.end() for found in _LINE_END.finditer(code)]
    for begin, end in _strings(code):
        yield from (number for number, start in enumerate(line_starts, start=1) if begin < start <= end)


def _strings(code: str) -> Iterator[tuple[int, int]]:
    """Where each string begins and ends."""
    at = 0
    while at < len(code):
        found = _STRING.match(code, at)
        if found:
            end = _string_end(code, found)
            yield at, end - 1
            at = end
        elif code[at] == "#":
            following = _LINE_END.search(code, at)
            at = following.start() if following else len(code)
        else:
            at += 1


def _string_end(code: str, opened: re.Match[str]) -> int:
    """The place behind the string that begins here; the fields of an f-string may hold strings themselves."""
    quote, prefix = opened[1], opened[0][: -len(opened[1])].lower()
    at = opened.end()
    while at < len(code):
        if code.startswith(quote, at):
            return at + len(quote)
        if code[at] == "\\":
            at += 2
        elif code[at] == "{" and ("f" in prefix or "t" in prefix):
            at = at + 2 if code.startswith("{{", at) else _field_end(code, at + 1)
        else:
            at += 1
    return len(code)


def _field_end(code: str, at: int) -> int:
    """The place behind the brace that closes a field."""
    depth, in_format = 0, False
    while at < len(code):
        character, found = code[at], None if in_format else _STRING.match(code, at)
        if found:
            at = _string_end(code, found)
        elif in_format and character == "{":
            at = _field_end(code, at + 1)
        else:
            at += 1
            depth += (character in "{[(") - (character in "}])")
            in_format = in_format or (character == ":" and depth == 0)
            if depth < 0:
                return at
    return len(code)


# --- what an edit must know of a statement ----------------------------------------------------------------------------


# What a connection or a session can be asked for as well: the name in front need not be alembic.op's.
OF_CONNECTIONS = frozenset(("execute", "exec_driver_sql", "scalar", "scalars"))


def op_name(site: Site, migration: Migration) -> str | None:
    """What stands for alembic.op where this operation is written; None where nothing does."""
    if site.helper:
        return None
    owner, _, function = site.call.name.rpartition(".") if site.call else ("", "", "")
    if owner and function not in OF_CONNECTIONS and not site.batch:
        return owner
    return migration.op_name
