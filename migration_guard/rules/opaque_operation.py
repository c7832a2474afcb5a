from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Direction, Finding, Severity
from migration_guard.model.objects import Opaque
from migration_guard.rules import Context, Rule


class OpaqueOperation(Rule[Opaque]):
    """
    Something that this migration does could not be read from its source, and was not judged.

    ## What happens

    Names or SQL come from a place that only running the code would show. It may be safe. It may drop a table.

    ```python bad
    import os
    op.drop_column(os.environ["TABLE"], "nickname")
    ```

    ## To whom

    The reviewer, who has to look at this statement without help. What it may have touched is treated as unknown from
    then on, so later migrations are judged with less.

    ## When it is no hazard

    Literals, module constants, loops over literals and what is computed from them are read and judged.

    ```python good
    TABLES = ("users", "pets")
    for table in TABLES:
        op.add_column(table, sa.Column("nickname", sa.Text()))
    ```

    What is known entirely and can never work is no question, but an error: MG634 and MG635.

    ## What to write instead

    Write names and SQL where they can be read. Where that is not possible, look at the statement yourself, and say in
    an ignore comment what it does.

    ## Sources

    - What is read without running it: README.md, "What it cannot see".
    """

    code = "MG002"
    severity = Severity.INFO
    directions = (Direction.UPGRADE, Direction.DOWNGRADE)
    message = "This was not judged: {reason}"
    help = "Look at it yourself. It can be read where names and SQL are literals or module constants."

    def check(self, subject: Opaque, context: Context) -> Iterator[Finding]:
        if subject.fails:
            return
        reason = subject.reason.strip().removesuffix(".")
        if helper := subject.site.helper:
            reason += f". It stands in {helper}"
        yield self.finding(subject, objects=[str(table) for table in subject.tables], reason=f"{reason}.")
