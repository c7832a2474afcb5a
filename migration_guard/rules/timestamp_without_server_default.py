from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.conventions import matches
from migration_guard.model.finding import Severity
from migration_guard.model.schema import Table
from migration_guard.rules import Context
from migration_guard.rules._conventions import Breach, Convention, columns, who_fills_in


class TimestampWithoutServerDefault(Convention):
    """
    Only the application fills in when a row was made, so rows that it does not write have no time or are refused.

    ## What happens

    The columns that `timestamp-default-columns` names (`created_at` and `updated_at`) have a default of the server, or
    with `timestamp-default = "client"` none:

    ```python bad
    op.create_table(
        "events",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    ```

    ## To whom

    The person who repairs rows by hand, the data migration, and the second service that writes to the table.

    ## When it is no hazard

    ```python good
    op.create_table(
        "events",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    )
    ```

    A table without such a column breaks another rule, if any: MG902.

    ## What to write instead

    `server_default=sa.func.now()`. SQLAlchemy's `default=` is the application's, and no part of the table.

    ## Sources

    - https://docs.sqlalchemy.org/en/20/core/defaults.html#server-defaults
    - The team's own conventions: `timestamp-default-columns`, and the presets data-layer, multi-tenant and strict.
    """

    code = "MG904"
    severity = Severity.WARNING
    message = "Who fills in the timestamps of {table} is not as agreed: {what}."
    help = (
        'Give it one: sa.Column("{column}", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)'
    )

    def breaches(self, table: Table, context: Context) -> Iterator[Breach]:
        agreed = context.conventions
        for column in columns(table):
            asked = matches(column.name, agreed.timestamp_default_columns)
            if asked and (what := who_fills_in(column, agreed.timestamp_default)):
                yield Breach(f"{column.name} {what}", (column.name,))
