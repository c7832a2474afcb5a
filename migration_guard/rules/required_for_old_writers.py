from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.constraints import AddConstraint
from migration_guard.model.finding import Finding, Severity
from migration_guard.model.operations import AddColumn, Operation, RenameTable, SetDefault, SetNotNull
from migration_guard.model.schema import Column, ConstraintKind, Name
from migration_guard.model.unknown import Unknown
from migration_guard.rules import Context, Rule


class RequiredForOldWriters(Rule[Operation]):
    """
    A column must not be null any more, has no default, and the version that still runs does not fill it.

    ## What happens

    Until the last old server is gone, its INSERTs leave the column out, and each of them is refused.

    ```python bad
    op.add_column("users", sa.Column("team", sa.Integer()))
    op.execute("ALTER TABLE users ADD CONSTRAINT ck_team CHECK (team IS NOT NULL) NOT VALID")
    ```

    So are they where the default that fills it is taken away again before the new version runs:

    ```python bad
    op.add_column("users", sa.Column("team", sa.Integer(), nullable=False, server_default="1"))
    op.alter_column("users", "team", server_default=None)
    ```

    ## To whom

    Everybody whose request writes a row through an old server: it fails from the migration on to the end of the
    deployment, and again after a rollback of the code.

    ## When it is no hazard

    The database fills the column by itself, nobody else writes the table yet, or the old code knows the column:

    ```python good
    op.add_column("users", sa.Column("team", sa.Integer(), server_default="1"))
    op.execute("ALTER TABLE users ADD CONSTRAINT ck_team CHECK (team IS NOT NULL) NOT VALID")
    ```

    ```python good
    op.create_table("pets", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("team", sa.Integer()))
    op.alter_column("pets", "team", nullable=False)
    ```

    A column that takes over the name of an old one is filled as that one was, and a trigger may fill it:

    ```python given
    op.create_table("users", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("age", sa.Text()))
    ```

    ```python good
    op.add_column("users", sa.Column("age_number", sa.Integer()))
    op.execute("UPDATE users SET age_number = age::int")  # migration-guard: ignore[MG601] ten rows
    op.execute("ALTER TABLE users ADD CONSTRAINT ck_age CHECK (age_number IS NOT NULL) NOT VALID")
    op.drop_column("users", "age")
    op.alter_column("users", "age_number", new_column_name="age")
    ```

    That the column is older than this migration tells nothing of who fills it: where it is, nothing is said but of the
    scan (MG202). A column that is added NOT NULL without a default is MG201, which says this, too.

    ## What to write instead

    1. Give the column a server default, or release the code that fills it.
    2. Require it in the migration after that release.

    ## Sources

    - What an INSERT does without the column: https://www.postgresql.org/docs/18/sql-insert.html
    """

    code = "MG507"
    severity = Severity.WARNING
    message = "The version that still runs does not fill {table}.{column}: from here on every INSERT of it fails."
    help = """\
1. Give {column} a server_default and keep it, or release the code that fills it.
2. Require it in the migration after that release."""

    def check(self, subject: Operation, context: Context) -> Iterator[Finding]:
        for table, column in _required(subject):
            known = context.before.column(table, column)
            if known is None or context.is_new(table):
                continue
            if not (known.nullable is False if isinstance(subject, SetDefault) else _is_empty(known)):
                continue
            added = any(one.table == table and one.column.name == column for one in context.earlier(subject, AddColumn))
            if added and not _may_be_filled(table, column, subject, context):
                yield self.finding(subject, objects=[f"{table}.{column}"], table=table, column=column)


def _required(operation: Operation) -> Iterator[tuple[Name, str]]:
    """The columns that must not be null from here on."""
    match operation:
        case SetNotNull(table=table, column=column):
            yield table, column
        case SetDefault(table=table, column=column, default=None, identity=False):
            yield table, column
        case AddConstraint(table=table, constraint=constraint):
            if constraint.kind is ConstraintKind.CHECK and constraint.expression is not None:
                for column in constraint.expression.not_null:
                    yield table, column
            elif constraint.kind is ConstraintKind.NOT_NULL:
                for column in constraint.columns:
                    yield table, column


def _may_be_filled(table: Name, column: str, subject: Operation, context: Context) -> bool:
    """
    Whether an INSERT of the old version may get by: it writes the column under the name that this one takes over, or
    another table; a trigger fills it; or it is not required any more at the end.
    """
    renamed = any(one.new_name == table for one in context.earlier(subject, RenameTable))
    end = context.name_at_end(table, column, subject)
    required = context.replayed.after.column(*end)
    if renamed or required is None or not _is_empty(required):
        return True
    if isinstance(subject, SetNotNull) and required.nullable is True:
        return True
    took_over = end != (table, column) and context.replayed.before.column(*end) is not None
    others = (*context.before.others, *context.replayed.after.others)
    return took_over or any(one.kind == "trigger" and one.table in (table, end[0]) for one in others)


def _is_empty(column: Column) -> bool:
    """Whether a row that does not name the column has nothing in it."""
    if column.serial or column.identity or column.generated is not None:
        return False
    return column.default is None and not isinstance(column.default, Unknown)
