from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Direction, Finding
from migration_guard.model.trip import Trip
from migration_guard.rules import Context, Rule
from migration_guard.rules._trips import advice, named, reason, spans


class SecondUpgradeFailed(Rule[Trip]):
    """
    After an upgrade and its downgrade, the upgrade does not work a second time.

    That is the day when a release was taken back, corrected and is rolled out again: it stops at what the downgrade
    left behind. Seen by running it in the round trip.

    ```python bad sqlite
    def upgrade():
        op.create_table("users", sa.Column("id", sa.Integer()))
        op.create_table("orders", sa.Column("id", sa.Integer()))

    def downgrade():
        op.drop_table("users")
    ```

    ```python good sqlite
    def upgrade():
        op.create_table("users", sa.Column("id", sa.Integer()))

    def downgrade():
        op.drop_table("users")
    ```
    """

    code = "MG754"
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
