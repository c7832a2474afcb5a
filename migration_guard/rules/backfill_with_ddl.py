from __future__ import annotations

from collections.abc import Iterator

from migration_guard import dialects
from migration_guard.dialects import Ability, Change
from migration_guard.model.finding import Finding
from migration_guard.model.objects import DeleteRows, InsertRows, UpdateRows
from migration_guard.model.operations import Operation, TableOperation
from migration_guard.model.schema import Name
from migration_guard.rules import Context, Rule


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
        if bounded or subject.site.repeated or not context.in_transaction(subject):
            return
        if not context.can(Ability.TRANSACTIONAL_DDL):
            return
        blocking = context.once(_first_blocking).get((subject.table, subject.site.segment))
        if blocking is not None and blocking[0] < len(context.earlier(subject)):
            _, line, blocks = blocking
            yield self.finding(subject, objects=[str(subject.table)], table=subject.table, blocks=blocks, line=line)


def _first_blocking(context: Context) -> dict[tuple[Name, int], tuple[int, int, str]]:
    """
    The first operation on each table in each transaction of the upgrade that keeps others out: how many come before
    it, its line, and whom it keeps out.
    """
    found: dict[tuple[Name, int], tuple[int, int, str]] = {}
    for place, step in enumerate(context.replayed.upgrade):
        one = step.operation
        if not isinstance(one, TableOperation) or (one.table, one.site.segment) in found:
            continue
        if not context.in_transaction(one):
            continue
        asked = dialects.changes(one, step.before, context.target)
        blocks = [impact.blocks for change in asked if (impact := dialects.impact_of(change, context.target))]
        if any(blocks):
            found[one.table, one.site.segment] = place, one.site.span.line, max(blocks, key=len)
    return found
