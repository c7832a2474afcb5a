"""Where a call and its arguments are written: what an edit must know of them."""

from __future__ import annotations

import libcst as cst

from migration_guard.model.site import Argument, Call
from migration_guard.reading.source.source import Source


def call_at(source: Source, node: cst.Call) -> Call:
    """The call, so far as an edit must know it."""
    start, end = source.offsets(node)
    arguments = []
    last = start + len(source.code(node.func)) + 1
    for argument in node.args:
        low, high = source.offsets(argument.value)
        opening = len(argument.value.lpar) if hasattr(argument.value, "lpar") else 0
        if opening:
            high = source.text.index(")", high) + 1
            low = source.text.rindex("(", 0, low)
        begin = source.offsets(argument.keyword)[0] if argument.keyword is not None else low
        name = argument.keyword.value if argument.keyword is not None else (argument.star or None)
        arguments.append(Argument(name, source.lines.span(begin, high), source.lines.span(low, high)))
        last = high
    comma = bool(node.args) and isinstance(node.args[-1].comma, cst.Comma)
    column = next((one.value for one in node.args if _is_column(one.value)), None)
    return Call(
        source.code(node.func),
        source.lines.span(start, end),
        tuple(arguments),
        source.lines.span(last, last),
        comma,
        call_at(source, column) if isinstance(column, cst.Call) else None,
    )


def _is_column(node: cst.BaseExpression) -> bool:
    if type(node) is not cst.Call:
        return False
    function = node.func
    name = function.attr if type(function) is cst.Attribute else function
    return type(name) is cst.Name and name.value == "Column"
