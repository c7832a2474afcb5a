from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Finding
from migration_guard.model.migration import History
from migration_guard.rules import Context, Rule, Trait


class RevisionCycle(Rule[History]):
    """
    The revisions form a loop: there is no first one, and Alembic stops.

    The examples are in tests/cases/revision-cycle.md.
    """

    code = "MG005"
    traits = (Trait.ABOUT_GRAPH,)
    message = "These revisions form a loop, so Alembic finds no order to run them in: {loop}."
    help = "Point one down_revision at the revision that really came before."

    def check(self, subject: History, context: Context) -> Iterator[Finding]:
        for loop in subject.merged.cycles:
            first = next((migration for migration in loop if subject.is_new(migration)), loop[0])
            names = [migration.revision for migration in (*loop, loop[0])]
            yield self.finding(first, span=first.parents_span or first.revision_span, loop=" -> ".join(names))
