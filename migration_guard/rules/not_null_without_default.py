from __future__ import annotations

from collections.abc import Iterator

from migration_guard.dialects import Ability
from migration_guard.model.finding import Finding
from migration_guard.model.operations import AddColumn
from migration_guard.model.unknown import Unknown
from migration_guard.rules import Context, Fixable, Rule
from migration_guard.rules._defaults import needs_own_values, with_default

FILLED = (
    "{table}.{column} is NOT NULL without a default: every row that is there silently gets a zero or an empty string."
)


class NotNullWithoutDefault(Rule[AddColumn]):
    """
    A new NOT NULL column without a server default cannot be added to a table that has rows.

    ## What happens

    The rows that are there have no value for it, and the statement is refused. MySQL and MariaDB do not refuse: every
    row that is there silently gets a zero or an empty string. `default=` of the model does not help, it never reaches
    the database:

    ```python bad
    op.add_column("users", sa.Column("name", sa.Text(), nullable=False, default=""))
    ```

    ## To whom

    The deployment: the migration passes on an empty development database and fails in production. Servers that still
    run the old code fail as well, because they insert rows without it.

    ## When it is no hazard

    A server_default, an identity or a generated column has a value for every row:

    ```python good
    op.add_column("users", sa.Column("score", sa.Integer(), nullable=False, server_default="0"))
    ```

    Nor is there anything to fill where all rows have gone just before, or where the table is new:

    ```python good
    # migration-guard: ignore[MG111] sessions come again
    op.execute("DELETE FROM sessions")
    # migration-guard: ignore[MG502] released in a quiet hour
    op.rename_table("sessions", "visits")
    op.add_column("visits", sa.Column("score", sa.Integer(), nullable=False))
    ```

    ```python good
    op.create_table("users", sa.Column("id", sa.Integer()))
    op.add_column("users", sa.Column("score", sa.Integer(), nullable=False))
    ```

    ## What to write instead

    Give it a server_default; `--unsafe-fixes` writes an innocent one, and you decide whether it is right. Or add the
    column as nullable, fill it in batches, and set NOT NULL in a later migration (see MG202). Where it is unique or
    refers to another table, now or in a later statement, no constant would do, and none is written.

    ```python bad
    op.add_column("users", sa.Column("score", sa.Integer(), nullable=False))
    ```

    ```python fixed
    op.add_column("users", sa.Column("score", sa.Integer(), nullable=False, server_default=sa.text("0")))
    ```

    ```python bad
    op.execute("ALTER TABLE users ADD COLUMN name text NOT NULL")
    ```

    ```python fixed
    op.execute("ALTER TABLE users ADD COLUMN name text NOT NULL DEFAULT ''")
    ```

    ## Sources

    - `default` and `server_default`: https://docs.sqlalchemy.org/en/20/core/defaults.html
    - https://www.postgresql.org/docs/18/sql-altertable.html, measured by tests/test_failures_on_postgresql.py
    - What MySQL fills in: https://dev.mysql.com/doc/refman/8.4/en/data-type-defaults.html
    - SQLite: https://www.sqlite.org/lang_altertable.html
    """

    code = "MG201"
    fixable = Fixable.UNSAFE
    message = "{table}.{column} is NOT NULL without a default: adding it fails as soon as {table} has a row."
    help = "Give it a server_default, or add it as nullable, fill it in batches, and set NOT NULL in a later migration."
    own_values = (
        "One default for all rows does not do, since {reason}: add it as nullable, fill in for each row, in batches,"
        " the value that is its own, and set NOT NULL in a later migration."
    )

    def check(self, subject: AddColumn, context: Context) -> Iterator[Finding]:
        column = subject.column
        if column.nullable is not False or column.identity or column.serial or column.generated:
            return
        has_default = isinstance(column.default, Unknown) or (
            column.default is not None and column.default.sql.strip().upper() != "NULL"
        )
        if has_default or context.is_empty(subject):
            return
        reason = needs_own_values(subject, context)
        yield self.finding(
            subject,
            objects=[f"{subject.table}.{column.name}"],
            help=self.own_values if reason else None,
            reason=reason,
            fix=with_default(subject, context) if column.default is None else None,
            message=None if context.can(Ability.STRICT_NOT_NULL) else FILLED,
            table=subject.table,
            column=column.name,
        )
