from __future__ import annotations

from collections.abc import Iterator

from migration_guard.dialects import Change
from migration_guard.model.finding import Finding
from migration_guard.model.objects import DeleteRows, InsertRows, UpdateRows
from migration_guard.model.operations import Operation
from migration_guard.rules import Context, Rule
from migration_guard.rules._locks import held_lock


class BackfillWithDdl(Rule[Operation]):
    """
    Changing many rows of a table right after altering it keeps everybody out until all of them are done.

    ## What happens

    The ALTER takes its lock for a moment, but the transaction holds it to its end, and the rows are written in between.

    ```python bad
    op.add_column("users", sa.Column("active", sa.Boolean()))
    op.execute("UPDATE users SET active = true")
    ```

    ```python bad
    users = sa.table("users", sa.column("active"))
    op.add_column("users", sa.Column("active", sa.Boolean()))
    op.execute(users.update().values(active=True))
    ```

    Row by row in a loop takes longer still:

    ```python bad
    op.add_column("users", sa.Column("short", sa.Text()))
    users = sa.table("users", sa.column("id"), sa.column("name"), sa.column("short"))
    for row in op.get_bind().execute(sa.select(users.c.id, users.c.name)).all():
        op.get_bind().execute(users.update().where(users.c.id == row.id).values(short=row.name[:3]))
    ```

    ## To whom

    Every request to the table: nobody can read it while the rows are written.

    ## When it is no hazard

    A row or two are written in no time, and so are the rows of a table that the migration has made:

    ```python good
    op.add_column("users", sa.Column("active", sa.Boolean()))
    op.execute("UPDATE users SET active = true WHERE id = 1")
    ```

    ```python good
    op.create_table("users", sa.Column("id", sa.Integer()), sa.Column("active", sa.Boolean()))
    op.execute("UPDATE users SET active = true")
    ```

    MySQL commits each of the statements by itself:

    ```python good mysql 8.0
    op.add_column("users", sa.Column("active", sa.Boolean()))
    # migration-guard: ignore[MG602] a few hundred rows
    op.execute("UPDATE users SET active = true")
    ```

    So does an autocommit block. A change of the table that lets everybody through, such as a comment, does not count,
    and neither does one that comes after the rows.

    ## What to write instead

    1. Alter the table in one migration.
    2. Change the rows in the next, in batches that each commit.

    ## Sources

    - A lock is held until its transaction ends: https://www.postgresql.org/docs/18/explicit-locking.html
    - MySQL commits: https://dev.mysql.com/doc/refman/8.4/en/implicit-commit.html
    - Whom the ALTER blocks is in its row. The examples add a column; whatever else is done to the table goes by a row
      of its own.
    """

    code = "MG601"
    dialects = ("postgresql",)
    supersedes = ("MG602",)
    changes = (Change.ADD_COLUMN,)
    message = "This changes rows of {table} while line {line} blocks {blocks} to it: its lock stays until the end."
    help = """\
1. Alter the table in one migration.
2. Change the rows in the next, in batches that each commit:
   with op.get_context().autocommit_block():
       ... UPDATE {table:sql} ... WHERE id IN (SELECT id FROM {table:sql} WHERE ... LIMIT 1000), until no row is left"""

    def check(self, subject: Operation, context: Context) -> Iterator[Finding]:
        if not isinstance(subject, UpdateRows | DeleteRows | InsertRows) or context.is_new(subject.table):
            return
        bounded = not subject.from_select if isinstance(subject, InsertRows) else subject.bounded
        if bounded and not subject.site.repeated:
            return
        held = held_lock(subject.table, subject, context)
        if held is not None:
            table, line = subject.table, held.line
            yield self.finding(subject, objects=[str(table)], table=table, blocks=held.blocks, line=line)
