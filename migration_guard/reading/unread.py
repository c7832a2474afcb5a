"""
Nothing is lost in silence: which calls in the text of a function that was followed lead to the database, though the
walker never came to them and nothing says that they do not run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import libcst as cst

from migration_guard.reading.directives.handles import mentions_handle
from migration_guard.reading.interpreter.scope import Frame
from migration_guard.reading.source.source import Source

Nodes = Collection[cst.CSTNode]


def unread_calls(
    source: Source, frames: Mapping[cst.CSTNode, Frame], followed: Nodes, dead: Nodes
) -> Iterator[tuple[cst.CSTNode, cst.Call]]:
    """
    The outermost calls that mention a handle, were not `followed`, and stand in nothing that is `dead`; each behind the
    function that it stands in.

    `frames` are the functions of the file that were followed, with the names as they were when each ended.
    """
    missed = [call for call in reversed(source.calls()) if call not in followed]  # outer ones first
    if not missed:
        return
    passed = [source.offsets(node) for node in dead]
    for function, frame in frames.items():
        start, end = source.offsets(function)
        for call in missed:
            first, last = source.offsets(call)
            if not start <= first < end or any(begin <= first and last <= stop for begin, stop in passed):
                continue
            if mentions_handle(call, frame):
                passed.append((first, last))
                yield function, call
