from __future__ import annotations

import re
from collections.abc import Iterator

from migration_guard.model.finding import Direction, Finding
from migration_guard.model.trip import Trip
from migration_guard.rules import Context, Rule, Trait
from migration_guard.rules._trips import advice, named, reason, spans

# How the databases say that a table is not there.
ABSENT = re.compile(r"no such table|^(?!column ).*does not exist|doesn't exist|unknown table", re.IGNORECASE)


class UpgradeFailed(Rule[Trip]):
    """
    The upgrade of a revision fails on a real database.

    ## What happens

    Seen by running it in the round trip, on tables without rows. What comes after it on its branch could not be tried.

    ```python bad sqlite
    def upgrade():
        op.create_table("users", sa.Column("id", sa.Integer()))
        op.create_table("users", sa.Column("id", sa.Integer()))

    def downgrade():
        op.drop_table("users")
    ```

    ```python bad sqlite
    def upgrade():
        op.create_table("users", sa.Column("id", sa.Integer(display_length=5)))

    def downgrade():
        op.drop_table("users")
    ```

    ## To whom

    Whoever deploys it stops there, and whoever installs afresh never gets beyond it.

    ## When it is no hazard

    The upgrade comes to its end:

    ```python good sqlite
    def upgrade():
        op.create_table("users", sa.Column("id", sa.Integer()))

    def downgrade():
        op.drop_table("users")
    ```

    Where the server is at fault (an extension that it lacks, a statement that reaches beyond the throwaway database),
    nothing is said against the migration. What fails on rows only is MG758.

    ## What to write instead

    Correct it before it is deployed, then run the round trip again. A history that starts on a database that was made
    elsewhere is given that one with `--prepare`.

    ## Sources

    - What the database or Python said stands in the finding. How it is run: docs/roundtrip.md.
    """

    code = "MG751"
    traits = (Trait.FAILED_STEP,)
    message = "upgrade() fails{where}: {reason}"
    help = "Correct it before it is deployed, then run the round trip again: what comes after it was not tried."
    unprepared = """\
Does this history start on a database that was made elsewhere? Then make that one first: --prepare FILE.sql, or
--prepare package.module:function (models:Base.metadata.create_all)."""
    fresh = "It worked on rows. Whoever installs afresh has none, and gets no further: let upgrade() do without."
    own = """\
Each revision works in a transaction of its own, but env.py runs them otherwise. Hand context.configure() a connection
that is in no transaction (engine.connect(), and a commit behind what env.py itself executes), set
transaction_per_migration=True there, and call run_migrations() within `with context.begin_transaction():`."""

    def check(self, subject: Trip, context: Context) -> Iterator[Finding]:
        steps = [subject.on_empty or subject.upgrade, *subject.full_trip, subject.own_transactions]
        for step in steps:
            if step is None or step.failure is None or step.direction is not Direction.UPGRADE:
                continue
            failure = step.failure
            span, statement = spans(failure.place, Direction.UPGRADE, context)
            had_worked = step is subject.on_empty and subject.upgrade is not None and subject.upgrade.failure is None
            where, help = (" on tables without rows", self.fresh) if had_worked else ("", self.help)
            if not context.migration.parents and ABSENT.search(failure.message):
                help = self.unprepared
            if step is subject.own_transactions:
                where, help = " as env.py runs it", self.own
            elif step in subject.full_trip:
                where, help = " after the way down to base", "What the downgrades leave behind is in its way."
            yield self.finding(
                subject,
                span=span,
                around=statement,
                direction=Direction.UPGRADE,
                objects=named(failure),
                where=where,
                reason=reason(failure, context.migration.upgrade),
                help="{advice}",
                advice=advice(failure, context, help),
            )
            return
