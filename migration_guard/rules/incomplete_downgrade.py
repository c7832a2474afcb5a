from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.differences import DEFINITION, LABELS, Fate, SchemaDifference, differences
from migration_guard.model.finding import Direction, Finding
from migration_guard.model.migration import Form, Migration
from migration_guard.model.objects import AddEnumValue
from migration_guard.model.operations import RecreateTable
from migration_guard.model.schema import in_sql
from migration_guard.rules import Context, Rule
from migration_guard.rules._downgrades import (
    came_back_otherwise,
    changed_words,
    is_compared,
    is_declared_irreversible,
    is_left_object,
)


class IncompleteDowngrade(Rule[Migration]):
    """
    The downgrade does not bring back the schema that the upgrade met.

    ## What happens

    Upgrade and downgrade are replayed one after the other; what is left behind, lost or changed is named.

    ```python bad
    def upgrade():
        op.add_column("users", sa.Column("age", sa.Integer()))
        op.add_column("users", sa.Column("height", sa.Integer()))

    def downgrade():
        op.drop_column("users", "age")
    ```

    ```python given
    op.create_table("pets", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.String(50)))
    ```

    ```python bad
    def upgrade():
        op.add_column("pets", sa.Column("age", sa.Integer()))
        op.alter_column("pets", "name", type_=sa.String(80), existing_type=sa.String(50))

    def downgrade():
        op.drop_column("pets", "age")
    ```

    What the downgrade sets back, though not to what it was, is MG708; a function, view or trigger that stays is MG712.

    PostgreSQL takes no value of an enum away, so one that ADD VALUE adds is added again by the next upgrade, which
    fails.

    ```python given
    op.execute("CREATE TYPE mood AS ENUM ('calm', 'glad')")
    ```

    ```python bad
    def upgrade():
        op.execute("ALTER TYPE mood ADD VALUE 'wild'")

    def downgrade():
        pass
    ```

    On SQLite a batch makes the table anew for most of what it is asked for, and Alembic knows of the old one what
    SQLAlchemy reflects: indexes with expressions and CHECK constraints without a name are gone after upgrade() already.

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

    ## To whom

    The release that is rolled back to: it meets a schema that it does not know. And the next upgrade, which fails on
    what was left behind.

    ## When it is no hazard

    Everything is as it was:

    ```python good
    def upgrade():
        op.add_column("users", sa.Column("age", sa.Integer()))

    def downgrade():
        op.drop_column("users", "age")
    ```

    What a batch has lost is made again behind it:

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

    A value that is added with IF NOT EXISTS may stay. What goes with what is dropped is gone, too: partitions with
    their table, a sequence with the column that owns it, triggers with their table, views with CASCADE.

    ```python good
    def upgrade():
        op.execute("ALTER TYPE mood ADD VALUE IF NOT EXISTS 'wild'")

    def downgrade():
        pass
    ```

    What the history does not show is left out of the comparison. So are triggers, COLLATE, DESC, AUTOINCREMENT and the
    ON DELETE of a key written at its column, which a batch on SQLite loses, too. Nothing is compared where something
    could not be read, or the revision is declared one-way with a reason.

    ## What to write instead

    Drop what is left behind, bring back what is missing, and set back what has changed, in the reverse order of the
    upgrade.

    ## Sources

    - What operations do to a schema is replayed, not measured; `migration-guard roundtrip` proves it on a database
      (MG753).
    - What a batch makes of a table on SQLite: https://alembic.sqlalchemy.org/en/latest/batch.html; what it loses is
      measured with Alembic 1.8 to 1.20 by tests/test_batch_on_sqlite.py.
    """

    code = "MG704"
    message = "After upgrade and downgrade {what}."
    help = "{advice}, so that a rollback leaves the schema that the upgrade met."

    def check(self, subject: Migration, context: Context) -> Iterator[Finding]:
        compared = is_compared(context)
        if not compared and (subject.downgrade.form is not Form.EMPTY or is_declared_irreversible(context)):
            return
        for one in context.replayed.differences:
            if not (compared or one.kind == LABELS) or is_left_object(one) or came_back_otherwise(one, context):
                continue
            batch = _batch_that_loses(one, context)
            if batch is not None and one.kind == "check constraint" and _names_checks(context):
                continue
            what, advice = _words(one, subject) if batch is None else _words_of_batch(one, batch)
            yield self.finding(
                subject,
                span=subject.downgrade.span,
                direction=Direction.DOWNGRADE,
                objects=[one.name],
                what=what,
                advice=advice,
            )


def _batch_that_loses(one: SchemaDifference, context: Context) -> RecreateTable | None:
    """The batch that makes the table anew without what is missing, where nobody has asked for that."""
    for step in (*context.replayed.upgrade, *context.replayed.downgrade):
        batch = step.operation
        if isinstance(batch, RecreateTable) and one in differences(step.before, batch.apply(step.before)):
            return batch
    return None


def _names_checks(context: Context) -> bool:
    """Whether a CHECK without a name gets one all the same, from the MetaData's naming convention."""
    return any(one.startswith("ck=") for one in context.history.environment.naming_convention)


def _words_of_batch(one: SchemaDifference, batch: RecreateTable) -> tuple[str, str]:
    where, table = f"{batch.site.direction.value}()", batch.table
    what = f"{one} is missing: the batch in {where} makes table {table} anew, without it"
    if one.kind == "index":
        return what, f"Create {one} again behind each batch on {table}, from {where} on"
    return what, f"Name the check where it is made, or pass it to each batch on {table} in table_args"


def _words(one: SchemaDifference, migration: Migration) -> tuple[str, str]:
    match one.fate:
        case Fate.LEFT_BEHIND:
            return f"{one} is left behind, which was not there before", f"Drop {one} in downgrade()"
        case Fate.MISSING:
            return f"{one} is missing, which was there before", f"Bring back {one} in downgrade()"
    added = [each for each in migration.upgrade.operations if isinstance(each, AddEnumValue)]
    again = next((each for each in added if str(each.type) == one.name and not each.if_not_exists), None)
    if one.kind == LABELS and again is not None:
        what = f"{again.value!r} is still a value of type {one.name}, and the next upgrade fails, as it adds it again"
        return what, f"Add it with ALTER TYPE {in_sql(again.type)} ADD VALUE IF NOT EXISTS"
    back = f"Set the {one} back to {one.was}" if one.kind != DEFINITION else f"Bring back the {one}"
    return changed_words(one), f"{back} in downgrade()"
