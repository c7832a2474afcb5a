from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Severity
from migration_guard.model.schema import UNKNOWN_SCHEMA, ConstraintKind, Table
from migration_guard.rules import Context
from migration_guard.rules._conventions import Breach, Convention, constraints


class UnqualifiedForeignKey(Convention):
    """
    Which table a foreign key refers to depends on the search path of whoever runs the migration.

    ## What happens

    A table in a schema of its own refers to another without saying in which schema that is:

    ```python bad
    op.create_table(
        "invoices",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("users.id", ondelete="CASCADE")),
        schema="billing",
    )
    ```

    ## To whom

    The deploy whose role has another search path: the migration fails, or the key refers to a table of the same name
    elsewhere.

    ## When it is no hazard

    Tables that name no schema themselves, and keys that name it:

    ```python good
    op.create_table(
        "invoices",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("auth.users.id", ondelete="CASCADE")),
        schema="billing",
    )
    ```

    ## What to write instead

    The whole path: `ForeignKey("auth.users.id")`, or `referent_schema="auth"` in create_foreign_key().

    ## Sources

    - https://www.postgresql.org/docs/18/ddl-schemas.html#DDL-SCHEMAS-PATH
    - The team's own conventions: the presets multi-tenant and strict.
    """

    code = "MG914"
    severity = Severity.WARNING
    dialects = ("postgresql", "mysql", "mariadb")
    message = "Which table {table} refers to depends on the search path: {what}."
    help = 'Name the schema: sa.ForeignKey("auth.users.id"), or referent_schema="auth".'

    def breaches(self, table: Table, context: Context) -> Iterator[Breach]:
        if table.name.schema in (None, UNKNOWN_SCHEMA):
            return
        for key in constraints(table, ConstraintKind.FOREIGN_KEY):
            unqualified = key.references is not None and key.references.schema is None and not key.in_default_schema
            if key.certain and unqualified:
                yield Breach(f"{', '.join(key.columns)} names no schema for {key.references}", key.columns)
