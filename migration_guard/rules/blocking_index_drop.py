from __future__ import annotations

from collections.abc import Iterator, Sequence

from migration_guard.dialects import Ability, Change
from migration_guard.model.constraints import CreateIndex, DropIndex
from migration_guard.model.finding import Finding, Severity
from migration_guard.model.operations import DropColumn, DropTable, Operation
from migration_guard.model.schema import Index, Name
from migration_guard.model.unknown import Unknown
from migration_guard.rules import Context, Fixable, Rule
from migration_guard.rules._fixes import in_sql, keyword, outside_the_transaction
from migration_guard.rules._locks import held_lock


class BlockingIndexDrop(Rule[DropIndex]):
    """
    Dropping an index the plain way shuts everybody out of its table for a moment, and behind every long query.

    ## What happens

    The drop itself is quick. But it waits for every running query on the table, and all that come later wait behind it.

    ## To whom

    Every request to the table, reads too, for as long as the longest query that is running there when the migration
    comes.

    ## When it is no hazard

    An index on a table or a column that goes anyway may go with it:

    ```python good
    op.drop_index("ix_users_email", "users")
    # migration-guard: ignore[MG101] nobody has used it since the spring
    op.drop_table("users")
    ```

    So may one that the migration itself has made, and one that stands behind a constraint or on a partitioned table,
    which cannot be dropped otherwise. Where an earlier line of the transaction shuts everybody out of the table, the
    drop adds nothing:

    ```python good
    op.add_column("users", sa.Column("nickname", sa.Text()))
    op.drop_index("ix_users_email", "users")
    ```

    Other databases have no other way:

    ```python good mysql 8.0
    op.drop_index("ix_users_email", "users")
    ```

    ## What to write instead

    Drop it concurrently: that waits without anybody waiting for it. It cannot run inside a transaction. `--fix` writes
    it where the drop is the migration's only work. Otherwise the block would commit what comes before it: that takes
    `--unsafe-fixes`.

    ```python bad
    op.drop_index("ix_users_email", "users")
    ```

    ```python fixed
    with op.get_context().autocommit_block():
        op.drop_index("ix_users_email", "users", postgresql_concurrently=True)
    ```

    ```python bad
    op.execute("DROP INDEX IF EXISTS ix_users_email")
    ```

    ```python fixed
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_users_email")
    ```

    ## Sources

    - Who waits behind whom: https://www.postgresql.org/docs/18/explicit-locking.html
    - `autocommit_block()`: https://alembic.sqlalchemy.org/en/latest/api/runtime.html
    """

    code = "MG403"
    severity = Severity.WARNING
    changes = (Change.DROP_INDEX,)
    fixable = Fixable.DEPENDS
    message = (
        "Dropping {index} this way blocks {blocks} to {table} while it waits for every query that is running there."
    )
    help = "Drop it concurrently, outside the migration's transaction."

    def check(self, subject: DropIndex, context: Context) -> Iterator[Finding]:
        impact = context.impact(subject)
        if not (impact and impact.blocks and context.can(Ability.CONCURRENT_INDEX)):
            return
        found = context.before.index(subject.name, subject.table)
        table = subject.table or (found[0].name if found else None)
        if any(one.index.name == subject.name for one in context.earlier(subject, CreateIndex)):
            return
        if table is not None:
            known = context.before.table(table)
            backs_a_constraint = known and any(one.name == subject.name for one in known.constraints)
            goes_anyway = _goes_anyway(
                table, found[1] if found else None, context.later(subject, DropTable, DropColumn)
            )
            if context.is_new(table) or backs_a_constraint or goes_anyway or (known and known.partitioned):
                return
            if table in context.before.views:
                return
            held = held_lock(table, subject, context)
            if held is not None and held.blocks == impact.blocks:
                return
        fix = None
        if not subject.cascade:
            fix = outside_the_transaction(
                subject,
                context,
                in_sql(subject, context, r"\bDROP\s+INDEX\b", " CONCURRENTLY")
                if subject.site.sql
                else keyword(subject, context, "postgresql_concurrently", "True"),
            )
        yield self.finding(
            subject,
            objects=[subject.name],
            fix=fix,
            index=subject.name,
            table=table or "its table",
            blocks=impact.blocks,
        )


def _goes_anyway(table: Name, index: Index | None, later: Sequence[Operation]) -> bool:
    """Whether the table, or a column of the index, is dropped further on: it takes the index along."""
    columns = index.columns if index and not isinstance(index.columns, Unknown) else ()
    return any(
        (isinstance(one, DropTable) and one.table == table)
        or (isinstance(one, DropColumn) and one.table == table and one.column in columns)
        for one in later
    )
