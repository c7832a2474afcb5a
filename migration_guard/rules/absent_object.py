from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Direction, Finding
from migration_guard.model.operations import Operation
from migration_guard.model.refusals import Refusal, RefusalKind
from migration_guard.rules import Context, Rule
from migration_guard.rules._refusals import BOTH, moved, objects_of, stopped


class AbsentObject(Rule[Operation]):
    """
    A statement names a table, column, index, constraint, type or value that is certainly not there when it runs.

    ## What happens

    The history made the table, and shows that it has no such column; or it has dropped or renamed what is named here,
    or makes it only later. The database refuses the statement, on every run.

    ```python given
    op.create_table("pets", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.Text()))
    ```

    ```python bad
    op.alter_column("pets", "nickname", comment="what it answers to")
    ```

    ```python given
    op.create_table("pets", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.Text()))
    ```

    ```python bad
    op.execute("UPDATE pets SET nickname = 'Rex' WHERE id = 1")
    ```

    What stands in double quotes is a name to PostgreSQL, and no text:

    ```python given
    op.create_table("pets", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.Text()))
    ```

    ```python bad
    op.execute('DELETE FROM pets WHERE id = 1 AND name = "Rex"')
    ```

    A foreign key needs its table first:

    ```python bad
    op.create_table("pets", sa.Column("owner_id", sa.Integer(), sa.ForeignKey("owners.id")))
    op.create_table("owners", sa.Column("id", sa.Integer(), primary_key=True))
    ```

    ## To whom

    Whoever deploys, or rolls back: it stops there, and everything that was to come behind it does not happen.

    ## When it is no hazard

    What the history does not show may be there all the same: tables that it never made, tables that were made where it
    could not be read, columns of a table whose CREATE TABLE is not part of it.

    ```python good
    op.execute("UPDATE pets SET nickname = 'Rex' WHERE id = 1")
    ```

    IF EXISTS, and a condition around the statement, ask first:

    ```python given
    op.create_table("pets", sa.Column("id", sa.Integer(), primary_key=True))
    ```

    ```python good
    op.execute("ALTER TABLE pets DROP COLUMN IF EXISTS nickname")  # migration-guard: ignore[MG102] unused
    ```

    Nothing is said behind something that could not be read (MG002), of names without a schema once `search_path` is
    set, of constraints that a naming convention may have named, and between branches that no order joins.

    ## What to write instead

    The name that is there. Where an earlier statement takes it away, or a later one makes it, change their order.

    ## Sources

    - What operations do to a schema is replayed. That PostgreSQL refuses these is measured by
      tests/test_refusals_on_postgresql.py.
    - Text and names in quotes: https://www.postgresql.org/docs/18/sql-syntax-lexical.html
    """

    code = "MG631"
    supersedes = ("MG102", "MG202")
    directions = BOTH
    message = "The {stopped} stops here: the {named} is not there, {why}."

    def check(self, subject: Operation, context: Context) -> Iterator[Finding]:
        for one in context.refused(subject, RefusalKind.ABSENT):
            if subject.site.direction is Direction.DOWNGRADE and one.other is not None:
                continue
            yield self.finding(
                subject,
                objects=objects_of([one]),
                help=_help(one),
                stopped=stopped(subject),
                named=one,
                why=one.why,
            )
            return


def _help(refusal: Refusal) -> str:
    if where := moved(refusal):
        return where
    if refusal.instead:
        return f"Write {refusal.instead} instead of {refusal.name}."
    return f"Name what is there, or make the {refusal.what} before."
