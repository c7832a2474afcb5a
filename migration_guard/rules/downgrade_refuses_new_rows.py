from __future__ import annotations

from collections.abc import Iterator

from migration_guard.dialects import Ability
from migration_guard.model.constraints import AddConstraint, CreateIndex
from migration_guard.model.finding import Direction, Finding, Severity
from migration_guard.model.objects import DeleteRows, TruncateTable, UpdateRows
from migration_guard.model.operations import AlterColumnType, Operation, SetNotNull, TableOperation
from migration_guard.model.schema import ColumnType, ConstraintKind, Table
from migration_guard.model.unknown import Unknown
from migration_guard.rules import Context, Rule
from migration_guard.rules._downgrades import may_write
from migration_guard.rules.lossy_type_change import MOMENTS, STRINGS, loses


class DowngradeRefusesNewRows(Rule[Operation]):
    """
    The downgrade asks for something that rows written after the upgrade need not have.

    ## What happens

    The new version writes what the upgrade has made possible: NULLs, longer texts, duplicates. The way back then fails
    on the first such row, or cuts it.

    ```python given
    op.create_table("parcels", sa.Column("id", sa.Integer()), sa.Column("event", sa.Text(), nullable=False))
    ```

    ```python bad
    def upgrade():
        op.alter_column("parcels", "event", nullable=True, existing_type=sa.Text())

    def downgrade():
        op.alter_column("parcels", "event", nullable=False, existing_type=sa.Text())
    ```

    ```python given
    op.create_table("parcels", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("code", sa.Text()),
        sa.UniqueConstraint("code", name="uq_parcels_code"))
    ```

    ```python bad
    def upgrade():
        op.drop_constraint("uq_parcels_code", "parcels", type_="unique")

    def downgrade():
        op.create_unique_constraint("uq_parcels_code", "parcels", ["code"])
    ```

    ## To whom

    The person who rolls back after the new version has run for an hour.

    ## When it is no hazard

    The downgrade first makes the rows fit:

    ```python given
    op.create_table("parcels", sa.Column("id", sa.Integer()), sa.Column("event", sa.Text(), nullable=False))
    ```

    ```python good
    def upgrade():
        op.alter_column("parcels", "event", nullable=True, existing_type=sa.Text())

    def downgrade():
        op.execute("UPDATE parcels SET event = '' WHERE event IS NULL")
        op.alter_column("parcels", "event", nullable=False, existing_type=sa.Text())
    ```

    Only what the history shows to be wider after the upgrade counts.

    ## What to write instead

    Change or move the rows that do not fit, in downgrade(), before it asks for more.

    ## Sources

    - `migration-guard roundtrip` shows whether it fails.
    """

    code = "MG715"
    severity = Severity.INFO
    directions = (Direction.DOWNGRADE,)
    message = "Rows written after the upgrade need not fit: {what}, and downgrade() fails on the first that does not."
    help = "Change the rows of {table} that do not fit before this line of downgrade()."

    def check(self, subject: Operation, context: Context) -> Iterator[Finding]:
        if not isinstance(subject, TableOperation) or context.replayed.before.table(subject.table) is None:
            return
        what = _asked(subject, context)
        if what is None or any(_may_make_fit(one, subject, context) for one in context.earlier(subject)):
            return
        yield self.finding(subject, objects=[str(subject.table)], what=what, table=subject.table)


def _may_make_fit(operation: Operation, subject: TableOperation, context: Context) -> bool:
    """Whether it may change the rows of the subject's table, under whatever name, before the subject runs."""
    match operation:
        case UpdateRows() | DeleteRows() | TruncateTable():
            ends = (context.name_at_end(one.table, "", one) for one in (operation, subject))
            return next(ends) == next(ends)
    return may_write(operation, subject.table)


def _asked(operation: TableOperation, context: Context) -> str | None:
    """What is asked of rows that the upgrade no longer asks; None where that is not known."""
    after, table = context.replayed.after, operation.table
    match operation:
        case SetNotNull(column=column):
            known = after.column(table, column)
            allowed = known is not None and known.nullable is True and known.certain
            return f"{table}.{column} may be NULL by then" if allowed else None
        case AlterColumnType(column=column, type=new, using=using) if context.target.dialect != "sqlite":
            known = after.column(table, column)
            if known is None or not known.certain or isinstance(known.type, Unknown) or isinstance(new, Unknown):
                return None
            if known.type.name == "varchar" and not (
                known.type.modifiers or context.can(Ability.VARCHAR_WITHOUT_LENGTH)
            ):
                return None  # it has a length that the history does not tell
            cut = using is not None and "(" in using and new.name in STRINGS
            refused = _refuses(known.type, new) and not cut
            return f"{table}.{column} may hold more than {new} by then" if refused else None
        case AddConstraint(constraint=constraint) if constraint.kind is ConstraintKind.UNIQUE:
            if _is_unique(after.table(table), constraint.columns):
                return None
            return f"{', '.join(constraint.columns)} of {table} may have duplicates by then"
        case CreateIndex(index=index) if index.unique is True and not isinstance(index.columns, Unknown):
            if _is_unique(after.table(table), index.columns, index.where):
                return None
            return f"{', '.join(index.columns)} of {table} may have duplicates by then"
    return None


def _refuses(old: ColumnType, new: ColumnType) -> bool:
    """Whether a value that does not fit is an error, and not rounded or cut."""
    if old.name == new.name == "numeric":
        return loses(old, new) and (not old.modifiers or _whole_digits(new) < _whole_digits(old))
    return loses(old, new) and old.name not in ("real", "double precision", "numeric", *MOMENTS)


def _whole_digits(type_: ColumnType) -> int:
    precision, scale = (*type_.modifiers, 0)[:2]
    return precision - scale


def _is_unique(table: Table | None, columns: tuple[str, ...], where: str | None = None) -> bool:
    """
    Whether the rows written after the upgrade are unique in these columns, too; also where nobody knows, and where one
    of them is not there by then: it comes back empty, or under another name.
    """
    if table is None or not table.complete or any(one not in table.columns for one in columns if one[:1] != "("):
        return True
    unique = (ConstraintKind.UNIQUE, ConstraintKind.PRIMARY_KEY)
    keys: list[tuple[str, ...] | Unknown] = [one.columns for one in table.constraints if one.kind in unique]
    keys += [one.columns for one in table.indexes.values() if one.unique is not False and one.where in (None, where)]
    return any(isinstance(key, Unknown) or (key and set(key) <= set(columns)) for key in keys)
