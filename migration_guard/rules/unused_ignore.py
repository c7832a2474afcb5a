from __future__ import annotations

import re
from collections.abc import Iterator

from migration_guard.model.finding import Edit, Finding, Fix, Severity
from migration_guard.model.migration import IgnoreOutcome
from migration_guard.rules import Context, Fixable, Rule
from migration_guard.source_edits import Places, remove


class UnusedIgnore(Rule[IgnoreOutcome]):
    """
    An ignore comment that silences nothing.

    ## What happens

    It outlived its finding, or its code is mistyped. A comment that is not understood at all silences nothing, either.

    ## To whom

    The next person, who trusts it. And whoever brings the hazard back later: the comment is there already, and hides
    it.

    ## When it is no hazard

    A comment whose finding is there is used. Codes that were not selected, and those of the round trip, are not judged.

    ```python good
    def upgrade():
        # migration-guard: ignore[MG201] the table is empty until the next release
        op.add_column("users", sa.Column("age", sa.Integer(), nullable=False))

    def downgrade():
        op.drop_column("users", "age")
    ```

    ## What to write instead

    Remove it, which `--fix` does:

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

    Of several codes, the idle ones go:

    ```python bad
    def upgrade():
        # migration-guard: ignore[MG201, MG401] the table is empty
        op.create_index("ix_users_age", "users", ["age"])

    def downgrade():
        op.drop_index("ix_users_age", "users")
    ```

    ```python fixed
    def upgrade():
        # migration-guard: ignore[MG401] the table is empty
        op.create_index("ix_users_age", "users", ["age"])

    def downgrade():
        op.drop_index("ix_users_age", "users")
    ```

    ## Sources

    - What a comment covers: README.md, "When you know better".
    """

    code = "MG017"
    severity = Severity.WARNING
    fixable = Fixable.SAFE
    message = "{what}"
    help = "Remove {which}."

    def check(self, subject: IgnoreOutcome, context: Context) -> Iterator[Finding]:
        comment = subject.comment
        if not comment.codes:
            what = "This comment is not understood: it silences nothing. Write # migration-guard: ignore[MG401] reason"
            yield self.finding(context.migration, span=comment.span, what=what, which="it, or correct it")
        elif subject.idle:
            every = len(subject.idle) == len(comment.codes)
            names = ", ".join(subject.idle)
            edit = remove(context.source, comment.span) if every else _without(subject, context.source)
            yield self.finding(
                context.migration,
                span=comment.span,
                what=f"ignore[{names}] silences nothing here.",
                which="the comment" if every else names,
                fix=Fix(True, (edit,)) if edit and Places(context.source).of(comment.span).startswith("#") else None,
            )


def _without(silence: IgnoreOutcome, source: str) -> Edit | None:
    """Leave the idle codes out of the comment's list."""
    places = Places(source)
    begin, end = places.range(silence.comment.span)
    listed = re.search(r"\[[^\]]*\]", source[begin:end])
    if listed is None:
        return None
    kept = ", ".join(code for code in silence.comment.codes if code not in silence.idle)
    return Edit(places.span(begin + listed.start() + 1, begin + listed.end() - 1), kept)
