from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from migration_guard.model.finding import Finding, Severity
from migration_guard.model.migration import Migration, Phase
from migration_guard.model.objects import UpdateRows
from migration_guard.model.operations import (
    AddColumn,
    CreateTable,
    DropColumn,
    DropNotNull,
    Operation,
    RenameColumn,
    RenameTable,
    SetColumnComment,
)
from migration_guard.model.schema import Name
from migration_guard.rules import Context, Rule

NOTICE = re.compile(r"deprecat", re.IGNORECASE)


class DropWithoutDeprecation(Rule[DropColumn]):
    """
    A column goes without notice, so whoever still reads it learns of it by an error.

    ## What happens

    No earlier migration of the history says that the column is deprecated: no comment on it that says so, no name, no
    docstring, no first step of its replacement (`# migration-guard: phase expand`, or a new column that is filled from
    it, in the same migration or in a later one, or that comes as the old one may be null from then on).
    `deprecation-revisions` is how many revisions have to lie between, `deprecation-releases` how many releases: tags of
    git that have the notice and not the drop.

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
        exempt = context.conventions.exempts(self.code, str(subject.table))
        if exempt or context.is_new_column(subject.table, subject.column):
            return
        order = context.history.graph.order
        at = next((number for number, one in enumerate(order) if one.revision == context.migration.revision), 0)
        noticed = _noticed(order[:at], subject, context)
        if noticed is None:
            missing = "no earlier migration calls it deprecated or makes what replaces it"
        else:
            missing = _too_soon(order[noticed], at - noticed, context)
            if not missing:
                return
        yield self.finding(
            subject,
            objects=[f"{subject.table}.{subject.column}"],
            table=subject.table,
            column=subject.column,
            missing=missing,
        )


def _too_soon(notice: Migration, revisions: int, context: Context) -> str:
    """What is said of a notice that lies only so many revisions behind; empty where that is as agreed."""
    agreed = context.conventions
    if agreed.deprecation_releases:
        released = context.releases_between(notice.path, context.migration.path)
        if released is not None and released < agreed.deprecation_releases:
            ago = f"{counted(released, 'release')} ago, in {notice.revision}"
            return f"that was announced {ago}; agreed is {counted(agreed.deprecation_releases, 'release')}"
    if revisions < agreed.deprecation_revisions:
        ago = f"{counted(revisions, 'revision')} ago, in {notice.revision}"
        return f"that was announced {ago}; agreed is {counted(agreed.deprecation_revisions, 'revision')}"
    return ""


def counted(number: int, word: str) -> str:
    """A number of things, in words: 1 revision, 2 revisions."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _noticed(earlier: Sequence[Migration], drop: DropColumn, context: Context) -> int | None:
    """The number of the last earlier migration that gives notice that the column goes; None where none does."""
    table, column = drop.table, drop.column
    upgrades = [one.upgrade.operations for one in earlier]
    added = {(one.table, one.column.name) for each in upgrades for one in each if isinstance(one, AddColumn)}
    for number in range(len(earlier) - 1, -1, -1):
        migration = earlier[number]
        if _calls_it_deprecated(migration, table, column) or _makes_way(upgrades[number], table, column):
            return number
        for one in reversed(upgrades[number]):
            if _gives_notice(one, table, column):
                return number
            match one:
                case UpdateRows(columns=filled) if one.table == table:
                    new = added & {(table, name) for name in filled if name != column}
                    # The text of a statement of SQLAlchemy may be anywhere in its file.
                    if new and _says(column, one.site.sql or context.source_of(migration.path)):
                        return number
                case RenameTable(table=old, new_name=new) if new == table:
                    table = old
                case RenameColumn(column=former, new_name=name) if (one.table, name) == (table, column):
                    column = former
    return None


def _says(column: str, text: str) -> bool:
    return re.search(rf"\b{re.escape(column)}\b", text) is not None


def _calls_it_deprecated(migration: Migration, table: Name, column: str) -> bool:
    """Whether a migration says of itself that it prepares for the column to go."""
    if NOTICE.search(migration.docstring) and _says(column, migration.docstring):
        return True
    on_table = any(getattr(one, "table", None) == table for one in migration.upgrade.operations)
    return migration.phase in (Phase.EXPAND, Phase.MIGRATE) and on_table


def _makes_way(operations: Sequence[Operation], table: Name, column: str) -> bool:
    """Whether rows do without the column from then on, as its table gets a new one, which the application fills."""
    freed = any(isinstance(one, DropNotNull) and (one.table, one.column) == (table, column) for one in operations)
    return freed and any(isinstance(one, AddColumn) and one.table == table for one in operations)


def _gives_notice(operation: Operation, table: Name, column: str) -> bool:
    """Whether an operation calls the column deprecated, by a comment or by its name."""
    match operation:
        case CreateTable(table=made) if made.name == table and column in made.columns:
            return _is_notice(made.columns[column].comment)
        case AddColumn(table=of, column=new) if (of, new.name) == (table, column):
            return _is_notice(new.comment)
        case SetColumnComment(table=of, column=name, comment=comment) if (of, name) == (table, column):
            return _is_notice(comment)
        case RenameColumn(table=of, new_name=name) if (of, name) == (table, column):
            return _is_notice(column)
    return False


def _is_notice(comment: object) -> bool:
    return isinstance(comment, str) and NOTICE.search(comment) is not None
