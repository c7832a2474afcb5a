from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Direction, Finding
from migration_guard.model.trip import Trip
from migration_guard.rules import Context, Rule, Trait
from migration_guard.rules._trips import advice, named, reason, spans


class SecondUpgradeFailed(Rule[Trip]):
    """
    After an upgrade and its downgrade, the upgrade does not work a second time.

    ## What happens

    It stops at what the downgrade left behind. Seen by running it in the round trip.

    ```python given
    op.create_table("plans", sa.Column("name", sa.Text(), primary_key=True))
    ```

    ```python bad sqlite
    def upgrade():
        op.execute("INSERT INTO plans (name) VALUES ('free')")

    def downgrade():
        pass
    ```

    ## To whom

    The team, on the day when a release was taken back, corrected and is rolled out again.

    ## When it is no hazard

    The downgrade undoes all of it, rows too:

    ```python given
    op.create_table("plans", sa.Column("name", sa.Text(), primary_key=True))
    ```

    ```python good sqlite
    def upgrade():
        op.execute("INSERT INTO plans (name) VALUES ('free')")

    def downgrade():
        op.execute("DELETE FROM plans WHERE name = 'free'")
    ```

    Where the server is at fault, nothing is said against the migration.

    ## What to write instead

    Let downgrade() undo all that upgrade() does.

    ## Sources

    - What the database or Python said stands in the finding. How it is run: docs/roundtrip.md.
    """

    code = "MG754"
    traits = (Trait.FAILED_STEP,)
    message = (
        "After downgrade(), upgrade() fails, so a release that was taken back cannot be rolled out again: {reason}"
    )
    help = "Let downgrade() undo all that upgrade() does."

    def check(self, subject: Trip, context: Context) -> Iterator[Finding]:
        if subject.again is None or subject.again.failure is None:
            return
        failure = subject.again.failure
        span, statement = spans(failure.place, Direction.UPGRADE, context)
        yield self.finding(
            subject,
            span=span,
            around=statement,
            direction=Direction.UPGRADE,
            objects=named(failure),
            reason=reason(failure),
            help="{advice}",
            advice=advice(failure, context, self.help),
        )
