from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Direction, Finding
from migration_guard.model.trip import Trip
from migration_guard.rules import Context, Rule, Trait
from migration_guard.rules._trips import advice, named, reason, spans


class DowngradeFailed(Rule[Trip]):
    """
    The downgrade of a revision fails on a real database.

    ## What happens

    Seen by running it in the round trip, after the upgrade has worked.

    ```python bad sqlite
    def upgrade():
        op.create_table("users", sa.Column("id", sa.Integer()))

    def downgrade():
        op.drop_table("user")
    ```

    ```python bad sqlite
    def upgrade():
        op.create_table("users", sa.Column("id", sa.Integer()))

    def downgrade():
        raise NotImplementedError
    ```

    ## To whom

    The person on call finds out: a release that has to be taken back cannot be.

    ## When it is no hazard

    A revision that goes one way on purpose says so, with the reason, and is not asked:

    ```python good sqlite
    # migration-guard: irreversible the table is the product
    def upgrade():
        op.create_table("users", sa.Column("id", sa.Integer()))

    def downgrade():
        raise NotImplementedError
    ```

    Where the server is at fault, nothing is said against the migration.

    ## What to write instead

    Undo what upgrade() does, or declare the revision: `# migration-guard: irreversible <reason>`.

    ## Sources

    - What the database or Python said stands in the finding. How it is run: docs/roundtrip.md.
    """

    code = "MG752"
    traits = (Trait.FAILED_STEP,)
    message = "downgrade() fails{where}, so a release with this revision cannot be taken back: {reason}"
    help = "Undo what upgrade() does, or declare the revision: # migration-guard: irreversible <reason>"

    def check(self, subject: Trip, context: Context) -> Iterator[Finding]:
        for step in (subject.downgrade, *subject.full_trip):
            if step is None or step.failure is None or step.direction is not Direction.DOWNGRADE:
                continue
            failure = step.failure
            span, statement = spans(failure.place, Direction.DOWNGRADE, context)
            yield self.finding(
                subject,
                span=span or context.migration.upgrade.span,
                around=statement,
                direction=Direction.DOWNGRADE,
                objects=named(failure),
                where=" on the way from the heads to base" if step in subject.full_trip else "",
                reason=reason(failure, context.migration.downgrade),
                help="{advice}",
                advice=advice(failure, context, self.help),
            )
            return
