from __future__ import annotations

from collections.abc import Iterator
from os.path import basename

from migration_guard.model.finding import Finding
from migration_guard.model.migration import History
from migration_guard.rules import Context, Rule, Trait


class MissingParent(Rule[History]):
    """
    A revision builds on one that no file declares: Alembic cannot order the history and stops.

    ## What happens

    The file was deleted, renamed on another branch, or never added to git. A `depends_on` that leads nowhere counts as
    well.

    ## To whom

    Everybody: no Alembic command gets beyond it, on the next deploy, in the tests, and on a colleague's machine.

    ## When it is no hazard

    Where the name of an unreadable file holds the missing id, MG001 speaks of it. With `--since`, what was broken
    before is not told again, but a parent that this branch removes is.

    ## What to write instead

    Bring the file back, or point `down_revision` at the revision that really comes before.

    ## Sources

    - How revisions refer to each other: https://alembic.sqlalchemy.org/en/latest/tutorial.html
    """

    code = "MG004"
    traits = (Trait.ABOUT_GRAPH,)
    message = "{revision} builds on {parent}, which no file declares: every alembic command stops here."
    help = "Bring the file of {parent} back, or point {word} at the revision that comes before this one."

    def check(self, subject: History, context: Context) -> Iterator[Finding]:
        broken = [basename(file.path) for file in subject.unreadable]
        for migration, parent in subject.merged.missing:
            if any(parent in name for name in broken):
                continue  # its file is there, and MG001 speaks of it
            if not (subject.is_new(migration) or subject.is_removed(parent)):
                continue  # it was so before
            yield self.finding(
                migration,
                span=migration.parents_span or migration.revision_span,
                revision=migration.revision,
                parent=parent,
                word="down_revision" if parent in migration.parents else "depends_on",
            )
