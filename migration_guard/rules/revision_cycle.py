from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Finding
from migration_guard.model.migration import History
from migration_guard.rules import Context, Rule, Trait


class RevisionCycle(Rule[History]):
    """
    The revisions form a loop: there is no first one, and Alembic stops.

    ## What happens

    A `down_revision` was edited, or two branches were put on top of each other. A revision may even follow itself. No
    order satisfies a loop.

    ## To whom

    Everybody: no Alembic command runs, on the next deploy, in the tests, and on a colleague's machine.

    ## When it is no hazard

    Never: no loop has an order. A merge, where two branches meet again, is none.

    ## What to write instead

    Point one `down_revision` of the loop at the revision that really came before. Databases keep the id of the revision
    they are at, so leave `revision` as it is.

    ## Sources

    - How revisions refer to each other: https://alembic.sqlalchemy.org/en/latest/tutorial.html
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
