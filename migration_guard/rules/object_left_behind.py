from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Direction, Finding
from migration_guard.model.migration import Migration
from migration_guard.rules import Context, Rule
from migration_guard.rules._downgrades import is_compared, is_left_object


class ObjectLeftBehind(Rule[Migration]):
    """
    The downgrade leaves a function, view, sequence or the like behind that the upgrade made.

    ## What happens

    The downgrade does other things, and never drops it. It stays in the database, and the next upgrade makes it again.

    ```python given
    op.create_table("pets", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.String(50)))
    ```

    ```python bad
    def upgrade():
        op.add_column("pets", sa.Column("seen", sa.Integer()))
        op.execute("CREATE FUNCTION count_pets() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM pets'")

    def downgrade():
        op.drop_column("pets", "seen")
    ```

    ```python bad
    def upgrade():
        op.execute("CREATE SCHEMA audit")
        op.create_table("entries", sa.Column("id", sa.Integer(), primary_key=True), schema="audit")

    def downgrade():
        op.drop_table("entries", schema="audit")
    ```

    ## To whom

    The next upgrade, which fails where it makes the thing with a plain CREATE: "already exists". It is the day when a
    release was taken back and is rolled out again.

    ## When it is no hazard

    The downgrade drops it, or what it goes with:

    ```python given
    op.create_table("pets", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.String(50)))
    ```

    ```python good
    def upgrade():
        op.add_column("pets", sa.Column("seen", sa.Integer()))
        op.execute("CREATE FUNCTION count_pets() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM pets'")

    def downgrade():
        op.execute("DROP FUNCTION count_pets()")
        op.drop_column("pets", "seen")
    ```

    A trigger or policy goes with its table, everything with its schema. What CREATE OR REPLACE or IF NOT EXISTS makes
    may have been there before. Where the downgrade runs a SELECT, a DO block, CASCADE or SQL put together at run time,
    nobody sees what goes. Nothing is compared where something could not be read, or the revision is declared one-way
    with a reason.

    ## What to write instead

    Drop it in downgrade(), in the reverse order of the upgrade.

    ## Sources

    - What operations do to a schema is replayed, not measured; `migration-guard roundtrip` proves it on a database
      (MG753).
    - What goes with what: https://www.postgresql.org/docs/18/ddl-depend.html
    """

    code = "MG712"
    supersedes = ("MG704",)
    message = "After upgrade and downgrade {what} is left behind, which was not there before."
    help = "Drop {what} in downgrade(), so that a rollback leaves the schema that the upgrade met."

    def check(self, subject: Migration, context: Context) -> Iterator[Finding]:
        if not is_compared(context):
            return
        for one in context.replayed.differences:
            if is_left_object(one):
                yield self.finding(
                    subject,
                    span=subject.downgrade.span,
                    direction=Direction.DOWNGRADE,
                    objects=[one.name],
                    what=one,
                )
