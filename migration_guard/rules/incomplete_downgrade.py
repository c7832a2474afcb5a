from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.constraints import DropConstraint
from migration_guard.model.differences import DEFINITION, LABELS, Fate, SchemaDifference
from migration_guard.model.finding import Direction, Finding
from migration_guard.model.migration import Form, Migration
from migration_guard.model.objects import AddEnumValue
from migration_guard.model.schema import in_sql
from migration_guard.rules import Context, Rule
from migration_guard.rules._batches import lost_by_batches
from migration_guard.rules._downgrades import (
    came_back_otherwise,
    changed_words,
    is_compared,
    is_declared_irreversible,
    is_ignored,
    is_left_object,
)

SO_THAT = ", so that a rollback leaves the schema that the upgrade met"


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

    What a batch on SQLite loses by making the table anew is MG807.

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

    A value that is added with IF NOT EXISTS may stay. What goes with what is dropped is gone, too: partitions with
    their table, a sequence with the column that owns it, triggers with their table, views with CASCADE.

    ```python good
    def upgrade():
        op.execute("ALTER TYPE mood ADD VALUE IF NOT EXISTS 'wild'")

    def downgrade():
        pass
    ```

    The length of a type is nothing to SQLite, which takes values of any length:

    ```python good sqlite
    def upgrade():
        op.add_column("pets", sa.Column("age", sa.Integer()))
        with op.batch_alter_table("pets") as batch_op:
            batch_op.alter_column("name", existing_type=sa.String(50), type_=sa.String(80))

    def downgrade():
        op.drop_column("pets", "age")
    ```

    What the history does not show is left out of the comparison. Nothing is compared where something could not be read,
    or the revision is declared one-way with a reason.

    ## What to write instead

    Drop what is left behind, bring back what is missing, and set back what has changed, in the reverse order of the
    upgrade.

    ## Sources

    - What operations do to a schema is replayed, not measured; `migration-guard roundtrip` proves it on a database
      (MG753).
    """

    code = "MG704"
    message = "After upgrade and downgrade {what}."
    help = "{advice}."

    def check(self, subject: Migration, context: Context) -> Iterator[Finding]:
        compared = is_compared(context)
        if not compared and (subject.downgrade.form is not Form.EMPTY or is_declared_irreversible(context)):
            return
        for one in context.replayed.differences:
            if not (compared or one.kind == LABELS) or is_left_object(one) or came_back_otherwise(one, context):
                continue
            if is_ignored(one, context):
                continue
            if any(one in lost for lost in lost_by_batches(context).values()):
                continue  # that is MG807
            what, advice = _words(one, subject)
            yield self.finding(
                subject,
                span=subject.downgrade.span,
                direction=Direction.DOWNGRADE,
                objects=[one.name],
                what=what,
                advice=advice,
            )


def _words(one: SchemaDifference, migration: Migration) -> tuple[str, str]:
    match one.fate:
        case Fate.LEFT_BEHIND if (other := _renamed_by_convention(one, migration)) is not None:
            what = f"{one} is left behind: the naming convention of env.py makes {other} of the name in downgrade()"
            return what, f'Write op.f("{one.name}") there, which leaves the name as it is'
        case Fate.LEFT_BEHIND:
            return f"{one} is left behind, which was not there before", f"Drop {one} in downgrade(){SO_THAT}"
        case Fate.MISSING:
            return f"{one} is missing, which was there before", f"Bring back {one} in downgrade(){SO_THAT}"
    added = [each for each in migration.upgrade.operations if isinstance(each, AddEnumValue)]
    again = next((each for each in added if str(each.type) == one.name and not each.if_not_exists), None)
    if one.kind == LABELS and again is not None:
        what = f"{again.value!r} is still a value of type {one.name}, and the next upgrade fails, as it adds it again"
        advice = f"Add it with ALTER TYPE {in_sql(again.type)} ADD VALUE IF NOT EXISTS"
        return what, f"{advice}, so that the next upgrade gets by"
    back = f"Set the {one} back to {one.was}" if one.kind != DEFINITION else f"Bring back the {one}"
    return changed_words(one), f"{back} in downgrade(){SO_THAT}"


def _renamed_by_convention(one: SchemaDifference, migration: Migration) -> str | None:
    """The name under which the downgrade drops it, where a naming convention has written its words before it twice."""
    drops = (each for each in migration.downgrade.operations if isinstance(each, DropConstraint))
    names = (each.name for each in drops if each.table == one.table)
    return next((name for name in names if isinstance(name, str) and name.endswith(f"_{one.name}")), None)
