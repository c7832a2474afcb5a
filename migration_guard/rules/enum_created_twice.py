from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Direction, Finding
from migration_guard.model.objects import CreateEnum
from migration_guard.model.operations import CreateTable
from migration_guard.rules import Context, Rule

EXPLICIT = "The type {type} is already there when this creates it: PostgreSQL refuses a second one."
IMPLICIT = "The type {type} is already there, and create_table creates it once more: PostgreSQL refuses a second one."
CHECK_FIRST = "Create it once. {type}.create(op.get_bind(), checkfirst=True) passes over one that is there."
DO_NOT_CREATE = 'Use the type that is there: postgresql.ENUM(..., name="{type}", create_type=False).'


class EnumCreatedTwice(Rule[CreateEnum]):
    """
    create_table creates the type of every enum column, even where the type is already there; then it fails.

    ## What happens

    The type outlives the table that it was made with, and a second table may use it.

    ```python given
    op.create_table("users", sa.Column("mood", sa.Enum("happy", "sad", name="mood")))
    ```

    ```python bad
    op.create_table("pets", sa.Column("mood", sa.Enum("happy", "sad", name="mood")))
    ```

    ```python bad
    mood = sa.Enum("happy", "sad", name="mood")
    mood.create(op.get_bind())
    op.create_table("pets", sa.Column("mood", mood))
    ```

    ## To whom

    The deployment: PostgreSQL refuses a second type of the same name, and stops it there.

    ## When it is no hazard

    Only `postgresql.ENUM(..., create_type=False)` leaves its creation alone:

    ```python given
    op.create_table("users", sa.Column("mood", sa.Enum("happy", "sad", name="mood")))
    ```

    ```python good
    op.create_table("pets", sa.Column("mood", postgresql.ENUM("happy", "sad", name="mood", create_type=False)))
    ```

    Two tables of one revision may name it: the second does not make it again.

    ```python good
    op.create_table("pets", sa.Column("mood", sa.Enum("happy", "sad", name="mood")))
    op.create_table("cars", sa.Column("mood", sa.Enum("happy", "sad", name="mood")))
    ```

    Nor is there a type where the enum is stored as text:

    ```python good
    op.create_table("pets", sa.Column("mood", sa.Enum("happy", "sad", name="mood", native_enum=False)))
    op.create_table("cars", sa.Column("mood", sa.Enum("happy", "sad", name="mood", native_enum=False)))
    ```

    A creation that looks first (`checkfirst=True`, IF NOT EXISTS) is none, and a type that was dropped or renamed
    before is not there. Where something ran that could not be read, nothing is said.

    ## What to write instead

    Create the type once, before the tables, and name it in each of them with `create_type=False`.

    ## Sources

    - `create_type` and `checkfirst`: https://docs.sqlalchemy.org/en/20/dialects/postgresql.html
    - Which of these PostgreSQL refuses is measured by tests/test_failures_on_postgresql.py.
    """

    code = "MG621"
    directions = (Direction.UPGRADE, Direction.DOWNGRADE)
    dialects = ("postgresql",)
    message = EXPLICIT

    def check(self, subject: CreateEnum, context: Context) -> Iterator[Finding]:
        known = context.before.enums.get(subject.type.name)
        if known is None or not known.certain or context.before.clouded:
            return
        if subject.if_not_exists or _is_remembered(subject, context):
            return
        if subject.site.conditional and not _comes_with_a_new_table(subject, context):
            return
        yield self.finding(
            subject,
            objects=[str(subject.type.name)],
            message=IMPLICIT if subject.implicit else EXPLICIT,
            help=DO_NOT_CREATE if subject.implicit else CHECK_FIRST,
            type=subject.type.name,
        )


def _comes_with_a_new_table(subject: CreateEnum, context: Context) -> bool:
    """Whether create_table makes the type, with a table never seen before: the condition will let it happen."""
    made = next(iter(context.later(subject, CreateTable)), None)
    if not subject.implicit or made is None or made.site.call != subject.site.call:
        return False
    return context.before.table(made.table.name) is None


def _is_remembered(subject: CreateEnum, context: Context) -> bool:
    """
    Whether a create_table of the same revision made the type: SQLAlchemy remembers that as long as Alembic runs, and
    does not make it again (measured with SQLAlchemy 2.1.9 and Alembic 1.20.1 on PostgreSQL 18).
    """
    return subject.implicit and any(
        one.implicit and one.type.name == subject.type.name for one in context.earlier(subject, CreateEnum)
    )
