from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.differences import Fate
from migration_guard.model.finding import Direction, Finding, Severity
from migration_guard.model.trip import CatalogueDifference, Loss, Trip
from migration_guard.rules import Context, Rule
from migration_guard.rules._trips import origin, spans

ACCEPTED_WITH = ("MG101", "MG102", "drop-table", "drop-column")


class RowsLost(Rule[Trip]):
    """
    Values that were there before are gone, or others, after the upgrade and its downgrade.

    ## What happens

    The schema comes back, the contents do not: a column that was dropped and made again is empty, a type that was
    narrowed has cut what did not fit. Seen in rows that the round trip wrote before the upgrade.

    ```python given
    op.create_table("users", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("nickname", sa.Text()))
    ```

    ```python bad sqlite
    def upgrade():
        op.drop_column("users", "nickname")

    def downgrade():
        op.add_column("users", sa.Column("nickname", sa.Text()))
    ```

    ## To whom

    Whoever needs the values. Taking the release back does not bring them back; a backup does.

    ## When it is no hazard

    Where the drop itself is accepted with a reason (`ignore[MG101]`, `ignore[MG102]`), so is the loss:

    ```python given
    op.create_table("users", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("nickname", sa.Text()))
    ```

    ```python good sqlite
    def upgrade():
        # migration-guard: ignore[MG102] nobody ever gave one
        op.drop_column("users", "nickname")

    def downgrade():
        op.add_column("users", sa.Column("nickname", sa.Text()))
    ```

    ## What to write instead

    Keep the values in a place from which downgrade() can bring them back, or say on the statement that drops them that
    they may go, and why.

    ## Sources

    - The rows that the round trip wrote, and read again: docs/roundtrip.md.
    """

    code = "MG756"
    severity = Severity.WARNING
    message = "{what} after upgrade() and downgrade(): {was} came back as {now}."
    help = """\
Keep the values in a place from which downgrade() can bring them back, or say that they may go, with the reason, on the
statement that drops them: # migration-guard: ignore[MG102] <reason>"""

    def check(self, subject: Trip, context: Context) -> Iterator[Finding]:
        if any(_accepts(code) and comment.reason for comment in context.migration.ignores for code in comment.codes):
            return
        for loss in subject.lost:
            span, statement = spans(origin(_as_difference(loss), subject, rows=True), Direction.DOWNGRADE, context)
            name = f"{loss.table}.{loss.column}" if loss.column else loss.table
            yield self.finding(
                subject,
                span=span,
                around=statement,
                direction=Direction.DOWNGRADE,
                objects=[name],
                what=f"The values of {name} are not what they were" if loss.column else f"Rows of {name} are gone",
                was=loss.was,
                now=loss.now,
            )


def _accepts(word: str) -> bool:
    return word.upper() in ACCEPTED_WITH or word.lower() in ACCEPTED_WITH


def _as_difference(loss: Loss) -> CatalogueDifference:
    return CatalogueDifference("column", loss.column or loss.table, Fate.CHANGED, loss.table)
