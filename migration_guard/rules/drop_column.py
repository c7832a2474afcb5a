from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Finding
from migration_guard.model.operations import DropColumn, DropTable
from migration_guard.rules import Context, Rule


class ColumnDrop(Rule[DropColumn]):
    """
    Dropping a column destroys its values, and every application server that still maps it starts to fail.

    ## What happens

    SQLAlchemy names every mapped column in every SELECT and INSERT, used or not. Every index that contains the column
    goes with it.

    ```python bad
    op.drop_column("users", "nickname")
    ```

    ```python bad
    with op.batch_alter_table("users") as batch_op:
        batch_op.drop_column("nickname")
    ```

    ```python bad
    op.execute("ALTER TABLE users DROP COLUMN nickname")
    ```

    ## To whom

    Requests to servers that run the old code: all that touch the table fail, whether they need the column or not. And
    whoever needs the values later.

    ## When it is no hazard

    A generated column holds nothing of its own:

    ```python given
    op.create_table("users", sa.Column("id", sa.Integer()), sa.Column("twice", sa.Integer(), sa.Computed("id * 2")))
    ```

    ```python good
    op.drop_column("users", "twice")
    ```

    Nor does one that the migration itself has added. A column of a table that is dropped further on is left to MG101. A
    downgrade may drop what its upgrade made.

    ```python good
    op.add_column("users", sa.Column("scratch", sa.Integer()))
    op.drop_column("users", "scratch")
    ```

    ## What to write instead

    1. Release the code that no longer maps the column. If it is NOT NULL, give it a server_default or make it nullable
       first: the new code inserts rows without it.
    2. Drop it in a later release, and say so in an ignore comment with the reason.

    ## Sources

    - The columns that SQLAlchemy names: https://docs.sqlalchemy.org/en/20/orm/queryguide/columns.html
    - What goes with a column: https://www.postgresql.org/docs/18/sql-altertable.html
    """

    code = "MG102"
    message = "Dropping {table}.{column} destroys its values, and breaks every server whose code still maps it."
    help = """\
1. Release the code that no longer maps {column}; if it is NOT NULL, give it a server_default or make it nullable first.
2. In a later release, drop it, and say why that is safe:
   # migration-guard: ignore[MG102] <who made sure that nothing uses it>"""

    def check(self, subject: DropColumn, context: Context) -> Iterator[Finding]:
        known = context.before.column(subject.table, subject.column)
        if context.is_new_column(subject.table, subject.column) or (known and known.generated):
            return
        if any(one.table == subject.table for one in context.later(subject, DropTable)):
            return
        yield self.finding(
            subject, objects=[f"{subject.table}.{subject.column}"], table=subject.table, column=subject.column
        )
