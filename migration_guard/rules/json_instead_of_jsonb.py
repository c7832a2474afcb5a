from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Severity
from migration_guard.model.schema import Table
from migration_guard.model.unknown import Unknown
from migration_guard.rules import Context
from migration_guard.rules._conventions import Breach, Convention, columns


class JsonInsteadOfJsonb(Convention):
    """
    A json column can be neither compared nor indexed, so queries that do so fail.

    ## What happens

    PostgreSQL keeps `json` as the text that was written. It has no equality: SELECT DISTINCT, GROUP BY and UNION over
    it are refused, and each access parses the text again.

    ```python bad
    op.create_table("events", sa.Column("id", sa.Uuid(), primary_key=True), sa.Column("payload", sa.JSON()))
    ```

    ## To whom

    The first query with DISTINCT over the table. To change the type later rewrites the table.

    ## When it is no hazard

    Where the text itself counts, with its spaces and the order of its keys: say so in an ignore comment.

    ```python good
    op.create_table("events", sa.Column("id", sa.Uuid(), primary_key=True), sa.Column("payload", postgresql.JSONB()))
    ```

    ## What to write instead

    `postgresql.JSONB()`, or `sa.JSON().with_variant(postgresql.JSONB(), "postgresql")` where other databases are used,
    too.

    ## Sources

    - https://www.postgresql.org/docs/18/datatype-json.html
    - The team's own conventions.
    """

    code = "MG922"
    severity = Severity.INFO
    dialects = ("postgresql",)
    message = "Queries of {table} with DISTINCT or GROUP BY fail over json: {what}."
    help = 'Write sa.Column("{column}", postgresql.JSONB()).'

    def breaches(self, table: Table, context: Context) -> Iterator[Breach]:
        for column in columns(table):
            if not isinstance(column.type, Unknown) and column.type.name == "json":
                yield Breach(column.name, (column.name,))
