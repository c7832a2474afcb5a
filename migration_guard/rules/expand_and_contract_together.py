from __future__ import annotations

import re
from collections.abc import Iterator

from migration_guard import source_edits
from migration_guard.model.finding import Finding, Severity
from migration_guard.model.migration import Migration, Phase
from migration_guard.model.objects import UpdateRows
from migration_guard.model.operations import AddColumn, DropColumn, DropTable, Operation, RenameColumn, RenameTable
from migration_guard.model.schema import Name
from migration_guard.rules import Context, Rule


class ExpandAndContractTogether(Rule[Migration]):
    """
    A column is replaced in one migration, so there is no moment at which both the old and the new code run.

    ## What happens

    The migration adds a column, fills it from an old one, and drops that. Each step is sound, and needs a release
    between it and the next: add it as nullable, fill it, set NOT NULL, drop the old one in a later release.

    ```python bad
    op.add_column("users", sa.Column("full_name", sa.Text()))
    op.execute("UPDATE users SET full_name = name")  # migration-guard: ignore[MG601] a hundred users
    op.drop_column("users", "name")  # migration-guard: ignore[MG102] nothing reads it
    ```

    A migration can say which of the steps it is (`# migration-guard: phase expand`, `migrate` or `contract`). One that
    expands or migrates takes nothing away:

    ```python bad
    # migration-guard: phase expand
    op.add_column("users", sa.Column("full_name", sa.Text()))
    op.drop_column("users", "name")  # migration-guard: ignore[MG102] nothing reads it
    ```

    ## To whom

    Requests to servers that run the code before this release: they read a column that is gone. And the way back, which
    has to make its values up.

    ## When it is no hazard

    A table that the migration makes itself, a column that is filled from one that stays, and one that goes unused:

    ```python good
    op.add_column("users", sa.Column("full_name", sa.Text()))
    op.execute("UPDATE users SET full_name = name")  # migration-guard: ignore[MG601] a hundred users
    op.drop_column("users", "shoe_size")  # migration-guard: ignore[MG102] nothing reads it
    ```

    ## What to write instead

    1. Add the new column as nullable, and write both from the code.
    2. Fill it in batches, in a migration of its own.
    3. Set NOT NULL, and read from the new one.
    4. Drop the old one in a later release.

    ## Sources

    - https://martinfowler.com/bliki/ParallelChange.html
    - The team's own conventions: the four steps of the preset data-layer.
    """

    code = "MG503"
    severity = Severity.WARNING
    message = "{what} in one migration, with no release between: older servers have nothing that they can run on."
    help = """\
1. Add the new column as nullable, and write both from the code.
2. Fill it in batches, in a migration of its own.
3. Set NOT NULL, and read from the new one.
4. Drop {old} in a later release."""

    def check(self, subject: Migration, context: Context) -> Iterator[Finding]:
        if subject.phase in (Phase.EXPAND, Phase.MIGRATE):
            for one in subject.upgrade.operations:
                old = _taken_away(one, context)
                if old:
                    what = f"{old} goes, and the migration calls itself step {subject.phase.value}: both"
                    yield self.finding(one, objects=[old], what=what, old=old)
            return
        new = {(one.table, one.column.name) for one in subject.upgrade.operations if isinstance(one, AddColumn)}
        moved: dict[tuple[Name, str], list[DropColumn]] = {}
        for one in subject.upgrade.operations:
            if isinstance(one, DropColumn) and _is_gone_for_good(one, context):
                column = _replacement(one, new, context)
                if column and context.replayed.before.column(one.table, column) is None:
                    moved.setdefault((one.table, column), []).append(one)
        for (table, column), drops in moved.items():
            objects = [f"{table}.{drop.column}" for drop in drops]
            old = ", ".join(objects)
            what = f"{old} {'moves' if len(drops) == 1 else 'move'} into {column} and out of the table"
            yield self.finding(drops[0], objects=objects, what=what, old=old)


def _taken_away(operation: Operation, context: Context) -> str:
    match operation:
        case DropColumn() | RenameColumn() if not context.is_new_column(operation.table, operation.column, operation):
            return f"{operation.table}.{operation.column}"
        case DropTable() | RenameTable() if not context.is_new(operation.table, operation):
            return str(operation.table)
    return ""


def _is_gone_for_good(drop: DropColumn, context: Context) -> bool:
    """Whether servers knew the column, and nothing has taken over its name at the end."""
    old = not context.is_new_column(drop.table, drop.column, drop)
    return old and context.replayed.after.column(drop.table, drop.column) is None


def _replacement(drop: DropColumn, new: set[tuple[Name, str]], context: Context) -> str:
    """The new column of the table that is filled from the dropped one before it goes; empty for none."""
    for one in context.earlier(drop, UpdateRows):
        if one.table != drop.table:
            continue
        filled = [column for column in one.columns if (drop.table, column) in new]
        text = _text(one, context)
        if filled and re.search(rf"\b{re.escape(drop.column)}\b", text):
            return next((column for column in filled if _is_filled_from(column, drop.column, text)), filled[0])
    return ""


def _is_filled_from(column: str, old: str, text: str) -> bool:
    """Whether a statement sets the column to something made of the old one: `new = old`, `values(new=row.old)`."""
    return re.search(rf"\b{re.escape(column)}\b[\"'`]?\s*[=:][^,]*\b{re.escape(old)}\b", text) is not None


def _text(operation: Operation, context: Context) -> str:
    """The statement as it is written: its SQL, else the call."""
    if operation.site.sql is not None:
        return operation.site.sql
    begin, end = source_edits.places_of(context.source).range(operation.site.statement)
    return context.source[begin:end]
