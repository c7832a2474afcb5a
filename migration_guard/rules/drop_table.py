from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Finding
from migration_guard.model.objects import InsertRows, Opaque
from migration_guard.model.operations import CreateTable, DropTable, RenameTable
from migration_guard.model.schema import Name
from migration_guard.rules import Context, Rule

# Alembic's batch mode copies a table under this name; what an aborted run left of it may go.
SCRATCH = "_alembic_tmp_"


class TableDrop(Rule[DropTable]):
    """
    Dropping a table destroys its rows, and every application server that still runs the old code starts to fail.

    ## What happens

    The rows are gone, and no downgrade brings them back.

    ```python bad
    op.drop_table("users")
    ```

    ```python bad
    op.execute("DROP TABLE IF EXISTS users")
    ```

    One that is made anew under the same name has none of the old rows, unless the migration puts some in:

    ```python given
    op.create_table("prices", sa.Column("id", sa.Integer()))
    ```

    ```python bad
    op.drop_table("prices")
    op.create_table("prices", sa.Column("id", sa.BigInteger()))
    ```

    ## To whom

    Requests to servers that run the old code, from the moment of the drop until the last of them is replaced. And
    whoever needs the rows later.

    ## When it is no hazard

    A table that the migration made for itself, and what Alembic's batch mode leaves of an aborted run
    (`_alembic_tmp_...`):

    ```python good
    op.create_table("scratch", sa.Column("id", sa.Integer()))
    op.drop_table("scratch")
    ```

    Taking back what the upgrade made is what a downgrade is for:

    ```python good
    def upgrade():
        op.create_table("users", sa.Column("id", sa.Integer()))

    def downgrade():
        op.drop_table("users")
    ```

    ## What to write instead

    1. Release the code that no longer uses the table.
    2. Drop it in a later release, when nothing reads or writes it any more, and say so in an ignore comment with the
       reason.

    ## Sources

    - https://www.postgresql.org/docs/18/sql-droptable.html
    """

    code = "MG101"
    message = "Dropping table {table} destroys its rows, and breaks every server that still runs the old code."
    renamed = (
        "Dropping table {table} destroys the rows that {old} had before this revision renamed it: what it has not"
        " copied by then is gone."
    )
    renamed_help = """\
1. Leave {table} as it is, until somebody has made sure that the new table has every row.
2. In a later release, drop it, and say so:
   # migration-guard: ignore[MG101] <who made sure that every row is there>"""
    help = """\
1. Release the code that no longer uses {table}.
2. In a later release, drop it, and say why that is safe:
   # migration-guard: ignore[MG101] <who made sure that nothing uses it>"""

    def check(self, subject: DropTable, context: Context) -> Iterator[Finding]:
        before = _name_before(subject, context)
        if before.name.startswith(SCRATCH) or context.is_new(subject.table) or _comes_back(before, subject, context):
            return
        renamed = before != subject.table
        yield self.finding(
            subject,
            objects=[str(subject.table)],
            message=self.renamed if renamed else None,
            help=self.renamed_help if renamed else None,
            table=subject.table,
            old=before,
        )


def _name_before(subject: DropTable, context: Context) -> Name:
    """What the table was called when the migration began, which is how servers know it."""
    name = subject.table
    for one in reversed(context.earlier(subject, RenameTable)):
        name = one.table if one.new_name == name else name
    return name


def _comes_back(name: Name, subject: DropTable, context: Context) -> bool:
    """Whether the migration makes the table anew and puts rows in, or nobody knows of an old one that had any."""
    renamed = name != subject.table
    others = context.earlier(subject) if renamed else context.later(subject)
    if not any(isinstance(one, CreateTable) and one.table.name == name for one in others):
        return False
    known = context.replayed.before.table(name)
    return known is None or not known.complete or any(isinstance(one, InsertRows | Opaque) for one in others)
