from __future__ import annotations

from collections.abc import Iterator

from migration_guard.dialects import Change
from migration_guard.model.finding import Finding
from migration_guard.model.operations import AddColumn
from migration_guard.rules import Context, Rule


class AutoincrementColumnAdded(Rule[AddColumn]):
    """
    A column that counts is added to a table with rows: each of them gets its number at once.

    ## What happens

    Every row is written anew with its number, and its indexes with it, while nobody gets at the table.

    ```python bad
    op.add_column("users", sa.Column("number", sa.BigInteger(), sa.Identity()))
    ```

    ```python bad
    op.execute("ALTER TABLE users ADD COLUMN number bigserial")
    ```

    ## To whom

    Every request to the table, reads too, for as long as it takes to copy it.

    ## When it is no hazard

    A table that the migration itself makes has no rows:

    ```python good
    op.create_table("pets", sa.Column("name", sa.Text()))
    op.add_column("pets", sa.Column("number", sa.BigInteger(), sa.Identity()))
    ```

    ## What to write instead

    1. Make a sequence, and add the column as nullable, without a default.
    2. Give it the default nextval('...'): new rows get their number.
    3. Number the old rows in batches, in a later migration, and build a unique index concurrently.

    ## Sources

    - Measured on PostgreSQL 15: the table is copied.
    """

    code = "MG204"
    dialects = ("postgresql",)
    changes = (Change.ADD_COLUMN_IDENTITY,)
    message = "Adding {table}.{column} numbers every row: {table} is written anew and blocks {blocks} until then."
    help = """\
1. CREATE SEQUENCE {sequence:sql}, and add {column} as nullable, without a default.
2. Set its default to nextval('{sequence}'): new rows get their number.
3. Number the old rows in batches, in a later migration."""

    def check(self, subject: AddColumn, context: Context) -> Iterator[Finding]:
        if Change.ADD_COLUMN_IDENTITY not in context.changes(subject) or context.is_empty(subject):
            return
        impact = context.impact(subject)
        if impact is None or not impact.rewrites:
            return
        yield self.finding(
            subject,
            objects=[f"{subject.table}.{subject.column.name}"],
            table=subject.table,
            column=subject.column.name,
            sequence=f"{subject.table.name}_{subject.column.name}_seq",
            blocks=impact.blocks,
        )
