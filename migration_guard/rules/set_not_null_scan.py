from __future__ import annotations

from collections.abc import Iterator

from migration_guard.dialects import Ability, Change
from migration_guard.model.constraints import AddConstraint
from migration_guard.model.finding import Finding
from migration_guard.model.operations import Operation, SetNotNull
from migration_guard.rules import Context, Rule

STEPS = """\
1. Add a check that is NOT VALID, so that no new null comes in:
   op.create_check_constraint(
       "{check}", "{table:name}", "{column:sql} IS NOT NULL", postgresql_not_valid=True{table:schema}
   )
2. Fill the nulls in batches.
3. In a later migration, check the old rows while everybody works on, and only then set NOT NULL: it believes the check.
   op.execute("ALTER TABLE {table:sql} VALIDATE CONSTRAINT {check:sql}")
   op.alter_column("{table:name}", "{column}", nullable=False{table:schema})
   op.drop_constraint("{check}", "{table:name}"{table:schema})"""
KEEP = """\
Before PostgreSQL 12 nothing spares the scan. Keep a validated check instead of NOT NULL:
1. op.create_check_constraint(
       "{check}", "{table:name}", "{column:sql} IS NOT NULL", postgresql_not_valid=True{table:schema}
   )
2. In a later migration: op.execute("ALTER TABLE {table:sql} VALIDATE CONSTRAINT {check:sql}")"""


class SetNotNullScan(Rule[Operation]):
    """
    SET NOT NULL reads the whole table while nobody can read or write it.

    ## What happens

    The database has to see that no row holds a null, and lets nobody in until it has seen them all.

    ```python bad
    op.alter_column("users", "email", existing_type=sa.Text(), nullable=False)
    ```

    ```python bad
    op.execute("ALTER TABLE users ALTER COLUMN email SET NOT NULL")
    ```

    Before PostgreSQL 12 a check that says so does not help:

    ```python given
    op.create_check_constraint("ck_users_email", "users", "email IS NOT NULL", postgresql_not_valid=True)
    op.execute("ALTER TABLE users VALIDATE CONSTRAINT ck_users_email")
    ```

    ```python bad postgresql 11
    op.alter_column("users", "email", existing_type=sa.Text(), nullable=False)
    ```

    ## To whom

    Every request to the table, reads too, for as long as one pass over it takes. And the deployment, where a null is
    found.

    ## When it is no hazard

    From PostgreSQL 12 on it does not look where a validated CHECK already says that the column is not null:

    ```python given
    op.create_check_constraint("ck_users_email", "users", "email IS NOT NULL", postgresql_not_valid=True)
    ```

    ```python good
    op.execute("ALTER TABLE users VALIDATE CONSTRAINT ck_users_email")
    op.alter_column("users", "email", existing_type=sa.Text(), nullable=False)
    ```

    Nor where the history shows that it is NOT NULL already. MySQL and MariaDB build the table anew, and let everybody
    work meanwhile. A table that the migration has made or emptied has nothing to be read.

    ```python good
    op.create_table("users", sa.Column("email", sa.Text()))
    op.alter_column("users", "email", existing_type=sa.Text(), nullable=False)
    ```

    ## What to write instead

    1. Add a check that the column is not null, as NOT VALID: it holds for new rows at once.
    2. Fill the nulls in batches.
    3. In a later migration, validate the check while everybody works, set NOT NULL, and drop the check.

    Before PostgreSQL 12, keep the validated check instead of NOT NULL.

    ## Sources

    - That a validated check spares the scan: https://www.postgresql.org/docs/18/sql-altertable.html
    """

    code = "MG202"
    dialects = ("postgresql", "mysql", "mariadb")
    changes = (Change.SET_NOT_NULL,)
    message = "Setting {table}.{column} NOT NULL reads the whole table and blocks {blocks} to it until then."

    def check(self, subject: Operation, context: Context) -> Iterator[Finding]:
        if not isinstance(subject, SetNotNull | AddConstraint) or Change.SET_NOT_NULL not in context.changes(subject):
            return
        impact = context.impact(subject)
        if context.is_empty(subject) or impact is None or not impact.blocks or impact.brief:
            return
        column = subject.column if isinstance(subject, SetNotNull) else ", ".join(subject.constraint.columns)
        yield self.finding(
            subject,
            objects=[f"{subject.table}.{column}"],
            help=STEPS if context.can(Ability.CHECK_PROVES_NOT_NULL) else KEEP,
            table=subject.table,
            column=column,
            check=f"ck_{subject.table.name}_{column}_not_null",
            blocks=impact.blocks,
        )
