"""What a batch on SQLite loses: it makes the table anew of what SQLAlchemy reflects of the old one."""

from __future__ import annotations

from collections.abc import Mapping

from migration_guard.model.differences import SchemaDifference, differences
from migration_guard.model.operations import RecreateTable
from migration_guard.rules import Context


def lost_by_batches(context: Context) -> Mapping[int, tuple[SchemaDifference, ...]]:
    """What each batch of the revision loses and nothing behind it in its function brings back, by the batch's id."""
    return context.once(_lost)


def _lost(context: Context) -> dict[int, tuple[SchemaDifference, ...]]:
    found: dict[int, tuple[SchemaDifference, ...]] = {}
    ends = ((context.replayed.upgrade, context.replayed.after), (context.replayed.downgrade, context.replayed.restored))
    names_checks = any(one.startswith("ck=") for one in context.history.environment.naming_convention)
    for steps, end in ends:
        for step in steps:
            batch = step.operation
            if isinstance(batch, RecreateTable):
                lost = differences(step.before, batch.apply(step.before))
                left = {(one.kind, one.name) for one in differences(step.before, end)}
                found[id(batch)] = tuple(
                    one
                    for one in lost
                    if (one.kind, one.name) in left and not (one.kind == "check constraint" and names_checks)
                )
    return found
