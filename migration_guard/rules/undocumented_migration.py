from __future__ import annotations

import re
from collections.abc import Iterator

from migration_guard.model.finding import Finding, Severity
from migration_guard.model.migration import Migration
from migration_guard.rules import Context, Rule

HEADER = re.compile(r"^(?:Revision ID|Revises|Create Date|Branch Labels|Depends on)\s*:.*$", re.M | re.IGNORECASE)
REASON = re.compile(r"^\W*(?:reason|why|because|motivation|background)\b\W*\w+", re.MULTILINE | re.IGNORECASE)
WORD = re.compile(r"[^\W\d_]{2,}")
TICKET = re.compile(r"\b[A-Z][A-Z0-9]*-\d+\b|#\d+|https?://\S+")
ENOUGH_WORDS = 3


class UndocumentedMigration(Rule[Migration]):
    """
    Nobody can tell what a migration is for, or why it was made.

    ## What happens

    The docstring of the file says what changes. With `migration-reason = "reason"` it also says why: in a line that
    begins with `Reason:`, or in a second paragraph.

    ```python bad
    op.create_table("users", sa.Column("id", sa.Uuid(), primary_key=True))
    ```

    ```toml given
    migration-reason = "reason"
    ```

    ```python bad
    '''The users get a table

    Revision ID: a1
    Revises:
    '''
    op.create_table("users", sa.Column("id", sa.Uuid(), primary_key=True))
    ```

    ## To whom

    The person on call who has to decide at night whether it can be taken back.

    ## When it is no hazard

    A title is enough as long as nobody asks for a reason:

    ```python good
    '''The users get a table'''
    op.create_table("users", sa.Column("id", sa.Uuid(), primary_key=True))
    ```

    ```toml given
    migration-reason = "reason"
    ```

    ```python good
    '''The users get a table

    Reason: accounts are to outlive the session.
    '''
    op.create_table("users", sa.Column("id", sa.Uuid(), primary_key=True))
    ```

    A ticket alone is no reason: whoever reads the file at night may not see it. A merge revision changes nothing, and
    needs none.

    ## What to write instead

    A first line that says what changes, and below it `Reason: ...`, in a sentence.

    ## Sources

    - The team's own conventions: `migration-reason`, and the presets data-layer and strict.
    """

    code = "MG012"
    severity = Severity.WARNING
    enabled = False
    message = "{name} does not say {what}."
    help = "Say in its docstring what changes, and in a line `Reason: ...` why."

    def check(self, subject: Migration, context: Context) -> Iterator[Finding]:
        if len(subject.parents) > 1 and not subject.operations:
            return
        title, _, rest = HEADER.sub("", subject.docstring).strip().partition("\n\n")
        what = ""
        if not title.strip():
            what = "what it changes"
        elif context.conventions.migration_reason == "reason" and not _gives_reason(title, rest):
            what = "why it is made"
        if what:
            yield self.finding(subject, span=subject.revision_span, name=subject.revision, what=what)


def _gives_reason(title: str, rest: str) -> bool:
    """Whether there is a line for the reason, or prose behind the title."""
    prose = WORD.findall(TICKET.sub("", rest))
    return bool(REASON.search(f"{title}\n{rest}")) or len(prose) >= ENOUGH_WORDS
