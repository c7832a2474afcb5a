from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Finding
from migration_guard.model.operations import DropColumn, DropTable
from migration_guard.rules import Context, Rule


class ColumnDrop(Rule[DropColumn]):
    """
    Dropping a column destroys its values, and every application server that still maps it starts to fail.

    SQLAlchemy names every mapped column in every SELECT and INSERT, used or not. Release the code that no longer maps
    the column first, and drop it in a later release. Every index that contains the column goes with it.

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

    A generated column holds nothing of its own:

    ```python given
    op.create_table("users", sa.Column("id", sa.Integer()), sa.Column("twice", sa.Integer(), sa.Computed("id * 2")))
    ```

    ```python good
    op.drop_column("users", "twice")
    ```

    ```python good
    op.add_column("users", sa.Column("scratch", sa.Integer()))
    op.drop_column("users", "scratch")
    ```
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
        if any(isinstance(one, DropTable) and one.table == subject.table for one in context.later(subject)):
            return
        yield self.finding(
            subject, objects=[f"{subject.table}.{subject.column}"], table=subject.table, column=subject.column
        )
