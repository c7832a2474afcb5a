from __future__ import annotations

from collections.abc import Iterator

from migration_guard.dialects import Ability
from migration_guard.model.constraints import CreateIndex, DropIndex
from migration_guard.model.finding import Finding, Severity
from migration_guard.model.migration import Migration
from migration_guard.rules import Context, Rule
from migration_guard.rules._resuming import fails_again, words


class ConcurrentMixedWithOtherWork(Rule[Migration]):
    """
    Other work follows a concurrent build in the same revision: if it fails, the index is there and the version is not.

    ## What happens

    What stands in an autocommit block is there at once. When a line behind it fails, the next try meets its own index:
    "already exists".

    ```python bad
    with op.get_context().autocommit_block():
        op.create_index("ix_users_email", "users", ["email"], postgresql_concurrently=True)
    op.add_column("users", sa.Column("nickname", sa.Text()))
    ```

    ## To whom

    The person on call, who has to drop the index by hand before the revision can be run again.

    ## When it is no hazard

    A block that stands alone, whatever is in it, and work that minds what is there:

    ```python good
    with op.get_context().autocommit_block():
        op.create_index("ix_users_email", "users", ["email"], postgresql_concurrently=True)
    ```

    ```python good
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_users_email")
    op.add_column("users", sa.Column("nickname", sa.Text()))
    ```

    Work before the block is MG614.

    ## What to write instead

    A revision of its own for what is built concurrently.

    ## Sources

    - `autocommit_block()`: https://alembic.sqlalchemy.org/en/latest/api/runtime.html
    """

    code = "MG405"
    severity = Severity.WARNING
    dialects = ("postgresql",)
    message = "If line {line} fails, {what} stays, and the next try stops at it: it exists already."
    help = "Give what is built concurrently a revision of its own."

    def check(self, subject: Migration, context: Context) -> Iterator[Finding]:
        if not context.can(Ability.CONCURRENT_INDEX):
            return
        built = None
        for one in subject.upgrade.operations:
            concurrent = isinstance(one, CreateIndex | DropIndex) and one.concurrently is True
            if concurrent and one.site.autocommit and fails_again(one):
                built = built or one
            elif built is not None and not (one.site.autocommit or concurrent) and fails_again(one):
                yield self.finding(built, objects=[subject.revision], what=words(built), line=one.site.span.line)
                return
