"""What the rules on certain failures share: whose work stops, and where the statement would work."""

from __future__ import annotations

from collections.abc import Sequence

from migration_guard.model.finding import Direction
from migration_guard.model.operations import DropTable, Operation
from migration_guard.model.refusals import Refusal

BOTH = (Direction.UPGRADE, Direction.DOWNGRADE)


def stopped(operation: Operation) -> str:
    """What stops at a statement that the database refuses."""
    return "rollback" if operation.site.direction is Direction.DOWNGRADE else "deployment"


def objects_of(refusals: Sequence[Refusal]) -> list[str]:
    """The names by which a finding on these is known again."""
    return [f"{one.table}.{one.name}" if one.what == "column" and one.table else one.name for one in refusals]


def goes_along(refusal: Refusal) -> bool:
    """Whether a later statement drops the table, and with it what this one drops too early."""
    return isinstance(refusal.other, DropTable) and refusal.other.table == refusal.table


def moved(refusal: Refusal) -> str:
    """Where to put a statement that works on the other side of another one; empty where that is not all."""
    other = refusal.other
    if other is None:
        return ""
    here, there = refusal.operation.site.span, other.site.span
    if goes_along(refusal):
        return f"Leave it out: line {there.line} drops {refusal.table}, and this with it."
    if there.line == here.line:
        return ""
    side = "above" if (there.line, there.column) < (here.line, here.column) else "below"
    return f"Move it {side} line {there.line}."
