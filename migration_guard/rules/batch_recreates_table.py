from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from migration_guard.model.differences import Fate, SchemaDifference
from migration_guard.model.finding import Direction, Finding, Severity
from migration_guard.model.operations import RecreateTable
from migration_guard.model.schema import View
from migration_guard.rules import Context, Rule
from migration_guard.rules._batches import lost_by_batches
from migration_guard.rules._downgrades import listed

NO_COPY = "The batch copies the rows of {table}, and fails: nobody may write its generated column {column}."
NO_RENAME = "The batch gives the new table the name {table}, and fails: view {view} reads the old one, which is gone."
VIEW_FIRST = "Drop view {view} before the batch, and make it again behind it."
BY_HAND = "Make the new table by hand, and copy the other columns."


class BatchRecreatesTable(Rule[RecreateTable]):
    """
    A batch on SQLite makes the table anew, and loses what SQLAlchemy does not reflect.

    ## What happens

    SQLite cannot alter much, so Alembic makes a new table, copies the rows and drops the old one. Of the old table it
    knows what SQLAlchemy reflects: triggers, COLLATE, AUTOINCREMENT, DESC, indexes with expressions and CHECK
    constraints without a name are gone, without an error.

    ```python given
    op.create_table("tags", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.Text()))
    op.create_index("ix_tags_lower_name", "tags", [sa.text("lower(name)")])
    ```

    ```python bad sqlite
    def upgrade():
        with op.batch_alter_table("tags") as batch_op:
            batch_op.alter_column("name", existing_type=sa.Text(), nullable=False)

    def downgrade():
        with op.batch_alter_table("tags") as batch_op:
            batch_op.alter_column("name", existing_type=sa.Text(), nullable=True)
    ```

    A table with a generated column cannot be copied at all: "cannot INSERT into generated column". Nor can one be
    renamed that a view reads: "error in view". Both are errors.

    ## To whom

    Whoever relies on what is gone: a check that no longer holds, a trigger that no longer fires, numbers that are used
    twice.

    ## When it is no hazard

    Most batches lose nothing, and are left alone. What a batch has lost may be made again behind it:

    ```python given
    op.create_table("tags", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.Text()))
    op.create_index("ix_tags_lower_name", "tags", [sa.text("lower(name)")])
    ```

    ```python good sqlite
    def upgrade():
        with op.batch_alter_table("tags") as batch_op:
            batch_op.alter_column("name", existing_type=sa.Text(), nullable=False)
        op.create_index("ix_tags_lower_name", "tags", [sa.text("lower(name)")])

    def downgrade():
        with op.batch_alter_table("tags") as batch_op:
            batch_op.alter_column("name", existing_type=sa.Text(), nullable=True)
        op.create_index("ix_tags_lower_name", "tags", [sa.text("lower(name)")])
    ```

    Nothing is said of a batch that is given the table (`copy_from`, `table_args`), nor of what the history does not
    show.

    ## What to write instead

    Make again behind the batch what can be made by a statement of its own: an index, a trigger. Give the batch the
    table as it is in `copy_from` for the rest: COLLATE, AUTOINCREMENT, checks.

    ## Sources

    - What a batch makes of a table: https://alembic.sqlalchemy.org/en/latest/batch.html
    - What it loses is measured with Alembic 1.8 to 1.20 by tests/test_batch_on_sqlite.py.
    """

    code = "MG807"
    severity = Severity.WARNING
    directions = (Direction.UPGRADE, Direction.DOWNGRADE)
    dialects = ("sqlite",)
    message = "The batch makes table {table} anew, without {lost}."
    help = "{advice}."

    def check(self, subject: RecreateTable, context: Context) -> Iterator[Finding]:
        known = context.before.table(subject.table)
        generated = [one.name for one in known.columns.values() if one.generated] if known else []
        if generated:
            table, column = subject.table, generated[0]
            found = self.finding(
                subject, objects=[str(table)], message=NO_COPY, help=BY_HAND, table=table, column=column
            )
            yield replace(found, severity=Severity.ERROR)
            return
        view = next((one.name for one in context.before.views.values() if one.certain and _reads(one, subject)), None)
        if view is not None:
            table, objects = subject.table, [str(subject.table), str(view)]
            found = self.finding(subject, objects=objects, message=NO_RENAME, help=VIEW_FIRST, table=table, view=view)
            yield replace(found, severity=Severity.ERROR)
            return
        lost = lost_by_batches(context).get(id(subject), ())
        if lost:
            again = all(one.kind in ("index", "trigger") for one in lost)
            advice = "Make it again behind the batch" if again else "Give the batch the table as it is, in copy_from"
            yield self.finding(
                subject,
                objects=[one.name for one in lost],
                table=subject.table,
                lost=listed([_words(one) for one in lost]),
                advice=advice,
            )


def _reads(view: View, batch: RecreateTable) -> bool:
    return batch.table in view.tables


def _words(one: SchemaDifference) -> str:
    if one.fate is Fate.CHANGED and one.kind == "index":
        return f"what is said in index {one.name} ({one.was})"
    return f"the {one}" if one.fate is Fate.CHANGED else str(one)
