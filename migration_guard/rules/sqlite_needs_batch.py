from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from migration_guard.model.constraints import AddConstraint, DropConstraint
from migration_guard.model.finding import Finding
from migration_guard.model.migration import History
from migration_guard.model.operations import (
    AddColumn,
    AlterColumnType,
    DropNotNull,
    Operation,
    SetDefault,
    SetNotNull,
    TableOperation,
)
from migration_guard.model.schema import ConstraintKind, Expression
from migration_guard.rules import Context, Rule
from migration_guard.rules._refusals import BOTH, stopped

ALTERS_NOT_NULL = (3, 53)
"""Since then SQLite changes NOT NULL in place, and CHECK in SQL (https://www.sqlite.org/lang_altertable.html)."""
MOST_REVISIONS = 3
"""More of them than this show that a history is not run on SQLite, whatever its configuration names."""


class SqliteNeedsBatch(Rule[Operation]):
    """
    SQLite cannot alter a column or a constraint in place; Alembic does it in a batch, with a new table.

    ## What happens

    Alembic raises for constraints, and SQLite does not know ALTER COLUMN.

    ```python given
    op.create_table("pets", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("legs", sa.Integer()))
    ```

    ```python bad sqlite
    op.alter_column("pets", "legs", type_=sa.BigInteger())
    ```

    ```python bad sqlite
    op.create_check_constraint("ck_pets_legs", "pets", "legs > 0")
    ```

    Nor does it add a column whose default is no constant to a table with rows:

    ```python given
    op.create_table("pets", sa.Column("id", sa.Integer(), primary_key=True))
    ```

    ```python bad sqlite
    op.add_column("pets", sa.Column("seen", sa.DateTime(), server_default=sa.func.current_timestamp()))
    ```

    ## To whom

    Whoever deploys, or rolls back: it stops there.

    ## When it is no hazard

    In a batch, and on other databases:

    ```python given
    op.create_table("pets", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("legs", sa.Integer()))
    ```

    ```python good sqlite
    with op.batch_alter_table("pets") as batch:
        batch.alter_column("legs", type_=sa.BigInteger())
        batch.create_check_constraint("ck_pets_legs", "legs > 0")
    ```

    A history that does it in more than three revisions runs elsewhere, and is left alone. So is what stands under a
    condition.

    ## What to write instead

    `with op.batch_alter_table("pets") as batch:`, and the same directive of `batch`, without the table.

    ## Sources

    - https://alembic.sqlalchemy.org/en/latest/batch.html
    - https://www.sqlite.org/lang_altertable.html; measured by tests/test_batch_on_sqlite.py
    """

    code = "MG801"
    dialects = ("sqlite",)
    directions = BOTH
    message = "The {stopped} stops here: SQLite cannot {what} in {table}."
    help = 'Do it in a batch, which makes the table anew: with op.batch_alter_table("{table:name}") as batch: ...'

    def check(self, subject: Operation, context: Context) -> Iterator[Finding]:
        what = _refused(subject)
        if what is None or not isinstance(subject, TableOperation) or _runs_elsewhere(context.history):
            return
        if isinstance(subject, AddColumn) and context.is_new(subject.table):
            return
        in_place = isinstance(subject, SetNotNull | DropNotNull) or _is_check_in_sql(subject)
        if in_place and context.target.version >= ALTERS_NOT_NULL:
            return
        yield self.finding(
            subject, objects=[str(subject.table)], stopped=stopped(subject), what=what, table=subject.table
        )


def _refused(operation: Operation) -> str | None:
    """What SQLite cannot do of the operation, in words; None where it can, or the operation may not run."""
    if operation.site.batch or operation.site.conditional:
        return None
    match operation:
        case AlterColumnType():
            return f"change the type of column {operation.column}"
        case SetNotNull() | DropNotNull():
            return f"change NOT NULL of column {operation.column}"
        case SetDefault():
            return f"change the default of column {operation.column}"
        case AddConstraint(constraint=constraint):
            return f"add a {constraint.kind.value} constraint"
        case DropConstraint():
            return "drop a constraint"
        case AddColumn(column=column) if isinstance(column.default, Expression) and _is_computed(column.default):
            return f"add a column ({column.name}) with a default that is no constant to the rows"
    return None


def _is_computed(default: Expression) -> bool:
    """Whether the default is no constant to SQLite: CURRENT_TIMESTAMP, or anything in parentheses."""
    sql = default.sql.strip().lower()
    return default.literal is None and (sql.startswith(("(", "current_")) or bool(default.functions))


def _is_check_in_sql(operation: Operation) -> bool:
    checks = isinstance(operation, AddConstraint) and operation.constraint.kind is ConstraintKind.CHECK
    return operation.site.sql is not None and (checks or isinstance(operation, DropConstraint))


@lru_cache(maxsize=8)
def _runs_elsewhere(history: History) -> bool:
    refused = [one for one in history.migrations if any(map(_refused, one.upgrade.operations))]
    return len(refused) > MOST_REVISIONS
