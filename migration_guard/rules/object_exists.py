from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Finding
from migration_guard.model.operations import Operation
from migration_guard.model.refusals import RefusalKind
from migration_guard.rules import Context, Rule
from migration_guard.rules._refusals import BOTH, objects_of, stopped


class ObjectExists(Rule[Operation]):
    """
    A statement makes a table, column, index, constraint or value under a name that is certainly taken when it runs.

    ## What happens

    The history has made it already and not taken it away since. The database refuses a second one, on every run.

    ```python given
    op.create_table("pets", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.Text()))
    ```

    ```python bad
    op.add_column("pets", sa.Column("name", sa.Text()))
    ```

    A renamed table keeps the names of its indexes, and PostgreSQL has one of a name in a schema:

    ```python given
    op.create_table("pets", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.Text()))
    op.create_index("ix_pets_name", "pets", ["name"])
    op.rename_table("pets", "old_pets")
    ```

    ```python bad
    op.create_table("pets", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.Text()))
    op.create_index("ix_pets_name", "pets", ["name"])
    ```

    ```python given
    op.execute("CREATE TYPE mood AS ENUM ('happy', 'sad')")
    ```

    ```python bad
    with op.get_context().autocommit_block():
        op.execute("ALTER TYPE mood ADD VALUE 'sad'")
    ```

    ## To whom

    Whoever deploys, or rolls back: it stops there, and everything that was to come behind it does not happen.

    ## When it is no hazard

    IF NOT EXISTS, and a condition around the statement, ask first:

    ```python given
    op.create_table("pets", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.Text()))
    ```

    ```python good
    op.execute("ALTER TABLE pets ADD COLUMN IF NOT EXISTS name text")
    ```

    What was dropped or renamed before is not there any more. What the history does not show to be made is not taken
    for there, and nothing is said behind something that could not be read (MG002). Types are MG621.

    ## What to write instead

    Leave the statement out where an earlier revision does it. Give another name where it is another object; of a
    renamed table, rename the indexes, too: `ALTER INDEX ix_pets_name RENAME TO ix_old_pets_name`.

    ## Sources

    - What operations do to a schema is replayed. That PostgreSQL refuses these is measured by
      tests/test_refusals_on_postgresql.py.
    - Names of indexes: https://www.postgresql.org/docs/18/sql-createindex.html
    """

    code = "MG632"
    directions = BOTH
    message = "The {stopped} stops here: the {named} is there already{why}."
    help = "Leave it out if it is meant to be the same, or give it another name."

    def check(self, subject: Operation, context: Context) -> Iterator[Finding]:
        for one in context.refused(subject, RefusalKind.EXISTS)[:1]:
            why = f", {one.why}" if one.why else ""
            yield self.finding(subject, objects=objects_of([one]), stopped=stopped(subject), named=one, why=why)
