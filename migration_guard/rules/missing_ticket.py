from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model import regular_expressions
from migration_guard.model.finding import Finding, Severity
from migration_guard.model.migration import Migration
from migration_guard.rules import Context, Rule


class MissingTicket(Rule[Migration]):
    """
    A migration names no ticket, so nobody finds out who asked for it.

    ## What happens

    `ticket-pattern` is a regular expression, by default that of `TASK-123`, and something in the docstring of the file
    fits it.

    ```python bad
    '''The users get a table'''
    op.create_table("users", sa.Column("id", sa.Uuid(), primary_key=True))
    ```

    ## To whom

    The team that changes nothing without an issue, and whoever looks for the discussion a year later.

    ## When it is no hazard

    ```python good
    '''The users get a table (TASK-45)'''
    op.create_table("users", sa.Column("id", sa.Uuid(), primary_key=True))
    ```

    A merge revision changes nothing, and needs no ticket.

    ## What to write instead

    The ticket, anywhere in the docstring: `The users get a table (TASK-45)`.

    ## Sources

    - The team's own conventions: `ticket-pattern`, and the presets multi-tenant and strict.
    """

    code = "MG916"
    severity = Severity.WARNING
    enabled = False
    message = "{name} names no ticket, so nobody finds out who asked for it."
    help = "Name the ticket in its docstring: TASK-123."

    def check(self, subject: Migration, context: Context) -> Iterator[Finding]:
        if len(subject.parents) > 1 and not subject.operations:
            return
        if not regular_expressions.is_in(context.conventions.ticket_pattern, subject.docstring):
            yield self.finding(subject, span=subject.revision_span, name=subject.revision)
