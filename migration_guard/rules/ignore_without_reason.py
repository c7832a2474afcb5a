from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Finding, Severity
from migration_guard.model.migration import IgnoreOutcome
from migration_guard.rules import Context, Rule


class IgnoreWithoutReason(Rule[IgnoreOutcome]):
    """
    An ignore comment that does not say why.

    ## What happens

    The finding is silenced, and what made that right is written down nowhere.

    ```python bad
    def upgrade():
        # migration-guard: ignore[MG201]
        op.add_column("users", sa.Column("age", sa.Integer(), nullable=False))

    def downgrade():
        op.drop_column("users", "age")
    ```

    ## To whom

    Whoever reads it in a year, and has to find out alone whether it still holds.

    ## When it is no hazard

    Words behind the bracket are a reason. Whether they are a good one is for the reviewer to say.

    ```python good
    def upgrade():
        # migration-guard: ignore[MG201] the table is empty until the next release
        op.add_column("users", sa.Column("age", sa.Integer(), nullable=False))

    def downgrade():
        op.drop_column("users", "age")
    ```

    ## What to write instead

    Say behind the bracket what makes it safe, in words that can turn out to be wrong: "the table has forty rows", not
    "ok".

    ## Sources

    - What a comment covers: README.md, "When you know better".
    """

    code = "MG018"
    severity = Severity.WARNING
    message = "ignore[{codes}] gives no reason, so nobody can tell later whether it still holds."
    help = "Say why behind the bracket: # migration-guard: ignore[{codes}] the table is empty until the next release"

    def check(self, subject: IgnoreOutcome, context: Context) -> Iterator[Finding]:
        comment = subject.comment
        if comment.codes and not comment.reason:
            yield self.finding(context.migration, span=comment.span, codes=", ".join(comment.codes))
