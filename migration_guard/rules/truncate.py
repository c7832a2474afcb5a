from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Finding
from migration_guard.model.objects import TruncateTable
from migration_guard.rules import Context, Rule

CASCADE = "TRUNCATE ... CASCADE empties {table} and every table that refers to it, and whatever refers to those."


class Truncate(Rule[TruncateTable]):
    """
    TRUNCATE destroys every row of a table at once, and with CASCADE those of every table that refers to it.

    ## What happens

    No downgrade brings the rows back, and row triggers do not see it happen.

    ```python bad
    op.execute("TRUNCATE users")
    ```

    ```python bad
    op.execute("TRUNCATE TABLE users CASCADE")
    ```

    ## To whom

    Whoever needs the rows later. Nobody can read or write the table meanwhile: requests wait until the migration's
    transaction has ended.

    ## When it is no hazard

    A table that the migration itself has made. A downgrade is not judged.

    ```python good
    op.create_table("scratch", sa.Column("id", sa.Integer()))
    op.execute("TRUNCATE scratch")
    ```

    ## What to write instead

    Delete the rows that have to go in batches, and name each table. If all of them have to go, say why in an ignore
    comment.

    ## Sources

    - https://www.postgresql.org/docs/18/sql-truncate.html
    """

    code = "MG103"
    message = "TRUNCATE destroys every row of {table}."
    help = "Delete the rows that have to go in batches. If all of them have to, say why in an ignore comment."

    def check(self, subject: TruncateTable, context: Context) -> Iterator[Finding]:
        if not context.is_new(subject.table):
            yield self.finding(
                subject,
                objects=[str(subject.table)],
                message=CASCADE if subject.cascade else None,
                table=subject.table,
            )
