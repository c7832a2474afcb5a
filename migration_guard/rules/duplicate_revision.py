from __future__ import annotations

from collections.abc import Iterator
from os.path import relpath

from migration_guard.model.finding import Finding
from migration_guard.model.migration import History
from migration_guard.rules import Context, Rule, Trait


class DuplicateRevision(Rule[History]):
    """
    Two files declare the same revision: Alembic takes one of them and never runs the other.

    ## What happens

    Alembic only warns. Usually a file was copied to start a new one, and kept the id.

    ## To whom

    The author of the migration that does not run: the deployment succeeds, and the schema lacks what it makes. Which of
    the two that is depends on the order in which Alembic meets the files.

    ## When it is no hazard

    With `--since`, two files that the git ref has already are not told again.

    ## What to write instead

    Give one of them an id of its own; `alembic revision` makes one. A database where the wrong one has run needs the
    other under a new id.

    ## Sources

    - The map of revisions: https://alembic.sqlalchemy.org/en/latest/api/script.html
    """

    code = "MG003"
    traits = (Trait.ABOUT_GRAPH,)
    message = "Revision {revision} is also declared in {other}: Alembic runs only one of the two."
    help = "Give one of them an id of its own (alembic revision makes one)."

    def check(self, subject: History, context: Context) -> Iterator[Finding]:
        for kept, other in subject.merged.duplicates:
            if not subject.is_new(other):
                kept, other = other, kept
            if not subject.is_new(other):
                continue  # the git ref has both
            known = kept.path if subject.is_coming(kept) else relpath(kept.path, subject.root).replace("\\", "/")
            yield self.finding(other, span=other.revision_span, revision=other.revision, other=known)
