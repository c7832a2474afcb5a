from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.constraints import AddConstraint
from migration_guard.model.finding import Finding, Severity
from migration_guard.model.operations import AddColumn, Operation, SetNotNull
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
1. Give {column} a server_default, or release the code that fills it.
2. Require it in the migration after that release."""

    def check(self, subject: Operation, context: Context) -> Iterator[Finding]:
        for table, column in _required(subject):
            known = context.before.column(table, column)
            if known is None or context.is_new(table) or not _is_empty(known):
                continue
            added = any(one.table == table and one.column.name == column for one in context.earlier(subject, AddColumn))
            if added:
                yield self.finding(subject, objects=[f"{table}.{column}"], table=table, column=column)


def _required(operation: Operation) -> Iterator[tuple[Name, str]]:
    """The columns that must not be null from here on."""
    match operation:
        case SetNotNull(table=table, column=column):
            yield table, column
        case AddConstraint(table=table, constraint=constraint):
            if constraint.kind is ConstraintKind.CHECK and constraint.expression is not None:
                for column in constraint.expression.not_null:
                    yield table, column
            elif constraint.kind is ConstraintKind.NOT_NULL:
                for column in constraint.columns:
                    yield table, column


def _is_empty(column: Column) -> bool:
    """Whether a row that does not name the column has nothing in it."""
    if column.serial or column.identity or column.generated is not None:
        return False
    return column.default is None and not isinstance(column.default, Unknown)
