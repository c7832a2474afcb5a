from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Direction, Finding
from migration_guard.model.migration import Form, Migration
from migration_guard.rules import Context, Rule
from migration_guard.rules._downgrades import is_declared_irreversible, listed, said_of_all, undone


class EmptyDowngrade(Rule[Migration]):
    """
    An empty downgrade() lies: the version goes back and the schema stays.

    ## What happens

    Alembic writes the old version down and calls it done.

    ```python bad
    def upgrade():
        op.add_column("users", sa.Column("age", sa.Integer()))

    def downgrade():
        pass
    ```

    ## To whom

    The next `upgrade`, which fails on what is already there. Or the old code, which runs against a schema that it does
    not know.

    ## When it is no hazard

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

    Nor where the revision is declared one-way with a reason. Where no revision has a downgrade see MG701.

    ## What to write instead

    Undo the upgrade in downgrade(), or declare the revision: `# migration-guard: irreversible <reason>`.

    ## Sources

    - upgrade() and downgrade(): https://alembic.sqlalchemy.org/en/latest/tutorial.html
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
        of_all = said_of_all(context) if found else None
        if of_all is None:
            return
        yield self.finding(
            subject,
            span=subject.downgrade.span,
            direction=Direction.DOWNGRADE,
            message=self.message + of_all[0],
            help=self.help + of_all[1],
            objects=[name for name, _ in found],
            names=listed([words for _, words in found]),
        )
