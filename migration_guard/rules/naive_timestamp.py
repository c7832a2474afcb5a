from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.conventions import matches
from migration_guard.model.finding import Severity
from migration_guard.model.schema import Column, Table
from migration_guard.model.unknown import Unknown
from migration_guard.rules import Context
from migration_guard.rules._conventions import Breach, Convention, columns


class NaiveTimestamp(Convention):
    """
    A timestamp does not say of which time zone it is.

    ## What happens

    PostgreSQL keeps a `timestamp` as it was written, and whoever reads it has to guess where. `timestamp-zone` is
    `required` (the default) or `utc-naive`, for a team that keeps UTC without saying so; `timestamp-zone-columns` are
    the columns of which that is asked.

    ```python bad
    op.create_table("events", sa.Column("id", sa.Uuid(), primary_key=True), sa.Column("created_at", sa.DateTime()))
    ```

    ## To whom

    Readers in another time zone, and everybody in the two hours of the year that happen twice or never.

    ## When it is no hazard

    Other databases than PostgreSQL and SQLite have one kind of timestamp, and nothing is asked of it.

    ```python good
    op.create_table(
        "events", sa.Column("id", sa.Uuid(), primary_key=True), sa.Column("created_at", sa.DateTime(timezone=True))
    )
    ```

    ## What to write instead

    `sa.DateTime(timezone=True)`, in SQL `timestamptz`. To change a column that has rows rewrites the table unless the
    session's time zone is UTC, and says nothing of where the old rows were written: say it, with
    `postgresql_using="created_at AT TIME ZONE 'UTC'"`.

    ## Sources

    - https://www.postgresql.org/docs/18/datatype-datetime.html
    - The team's own conventions: `timestamp-zone`, and the presets code-generation, data-layer, multi-tenant and
      strict.
    """

    code = "MG903"
    severity = Severity.WARNING
    dialects = ("postgresql", "sqlite")
    message = "Table {table} keeps a moment in {what}."
    help = 'Write sa.Column("{column}", sa.DateTime(timezone=True)), or what timestamp-zone says in your configuration.'

    def breaches(self, table: Table, context: Context) -> Iterator[Breach]:
        required = context.conventions.timestamp_zone == "required"
        wrong, what = ("timestamp", "without its time zone") if required else ("timestamptz", "with a time zone")
        for column in columns(table):
            if _type(column) == wrong and matches(column.name, context.conventions.timestamp_zone_columns):
                yield Breach(f"{column.name} {what}", (column.name,))


def _type(column: Column) -> str:
    return "" if isinstance(column.type, Unknown) else column.type.name
