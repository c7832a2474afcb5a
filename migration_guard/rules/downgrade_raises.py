from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Direction, Finding, Fix
from migration_guard.model.migration import Form, Migration
from migration_guard.rules import Context, Fixable, Rule
from migration_guard.rules._downgrades import is_declared_irreversible, listed, said_of_all, undone
from migration_guard.source_edits import insert_before

DECLARATION = "# migration-guard: irreversible the downgrade raises on purpose"


class DowngradeRaises(Rule[Migration]):
    """
    A downgrade() that raises, without the revision being declared one-way.

    ## What happens

    A rollback stops here. Some changes cannot be undone, but nothing says that this is one of them.

    ## To whom

    The person who plans a rollback and looks at what stands above the functions; and the one who runs it, who learns it
    from a traceback.

    ## When it is no hazard

    The revision says so, with a reason, where everybody looks first:

    ```python good
    # migration-guard: irreversible the addresses were split by hand
    def upgrade():
        op.add_column("users", sa.Column("age", sa.Integer()))

    def downgrade():
        raise NotImplementedError
    ```

    An upgrade that does nothing has nothing to take back.

    ## What to write instead

    Undo the upgrade, or declare the revision. `--unsafe-fixes` writes the declaration; only you know whether it is
    true, and why.

    ```python bad
    def upgrade():
        op.add_column("users", sa.Column("age", sa.Integer()))

    def downgrade():
        raise NotImplementedError
    ```

    ```python fixed
    def upgrade():
        op.add_column("users", sa.Column("age", sa.Integer()))

    # migration-guard: irreversible the downgrade raises on purpose
    def downgrade():
        raise NotImplementedError
    ```

    ## Sources

    - What a declaration does: README.md, "When you know better".
    """

    code = "MG703"
    supersedes = ("MG704",)
    fixable = Fixable.UNSAFE
    message = "downgrade() raises, so a rollback stops here, {names}and nothing says that this revision goes one way."
    help = "Undo the upgrade, or declare the revision with the reason: # migration-guard: irreversible <reason>"

    def check(self, subject: Migration, context: Context) -> Iterator[Finding]:
        if subject.downgrade.form is not Form.RAISES or not subject.upgrade.operations:
            return
        if is_declared_irreversible(context):
            return
        of_all = said_of_all(context)
        if of_all is None:
            return
        found = undone(context)
        span = subject.downgrade.span
        edit = insert_before(context.source, span, DECLARATION) if span and not of_all[0] else None
        yield self.finding(
            subject,
            span=span,
            direction=Direction.DOWNGRADE,
            message=self.message + of_all[0],
            help=self.help + of_all[1],
            objects=[name for name, _ in found],
            names=f"the upgrade is not undone for {listed([words for _, words in found])}, " if found else "",
            fix=Fix(False, (edit,), "only you know whether, and why, it cannot be undone") if edit else None,
        )
