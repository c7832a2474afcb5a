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

    Upgrade and downgrade are replayed one after the other; what is left behind, lost or changed is named. What the
    history does not show is left out of the comparison.

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

    ```python good
    def upgrade():
        op.add_column("users", sa.Column("age", sa.Integer()))

    def downgrade():
        op.drop_column("users", "age")
    ```
    """

    code = "MG704"
    message = "After upgrade and downgrade {what}."
    help = "{cure}, so that a rollback leaves the schema that the upgrade met."

    def check(self, subject: Migration, context: Context) -> Iterator[Finding]:
        if subject.downgrade.form is not Form.BODY or is_declared_irreversible(context):
            return
        if not context.replayed.comparable:
            return
        for one in context.replayed.differences:
            what, cure = _words(one)
            yield self.finding(
                subject,
                span=subject.downgrade.span,
                direction=Direction.DOWNGRADE,
                objects=[one.name],
                what=what,
                cure=cure,
            )


def _words(one: SchemaDifference) -> tuple[str, str]:
    match one.fate:
        case Fate.LEFT_BEHIND:
            return f"{one} is left behind, which was not there before", f"Drop {one} in downgrade()"
        case Fate.MISSING:
            return f"{one} is missing, which was there before", f"Bring back {one} in downgrade()"
    return f"the {one} is {one.now}; it was {one.was}", f"Set the {one} back to {one.was} in downgrade()"
