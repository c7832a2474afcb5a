from __future__ import annotations

from collections.abc import Iterator

from migration_guard.dialects import Ability, Change
from migration_guard.model.finding import Finding
from migration_guard.model.operations import AlterColumnType
from migration_guard.model.schema import ColumnType, ConstraintKind
from migration_guard.model.unknown import Unknown
from migration_guard.rules import Context, Rule

INTEGERS = ("smallint", "integer", "bigint")
STRINGS = ("varchar", "char", "text", "citext")
MOMENTS = ("timestamp", "timestamptz", "datetime")
# A length like this is TEXT under another name, mostly for MySQL's sake.
PRACTICALLY_ENDLESS = 65_535
NUMBERS = (*INTEGERS, "real", "double precision", "numeric")


WITHOUT_A_CHECK = """\
1. Let the code refuse new values that do not fit.
2. Mend or move the old ones, in batches.
3. Change the type in a later release, or add a new column, copy in batches and switch over."""


class LossyTypeChange(Rule[AlterColumnType]):
    """
    Giving a column a narrower type cuts values off, rounds them, or fails on the first one that does not fit.

    ## What happens

    On a development database everything fits. In production a single long value stops the deployment, or is cut without
    a word (MySQL outside strict mode). The table is copied on the way, too.

    ```python bad
    op.alter_column("users", "name", existing_type=sa.String(200), type_=sa.String(50))
    ```

    ```python given
    op.create_table("prices", sa.Column("amount", sa.Numeric(12, 4)))
    ```

    ```python bad
    op.alter_column("prices", "amount", type_=sa.Numeric(10, 2))
    ```

    ```python bad
    op.alter_column("prices", "amount", existing_type=sa.Numeric(), type_=sa.Integer())
    ```

    ```python bad
    op.alter_column("events", "at", existing_type=sa.DateTime(), type_=sa.Date())
    ```

    ## To whom

    The deployment, where one value is refused. Whoever relied on the values, where they are cut or rounded. And every
    request to the table while it is copied.

    ## When it is no hazard

    A type that holds every value of the old one:

    ```python good
    op.alter_column("users", "name", existing_type=sa.String(50), type_=sa.String(200))
    ```

    A validated CHECK of the column's length proves that everything fits. Where the old type is not known, or the
    migration itself has added the column, nothing is said. What PostgreSQL refuses without USING is left to MG211.

    ## What to write instead

    1. Let new values fit: add a CHECK as NOT VALID; on MySQL and MariaDB let the code refuse them.
    2. Correct or move the old ones, in batches, and validate the check.
    3. Change the type in a later release, or add a new column, copy in batches and switch over.

    ## Sources

    - Lengths that do not fit: https://www.postgresql.org/docs/18/datatype-character.html
    - Digits that do not fit: https://www.postgresql.org/docs/18/datatype-numeric.html
    - Strict mode of MySQL: https://dev.mysql.com/doc/refman/8.4/en/sql-mode.html
    """

    code = "MG112"
    dialects = ("postgresql", "mysql", "mariadb")
    supersedes = ("MG207",)
    message = "{table}.{column} turns from {old} into {new}: what does not fit is cut off, rounded, or refused."
    help = """\
1. Make new values fit: ADD CONSTRAINT ... CHECK (...) NOT VALID.
2. Mend or move the values that do not, in batches, and VALIDATE the check.
3. Change the type in a later release, or add a new column, copy in batches and switch over."""

    def check(self, subject: AlterColumnType, context: Context) -> Iterator[Finding]:
        old, new = context.type_before(subject), subject.type
        if isinstance(old, Unknown) or isinstance(new, Unknown) or context.is_new_column(subject.table, subject.column):
            return
        if Change.CHANGE_TYPE_REFUSED in context.changes(subject):
            return  # nothing is lost where the statement fails: that is MG211
        if old.name == "varchar" and not (old.modifiers or context.can(Ability.VARCHAR_WITHOUT_LENGTH)):
            return  # it has a length that the history does not tell
        if loses(old, new) and not self.is_checked(subject, context):
            yield self.finding(
                subject,
                help=None if context.can(Ability.NOT_VALID_CONSTRAINTS) else WITHOUT_A_CHECK,
                objects=[f"{subject.table}.{subject.column}"],
                table=subject.table,
                column=subject.column,
                old=old,
                new=new,
            )

    @staticmethod
    def is_checked(subject: AlterColumnType, context: Context) -> bool:
        """Whether a validated CHECK of the column's length already proves that everything fits."""
        known = context.before.table(subject.table)
        return known is not None and any(
            one.kind is ConstraintKind.CHECK
            and one.valid is True
            and one.expression is not None
            and subject.column in one.expression.columns
            and "length" in one.expression.sql.lower()
            for one in known.constraints
        )


def loses(old: ColumnType, new: ColumnType) -> bool:
    """Whether there are values of the old type that the new one cannot hold."""
    if not (old.known and new.known) or old.dimensions or new.dimensions:
        return False
    if old.is_enum and new.is_enum and old.name == new.name != "enum":
        return False  # the type of that name stays what it is, whatever labels the migration lists
    if old.is_enum or new.is_enum:
        if isinstance(old.labels, Unknown) or isinstance(new.labels, Unknown):
            return False
        return old.is_enum and new.is_enum and bool(set(old.labels) - set(new.labels))
    before, after = old.name, new.name
    if before in STRINGS and after in STRINGS:
        return _is_shorter(old, new)
    if before in INTEGERS and after in INTEGERS:
        return INTEGERS.index(after) < INTEGERS.index(before)
    if before == after == "numeric":
        return _has_fewer_digits(old.modifiers, new.modifiers)
    if before in NUMBERS and after in NUMBERS:
        exact = before in ("real", "double precision", "numeric") and after in INTEGERS
        return exact or (before, after) == ("double precision", "real")
    if before in MOMENTS and after in ("date", "time", "timetz"):
        return True
    if before in MOMENTS and after in MOMENTS:
        return bool(new.modifiers) and new.modifiers[0] < (old.modifiers or (6,))[0]
    return before in STRINGS and after in (*NUMBERS, *MOMENTS, "date", "time", "timetz", "interval")


def _is_shorter(old: ColumnType, new: ColumnType) -> bool:
    length = new.modifiers[0] if new.modifiers else (1 if new.name == "char" else None)
    before = old.modifiers[0] if old.modifiers else (1 if old.name == "char" else None)
    return length is not None and length < (PRACTICALLY_ENDLESS if before is None else before)


def _has_fewer_digits(old: tuple[int, ...], new: tuple[int, ...]) -> bool:
    if not new:
        return False
    precision, scale = (*new, 0)[:2]
    if not old:
        return True
    before, before_scale = (*old, 0)[:2]
    return scale < before_scale or precision - scale < before - before_scale
