"""String, bytes and number literals: what they mean, and where each character of them stands."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

import libcst as cst

from migration_guard.model.unknown import Unknown
from migration_guard.reading.interpreter import texts
from migration_guard.reading.interpreter.values import UNKNOWN_TEXT, Constant, Text, Value, join
from migration_guard.reading.source.source import Source

LONGEST_NUMBER = 40
_ESCAPE_OR_QUOTE = re.compile(r"\\.|\"", re.DOTALL)


def string(node: cst.SimpleString, start: int, path: str) -> Value:
    """A string or bytes literal that begins at the offset `start` of the file `path`."""
    value, kind = node.value, node.prefix.lower()
    prefix = len(node.prefix)
    quote = 3 if value[prefix : prefix + 3] in ('"""', "'''") else 1
    body = value[prefix + quote : -quote]
    plain = "\\" not in body and "\r" not in body and kind in ("", "u")
    if plain or (kind == "r" and "\r" not in body):
        decoded: object = body
    else:
        try:
            decoded = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            return Unknown("its escapes are not valid")
    if isinstance(decoded, bytes):
        return Constant(decoded)
    return texts.literal(body, str(decoded), path, start + prefix + quote)


def number(node: cst.Integer | cst.Float | cst.Imaginary) -> Value:
    """A number, if it is not absurdly long."""
    if len(node.value) > LONGEST_NUMBER:
        return Unknown("the number is too large")
    found = ast.literal_eval(node.value)
    return Constant(found) if isinstance(found, int | float | complex) else Unknown("no number")


def formatted_string(
    node: cst.FormattedString,
    source: Source,
    evaluate: Callable[[cst.BaseExpression], Value],
) -> Value:
    """An f-string."""
    offset = source.start(node) + len(node.start)
    parts: list[Text] = []
    for part in node.parts:
        if isinstance(part, cst.FormattedStringText):
            decoded = part.value.replace("{{", "{").replace("}}", "}")
            if "\\" in decoded and "r" not in node.start.lower():
                decoded = _unescaped(decoded)
            parts.append(texts.literal(part.value, decoded, source.path, offset))
            offset += len(part.value)
        elif isinstance(part, cst.FormattedStringExpression):
            value = evaluate(part.expression)
            specification = part.format_spec or ()
            plainly = all(isinstance(one, cst.FormattedStringText) for one in specification)
            written = "".join(one.value for one in specification if isinstance(one, cst.FormattedStringText))
            parts.append(texts.formatted(value, part.conversion, written) if plainly else UNKNOWN_TEXT)
            offset += 0 if source.helper else len(source.module.code_for_node(part))
    return join(parts)


def _unescaped(text: str) -> str:
    quoted = _ESCAPE_OR_QUOTE.sub(lambda found: '\\"' if found[0] == '"' else found[0], text)
    try:
        return str(ast.literal_eval(f'"""{quoted}"""'))
    except (ValueError, SyntaxError):
        return text
