from __future__ import annotations

from collections.abc import Iterator, Sequence

from migration_guard.model.finding import Finding
from migration_guard.model.migration import History, Migration, RevisionGraph
from migration_guard.rules import Context, Rule, Trait


class MultipleHeads(Rule[History]):
    """
    The history ends in more than one revision: `alembic upgrade head` does not know which one is meant, and stops.

    ## What happens

    Two branches each added a migration, and both were merged; or one of them is merged already, and the other will be.

    ## To whom

    The next deploy, whoever's change it brings. Each branch is fine by itself, so neither author sees it coming.

    ## When it is no hazard

    Branches with different branch labels are meant to stay apart: only heads of the same labels are counted together.
    What hangs on a missing revision is left to MG004. With `--since`, a history that had as many heads before is not
    told again.

    ## What to write instead

    Join them with `alembic merge`, or put the newer one on top of the other while nobody has run it.

    ## Sources

    - Branches, labels and `alembic merge`: https://alembic.sqlalchemy.org/en/latest/branches.html
    """

    code = "MG006"
    traits = (Trait.ABOUT_GRAPH,)
    message = "The history ends in {count} revisions ({heads}): `alembic upgrade head` stops."
    help = 'Join them: alembic merge -m "merge heads" {arguments}'
    once_merged = "Merged with {ref}, the history ends in {count} revisions ({heads}): `alembic upgrade head` stops."
    behind = """\
Put {revision} behind what {ref} has, or join the two when both are there:

    down_revision = "{coming}"
    alembic merge -m "merge heads" {arguments}"""

    def check(self, subject: History, context: Context) -> Iterator[Finding]:
        together: dict[frozenset[str], list[Migration]] = {}
        graph = subject.merged
        loose = {migration.revision for migration, _ in graph.missing}
        for head in graph.heads:
            below = lineage(head, graph)
            # What hangs on a missing revision may belong on top of another head: MG004 speaks of it.
            if not any(migration.revision in loose for migration in below):
                labels = frozenset(label for migration in below for label in migration.branch_labels)
                together.setdefault(labels, []).append(head)
        for heads in together.values():
            new = [head for head in heads if subject.is_new(head)]
            if len(heads) > 1 and new and len(heads) > _heads_before(heads, subject):
                yield self._finding(heads, new[-1], subject)

    def _finding(self, heads: Sequence[Migration], last: Migration, history: History) -> Finding:
        names = [head.revision for head in heads]
        coming = next((head.revision for head in heads if history.is_coming(head)), None)
        return self.finding(
            last,
            span=last.revision_span if coming is None else last.parents_span or last.revision_span,
            message=self.message if coming is None else self.once_merged,
            help=self.help if coming is None else self.behind,
            count=len(heads),
            heads=", ".join(names),
            arguments=" ".join(names),
            revision=last.revision,
            coming=coming,
            ref=history.merge and history.merge.ref,
        )


def _heads_before(heads: Sequence[Migration], history: History) -> int:
    """How many heads there are below these without what is new: 0 where everything is."""
    below = {one.revision: one for head in heads for one in lineage(head, history.merged) if not history.is_new(one)}
    named = {parent for migration in below.values() for parent in migration.parents}
    return sum(revision not in named for revision in below)


def lineage(head: Migration, graph: RevisionGraph) -> list[Migration]:
    """A head and every revision below it."""
    known = {migration.revision: migration for migration in graph.order}
    found = {head.revision: head}
    waiting = [head]
    while waiting:
        for parent in waiting.pop().parents:
            if parent in known and parent not in found:
                found[parent] = known[parent]
                waiting.append(known[parent])
    return list(found.values())
