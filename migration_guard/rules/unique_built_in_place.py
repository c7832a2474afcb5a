from __future__ import annotations

from collections.abc import Iterator

from migration_guard.dialects import Change
from migration_guard.model.constraints import AddConstraint
from migration_guard.model.finding import Finding
from migration_guard.model.operations import AddColumn, Operation
from migration_guard.model.schema import Constraint, ConstraintKind
from migration_guard.rules import Context, Rule
from migration_guard.rules._fixes import quoted


class UniqueBuiltInPlace(Rule[Operation]):
    """
    Adding a unique constraint builds its index while nobody can read or write the table.

    ## What happens

    The constraint is an index, and this is the way to build one that lets nobody in.

    ```python bad
    op.create_unique_constraint("uq_users_email", "users", ["email"])
    ```

    ```python bad
    op.add_column("users", sa.Column("email", sa.Text(), unique=True))
    ```

    ## To whom

    Every request to the table, reads too, until the index is built. And the deployment, where a value is there twice.

    ## When it is no hazard

    An index that is there already is taken over in no time:

    ```python good
    op.execute("ALTER TABLE users ADD CONSTRAINT uq_users_email UNIQUE USING INDEX uq_users_email")
    ```

    A table that the migration has made or emptied has nothing to be read:

    ```python good
    op.create_table("users", sa.Column("email", sa.Text()))
    op.create_unique_constraint("uq_users_email", "users", ["email"])
    ```

    MySQL and MariaDB let everybody work meanwhile:

    ```python good mysql 8.0
    op.create_unique_constraint("uq_users_email", "users", ["email"])
    ```

    Partitioned tables are left alone: PostgreSQL builds none of their indexes concurrently.

    ## What to write instead

    1. Build a unique index beforehand, concurrently and outside the transaction, while everybody works.
    2. In the next migration, let the constraint take it over. Alembic has no keyword for that step: it takes a line of
       SQL.

    ## Sources

    - ADD CONSTRAINT ... USING INDEX: https://www.postgresql.org/docs/18/sql-altertable.html
    """

    code = "MG303"
    dialects = ("postgresql", "mysql", "mariadb")
    changes = (Change.ADD_UNIQUE,)
    message = "Adding unique constraint {name} builds an index on {table} and blocks {blocks} to it until then."
    help = """\
1. Build the index beforehand, outside the transaction:
   with op.get_context().autocommit_block():
       op.create_index("{name}", "{table:name}", {columns}, unique=True, postgresql_concurrently=True{table:schema})
2. In the next migration, make it the constraint's:
   op.execute("ALTER TABLE {table:sql} ADD CONSTRAINT {name:sql} UNIQUE USING INDEX {name:sql}")"""

    def check(self, subject: Operation, context: Context) -> Iterator[Finding]:
        if not isinstance(subject, AddConstraint | AddColumn) or Change.ADD_UNIQUE not in context.changes(subject):
            return
        impact = context.impact(subject)
        known = context.before.table(subject.table)
        if context.is_empty(subject) or (known and known.partitioned) or impact is None or not impact.blocks:
            return
        constraint = _unique(subject)
        columns = constraint.columns or ((subject.column.name,) if isinstance(subject, AddColumn) else ())
        yield self.finding(
            subject,
            objects=[constraint.name or f"{subject.table}.{','.join(columns)}"],
            name=constraint.name or f"uq_{subject.table.name}_{'_'.join(columns)}",
            table=subject.table,
            columns=quoted(columns),
            blocks=impact.blocks,
        )


def _unique(operation: AddConstraint | AddColumn) -> Constraint:
    """The unique constraint that this operation adds."""
    if isinstance(operation, AddConstraint):
        return operation.constraint
    return next(one for one in operation.inline if one.kind is ConstraintKind.UNIQUE)
