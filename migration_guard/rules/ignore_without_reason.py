from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Finding, Severity
from migration_guard.model.migration import IgnoreOutcome
from migration_guard.rules import Context, Rule


class IgnoreWithoutReason(Rule[IgnoreOutcome]):
    """
    An ignore comment that does not say why.

    Whoever reads it in a year has to find out alone whether it still holds.

    ```python bad
    def upgrade():
        # migration-guard: ignore[MG201]
        op.add_column("users", sa.Column("age", sa.Integer(), nullable=False))

    def downgrade():
        op.drop_column("users", "age")
    ```

    ```python good
    def upgrade():
        # migration-guard: ignore[MG201] the table is empty until the next release
        op.add_column("users", sa.Column("age", sa.Integer(), nullable=False))

    def downgrade():
        op.drop_column("users", "age")
    ```
    """

    code = "MG018"
    severity = Severity.WARNING
    message = "ignore[{codes}] gives no reason, so nobody can tell later whether it still holds."
    help = "Say why behind the bracket: # migration-guard: ignore[{codes}] the table is empty until the next release"

    def check(self, subject: IgnoreOutcome, context: Context) -> Iterator[Finding]:
        comment = subject.comment
        if comment.codes and not comment.reason:
            yield self.finding(context.migration, span=comment.span, codes=", ".join(comment.codes))
