from __future__ import annotations

import re
from collections.abc import Iterator

from migration_guard.model.finding import Finding, Severity
from migration_guard.model.migration import Migration, Phase
from migration_guard.model.objects import UpdateRows
from migration_guard.model.operations import AddColumn, DropColumn, RenameColumn, SetColumnComment
from migration_guard.rules import Context, Rule

NOTICE = re.compile(r"deprecat", re.IGNORECASE)


class DropWithoutDeprecation(Rule[DropColumn]):
    """
    A column goes without notice, so whoever still reads it learns of it by an error.

    ## What happens

    No earlier migration of the history says that the column is deprecated: no comment on it that says so, no name, no
    docstring, no first step of its replacement (`# migration-guard: phase expand`, or a new column that is filled from
    it). `deprecation-revisions` is how many revisions have to lie between.

    ```python given
    op.create_table("users", sa.Column("id", sa.Uuid(), primary_key=True), sa.Column("name", sa.Text()))
    ```

    ```python bad
    op.drop_column("users", "name")  # migration-guard: ignore[MG102] nothing reads it
    ```

    ## To whom

    The reports and exports that nobody had thought of.

    ## When it is no hazard

    The notice stands in an earlier revision, in a release before this one:

    ```python given
    op.create_table("users", sa.Column("id", sa.Uuid(), primary_key=True), sa.Column("name", sa.Text()))
    ```

    ```python given
    op.execute("COMMENT ON COLUMN users.name IS 'deprecated, use full_name'")
    ```

    ```python good
    op.drop_column("users", "name")  # migration-guard: ignore[MG102] nothing reads it
    ```

    ## What to write instead

    1. `op.alter_column("users", "name", comment="deprecated, use full_name")`, and release.
    2. Drop it in a later release.

    ## Sources

    - https://martinfowler.com/bliki/ParallelChange.html
    - The team's own conventions: `deprecation-revisions`, and the presets data-layer, multi-tenant and strict.
    """

    code = "MG504"
    severity = Severity.WARNING
    enabled = False
    message = "{table}.{column} goes, and whoever still reads it has had no notice: {missing}."
    help = """\
1. op.alter_column("{table}", "{column}", comment="deprecated, use ..."), and release.
2. Drop it in a later release."""

    def check(self, subject: DropColumn, context: Context) -> Iterator[Finding]:
        if context.is_new_column(subject.table, subject.column):
            return
        order = context.history.graph.order
        at = next((number for number, one in enumerate(order) if one is context.migration), 0)
        wanted = context.conventions.deprecation_revisions
        noticed = next((number for number in range(at - 1, -1, -1) if _announces(order[number], subject)), None)
        if noticed is not None and at - noticed >= wanted:
            return
        if noticed is None:
            missing = "no earlier migration calls it deprecated or makes what replaces it"
        else:
            ago = f"{_counted(at - noticed)} ago, in {order[noticed].revision}"
            missing = f"that was announced {ago}, and {wanted} are agreed"
        yield self.finding(
            subject,
            objects=[f"{subject.table}.{subject.column}"],
            table=subject.table,
            column=subject.column,
            missing=missing,
        )


def _counted(revisions: int) -> str:
    return "1 revision" if revisions == 1 else f"{revisions} revisions"


def _announces(migration: Migration, drop: DropColumn) -> bool:
    """Whether a migration gives notice that the column goes, or makes what takes its place."""
    word = re.compile(rf"\b{re.escape(drop.column)}\b")
    if NOTICE.search(migration.docstring) and word.search(migration.docstring):
        return True
    on_table = [one for one in migration.upgrade.operations if getattr(one, "table", None) == drop.table]
    if migration.phase in (Phase.EXPAND, Phase.MIGRATE) and on_table:
        return True
    added = {one.column.name for one in on_table if isinstance(one, AddColumn)}
    for one in on_table:
        match one:
            case SetColumnComment(column=drop.column, comment=str(comment)) if NOTICE.search(comment):
                return True
            case RenameColumn(new_name=drop.column) if NOTICE.search(drop.column):
                return True
            case UpdateRows(columns=columns) if added & set(columns) and word.search(one.site.sql or ""):
                return True
    return False
