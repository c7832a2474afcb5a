from __future__ import annotations

import re
from collections.abc import Iterator

from migration_guard.model.constraints import CreateIndex, ValidateConstraint
from migration_guard.model.finding import Finding, Severity
from migration_guard.model.migration import Migration
from migration_guard.model.objects import DeleteRows, InsertRows, RunSql, UpdateRows
from migration_guard.model.operations import Operation, SetColumnComment, TableOperation
from migration_guard.rules import Context, Rule

SETS = re.compile(r"\block_timeout\b|\block_wait_timeout\b", re.IGNORECASE)
LOCAL = re.compile(r"\bSET\s+LOCAL\b", re.IGNORECASE)
SHUT_NOBODY_OUT = (InsertRows, UpdateRows, DeleteRows, SetColumnComment, ValidateConstraint)
SETTINGS = {
    "postgresql": "SET LOCAL lock_timeout = '2s'",
    "mysql": "SET SESSION lock_wait_timeout = 2",
    "mariadb": "SET SESSION lock_wait_timeout = 2",
}


class NoLockTimeout(Rule[Migration]):
    """
    A migration that waits for a lock makes everybody behind it wait, too, for as long as one old query runs.

    ## What happens

    ALTER TABLE waits until the queries that use the table are done, and every query that comes after it waits for the
    ALTER. A lock timeout gives up after a moment, so that the migration fails and the application goes on.

    ```python bad
    op.add_column("users", sa.Column("age", sa.Integer()))
    ```

    ## To whom

    All requests that use the table, from the moment the migration starts to wait, even where the change itself would
    take no time.

    ## When it is no hazard

    A timeout that the migration sets before, or env.py sets for all; a table that the migration makes itself:

    ```python good
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.add_column("users", sa.Column("age", sa.Integer()))
    ```

    What the role or the URL sets is not seen here. SQLite has one lock, and a timeout of its own.

    ## What to write instead

    `op.execute("SET LOCAL lock_timeout = '2s'")` as the first line, or better the same for all migrations in env.py,
    and run the migration again when it gave up.

    ## Sources

    - https://www.postgresql.org/docs/18/runtime-config-client.html#GUC-LOCK-TIMEOUT
    - https://dev.mysql.com/doc/refman/8.4/en/server-system-variables.html#sysvar_lock_wait_timeout
    """

    code = "MG609"
    severity = Severity.WARNING
    enabled = False
    dialects = ("postgresql", "mysql", "mariadb")
    message = "While this waits for its lock on {table}, everybody who comes after it waits as well: no timeout is set."
    help = 'First: op.execute("{setting}"), or the same for all migrations in env.py.'

    def check(self, subject: Migration, context: Context) -> Iterator[Finding]:
        if context.history.environment.lock_timeout:
            return
        set_here = set_for_transaction = False
        for step in context.replayed.upgrade:
            one = step.operation
            if isinstance(one, RunSql) and SETS.search(one.site.sql or ""):
                set_for_transaction = True
                set_here = set_here or not LOCAL.search(one.site.sql or "")
            elif _waits(one, context) and not (set_here or (set_for_transaction and not one.site.autocommit)):
                table = one.table if isinstance(one, TableOperation) else ""
                setting = SETTINGS[context.target.dialect]
                yield self.finding(one, objects=[str(table)], table=table, setting=setting)
                return


def _waits(operation: Operation, context: Context) -> bool:
    """Whether it takes a lock that shuts others out of a table that was there before."""
    if not isinstance(operation, TableOperation) or context.is_new(operation.table, operation):
        return False
    if isinstance(operation, CreateIndex):
        return operation.concurrently is False
    return not isinstance(operation, SHUT_NOBODY_OUT)
