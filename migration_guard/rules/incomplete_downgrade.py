from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.differences import Fate, SchemaDifference
from migration_guard.model.finding import Direction, Finding
from migration_guard.model.migration import Form, Migration
from migration_guard.rules import Context, Rule
from migration_guard.rules._downgrades import is_declared_irreversible


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
        op.alter_column("pets", "name", type_=sa.String(80), existing_type=sa.String(50))

    def downgrade():
        op.alter_column("pets", "name", type_=sa.String(60), existing_type=sa.String(80))
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
    help = "{advice}, so that a rollback leaves the schema that the upgrade met."

    def check(self, subject: Migration, context: Context) -> Iterator[Finding]:
        if subject.downgrade.form is not Form.BODY or is_declared_irreversible(context):
            return
        if not context.replayed.comparable:
            return
        for one in context.replayed.differences:
            what, advice = _words(one)
            yield self.finding(
                subject,
                span=subject.downgrade.span,
                direction=Direction.DOWNGRADE,
                objects=[one.name],
                what=what,
                advice=advice,
            )


def _words(one: SchemaDifference) -> tuple[str, str]:
    match one.fate:
        case Fate.LEFT_BEHIND:
            return f"{one} is left behind, which was not there before", f"Drop {one} in downgrade()"
        case Fate.MISSING:
            return f"{one} is missing, which was there before", f"Bring back {one} in downgrade()"
    return f"the {one} is {one.now}; it was {one.was}", f"Set the {one} back to {one.was} in downgrade()"
