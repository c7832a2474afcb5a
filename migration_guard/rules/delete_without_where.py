from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Finding
from migration_guard.model.objects import DeleteRows
from migration_guard.model.operations import DropTable
from migration_guard.model.schema import VERSION_TABLE
from migration_guard.rules import Context, Rule


class DeleteWithoutWhere(Rule[DeleteRows]):
    """
    DELETE without WHERE destroys every row of a table, in one long transaction.

    ## What happens

    No downgrade brings them back. Often a WHERE was forgotten.

    ```python bad
    op.execute("DELETE FROM users")
    ```

    ```python bad
    users = sa.table("users", sa.column("id"))
    op.execute(users.delete())
    ```

    ## To whom

    Whoever needs the rows later. Until it is done, every request that changes one of them waits.

    ## When it is no hazard

    A condition says which rows have to go:

    ```python good
    op.execute("DELETE FROM users WHERE id = 7")
    ```

    So do a LIMIT and a loop around the statement. A table that the migration made has nothing that this could destroy;
    one that is dropped further on is left to MG101. A downgrade is not judged.

    ```python good
    op.create_table("scratch", sa.Column("id", sa.Integer()))
    op.execute("DELETE FROM scratch")
    ```

    It only looks like SQL:

    ```python good
    op.execute("COMMENT ON TABLE users IS 'never run DELETE FROM users'")
    ```

    ## What to write instead

    Say which rows have to go. If all of them have to, delete them in batches that each commit, and say why in an ignore
    comment.

    ## Sources

    - https://www.postgresql.org/docs/18/sql-delete.html
    """

    code = "MG111"
    message = "DELETE without WHERE destroys every row of {table}."
    help = "Say which rows have to go. If all of them have to, delete them in batches and say why in an ignore comment."

    def check(self, subject: DeleteRows, context: Context) -> Iterator[Finding]:
        if subject.where is not None or subject.bounded or subject.site.repeated or subject.table.name == VERSION_TABLE:
            return
        goes_anyway = any(one.table == subject.table for one in context.later(subject, DropTable))
        if not (context.is_new(subject.table) or goes_anyway):
            yield self.finding(subject, objects=[str(subject.table)], table=subject.table)
