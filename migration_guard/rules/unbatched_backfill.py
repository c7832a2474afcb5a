from __future__ import annotations

import re
from collections.abc import Iterator

from migration_guard.model.finding import Finding, Severity
from migration_guard.model.objects import DeleteRows, UpdateRows
from migration_guard.model.operations import DropTable, Operation
from migration_guard.model.schema import VERSION_TABLE, ConstraintKind, Table, in_sql
from migration_guard.model.unknown import Unknown
from migration_guard.rules import Context, Rule, Trait


class UnbatchedBackfill(Rule[Operation]):
    """
    One statement that changes many rows locks all of them until it is done.

    ## What happens

    The table grows by as many dead rows, replicas fall behind, and when the statement fails near the end all of it was
    for nothing.

    ```python bad
    op.execute("UPDATE users SET name = trim(name) WHERE name IS NOT NULL")
    ```

    ```python bad
    op.execute("DELETE FROM events WHERE at < '2020-01-01'")
    ```

    ```python bad
    op.execute("DELETE FROM roles WHERE name = 'guest' OR title = 'visitor'")
    ```

    ## To whom

    Whoever writes to one of the rows waits until all of them are done. Readers go on.

    ## When it is no hazard

    A condition that picks a row, and a loop that takes a limited number of rows at a time:

    ```python good
    op.execute("UPDATE users SET name = 'root' WHERE id = 1")
    ```

    ```python good
    connection = op.get_bind()
    while True:
        done = connection.execute(sa.text(
            "UPDATE users SET name = trim(name) WHERE id IN (SELECT id FROM users WHERE name <> trim(name) LIMIT 1000)"
        ))
        if not done.rowcount:
            break
    ```

    A value of a unique column picks one row:

    ```python given
    op.create_table("roles", sa.Column("name", sa.Text(), unique=True), sa.Column("title", sa.Text()))
    ```

    ```python good
    op.execute("DELETE FROM roles WHERE name = 'guest'")
    ```

    Nobody waits for a table that the migration has made:

    ```python good
    op.create_table("users", sa.Column("id", sa.Integer()), sa.Column("name", sa.Text()))
    op.execute("UPDATE users SET name = 'x'")
    ```

    A table that is dropped further on is left to MG101, a DELETE without WHERE to MG111.

    ## What to write instead

    Do it in batches that each commit, in an autocommit block: nobody waits for long, and what is done stays done.

    ## Sources

    - Locks on rows: https://www.postgresql.org/docs/18/explicit-locking.html
    - Dead rows: https://www.postgresql.org/docs/18/routine-vacuuming.html
    """

    code = "MG602"
    traits = (Trait.ABOUT_ROWS,)
    severity = Severity.WARNING
    dialects = ("postgresql", "mysql", "mariadb")
    message = "This {does} rows of {table} in one go: whoever writes to one of them waits until all of them are done."
    help = """\
Do it in batches that each commit:
   with op.get_context().autocommit_block():
       ... {statement} ... WHERE id IN (SELECT id FROM {table:sql} WHERE ... LIMIT 1000), until no row is left"""

    def check(self, subject: Operation, context: Context) -> Iterator[Finding]:
        if not isinstance(subject, UpdateRows | DeleteRows) or subject.bounded or subject.site.repeated:
            return
        if isinstance(subject, DeleteRows) and subject.where is None:
            return  # that is MG111
        if context.is_new(subject.table) or subject.table.name == VERSION_TABLE:
            return
        if _takes_one_row(subject, context):
            return
        if any(one.table == subject.table for one in context.later(subject, DropTable)):
            return
        updates = isinstance(subject, UpdateRows)
        yield self.finding(
            subject,
            objects=[str(subject.table)],
            does="updates" if updates else "deletes",
            statement=f"UPDATE {in_sql(subject.table)} SET" if updates else f"DELETE FROM {in_sql(subject.table)}",
            table=subject.table,
        )


def _takes_one_row(subject: UpdateRows | DeleteRows, context: Context) -> bool:
    """Whether the condition compares a unique column with a value."""
    known, where = context.before.table(subject.table), subject.where
    if known is None or where is None or re.search(r"\b(?:OR|NOT|SELECT)\b", where, re.IGNORECASE):
        return False
    return any(
        re.search(rf"(?<!\w){re.escape(column)}[\"`]?\s*=\s*(?:['\d:]|%s)", where) for column in _unique_columns(known)
    )


def _unique_columns(table: Table) -> Iterator[str]:
    for constraint in table.constraints:
        if constraint.kind in (ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE) and len(constraint.columns) == 1:
            yield constraint.columns[0]
    for index in table.indexes.values():
        if (
            index.unique is True
            and index.where is None
            and not isinstance(index.columns, Unknown)
            and len(index.columns) == 1
        ):
            yield index.columns[0]
