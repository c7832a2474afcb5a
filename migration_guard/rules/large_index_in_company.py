from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.constraints import CreateIndex, DropIndex
from migration_guard.model.conventions import matches
from migration_guard.model.finding import Finding, Severity
from migration_guard.model.objects import RunSql
from migration_guard.rules import Context, Rule


class LargeIndexInCompany(Rule[CreateIndex]):
    """
    Everything else in the migration waits for an index on a large table, and is undone with it when it fails.

    ## What happens

    To build an index on a table that `large-tables` names takes minutes or hours. What stands in the same migration is
    not there until it is done, and holds its locks so long, unless the index is built outside of the transaction.

    ```toml given
    large-tables = ["events"]
    ```

    ```python bad
    op.add_column("users", sa.Column("visits", sa.Integer()), if_not_exists=True)
    with op.get_context().autocommit_block():
        op.create_index("ix_events_user_id", "events", ["user_id"], postgresql_concurrently=True)
    ```

    ## To whom

    The deploy that waits, and the release whose code needs the other change.

    ## When it is no hazard

    A migration of its own. Settings such as `SET lock_timeout` and other indexes of the same table may stand beside it:

    ```toml given
    large-tables = ["events"]
    ```

    ```python good
    with op.get_context().autocommit_block():
        op.create_index("ix_events_user_id", "events", ["user_id"], postgresql_concurrently=True)
        op.create_index("ix_events_kind", "events", ["kind"], postgresql_concurrently=True)
    ```

    ## What to write instead

    Two migrations, the index in the second.

    ## Sources

    - https://www.postgresql.org/docs/18/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
    - The team's own conventions: `large-tables`, and the presets multi-tenant and strict.
    """

    code = "MG917"
    severity = Severity.WARNING
    enabled = False
    message = "What else is in this migration waits until the index on {table}, which is large, is built."
    help = "Give the index a migration of its own."

    def check(self, subject: CreateIndex, context: Context) -> Iterator[Finding]:
        if not matches(str(subject.table), context.conventions.large_tables) or context.is_new(subject.table):
            return
        if context.conventions.exempts(self.code, str(subject.table)):
            return
        others = [one for one in context.together(subject) if not _belongs(one, subject)]
        if others:
            yield self.finding(subject, objects=(str(subject.table), subject.index.name or ""), table=subject.table)


def _belongs(other: object, index: CreateIndex) -> bool:
    """Whether it may stand beside the index: a setting, another index of the table, what an earlier try has left."""
    if isinstance(other, DropIndex):
        return other.name == index.index.name
    return (isinstance(other, RunSql) and other.kind.startswith("SET")) or (
        isinstance(other, CreateIndex) and other.table == index.table
    )
