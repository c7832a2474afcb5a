"""The locks that a migration holds already: each stays until the end of its transaction."""

from __future__ import annotations

from dataclasses import dataclass

from migration_guard import dialects
from migration_guard.dialects import Ability
from migration_guard.model.operations import Operation, TableOperation
from migration_guard.model.schema import Name
from migration_guard.rules import Context


@dataclass(frozen=True, slots=True)
class Held:
    """A lock, taken on a line by the operation at this place of the upgrade. `blocks` as in dialects.Impact."""

    place: int
    line: int
    blocks: str


def held_lock(table: Name, operation: Operation, context: Context) -> Held | None:
    """The first lock that keeps others out of the table, taken earlier in the transaction of this operation."""
    if not (context.in_transaction(operation) and context.can(Ability.TRANSACTIONAL_DDL)):
        return None
    held = context.once(_first_blocking).get((table, operation.site.segment))
    return held if held is not None and held.place < len(context.earlier(operation)) else None


def _first_blocking(context: Context) -> dict[tuple[Name, int], Held]:
    """The first lock on each table in each transaction of the upgrade that keeps others out."""
    found: dict[tuple[Name, int], Held] = {}
    for place, step in enumerate(context.replayed.upgrade):
        one = step.operation
        if not isinstance(one, TableOperation) or (one.table, one.site.segment) in found:
            continue
        if not context.in_transaction(one):
            continue
        asked = dialects.changes(one, step.before, context.target)
        blocks = [impact.blocks for change in asked if (impact := dialects.impact_of(change, context.target))]
        if any(blocks):
            found[one.table, one.site.segment] = Held(place, one.site.span.line, max(blocks, key=len))
    return found
