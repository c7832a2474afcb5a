from __future__ import annotations

from collections.abc import Iterator

from migration_guard.dialects import Ability, Change
from migration_guard.model.constraints import AddConstraint
from migration_guard.model.finding import Finding
from migration_guard.model.implied_names import real_name
from migration_guard.model.schema import ConstraintKind, Table
from migration_guard.rules import Context, Fixable, Rule
from migration_guard.rules._fixes import not_valid

TWO_STEPS = """\
1. Add the check as NOT VALID: it holds for new rows at once, and nobody waits.
2. In a later migration, check the old rows while everybody works on:
   op.execute("ALTER TABLE {table:sql} VALIDATE CONSTRAINT {check:sql}")"""
PUT_TOGETHER = """\
1. Add the check as NOT VALID: it holds for new rows at once, and nobody waits.
2. In a later migration, check the old rows while everybody works on: ALTER TABLE {table:sql} VALIDATE CONSTRAINT, by
   the name that this line puts together."""
COPIED = (
    "Add it in a quiet hour, or with a tool that copies the table in the background (gh-ost, pt-online-schema-change)."
)


class CheckValidatedInPlace(Rule[AddConstraint]):
    """
    Adding a CHECK looks at every row while nobody can read or write the table.

    ## What happens

    The database has to see that every row satisfies it. PostgreSQL lets nobody in until it has seen them all; MySQL and
    MariaDB copy the table.

    ## To whom

    Every request to the table until then: reads and writes on PostgreSQL, writes on MySQL and MariaDB. And the
    deployment, where one row does not satisfy it.

    ## When it is no hazard

    A table that the migration has made or emptied has no rows to look at:

    ```python good
    op.create_table("users", sa.Column("age", sa.Integer()))
    op.create_check_constraint("ck_users_age", "users", "age >= 0")
    ```

    Validating a check that was NOT VALID reads the table while everybody works on:

    ```python good
    op.execute("ALTER TABLE users VALIDATE CONSTRAINT ck_users_age")
    ```

    ## What to write instead

    1. Add the check as NOT VALID, which `--unsafe-fixes` does: it holds for new rows at once and looks at no old one.
    2. Validate it in a later migration.

    MySQL and MariaDB have no NOT VALID: add the check in a quiet hour, or with a tool that copies the table in the
    background.

    ```python bad
    op.create_check_constraint("ck_users_age", "users", "age >= 0")
    ```

    ```python fixed
    op.create_check_constraint("ck_users_age", "users", "age >= 0", postgresql_not_valid=True)
    ```

    ```python bad
    op.execute("ALTER TABLE users ADD CONSTRAINT ck_users_age CHECK (age >= 0)")
    ```

    ```python fixed
    op.execute("ALTER TABLE users ADD CONSTRAINT ck_users_age CHECK (age >= 0) NOT VALID")
    ```

    ## Sources

    - NOT VALID and VALIDATE CONSTRAINT: https://www.postgresql.org/docs/18/sql-altertable.html
    """

    code = "MG302"
    dialects = ("postgresql", "mysql", "mariadb")
    changes = (Change.ADD_CHECK,)
    fixable = Fixable.UNSAFE
    message = "Adding check {check} reads every row of {table} and blocks {blocks} to it until then."

    def check(self, subject: AddConstraint, context: Context) -> Iterator[Finding]:
        constraint = subject.constraint
        impact = context.impact(subject)
        if constraint.kind is not ConstraintKind.CHECK or Change.ADD_CHECK not in context.changes(subject):
            return
        if context.is_empty(subject) or impact is None or impact.brief or not impact.blocks:
            return
        can = context.can(Ability.NOT_VALID_CONSTRAINTS)
        table = context.before.table(subject.table) or Table(subject.table)
        name = real_name(table, constraint) if context.target.dialect == "postgresql" else constraint.name
        yield self.finding(
            subject,
            objects=[constraint.name or str(subject.table)],
            fix=not_valid(subject, context) if can else None,
            help=COPIED if not can else TWO_STEPS if name else PUT_TOGETHER,
            check=name or f"on {subject.table}",
            table=subject.table,
            blocks=impact.blocks,
        )
