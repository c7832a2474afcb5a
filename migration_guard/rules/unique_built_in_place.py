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

    The index can be built beforehand, concurrently, while everybody works; the constraint then takes it over in no
    time. Alembic has no keyword for that step: it takes a line of SQL.

    ```python bad
    op.create_unique_constraint("uq_users_email", "users", ["email"])
    ```

    ```python bad
    op.add_column("users", sa.Column("email", sa.Text(), unique=True))
    ```

    ```python good
    op.execute("ALTER TABLE users ADD CONSTRAINT uq_users_email UNIQUE USING INDEX uq_users_email")
    ```

    ```python good
    op.create_table("users", sa.Column("email", sa.Text()))
    op.create_unique_constraint("uq_users_email", "users", ["email"])
    ```

    ```python good mysql 8.0
    op.create_unique_constraint("uq_users_email", "users", ["email"])
    ```
    """

    code = "MG303"
    dialects = ("postgresql", "mysql", "mariadb")
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
