from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Direction, Finding
from migration_guard.model.migration import Form, Migration
from migration_guard.rules import Context, Rule
from migration_guard.rules._downgrades import is_declared_irreversible, listed, undone


class EmptyDowngrade(Rule[Migration]):
    """
    An empty downgrade() lies: the version goes back and the schema stays.

    The next `upgrade` then fails on what is already there, or runs old code against a schema it does not know.

    ```python bad
    def upgrade():
        op.add_column("users", sa.Column("age", sa.Integer()))

    def downgrade():
        pass
    ```

    Nothing is undone where nothing was done to the schema:

    ```python good
    def upgrade():
        op.execute("UPDATE users SET active = true WHERE id = 7")

    def downgrade():
        pass
    ```

    ```python good
    def upgrade():
        pass

    def downgrade():
        pass
    ```
    """

    code = "MG702"
    supersedes = ("MG704",)
    message = (
        "downgrade() is empty: after a rollback the version is the old one, but the upgrade is not undone for {names}."
    )
    help = "Undo the upgrade in downgrade(), or declare the revision: # migration-guard: irreversible <reason>"

    def check(self, subject: Migration, context: Context) -> Iterator[Finding]:
        if subject.downgrade.form is not Form.EMPTY or is_declared_irreversible(context):
            return
        found = undone(context)
        if not found:
            return
        yield self.finding(
            subject,
            span=subject.downgrade.span,
            direction=Direction.DOWNGRADE,
            objects=[name for name, _ in found],
            names=listed([words for _, words in found]),
        )
