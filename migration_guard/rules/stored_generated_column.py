from __future__ import annotations

from collections.abc import Iterator

from migration_guard.dialects import Ability, Change
from migration_guard.model.finding import Finding
from migration_guard.model.operations import AddColumn
from migration_guard.rules import Context, Rule

VIRTUAL = """\
Make it virtual, if nothing needs the value on disk: sa.Computed(..., persisted=False). Otherwise:
1. Add a plain column, and a trigger that fills it for rows that are written from now on.
2. Fill the old rows in batches, in a later migration."""


class StoredGeneratedColumn(Rule[AddColumn]):
    """
    Adding a stored generated column computes and writes it for every row, while nobody can use the table.

    ## What happens

    The value stands in the row, so every row is written anew.

    ```python bad
    op.add_column("users", sa.Column("twice", sa.Integer(), sa.Computed("id * 2", persisted=True)))
    ```

    ```python bad
    op.execute("ALTER TABLE users ADD COLUMN twice integer GENERATED ALWAYS AS (id * 2) STORED")
    ```

    ## To whom

    Every request to the table until it is written anew: reads and writes on PostgreSQL, writes on MySQL and MariaDB.

    ## When it is no hazard

    A virtual one (PostgreSQL 18, MySQL, MariaDB) is computed when it is read and costs nothing to add:

    ```python good postgresql 18
    op.add_column("users", sa.Column("twice", sa.Integer(), sa.Computed("id * 2", persisted=False)))
    ```

    A table that the migration has made or emptied has no rows to write:

    ```python good
    op.create_table("users", sa.Column("id", sa.Integer()))
    op.add_column("users", sa.Column("twice", sa.Integer(), sa.Computed("id * 2", persisted=True)))
    ```

    ## What to write instead

    Make it virtual, if nothing needs the value on disk. Otherwise:

    1. Add a plain column, and a trigger that fills it for rows that are written from now on.
    2. Fill the old rows in batches, in a later migration.

    ## Sources

    - Stored and virtual: https://www.postgresql.org/docs/18/ddl-generated-columns.html
    """

    code = "MG205"
    dialects = ("postgresql", "mysql", "mariadb")
    changes = (Change.ADD_COLUMN_GENERATED_STORED,)
    message = (
        "Adding {table}.{column}, stored and computed, rewrites the whole table and blocks {blocks} to it until then."
    )
    help = """\
1. Add a plain column, and a trigger that fills it for rows that are written from now on.
2. Fill the old rows in batches, in a later migration."""

    def check(self, subject: AddColumn, context: Context) -> Iterator[Finding]:
        if Change.ADD_COLUMN_GENERATED_STORED not in context.changes(subject) or context.is_empty(subject):
            return
        impact = context.impact(subject)
        if impact is None or not impact.blocks or impact.brief:
            return
        yield self.finding(
            subject,
            objects=[f"{subject.table}.{subject.column.name}"],
            help=VIRTUAL if context.can(Ability.VIRTUAL_COLUMNS) else None,
            table=subject.table,
            column=subject.column.name,
            blocks=impact.blocks,
        )
