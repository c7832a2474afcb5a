from __future__ import annotations

from collections.abc import Iterator

from migration_guard.dialects import Ability
from migration_guard.model.constraints import CreateIndex, DropIndex
from migration_guard.model.finding import Finding, Severity
from migration_guard.rules import Context, Rule


class InvalidIndexHidden(Rule[CreateIndex]):
    """
    IF NOT EXISTS takes the invalid index that a concurrent build leaves behind for the one that is wanted.

    ## What happens

    A concurrent build that is cut off, or meets a duplicate, leaves an INVALID index. The next try finds its name,
    skips the build with a notice, and the revision counts as done.

    ```python bad
    with op.get_context().autocommit_block():
        op.create_index("ix_users_email", "users", ["email"], postgresql_concurrently=True, if_not_exists=True)
    ```

    ## To whom

    Whoever relies on the index: queries do not use it, a unique one does not hold for the old rows, and every write
    still pays for it.

    ## When it is no hazard

    What is left of an earlier try is dropped first:

    ```python good
    with op.get_context().autocommit_block():
        op.drop_index("ix_users_email", "users", postgresql_concurrently=True, if_exists=True)
        op.create_index("ix_users_email", "users", ["email"], postgresql_concurrently=True, if_not_exists=True)
    ```

    So is an index on a table that the migration itself makes, and one in a file that looks at `indisvalid` itself.

    ## What to write instead

    Drop it first, in the same block, and build it without IF NOT EXISTS.

    ## Sources

    - What a failed build leaves: https://www.postgresql.org/docs/18/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
    """

    code = "MG404"
    severity = Severity.WARNING
    dialects = ("postgresql",)
    message = "If the build of {index} is cut off, the next try takes the invalid index it leaves for done."
    help = """\
Drop what is left of an earlier try first, in the same block, and build it without IF NOT EXISTS:
    op.execute("DROP INDEX CONCURRENTLY IF EXISTS {index:sql}")"""

    def check(self, subject: CreateIndex, context: Context) -> Iterator[Finding]:
        name = subject.index.name
        if not (subject.concurrently is True and subject.if_not_exists and name):
            return
        if not context.can(Ability.CONCURRENT_INDEX) or context.is_new(subject.table):
            return
        if "indisvalid" in context.source:
            return
        if not any(one.name == name for one in context.earlier(subject, DropIndex)):
            yield self.finding(subject, objects=[name], index=name)
