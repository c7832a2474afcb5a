from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Finding
from migration_guard.model.migration import History, Migration
from migration_guard.rules import Context, Rule


class MultipleHeads(Rule[History]):
    """
    The history ends in more than one revision: `alembic upgrade head` does not know which one is meant, and stops.

    Two branches each added a migration, and both were merged. Branches that are meant to stay apart carry a
    branch label. The examples are in tests/cases/multiple-heads.md.
    """

    code = "MG006"
    message = "The history ends in {count} revisions ({heads}): `alembic upgrade head` stops."
    help = 'Join them: alembic merge -m "merge heads" {arguments}'

    def check(self, subject: History, context: Context) -> Iterator[Finding]:
        together: dict[frozenset[str], list[Migration]] = {}
        loose = {migration.revision for migration, _ in subject.graph.missing}
        for head in subject.graph.heads:
            below = lineage(head, subject)
            # What hangs on a missing revision may belong on top of another head: MG004 speaks of it.
            if not any(migration.revision in loose for migration in below):
                labels = frozenset(label for migration in below for label in migration.branch_labels)
                together.setdefault(labels, []).append(head)
        for heads in together.values():
            if len(heads) < 2:
                continue
            names = [head.revision for head in heads]
            last = heads[-1]
            yield self.finding(
                last, span=last.revision_span, count=len(heads), heads=", ".join(names), arguments=" ".join(names)
            )


def lineage(head: Migration, history: History) -> list[Migration]:
    """A head and every revision below it."""
    known = {migration.revision: migration for migration in history.graph.order}
    found = {head.revision: head}
    waiting = [head]
    while waiting:
        for parent in waiting.pop().parents:
            if parent in known and parent not in found:
                found[parent] = known[parent]
                waiting.append(known[parent])
    return list(found.values())
