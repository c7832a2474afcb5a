from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.conventions import matches
from migration_guard.model.finding import Severity
from migration_guard.model.schema import Table
from migration_guard.rules import Context
from migration_guard.rules._conventions import Breach, Convention

DELETED_AT, IS_DELETED = "deleted_at", "is_deleted"
WANTED = {"deleted_at": (DELETED_AT,), "is_deleted": (IS_DELETED,), "both": (DELETED_AT, IS_DELETED), "any": ()}


class MalformedSoftDelete(Convention):
    """
    Deleted rows are marked in another way than everywhere else, so queries that leave them out do not.

    ## What happens

    `soft-delete` names the columns: `deleted_at`, `is_deleted`, `both`, or `any` (the default). A table that has one of
    them has what it says, and `deleted_at` may be null. `soft-delete-tables` names tables that have to have them.

    ```toml given
    soft-delete = "both"
    ```

    ```python bad
    op.create_table(
        "projects",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
    )
    ```

    ## To whom

    The user to whom a deleted row is shown, by the one query that looks at the other column.

    ## When it is no hazard

    A table with none of the columns deletes its rows:

    ```toml given
    soft-delete = "both"
    ```

    ```python good
    op.create_table("projects", sa.Column("id", sa.Uuid(), primary_key=True))
    ```

    ## What to write instead

    The columns that the team has agreed on: `sa.Column("deleted_at", sa.DateTime(timezone=True))` and
    `sa.Column("is_deleted", sa.Boolean(), server_default=sa.false(), nullable=False)`.

    ## Sources

    - The team's own conventions: `soft-delete`, `soft-delete-tables`, and the presets code-generation, data-layer,
      multi-tenant, platform and strict.
    """

    code = "MG907"
    severity = Severity.WARNING
    missing = True
    message = "Deleted rows of {table} are not marked as agreed: {what}."
    help = """\
Write sa.Column("deleted_at", sa.DateTime(timezone=True)), and where both are asked for
sa.Column("is_deleted", sa.Boolean(), server_default=sa.false(), nullable=False)."""

    def breaches(self, table: Table, context: Context) -> Iterator[Breach]:
        agreed = context.conventions
        there = [name for name in (DELETED_AT, IS_DELETED) if name in table.columns]
        asked = matches(str(table.name), agreed.soft_delete_tables)
        if asked and not there and agreed.soft_delete == "any":
            yield Breach("neither deleted_at nor is_deleted is there", (DELETED_AT, IS_DELETED))
        if there or asked:
            for name in WANTED[agreed.soft_delete]:
                if name not in there:
                    yield Breach(f"{name} is missing", (name,))
        if DELETED_AT in there and table.columns[DELETED_AT].nullable is False:
            yield Breach("deleted_at cannot be null, so every row is deleted", (DELETED_AT,), "nullable")
