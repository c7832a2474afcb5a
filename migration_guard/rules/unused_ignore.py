from __future__ import annotations

from collections.abc import Iterator

from migration_guard.fixes import remove
from migration_guard.model.finding import Finding, Fix, Severity
from migration_guard.model.migration import Silence
from migration_guard.rules import Context, Rule


class UnusedIgnore(Rule[Silence]):
    """
    An ignore comment that silences nothing.

    It outlived its finding, or its code is mistyped; the next person trusts it. Codes that were not selected, and
    those of the round trip, are not judged.

    ```python bad
    def upgrade():
        # migration-guard: ignore[MG201] the table is empty
        op.add_column("users", sa.Column("age", sa.Integer()))

    def downgrade():
        op.drop_column("users", "age")
    ```

    ```python fixed
    def upgrade():
        op.add_column("users", sa.Column("age", sa.Integer()))

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

    code = "MG017"
    severity = Severity.WARNING
    message = "{what}"
    help = "Remove {which}."

    def check(self, subject: Silence, context: Context) -> Iterator[Finding]:
        comment = subject.comment
        if not comment.codes:
            what = "This comment is not understood: it silences nothing. Write # migration-guard: ignore[MG401] reason"
            yield self.finding(context.migration, span=comment.span, what=what, which="it, or correct it")
        elif subject.idle:
            every = len(subject.idle) == len(comment.codes)
            names = ", ".join(subject.idle)
            edit = remove(context.source, comment.span)
            yield self.finding(
                context.migration,
                span=comment.span,
                what=f"ignore[{names}] silences nothing here.",
                which="the comment" if every else names,
                fix=Fix(True, (edit,)) if every and not _in_sql(context.source, comment.span.line) else None,
            )


def _in_sql(source: str, line: int) -> bool:
    return "#" not in source.splitlines()[line - 1]
