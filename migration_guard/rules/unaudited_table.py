from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.conventions import matches
from migration_guard.model.finding import Severity
from migration_guard.model.objects import RunSql
from migration_guard.model.schema import Name, Table
from migration_guard.rules import Context
from migration_guard.rules._conventions import Breach, Convention


class UnauditedTable(Convention):
    """
    Nothing records who changed what in a table of which that is asked.

    ## What happens

    `audited-tables` names the tables. A trigger that the history makes on one records its changes; without any, only
    the application could.

    ```toml given
    audited-tables = ["salaries"]
    ```

    ```python bad
    op.create_table("salaries", sa.Column("id", sa.Uuid(), primary_key=True))
    ```

    ## To whom

    The auditor who asks who changed a salary, and is shown a log that knows only what went through the application.

    ## When it is no hazard

    A trigger on the table, whatever it does: what its function writes is not read.

    ```toml given
    audited-tables = ["salaries"]
    ```

    ```python good
    op.create_table("salaries", sa.Column("id", sa.Uuid(), primary_key=True))
    op.execute("CREATE TRIGGER audit AFTER UPDATE OR DELETE ON salaries FOR EACH ROW EXECUTE FUNCTION audit()")
    ```

    ## What to write instead

    A trigger on INSERT, UPDATE and DELETE that writes to the log.

    ## Sources

    - https://www.postgresql.org/docs/18/plpgsql-trigger.html
    - The team's own conventions: `audited-tables`.
    """

    code = "MG920"
    severity = Severity.INFO
    missing = True
    message = "Changes of {table} leave no record: no trigger of the history writes one."
    help = "Create a trigger on INSERT, UPDATE and DELETE of {table} that writes to your log."

    def breaches(self, table: Table, context: Context) -> Iterator[Breach]:
        if matches(str(table.name), context.conventions.audited_tables) and not _has_trigger(table.name, context):
            yield Breach()


def _has_trigger(table: Name, context: Context) -> bool:
    return any(
        isinstance(one, RunSql) and one.kind.startswith("CREATE") and "TRIGGER" in one.kind and table in one.tables
        for migration in context.history.graph.order
        for one in migration.upgrade.operations
    )
