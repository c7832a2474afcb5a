from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Direction, Finding, Severity
from migration_guard.model.objects import Opaque
from migration_guard.rules import Context, Rule


class OpaqueOperation(Rule[Opaque]):
    """
    Something that this migration does could not be read from its source, and was not judged.

    It may be safe. It may drop a table. Write names and SQL where they can be read: as literals, module constants,
    or loops over literals.

    ```python bad
    import os
    op.drop_column(os.environ["TABLE"], "nickname")
    ```

    ```python good
    TABLES = ("users", "pets")
    for table in TABLES:
        op.add_column(table, sa.Column("nickname", sa.Text()))
    ```
    """

    code = "MG002"
    severity = Severity.INFO
    directions = (Direction.UPGRADE, Direction.DOWNGRADE)
    message = "This was not judged: {reason}"
    help = "Look at it yourself. It can be read where names and SQL are literals or module constants."

    def check(self, subject: Opaque, context: Context) -> Iterator[Finding]:
        reason = subject.reason.strip()
        yield self.finding(
            subject,
            objects=[str(table) for table in subject.tables],
            reason=reason if reason.endswith(".") else f"{reason}.",
        )
