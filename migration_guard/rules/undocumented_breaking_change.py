from __future__ import annotations

import re
from collections.abc import Iterator

from migration_guard.model.finding import Finding, Severity
from migration_guard.model.migration import Migration
from migration_guard.model.operations import DropColumn, DropTable, Operation, RenameColumn, RenameTable
from migration_guard.rules import Context, Rule

MARK = re.compile(r"\bBREAKING\b")


class UndocumentedBreakingChange(Rule[Migration]):
    """
    A migration takes away what running code reads, and does not say so where everybody looks first.

    ## What happens

    A column or a table that goes, or gets another name, is announced in the docstring with `BREAKING:`.

    ```python bad
    op.drop_column("users", "name")  # migration-guard: ignore[MG102] nothing reads it since 2.0
    ```

    ## To whom

    The colleague who deploys the code of last week once more, and the team whose reports read the table.

    ## When it is no hazard

    What the migration has made itself:

    ```python good
    op.create_table("scratch", sa.Column("id", sa.Uuid(), primary_key=True), sa.Column("old", sa.Text()))
    op.drop_column("scratch", "old")
    ```

    And whatever the docstring announces, in capitals.

    ## What to write instead

    A line in the docstring: `BREAKING: users.name is gone; full_name has it since release 2.0.`

    ## Sources

    - The team's own conventions: the presets multi-tenant and strict.
    """

    code = "MG505"
    severity = Severity.WARNING
    enabled = False
    message = "Code that uses {what} breaks, and the docstring of {name} does not announce it."
    help = "Announce it in the docstring: BREAKING: what goes, and what to use instead."

    def check(self, subject: Migration, context: Context) -> Iterator[Finding]:
        if MARK.search(subject.docstring):
            return
        broken = [what for one in subject.upgrade.operations if (what := _breaks(one, context))]
        if broken:
            what = ", ".join(dict.fromkeys(broken))
            yield self.finding(subject, span=subject.revision_span, objects=broken, name=subject.revision, what=what)


def _breaks(operation: Operation, context: Context) -> str:
    """What is no longer there under its name; empty for nothing that was there before."""
    match operation:
        case DropColumn() | RenameColumn() if not context.is_new_column(operation.table, operation.column, operation):
            return f"{operation.table}.{operation.column}"
        case DropTable() | RenameTable() if not context.is_new(operation.table, operation):
            return str(operation.table)
    return ""
