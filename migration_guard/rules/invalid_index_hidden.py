from __future__ import annotations

from collections.abc import Iterator

from migration_guard.dialects import Ability
from migration_guard.model.constraints import CreateIndex, DropIndex
from migration_guard.model.finding import Finding, Severity
from migration_guard.model.guards import Guard, Lists, Not, name_in
from migration_guard.model.listings import Listing
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

    An inspector lists invalid indexes like all others, so that a look before the build hides them, too:

    ```python bad
    indexes = sa.inspect(op.get_bind()).get_indexes("users")
    if "ix_users_email" not in [index["name"] for index in indexes]:
        with op.get_context().autocommit_block():
            op.create_index("ix_users_email", "users", ["email"], postgresql_concurrently=True)
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

    Drop it first, in the same block, and build it without IF NOT EXISTS or a look at what is there.

    ## Sources

    - What a failed build leaves: https://www.postgresql.org/docs/18/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
    - What an inspector lists: measured with SQLAlchemy 2.1 by tests/test_refusals_on_postgresql.py
    """

    code = "MG404"
    severity = Severity.WARNING
    dialects = ("postgresql",)
    message = "If the build of {index} is cut off, the next try takes the invalid index it leaves for done."
    help = """\
Drop what is left of an earlier try first, in the same block, and build it without {look}:
    op.execute("DROP INDEX CONCURRENTLY IF EXISTS {index:sql}")"""

    def check(self, subject: CreateIndex, context: Context) -> Iterator[Finding]:
        name = subject.index.name
        if not (subject.concurrently is True and name):
            return
        if not (subject.if_not_exists or any(_looks_for(name, guard) for guard in subject.site.guards)):
            return
        if not context.can(Ability.CONCURRENT_INDEX) or context.is_new(subject.table):
            return
        if "indisvalid" in context.source:
            return
        if not any(one.name == name for one in context.earlier(subject, DropIndex)):
            look = "IF NOT EXISTS" if subject.if_not_exists else "looking whether it is there"
            yield self.finding(subject, objects=[name], index=name, look=look)


def _looks_for(name: str, guard: Guard) -> bool:
    """Whether the condition is that no index is called so."""
    listed = guard.inner if isinstance(guard, Not) else None
    return isinstance(listed, Lists) and listed.listing is Listing.INDEXES and name_in(listed.where) == name
