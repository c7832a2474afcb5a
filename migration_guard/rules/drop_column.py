from __future__ import annotations

from collections.abc import Iterator, Sequence

from migration_guard.model.finding import Finding
from migration_guard.model.objects import Opaque, UpdateRows
from migration_guard.model.operations import AddColumn, DropColumn, DropTable, Operation, RenameColumn
from migration_guard.rules import Context, Rule


class ColumnDrop(Rule[DropColumn]):
    """
    Dropping a column destroys its values, and every application server that still maps it starts to fail.

    ## What happens

    SQLAlchemy names every mapped column in every SELECT and INSERT, used or not. Every index that contains the column
    goes with it.

    ```python bad
    op.drop_column("users", "nickname")
    ```

    ```python bad
    with op.batch_alter_table("users") as batch_op:
        batch_op.drop_column("nickname")
    ```

    ```python bad
    op.execute("ALTER TABLE users DROP COLUMN nickname")
    ```

    One that is added anew under the same name has none of the old values, unless the migration puts some in:

    ```python bad
    op.drop_column("users", "height")
    op.add_column("users", sa.Column("height", sa.Numeric()))
    ```

    ## To whom

    Requests to servers that run the old code: all that touch the table fail, whether they need the column or not. And
    whoever needs the values later.

    ## When it is no hazard

    A generated column holds nothing of its own:

    ```python given
    op.create_table("users", sa.Column("id", sa.Integer()), sa.Column("twice", sa.Integer(), sa.Computed("id * 2")))
    ```

    ```python good
    op.drop_column("users", "twice")
    ```

    Nor does one that the migration itself has added. A column of a table that is dropped further on is left to MG101. A
    downgrade may drop what its upgrade made.

    ```python good
    op.add_column("users", sa.Column("scratch", sa.Integer()))
    op.drop_column("users", "scratch")
    ```

    Nor are values lost that the migration copies into a column which takes over the name:

    ```python good
    op.add_column("users", sa.Column("height_cm", sa.Integer()))
    op.execute("UPDATE users SET height_cm = height * 100 WHERE id BETWEEN 1 AND 500")
    op.drop_column("users", "height")
    op.alter_column("users", "height_cm", new_column_name="height")
    ```

    ## What to write instead

    1. Release the code that no longer maps the column. If it is NOT NULL, give it a server_default or make it nullable
       first: the new code inserts rows without it.
    2. Drop it in a later release, and say so in an ignore comment with the reason.

    ## Sources

    - The columns that SQLAlchemy names: https://docs.sqlalchemy.org/en/20/orm/queryguide/columns.html
    - What goes with a column: https://www.postgresql.org/docs/18/sql-altertable.html
    """

    code = "MG102"
    message = "Dropping {table}.{column} destroys its values, and breaks every server whose code still maps it."
    help = """\
1. Release the code that no longer maps {column}; if it is NOT NULL, give it a server_default or make it nullable first.
2. In a later release, drop it, and say why that is safe:
   # migration-guard: ignore[MG102] <who made sure that nothing uses it>"""

    def check(self, subject: DropColumn, context: Context) -> Iterator[Finding]:
        known = context.before.column(subject.table, subject.column)
        if context.is_new_column(subject.table, subject.column) or (known and known.generated):
            return
        if any(one.table == subject.table for one in context.later(subject, DropTable)):
            return
        name = _name_before(subject, context)
        if not _comes_back(name, subject, context):
            yield self.finding(subject, objects=[f"{subject.table}.{subject.column}"], table=subject.table, column=name)


def _name_before(subject: DropColumn, context: Context) -> str:
    """What the column was called when the migration began, which is how servers know it."""
    name = subject.column
    for one in reversed(context.earlier(subject, RenameColumn)):
        name = one.column if one.table == subject.table and one.new_name == name else name
    return name


def _comes_back(name: str, subject: DropColumn, context: Context) -> bool:
    """Whether another column of this name has the values: renamed to it, or added, and filled."""
    if name != subject.column:
        added = any(_is_of(one, name, subject) for one in context.earlier(subject, AddColumn))
        return added and _fills(context.earlier(subject, UpdateRows, Opaque), subject)
    for renamed in context.later(subject, RenameColumn):
        if renamed.table == subject.table and renamed.new_name == name:
            return _fills(context.earlier(subject, UpdateRows, Opaque), subject)
    for one in context.later(subject, AddColumn):
        if _is_of(one, name, subject):
            return _fills(context.later(one, UpdateRows, Opaque), subject)
    return False


def _is_of(added: AddColumn, name: str, subject: DropColumn) -> bool:
    return added.table == subject.table and added.column.name == name


def _fills(operations: Sequence[Operation], subject: DropColumn) -> bool:
    return any(not isinstance(one, UpdateRows) or one.table == subject.table for one in operations)
