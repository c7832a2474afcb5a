"""
Nothing is lost in silence: which calls in the text of a function that was followed lead to the database, though the
walker never came to them and nothing says that they do not run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache

import libcst as cst

from migration_guard.reading.directives.handles import Leads, mentions_handle
from migration_guard.reading.interpreter.scope import Frame
from migration_guard.reading.source.nodes import parts_of
from migration_guard.reading.source.source import Source

Nodes = Collection[int]
"""Nodes by their id()."""


def unread_calls(
    function: cst.CSTNode,
    frame: Frame,
    followed: Nodes,
    dead: Nodes,
    source: Source | None,
    leads: Leads,
    *,
    inner: bool,
) -> Iterator[cst.Call]:
    """
    The outermost calls in a function that mention a handle, were not `followed`, and stand in nothing that is `dead`.

    `frame` has the names as they were when the function ended. `source` is the file of the function, where its nodes
    are measured; `leads` is what is known of the functions of the project then. `inner`: also those in functions
    that it defines, which somebody may call.
    """
    decorated = isinstance(function, cst.FunctionDef) and function.decorators
    calls = _calls(function) if source is None or decorated else source.calls_in(function)
    if all(id(call) in followed for call in calls):
        return
    waiting = [function]
    while waiting:
        node = waiting.pop()
        if id(node) in dead:
            continue
        if not inner and node is not function and isinstance(node, cst.FunctionDef | cst.Lambda):
            waiting.append(node.params)
        elif type(node) is cst.Call and id(node) not in followed and mentions_handle(node, frame, leads):
            yield node
        else:
            waiting += reversed(parts_of(node))


@lru_cache(maxsize=512)
def _calls(function: cst.CSTNode) -> tuple[cst.Call, ...]:
    """Every call in a function."""
    found = []
    waiting = [function]
    while waiting:
        node = waiting.pop()
        if type(node) is cst.Call:
            found.append(node)
        waiting += parts_of(node)
    return tuple(found)


def statement_around(source: Source, function: cst.CSTNode, call: cst.Call) -> cst.CSTNode:
    """The statement of a function's body in which a call stands."""
    at = source.offsets(call)[0]
    body = function.body.body if isinstance(function, cst.FunctionDef) else ()
    for statement in body:
        start, end = source.offsets(statement)
        if start <= at < end:
            return statement
    return call
