from __future__ import annotations

from collections.abc import Iterator, Sequence

from migration_guard.model.finding import Fix, Severity
from migration_guard.model.implied_names import chosen_names
from migration_guard.model.lineage import Moment
from migration_guard.model.schema import ConstraintKind, Table
from migration_guard.rules import Context, Fixable
from migration_guard.rules._conventions import Breach, Convention, constraints, fits_template
from migration_guard.rules._names import begins, filled, renamed


class MisnamedUnique(Convention):
    """
    The name of a unique constraint, which users' errors are told by, does not say what must be unique.

    ## What happens

    `unique-name` is how names of unique constraints and unique indexes begin (`uq_{table}_`), or with `{columns}` in it
    the whole name.

    ```python bad
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("email", sa.Text()),
        sa.UniqueConstraint("email", name="one_account_each"),
    )
    ```

    One without a name gets the database's: `users_email_key`.

    ```python bad
    op.create_table("users", sa.Column("id", sa.Uuid(), primary_key=True), sa.Column("email", sa.Text(), unique=True))
    ```

    ## To whom

    The code that has to tell from the name in an error which field of a form was wrong.

    ## When it is no hazard

    ```python good
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("email", sa.Text()),
        sa.UniqueConstraint("email", name="uq_users_email"),
    )
    ```

    A MetaData with a naming convention for `uq`, where env.py shows it, names what has no name.

    ## What to write instead

    The name as agreed:

    ```python bad
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("email", sa.Text()),
        sa.UniqueConstraint("email", name="one_account_each"),
    )
    ```

    ```python fixed
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("email", sa.Text()),
        sa.UniqueConstraint("email", name="uq_users_email"),
    )
    ```

    Where a database has run the migration, a new one renames the constraint: `ALTER TABLE ... RENAME CONSTRAINT` takes
    an instant.

    ## Sources

    - https://www.postgresql.org/docs/18/sql-altertable.html
    - https://alembic.sqlalchemy.org/en/latest/naming.html
    - The team's own conventions: `unique-name`, and the presets multi-tenant and strict.
    """

    code = "MG910"
    severity = Severity.WARNING
    fixable = Fixable.UNSAFE
    supersedes = ("MG909",)
    message = "What must be unique in {table}, the name does not say as agreed: {what}."
    help = "Begin its name with {advice}, as unique-name says in your configuration."

    def advice(self, breaches: Sequence[Breach], table: Table, context: Context) -> str:
        return begins(context.conventions.unique_name, table)

    def breaches(self, table: Table, context: Context) -> Iterator[Breach]:
        template = context.conventions.unique_name
        by_convention = any(one.startswith("uq=") for one in context.history.environment.naming_convention)
        for one in constraints(table, ConstraintKind.UNIQUE):
            if not one.certain or (one.name is None and (by_convention or one.named or not one.columns)):
                continue
            name = one.name or chosen_names(table.name, one)[0]
            if not fits_template(name, template, table, one.columns):
                yield Breach(one.name or f"the one on {', '.join(one.columns)} has none", (name,))
        for name, index in table.indexes.items():
            taken = any(one.name == name for one in table.constraints)
            fits = index.unique is not True or fits_template(name, template, table, index.columns)
            if index.certain and not taken and not fits:
                yield Breach(name, (name,))

    def fix(self, breach: Breach, moment: Moment, table: Table, context: Context) -> Fix | None:
        (old,) = breach.key
        index = table.indexes.get(old)
        columns = next((one.columns for one in table.constraints if one.name == old), index.columns if index else ())
        return renamed(old, filled(context.conventions.unique_name, table, columns), moment, context)
