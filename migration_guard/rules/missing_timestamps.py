from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Severity
from migration_guard.model.schema import Table
from migration_guard.rules import Context
from migration_guard.rules._conventions import Breach, Convention, is_association


class MissingTimestamps(Convention):
    """
    A table does not say when its rows were made and changed.

    ## What happens

    Every table has `created_at` and `updated_at` (`timestamp-columns` names others):

    ```python bad
    op.create_table("projects", sa.Column("id", sa.Uuid(), primary_key=True), sa.Column("name", sa.Text()))
    ```

    ## To whom

    Whoever has to find out what happened to a row. Columns that are added later know nothing of the rows before them.

    ## When it is no hazard

    A table that only connects two others, whose key is made of two foreign keys, and whatever `exempt-tables` names:

    ```python good
    op.create_table(
        "project_users",
        sa.Column("project_id", sa.Uuid(), sa.ForeignKey("projects.id"), primary_key=True),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("users.id"), primary_key=True),
    )
    ```

    A later revision may bring the table in line; a column that may be there, because the history is not read in full,
    is not missed.

    ## What to write instead

    Both columns in the table, filled in by the server:
    `sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)`

    ## Sources

    - The team's own conventions: `timestamp-columns`, and the presets code-generation, data-layer, multi-tenant,
      platform and strict.
    """

    code = "MG902"
    severity = Severity.WARNING
    missing = True
    message = "Table {table} has no {what}."
    help = 'Add to it: sa.Column("{column}", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)'

    def breaches(self, table: Table, context: Context) -> Iterator[Breach]:
        if not is_association(table):
            for name in context.conventions.timestamp_columns:
                if name not in table.columns:
                    yield Breach(name, (name,))
