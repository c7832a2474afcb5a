"""
What Python does to strings, done to texts that remember where they were written: formatting, joining, stripping.
Nothing here can be made to grow without bound.
"""

from __future__ import annotations

import re
import string
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence

from migration_guard.model.unknown import Unknown, without_marks
from migration_guard.reading.interpreter.values import (
    LONGEST_TEXT,
    MOST_PIECES,
    TOO_LONG,
    UNKNOWN_TEXT,
    Constant,
    Items,
    Pairs,
    Piece,
    Text,
    Value,
    is_known,
    join,
    plain,
)

LONGEST_WIDTH = 3  # digits
MOST_SHOWN = 1000  # items of a list
_ESCAPES = re.compile(
    r"\\(?:\r\n|\n|\r|[0-7]{1,3}|x[0-9a-fA-F]{2}|N\{[^}]*\}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL
)
_PERCENT = re.compile(r"%(?:\((?P<key>[^)]*)\))?(?P<flags>[-#0 +]*\d*(?:\.\d+)?)(?P<kind>[a-zA-Z%])")


def literal(body: str, decoded: str, path: str, offset: int) -> Text:
    """
    The text of a literal whose `body` stands at `offset` in the file `path` and means `decoded`.

    Escapes part it into pieces, so that an offset behind one is still found at its place.
    """
    text = without_marks(decoded)
    if body == decoded:
        return Text(text, (Piece(0, len(body), path, offset),) if body else ())
    pieces, at, done = [], 0, 0
    for match in _ESCAPES.finditer(body):
        run = match.start() - at
        if run:
            pieces.append(Piece(done, run, path, offset + at))
        done += run + _escaped_length(match[0])
        at = match.end()
    if len(body) > at:
        pieces.append(Piece(done, len(body) - at, path, offset + at))
        done += len(body) - at
    return Text(text, tuple(pieces) if done == len(decoded) else ())


def _escaped_length(escape: str) -> int:
    if escape[1] in "\r\n":
        return 0
    return 1 if re.match(r"\\[0-7xNuU\\'\"abfnrtv]", escape) else len(escape)


def as_text(value: Value) -> Text:
    """What str() gives: a hole where that cannot be told."""
    match value:
        case Text():
            return value
        case Constant(known):
            return Text(str(known))
        case Items(items, True) if len(items) <= MOST_SHOWN and all(
            isinstance(item, Text | Constant) for item in items
        ):
            shown = ", ".join(as_repr(item).value for item in items)
            return Text(f"({shown}{',' if len(items) == 1 else ''})") if len(shown) < LONGEST_TEXT else UNKNOWN_TEXT
    return UNKNOWN_TEXT


def as_repr(value: Value) -> Text:
    """What repr() gives: a hole where that cannot be told."""
    return Text(repr(plain(value))) if is_known(value) else UNKNOWN_TEXT


def formatted(value: Value, conversion: str | None, specification: str) -> Text:
    """One value as an f-string or str.format() shows it."""
    if any(len(digits) > LONGEST_WIDTH for digits in re.findall(r"\d+", specification)):
        return UNKNOWN_TEXT
    if conversion in ("r", "a"):
        return as_repr(value)
    if not specification:
        return as_text(value)
    if is_known(value):
        try:
            return Text(without_marks(format(plain(value), specification)))
        except (ValueError, TypeError):
            return UNKNOWN_TEXT
    return UNKNOWN_TEXT


def percent(template: Text, argument: Value) -> Text | Unknown:
    """`template % argument`."""
    positional = iter(argument.items if isinstance(argument, Items) else [argument])
    parts, done = [], 0
    for match in _PERCENT.finditer(template.value):
        parts.append(template.slice(done, match.start()))
        done = match.end()
        if match["kind"] == "%":
            parts.append(Text("%"))
            continue
        if match["key"] is not None:
            value = argument.get(Text(match["key"])) if isinstance(argument, Pairs) else None
        else:
            value = next(positional, None)
        if value is None:
            parts.append(UNKNOWN_TEXT)
        elif match["kind"] in "sd" and not match["flags"]:
            parts.append(as_text(value))
        elif match["kind"] == "r":
            parts.append(as_repr(value))
        else:
            parts.append(UNKNOWN_TEXT)
    parts.append(template.slice(done, len(template.value)))
    return join(parts)


def format_method(
    template: Text,
    arguments: Sequence[Value],
    keywords: Mapping[str, Value],
    attribute: Callable[[Value, str], Value],
) -> Text | Unknown:
    """`template.format(*arguments, **keywords)`."""
    try:
        fields = list(string.Formatter().parse(template.value))
    except ValueError:
        return Unknown("its format string is malformed")
    parts: list[Text] = []
    done, automatic = 0, iter(range(len(arguments)))
    for written, name, specification, conversion in fields:
        start = template.value.find(written.replace("{", "{{").replace("}", "}}"), done) if written else done
        plainly = template.value[start : start + len(written)] == written
        parts.append(template.slice(start, start + len(written)) if plainly else Text(written))
        if name is None:
            done = start + len(written.replace("{", "{{").replace("}", "}}")) if written else done
            continue
        close = _closing(template.value, start + len(written.replace("{", "{{").replace("}", "}}")))
        done = close + 1
        value = _field(name, arguments, keywords, automatic, attribute)
        if "{" in (specification or ""):
            parts.append(UNKNOWN_TEXT)
        else:
            parts.append(formatted(value, conversion, specification or ""))
    return join(parts)


def _closing(text: str, start: int) -> int:
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] == "{") - (text[at] == "}")
        if depth == 0 and text[at] == "}":
            return at
    return len(text)


def _field(
    name: str,
    arguments: Sequence[Value],
    keywords: Mapping[str, Value],
    automatic: Iterator[int],
    attribute: Callable[[Value, str], Value],
) -> Value:
    first, *rest = re.split(r"[.\[]", name.replace("]", ""))
    value: Value | None
    if first == "" or first.isdigit():
        position = next(automatic, len(arguments)) if first == "" else int(first[:6])
        value = arguments[position] if position < len(arguments) else None
    else:
        value = keywords.get(first)
    if value is None:
        return Unknown(f"{{{name}}} is not given")
    for part in rest:
        value = attribute(value, part)
    return value


def dedent(text: Text) -> Text | Unknown:
    """textwrap.dedent: every line keeps the place it came from."""
    wanted = textwrap.dedent(text.value).splitlines(keepends=True)
    lines, parts, at = text.value.splitlines(keepends=True), [], 0
    for before, after in zip(lines, wanted, strict=False):
        if before.endswith(after):
            parts.append(text.slice(at + len(before) - len(after), at + len(before)))
        else:
            parts.append(Text(after))
        at += len(before)
    return join(parts)


def replaced(text: Text, old: str, new: Text) -> Text | Unknown:
    """str.replace for all occurrences."""
    if not old:
        return Unknown("it replaces nothing by something")
    parts, at = [], 0
    while (found := text.value.find(old, at)) >= 0:
        parts += [text.slice(at, found), new]
        at = found + len(old)
        if len(parts) > MOST_PIECES:
            return TOO_LONG
    return join([*parts, text.slice(at, len(text.value))])


def stripped(text: Text, method: str, characters: str | None) -> Text:
    """str.strip, lstrip and rstrip."""
    start, end = 0, len(text.value)
    if method != "rstrip":
        start = end - len(text.value.lstrip(characters))
    if method != "lstrip":
        end = len(text.value.rstrip(characters))
    return text.slice(start, max(start, end))
