from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Direction, Finding
from migration_guard.model.migration import Form, Migration
from migration_guard.rules import Context, Rule
from migration_guard.rules._downgrades import is_declared_irreversible, listed, said_of_all, undone


class MissingDowngrade(Rule[Migration]):
    """
    A revision without downgrade() cannot be rolled back: `alembic downgrade` stops there with an AttributeError.

    ## What happens

    The module has no function of that name, and Alembic calls it.

    ```python bad
    def upgrade():
        op.add_column("users", sa.Column("age", sa.Integer()))
    ```

    ## To whom

    The person who rolls back at night finds out first.

    ## When it is no hazard

    A downgrade() is there, whatever it does (see MG702 to MG705):

    ```python good
    def upgrade():
        op.add_column("users", sa.Column("age", sa.Integer()))

    def downgrade():
        op.drop_column("users", "age")
    ```

    The revision is declared one-way, with the reason:

    ```python good
    # migration-guard: irreversible the old values are gone for good
    def upgrade():
        op.execute("UPDATE users SET name = trim(name) WHERE id = 1")
    ```

    An upgrade that does nothing has nothing to take back. Where ten or more revisions are judged together and none of
    them has a downgrade, that is said once, of the newest; so it is for MG702 and MG703.

    ## What to write instead

    Write the downgrade, or declare the revision: `# migration-guard: irreversible <reason>`.

    ## Sources

    - upgrade() and downgrade(): https://alembic.sqlalchemy.org/en/latest/tutorial.html
    """

    code = "MG701"
    supersedes = ("MG704",)
    message = "This revision has no downgrade(): a rollback stops here, and {names}."
    help = "Write downgrade() to undo the upgrade, or declare the revision: # migration-guard: irreversible <reason>"

    def check(self, subject: Migration, context: Context) -> Iterator[Finding]:
        if subject.downgrade.form is not Form.MISSING or not subject.upgrade.operations:
            return
        if is_declared_irreversible(context):
            return
        of_all = said_of_all(context)
        if of_all is None:
            return
        found = undone(context)
        words = f"the upgrade is not undone for {listed([said for _, said in found])}" if found else "nothing is undone"
        yield self.finding(
            subject,
            span=subject.upgrade.span or subject.revision_span,
            direction=Direction.DOWNGRADE,
            message=self.message + of_all[0],
            help=self.help + of_all[1],
            objects=[name for name, _ in found],
            names=words,
        )
