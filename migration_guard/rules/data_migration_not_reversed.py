from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Finding, Severity
from migration_guard.model.migration import Form, Migration
from migration_guard.model.objects import DeleteRows, InsertRows, Opaque, TruncateTable, UpdateRows
from migration_guard.model.operations import Operation
from migration_guard.rules import Context, Rule

CHANGES_ROWS = (InsertRows, UpdateRows, DeleteRows, TruncateTable)


class DataMigrationNotReversed(Rule[Migration]):
    """
    The way back restores the tables and not their rows, so the old code meets rows that it does not know.

    ## What happens

    upgrade() changes rows that were there before, and downgrade() changes none.

    ```python bad
    def upgrade():
        op.execute("UPDATE orders SET state = 'shipped' WHERE state = 'sent'")  # migration-guard: ignore[MG602] a few
        op.add_column("orders", sa.Column("shipped_at", sa.DateTime(timezone=True)))

    def downgrade():
        op.drop_column("orders", "shipped_at")
    ```

    ## To whom

    The servers with the old code, after a rollback: nothing is `sent` any more.

    ## When it is no hazard

    Rows of a table that the migration makes, and values of a column that it adds: they go with it. A migration that is
    declared irreversible, with its reason.

    ```python good
    def upgrade():
        op.add_column("orders", sa.Column("priority", sa.Integer()))
        op.execute("UPDATE orders SET priority = 1")  # migration-guard: ignore[MG601] a few

    def downgrade():
        op.drop_column("orders", "priority")
    ```

    ## What to write instead

    The opposite change in downgrade(), or `# migration-guard: irreversible <reason>`.

    ## Sources

    - https://alembic.sqlalchemy.org/en/latest/tutorial.html#downgrading
    """

    code = "MG711"
    severity = Severity.WARNING
    enabled = False
    message = "The old code meets rows of {table} that it does not know: downgrade() does not change them back."
    help = "Change them back in downgrade(), or declare the migration: # migration-guard: irreversible <reason>"

    def check(self, subject: Migration, context: Context) -> Iterator[Finding]:
        back = subject.downgrade
        if subject.irreversible is not None or back.form is not Form.BODY:
            return
        if any(isinstance(one, (*CHANGES_ROWS, Opaque)) for one in back.operations):
            return
        for one in subject.upgrade.operations:
            if _changes_old_rows(one, context):
                table = getattr(one, "table", "")
                yield self.finding(one, objects=[str(table)], table=table)
                return


def _changes_old_rows(operation: Operation, context: Context) -> bool:
    if not isinstance(operation, CHANGES_ROWS) or context.is_new(operation.table, operation):
        return False
    if isinstance(operation, UpdateRows):
        new = [context.is_new_column(operation.table, column, operation) for column in operation.columns]
        return not (new and all(new))
    return True
