from __future__ import annotations

from collections.abc import Iterator

from migration_guard.dialects import Change
from migration_guard.model.finding import Direction, Finding, Fix
from migration_guard.model.operations import AlterColumnType
from migration_guard.rules import Context, Rule
from migration_guard.rules._cures import keyword


class TypeChangeWithoutUsing(Rule[AlterColumnType]):
    """
    PostgreSQL does not guess how to turn text into a number, an enum or a uuid: without USING the statement fails.

    It fails on an empty table as well, so a migration that nobody has run on PostgreSQL stops the deployment.

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

    ```python good sqlite
    with op.batch_alter_table("users") as batch_op:
        batch_op.alter_column("age", existing_type=sa.String(10), type_=sa.Integer())
    ```

    ```python good
    op.alter_column("users", "bio", existing_type=sa.String(10), type_=sa.Text())
    ```
    """

    code = "MG211"
    directions = (Direction.UPGRADE, Direction.DOWNGRADE)
    supersedes = ("MG207",)
    message = "PostgreSQL does not turn {old} into {new} by itself: the change of {table}.{column} fails without USING."
    help = 'Say how: postgresql_using="{column}::{new}", or an expression that copes with what does not convert.'

    def check(self, subject: AlterColumnType, context: Context) -> Iterator[Finding]:
        if Change.CHANGE_TYPE_REFUSED not in context.changes(subject):
            return
        edit = keyword(subject, context, "postgresql_using", f'"{subject.column}::{subject.type}"')
        yield self.finding(
            subject,
            objects=[f"{subject.table}.{subject.column}"],
            fix=Fix(False, (edit,), "values that do not convert fail the deployment") if edit else None,
            table=subject.table,
            column=subject.column,
            old=context.type_before(subject),
            new=subject.type,
        )
