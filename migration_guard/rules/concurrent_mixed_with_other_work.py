from __future__ import annotations

from collections.abc import Iterator

from migration_guard.dialects import Ability
from migration_guard.model.constraints import AddConstraint, CreateIndex, DropIndex
from migration_guard.model.finding import Finding, Severity
from migration_guard.model.migration import Migration
from migration_guard.model.operations import Operation
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

    Work before the block is MG614. A constraint that takes the index over is no other work.

    ```python good
    with op.get_context().autocommit_block():
        op.create_index("uq_users_email", "users", ["email"], unique=True, postgresql_concurrently=True)
    op.execute("ALTER TABLE users ADD CONSTRAINT uq_users_email UNIQUE USING INDEX uq_users_email")
    ```

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
        built: CreateIndex | DropIndex | None = None
        for one in subject.upgrade.operations:
            concurrent = isinstance(one, CreateIndex | DropIndex) and one.concurrently is True
            if isinstance(one, CreateIndex | DropIndex) and concurrent and one.site.autocommit and fails_again(one):
                built = built or one
            elif built is not None and not (one.site.autocommit or concurrent) and _is_other_work(one, built):
                yield self.finding(built, objects=[subject.revision], what=words(built), line=one.site.span.line)
                return


def _is_other_work(operation: Operation, built: CreateIndex | DropIndex) -> bool:
    """Whether it stops the next try, and has not to do with the index itself."""
    index = built.index.name if isinstance(built, CreateIndex) else built.name
    takes_over = isinstance(operation, AddConstraint) and operation.constraint.using_index == index
    return fails_again(operation) and not takes_over
