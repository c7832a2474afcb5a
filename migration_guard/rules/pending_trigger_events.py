from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.constraints import AddConstraint, CreateIndex, ValidateConstraint
from migration_guard.model.finding import Finding
from migration_guard.model.objects import InsertRows, RunSql, TruncateTable, UpdateRows
from migration_guard.model.operations import (
    AddColumn,
    AlterColumnType,
    DropColumn,
    DropNotNull,
    DropTable,
    Operation,
    SetDefault,
    SetNotNull,
    TableOperation,
)
from migration_guard.model.schema import Name, SchemaState
from migration_guard.rules import Context, Rule

_REFUSED = (
    *(AddColumn, AlterColumnType, DropColumn, DropNotNull, SetDefault, SetNotNull),
    *(AddConstraint, CreateIndex, ValidateConstraint, DropTable, TruncateTable),
)


class PendingTriggerEvents(Rule[Operation]):
    """
    Rows of a table with a deferred foreign key are changed, and the table is altered in the same transaction.

    ## What happens

    The check of a foreign key that is INITIALLY DEFERRED waits until the transaction ends. As long as one waits,
    PostgreSQL refuses to alter the table: "because it has pending trigger events". On an empty table nothing waits, so
    that tests pass.

    ```python given
    op.create_table("depots", sa.Column("id", sa.Integer(), primary_key=True))
    op.create_table("parcels", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("depot", sa.Integer()),
        sa.ForeignKeyConstraint(["depot"], ["depots.id"], name="fk_depot", deferrable=True, initially="DEFERRED"))
    ```

    ```python bad
    op.execute("UPDATE parcels SET depot = 1 WHERE id = 2")
    op.execute("ALTER TABLE parcels ALTER COLUMN depot SET DEFAULT 1")
    ```

    ## To whom

    The deployment: it stops there, as soon as one row is changed.

    ## When it is no hazard

    The checks are made before:

    ```python given
    op.create_table("depots", sa.Column("id", sa.Integer(), primary_key=True))
    op.create_table("parcels", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("depot", sa.Integer()),
        sa.ForeignKeyConstraint(["depot"], ["depots.id"], name="fk_depot", deferrable=True, initially="DEFERRED"))
    ```

    ```python good
    op.execute("UPDATE parcels SET depot = 1 WHERE id = 2")
    op.execute("SET CONSTRAINTS ALL IMMEDIATE")
    op.execute("ALTER TABLE parcels ALTER COLUMN depot SET DEFAULT 1")
    ```

    An UPDATE that leaves the key's columns alone makes no check, and neither does a key that is deferrable, but not
    INITIALLY DEFERRED.

    ## What to write instead

    Run `SET CONSTRAINTS ALL IMMEDIATE` between the two, or change the rows in a migration of their own.

    ## Sources

    - Measured on PostgreSQL 12 to 18: only INITIALLY DEFERRED, and only where the key changed or a row came.
    - https://www.postgresql.org/docs/18/sql-set-constraints.html
    """

    code = "MG312"
    dialects = ("postgresql",)
    message = (
        "Line {line} leaves a foreign key of {table} to be checked at the end: PostgreSQL refuses this until then."
    )
    help = 'Have them checked before: op.execute("SET CONSTRAINTS ALL IMMEDIATE")'

    def check(self, subject: Operation, context: Context) -> Iterator[Finding]:
        line = context.once(_refused).get(id(subject))
        if line is not None and isinstance(subject, TableOperation):
            yield self.finding(subject, objects=[str(subject.table)], table=subject.table, line=line)


def _refused(context: Context) -> dict[int, int]:
    """The operations of the upgrade that are refused, with the line of the rows whose check still waits."""
    found: dict[int, int] = {}
    waiting: dict[tuple[Name, int], int] = {}
    for step in context.replayed.upgrade:
        one, segment = step.operation, step.operation.site.segment
        if one.site.conditional:
            continue
        if isinstance(one, RunSql) and one.kind.startswith("SET CONSTRAINTS"):
            waiting.clear()
        elif isinstance(one, InsertRows | UpdateRows):
            if _waits(one, step.before) and not context.is_new(one.table):
                waiting.setdefault((one.table, segment), one.site.span.line)
        elif isinstance(one, _REFUSED) and (one.table, segment) in waiting and context.in_transaction(one):
            found[id(one)] = waiting[one.table, segment]
    return found


def _waits(change: InsertRows | UpdateRows, state: SchemaState) -> bool:
    """Whether the rows that are changed leave a check for the end of the transaction."""
    known = state.table(change.table)
    for one in known.constraints if known else ():
        touched = isinstance(change, InsertRows) or not set(one.columns).isdisjoint(change.columns)
        if one.references is not None and one.certain and touched and "INITIALLY DEFERRED" in one.options:
            return True
    return False
