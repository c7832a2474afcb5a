from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Finding
from migration_guard.model.objects import InsertRows, Opaque
from migration_guard.model.operations import CreateTable, DropTable
from migration_guard.rules import Context, Rule

# Alembic's batch mode copies a table under this name; what an aborted run left of it may go.
SCRATCH = "_alembic_tmp_"


class TableDrop(Rule[DropTable]):
    """
    Dropping a table destroys its rows, and every application server that still runs the old code starts to fail.

    No downgrade brings the rows back. Release the code that no longer uses the table first; drop it in a later
    release, when nothing reads or writes it any more, and say so in an ignore comment with the reason.

    ```python bad
    op.drop_table("users")
    ```

    ```python bad
    op.execute("DROP TABLE IF EXISTS users")
    ```

    A table that the migration made for itself:

    ```python good
    op.create_table("scratch", sa.Column("id", sa.Integer()))
    op.drop_table("scratch")
    ```

    One that is made anew under the same name has none of the old rows, unless the migration puts some in:

    ```python given
    op.create_table("prices", sa.Column("id", sa.Integer()))
    ```

    ```python bad
    op.drop_table("prices")
    op.create_table("prices", sa.Column("id", sa.BigInteger()))
    ```

    Taking back what the upgrade made is what a downgrade is for:

    ```python good
    def upgrade():
        op.create_table("users", sa.Column("id", sa.Integer()))

    def downgrade():
        op.drop_table("users")
    ```
    """

    code = "MG101"
    message = "Dropping table {table} destroys its rows, and breaks every server that still runs the old code."
    help = """\
1. Release the code that no longer uses {table}.
2. In a later release, drop it, and say why that is safe:
   # migration-guard: ignore[MG101] <who made sure that nothing uses it>"""

    def check(self, subject: DropTable, context: Context) -> Iterator[Finding]:
        old = not context.is_new(subject.table) or _makes_way(subject, context)
        if old and not subject.table.name.startswith(SCRATCH):
            yield self.finding(subject, objects=[str(subject.table)], table=subject.table)


def _makes_way(subject: DropTable, context: Context) -> bool:
    """Whether the table is an old one, and the one that the migration makes after it stays without its rows."""
    known = context.replayed.before.table(subject.table)
    later = context.later(subject)
    made = any(isinstance(one, CreateTable) and one.table.name == subject.table for one in later)
    filled = any(isinstance(one, InsertRows | Opaque) for one in later)
    return known is not None and known.complete and made and not filled
