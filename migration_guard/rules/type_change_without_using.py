from __future__ import annotations

from collections.abc import Iterator

from migration_guard.dialects import Change
from migration_guard.model.finding import Direction, Finding, Fix
from migration_guard.model.operations import AlterColumnType
from migration_guard.model.schema import in_sql
from migration_guard.rules import Context, Fixable, Rule
from migration_guard.rules._fixes import keyword

SAY_HOW = 'Say how: postgresql_using="{column:sql}::{new}", or an expression that copes with what does not convert.'
BUSY = (
    SAY_HOW
    + """
That rewrites the whole table while nobody can read or write it. Where it is large:
1. Add a new column of the new type, and a trigger that keeps it equal for rows that are written from now on.
2. Fill the old rows in batches.
3. Release the code that uses the new column, and drop the old one in a later release."""
)


class TypeChangeWithoutUsing(Rule[AlterColumnType]):
    """
    PostgreSQL does not guess how to turn text into a number, an enum or a uuid: without USING the statement fails.

    ## What happens

    No cast leads from the old type to the new one by itself.

    ```python bad
    op.alter_column("users", "age", existing_type=sa.String(10), type_=sa.Integer())
    ```

    ```python bad
    op.alter_column("users", "mood", existing_type=sa.Text(), type_=sa.Enum("happy", "sad", name="mood"))
    ```

    ```python given
    op.create_table("users", sa.Column("age", sa.String(10)))
    ```

    ```python bad
    op.execute("ALTER TABLE users ALTER COLUMN age TYPE integer")
    ```

    ## To whom

    The deployment: it stops there. The statement fails on an empty table as well, so it is a migration that nobody has
    run on PostgreSQL.

    ## When it is no hazard

    Other databases convert by themselves:

    ```python good sqlite
    with op.batch_alter_table("users") as batch_op:
        batch_op.alter_column("age", existing_type=sa.String(10), type_=sa.Integer())
    ```

    So does PostgreSQL where it has a cast for assignments, and every type turns into text. Where the old type is not
    known, nothing is said.

    ```python good
    op.alter_column("users", "bio", existing_type=sa.String(10), type_=sa.Text())
    ```

    ## What to write instead

    Say how with `postgresql_using`: a cast, or an expression that copes with what does not convert. That rewrites the
    table (see MG207): where it is large and in use, a new column takes over step by step. `--unsafe-fixes` writes the
    cast where the table is new or the change is in a downgrade:

    ```python bad
    def upgrade():
        op.create_table("pets", sa.Column("age", sa.String(10)))
        op.alter_column("pets", "age", existing_type=sa.String(10), type_=sa.Integer())

    def downgrade():
        op.drop_table("pets")
    ```

    ```python fixed
    def upgrade():
        op.create_table("pets", sa.Column("age", sa.String(10)))
        op.alter_column("pets", "age", existing_type=sa.String(10), type_=sa.Integer(), postgresql_using="age::integer")

    def downgrade():
        op.drop_table("pets")
    ```

    ## Sources

    - Casts for assignments: https://www.postgresql.org/docs/18/sql-createcast.html
    - Every pair of types is tried on a server by tests/test_dialect_rows_on_postgresql.py.
    """

    code = "MG211"
    directions = (Direction.UPGRADE, Direction.DOWNGRADE)
    supersedes = ("MG207",)
    fixable = Fixable.UNSAFE
    message = "PostgreSQL does not turn {old} into {new} by itself: the change of {table}.{column} fails without USING."
    help = SAY_HOW

    def check(self, subject: AlterColumnType, context: Context) -> Iterator[Finding]:
        if Change.CHANGE_TYPE_REFUSED not in context.changes(subject):
            return
        # Where the table is in use, USING alone would only bring the next outage to light: the rewrite.
        free = context.is_empty(subject) or subject.site.direction is Direction.DOWNGRADE
        column = in_sql(subject.column).replace('"', '\\"')
        edit = keyword(subject, context, "postgresql_using", f'"{column}::{subject.type}"') if free else None
        yield self.finding(
            subject,
            objects=[f"{subject.table}.{subject.column}"],
            help=None if free else BUSY,
            fix=Fix(False, (edit,), "values that do not convert fail the deployment") if edit else None,
            table=subject.table,
            column=subject.column,
            old=context.type_before(subject),
            new=subject.type,
        )
