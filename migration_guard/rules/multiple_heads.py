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
        for head in subject.graph.heads:
            together.setdefault(labels_of(head, subject), []).append(head)
        for heads in together.values():
            if len(heads) < 2:
                continue
            names = [head.revision for head in heads]
            last = heads[-1]
            yield self.finding(
                last, span=last.revision_span, count=len(heads), heads=", ".join(names), arguments=" ".join(names)
            )


def labels_of(head: Migration, history: History) -> frozenset[str]:
    """The branch labels of a head: its own, and those of every revision below it."""
    known = {migration.revision: migration for migration in history.graph.order}
    labels: set[str] = set()
    waiting, seen = [head], {head.revision}
    while waiting:
        migration = waiting.pop()
        labels.update(migration.branch_labels)
        parents = [known[parent] for parent in migration.parents if parent in known and parent not in seen]
        seen.update(parent.revision for parent in parents)
        waiting += parents
    return frozenset(labels)
