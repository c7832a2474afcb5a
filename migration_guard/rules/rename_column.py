from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Finding
from migration_guard.model.operations import AddColumn, RenameColumn
from migration_guard.rules import Context, Rule


class ColumnRename(Rule[RenameColumn]):
    """
    Renaming a column breaks every server that still runs the old code, and the new code breaks until it is renamed.

    ## What happens

    There is no moment at which both work: SQLAlchemy names every mapped column in every SELECT and INSERT.

    ```python bad
    op.alter_column("users", "name", new_column_name="full_name")
    ```

    ```python bad
    op.execute("ALTER TABLE users RENAME COLUMN name TO full_name")
    ```

    ## To whom

    Requests that touch the table: on old servers from the rename until the last of them is replaced, or on new ones
    until the rename.

    ## When it is no hazard

    Nobody knows the old name of a column that the migration itself has added:

    ```python good
    op.add_column("users", sa.Column("nmae", sa.Text()))
    op.alter_column("users", "nmae", new_column_name="name")
    ```

    Nor is it one where a generated column takes over the old name further on. A downgrade is not judged.

    ## What to write instead

    Rename only the attribute of the model: it can have another name than the column. Or, if the column itself has to
    change:

    1. Add the new column, and write both from the code.
    2. Copy the old values in batches.
    3. Read from the new one, and stop writing the old one.
    4. Drop the old one in a later release.

    ## Sources

    - An attribute with another name than its column: https://docs.sqlalchemy.org/en/20/orm/declarative_tables.html
    - The columns that SQLAlchemy names: https://docs.sqlalchemy.org/en/20/orm/queryguide/columns.html
    """

    code = "MG501"
    message = "Renaming {table}.{old} to {new} breaks every server that still runs the code before this release."
    help = """\
Rename only the attribute: {new} = mapped_column("{old}", ...). Or, if the column itself has to change:
1. Add {new}, and write both columns from the code.
2. Copy the old values in batches.
3. Read from {new}, and stop writing {old}.
4. Drop {old} in a later release."""

    def check(self, subject: RenameColumn, context: Context) -> Iterator[Finding]:
        if context.is_new_column(subject.table, subject.column):
            return
        stays = any(
            one.table == subject.table and one.column.name == subject.column and one.column.generated
            for one in context.later(subject, AddColumn)
        )
        if not stays:
            yield self.finding(
                subject,
                objects=[f"{subject.table}.{subject.column}"],
                table=subject.table,
                old=subject.column,
                new=subject.new_name,
            )
