from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Finding, Severity
from migration_guard.model.objects import RunSql
from migration_guard.model.operations import AlterColumnType
from migration_guard.model.schema import Name
from migration_guard.model.unknown import Unknown
from migration_guard.rules import Context, Rule

_WIDTHS = {"smallint": 32_767, "integer": 2_147_483_647}


class SequenceStaysNarrow(Rule[AlterColumnType]):
    """
    A serial column becomes bigint, and its sequence stays integer.

    ## What happens

    The sequence of a serial column has a type of its own, which stays: nextval() stops at 2147483647 with an error, as
    the column did before.

    ```python given
    op.create_table("parcels", sa.Column("id", sa.Integer(), primary_key=True))
    ```

    ```python bad
    # migration-guard: ignore[MG207] in the maintenance window
    op.alter_column("parcels", "id", existing_type=sa.Integer(), type_=sa.BigInteger())
    ```

    ## To whom

    Every INSERT, on the day that the migration was meant to prevent.

    ## When it is no hazard

    The sequence becomes bigint, too, or the column is an identity column, whose sequence follows:

    ```python given
    op.create_table("parcels", sa.Column("id", sa.Integer(), primary_key=True))
    ```

    ```python good
    # migration-guard: ignore[MG207] in the maintenance window
    op.alter_column("parcels", "id", existing_type=sa.Integer(), type_=sa.BigInteger())
    op.execute("ALTER SEQUENCE parcels_id_seq AS bigint")
    ```

    Nothing is said where the history does not show the column to be serial.

    ## What to write instead

    Change the sequence in the same migration: ALTER SEQUENCE parcels_id_seq AS bigint. It takes an instant.

    ## Sources

    - Measured on PostgreSQL 12 to 18: an identity column's sequence follows to bigint, a serial's does not.
    - https://www.postgresql.org/docs/18/sql-altersequence.html
    """

    code = "MG214"
    severity = Severity.WARNING
    dialects = ("postgresql",)
    message = "{table}.{column} becomes {new}, but its sequence stays {old}: it stops at {last}."
    help = "Change the sequence, too: ALTER SEQUENCE {sequence:sql} AS {new}"

    def check(self, subject: AlterColumnType, context: Context) -> Iterator[Finding]:
        known = context.before.column(subject.table, subject.column)
        old, new = context.type_before(subject), subject.type
        if (
            known is None
            or not (known.serial and known.certain)
            or isinstance(old, Unknown)
            or isinstance(new, Unknown)
        ):
            return
        if old.name not in _WIDTHS or new.name not in ("bigint", "integer") or new.name == old.name:
            return
        statements = [
            one.site.sql or "" for one in (*context.earlier(subject, RunSql), *context.later(subject, RunSql))
        ]
        if any("SEQUENCE" in sql.upper() for sql in statements):
            return
        sequence = Name(f"{subject.table.name}_{subject.column}_seq", subject.table.schema)
        yield self.finding(
            subject,
            objects=[f"{subject.table}.{subject.column}"],
            table=subject.table,
            column=subject.column,
            old=old.name,
            new=new.name,
            last=_WIDTHS[old.name],
            sequence=sequence,
        )
