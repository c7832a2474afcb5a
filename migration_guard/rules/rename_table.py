from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Finding
from migration_guard.model.objects import CreateView
from migration_guard.model.operations import RenameTable
from migration_guard.model.schema import Name
from migration_guard.rules import Context, Rule


class TableRename(Rule[RenameTable]):
    """
    Renaming a table breaks every server that still runs the old code, and the new code breaks until it is renamed.

    ## What happens

    There is no moment at which both work: the old code asks for the old name, the new code for the new one.

    ```python bad
    op.rename_table("users", "accounts")
    ```

    ```python bad
    op.execute("ALTER TABLE users RENAME TO accounts")
    ```

    ## To whom

    Requests that touch the table: on old servers from the rename until the last of them is replaced, or on new ones
    until the rename.

    ## When it is no hazard

    A view under the old name, made in the same migration, keeps the old code working until the release is through:

    ```python good
    op.rename_table("users", "accounts")
    op.execute("CREATE VIEW users AS SELECT * FROM accounts")
    ```

    A table that the migration made may take the place of another one:

    ```python good
    op.create_table("users_new", sa.Column("id", sa.BigInteger()))
    op.rename_table("users", "users_old")
    op.rename_table("users_new", "users")
    ```

    A downgrade is not judged.

    ## What to write instead

    Leave a view under the old name, and drop it in a later release. Or rename only the model, and let its
    `__tablename__` be the old name.

    ## Sources

    - Views that take writes: https://www.postgresql.org/docs/18/sql-createview.html
    """

    code = "MG502"
    message = "Renaming table {old} breaks every server that still runs the code before this release: it becomes {new}."
    help = """\
Leave a view under the old name, and drop it in a later release:
   op.execute("CREATE VIEW {old:sql} AS SELECT * FROM {new:sql}")
Or rename only the model: __tablename__ = "{old:name}"."""

    def check(self, subject: RenameTable, context: Context) -> Iterator[Finding]:
        if context.is_new(subject.table):
            return
        if context.once(_taken).get(subject.table, -1) <= len(context.earlier(subject)):
            yield self.finding(subject, objects=[str(subject.table)], old=subject.table, new=subject.new_name)


def _taken(context: Context) -> dict[Name, int]:
    """The names that upgrade() gives to views and renamed tables, each with the place where it does so last."""
    taken: dict[Name, int] = {}
    for place, operation in enumerate(context.migration.upgrade.operations):
        if isinstance(operation, CreateView):
            taken[operation.view.name] = place
        elif isinstance(operation, RenameTable):
            taken[operation.new_name] = place
    return taken
