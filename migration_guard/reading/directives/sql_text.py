"""SQL text that a call runs, as operations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from migration_guard.model.objects import RunSql
from migration_guard.model.operations import Operation
from migration_guard.model.site import Site
from migration_guard.model.unknown import without_holes
from migration_guard.reading.directives.protocol import DirectiveWalker
from migration_guard.reading.interpreter.values import Attribute, CallValue, Text, Value
from migration_guard.reading.sql import reader


def sql_operations(walker: DirectiveWalker, made: CallValue, text: Text) -> Iterator[Operation]:
    """The operations of SQL text that a call runs: each of its statements, at its own place in the source."""
    walker.spend(text)
    isolated = _is_autocommit(made.function)

    def site(start: int, end: int) -> Site:
        written = text.value[start:end]
        found = text.locate(start, end, walker.source.path)
        if found is None:
            placed = walker.site(made.node, sql=written)
        else:
            span = walker.source.lines.span(found[0], found[1])
            exact = found[2] and walker.source.text[found[0] : found[1]] == written
            placed = walker.site(made.node, span=span, sql=written, exact=exact)
        return replace(placed, autocommit=True) if isolated else placed

    if not text.known and not without_holes(text.value).strip():
        walker.opaque(made.node, walker.shown(made.node), "its SQL text is not known")
        return
    for operation in reader.read_sql(text.value, walker.dialect, site):
        yield operation
        if isinstance(operation, RunSql):
            _follow_transaction(walker, operation.kind)


def _follow_transaction(walker: DirectiveWalker, kind: str) -> None:
    """A COMMIT in the middle ends the transaction; what follows runs alone, until BEGIN."""
    first = kind.split(" ")[0]
    if first in ("COMMIT", "END", "ROLLBACK") and kind in (
        "COMMIT",
        "END",
        "ROLLBACK",
        "COMMIT TRANSACTION",
        "COMMIT WORK",
    ):
        walker.segment += 1
        walker.autocommit = True
    elif first in ("BEGIN", "START"):
        walker.segment += 1
        walker.autocommit = False


def _is_autocommit(value: Value) -> bool:
    """Whether a connection was opened with isolation_level="AUTOCOMMIT"."""
    match value:
        case CallValue(function=function):
            level = value.keyword("isolation_level")
            return (isinstance(level, Text) and level.value.upper() == "AUTOCOMMIT") or _is_autocommit(function)
        case Attribute(owner=owner):
            return _is_autocommit(owner)
    return False
