from __future__ import annotations

from collections.abc import Iterator

from migration_guard.dialects import Change
from migration_guard.model.constraints import AddConstraint
from migration_guard.model.finding import Finding
from migration_guard.model.operations import AddColumn, Operation
from migration_guard.rules import Context, Rule
from migration_guard.rules._fixes import quoted

BUILD = "Adding a primary key to {table} builds its index and blocks {blocks} to {table} until then."
LOOK = (
    "{index} holds columns that may be null: making it the primary key of {table} reads every row and blocks {blocks}."
)
STEPS = """\
1. Make sure that the columns are NOT NULL, without a scan (see MG202).
2. Build the index beforehand, outside the transaction:
   with op.get_context().autocommit_block():
       op.create_index("{name}", "{table:name}", {columns}, unique=True, postgresql_concurrently=True{table:schema})
3. In the next migration, make it the primary key:
   op.execute("ALTER TABLE {table:sql} ADD CONSTRAINT {name:sql} PRIMARY KEY USING INDEX {name:sql}")"""
REQUIRE = "Make the columns NOT NULL first, without a scan (see MG202)."


class PrimaryKeyBuiltInPlace(Rule[Operation]):
    """
    Adding a primary key builds its index, and looks for nulls, while nobody can read or write the table.

    ## What happens

    The key is an index, and its columns are NOT NULL: both are made sure of while nobody gets in.

    ```python bad
    op.create_primary_key("pk_users", "users", ["id"])
    ```

    An index that is there already spares the build. Columns that are not known to be NOT NULL are still looked through:

    ```python given
    op.create_table("users", sa.Column("id", sa.Integer(), nullable=True))
    op.create_index("pk_users", "users", ["id"], unique=True)
    ```

    ```python bad
    op.execute("ALTER TABLE users ADD CONSTRAINT pk_users PRIMARY KEY USING INDEX pk_users")
    ```

    ## To whom

    Every request to the table, reads too, until the index is built and every row was read. And the deployment, where a
    value is there twice or is null.

    ## When it is no hazard

    An index that is there already, on columns that are NOT NULL, is taken over in no time:

    ```python given
    op.create_table("users", sa.Column("id", sa.Integer(), nullable=False))
    op.create_index("pk_users", "users", ["id"], unique=True)
    ```

    ```python good
    op.execute("ALTER TABLE users ADD CONSTRAINT pk_users PRIMARY KEY USING INDEX pk_users")
    ```

    A table that the migration has made or emptied has nothing to be read:

    ```python good
    op.create_table("users", sa.Column("id", sa.Integer()))
    op.create_primary_key("pk_users", "users", ["id"])
    ```

    MySQL and MariaDB build the table anew while everybody works. Partitioned tables are left alone: PostgreSQL builds
    none of their indexes concurrently.

    ## What to write instead

    1. Make sure that the columns are NOT NULL, without a scan (see MG202).
    2. Build a unique index beforehand, concurrently and outside the transaction, while everybody works.
    3. In the next migration, let the key take it over, with a line of SQL.

    ## Sources

    - ADD CONSTRAINT ... USING INDEX: https://www.postgresql.org/docs/18/sql-altertable.html
    """

    code = "MG304"
    dialects = ("postgresql", "mysql", "mariadb")
    changes = (Change.ADD_PRIMARY_KEY, Change.ADD_PRIMARY_KEY_USING_INDEX_NULLABLE)
    message = BUILD

    def check(self, subject: Operation, context: Context) -> Iterator[Finding]:
        if not isinstance(subject, AddConstraint | AddColumn):
            return
        changes, impact = context.changes(subject), context.impact(subject)
        looks = Change.ADD_PRIMARY_KEY_USING_INDEX_NULLABLE in changes
        if not looks and Change.ADD_PRIMARY_KEY not in changes:
            return
        known = context.before.table(subject.table)
        if context.is_empty(subject) or (known and known.partitioned) or impact is None or not impact.blocks:
            return
        constraint = subject.constraint if isinstance(subject, AddConstraint) else None
        columns = constraint.columns if constraint else ()
        yield self.finding(
            subject,
            objects=[(constraint.name if constraint else None) or str(subject.table)],
            message=LOOK if looks else BUILD,
            help=REQUIRE if looks else STEPS,
            table=subject.table,
            blocks=impact.blocks,
            index=constraint.using_index if constraint else "",
            name=(constraint.name if constraint else None) or f"pk_{subject.table.name}",
            columns=quoted(columns),
        )
