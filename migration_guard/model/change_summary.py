"""What a change is handed over with: revisions, what they do to the schema, what to expect, and who needs to know."""

from __future__ import annotations

from dataclasses import dataclass

from migration_guard.model.concerns import Concern, Owners
from migration_guard.model.finding import Finding, Severity
from migration_guard.model.schema_changes import REQUIRED, ChangeKind, ColumnChange, SchemaChanges


@dataclass(frozen=True, slots=True)
class SummarizedRevision:
    """A revision, its file (relative to the current folder, with forward slashes) and its message."""

    revision: str
    path: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class ExpectedLock:
    """
    What an operation does to a table that is in use. `asks` is the operation in words ("create index"), `lock` and
    `blocks` are as in `dialects.Impact`; both are empty where nothing is known. `why` says why it takes longer the more
    rows there are: "rewrites the table", "reads all of it", "builds an index"; empty where it does not.
    """

    table: str
    asks: str
    database: str
    lock: str = ""
    blocks: str = ""
    why: str = ""

    @property
    def grows(self) -> bool:
        """Whether it takes longer the more rows there are."""
        return bool(self.why)


@dataclass(frozen=True, slots=True)
class WayBack:
    """
    Whether the revisions can be undone, None where not all of them could be read. `reasons` say why not, `lost` what
    does not come back though they can.
    """

    possible: bool | None
    reasons: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnreadOperation:
    """An operation of which it is not known what it does. `what` is its code, shortened, `reason` what is missing."""

    path: str
    line: int
    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class ChangeSummary:
    """
    Everything that a change is handed over with.

    `dialect` is that of the first of the `targets`; `assumed` says why these were taken where nobody names them.
    `upgrade` are the commands that run the revisions. `findings` are those of `lint` on the revisions, `owners` who
    needs to know of which concern. `notes` are sentences for people.
    """

    revisions: tuple[SummarizedRevision, ...]
    changes: SchemaChanges
    dialect: str
    targets: tuple[str, ...] = ()
    assumed: str = ""
    upgrade: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    locks: tuple[ExpectedLock, ...] = ()
    way_back: WayBack = WayBack(True)
    owners: Owners = ()
    unread: tuple[UnreadOperation, ...] = ()
    notes: tuple[str, ...] = ()

    def count(self, severity: Severity) -> int:
        """How many findings have this severity."""
        return sum(finding.severity is severity for finding in self.findings)


def concerns(changes: SchemaChanges, *, slow: bool) -> tuple[Concern, ...]:
    """
    What there is to know of. An index concerns whoever deploys it, and what the running code uses and no longer finds
    is breaking. `slow`: something takes longer the more rows there are.
    """
    tables = (changes.new_tables, changes.modified_tables, changes.dropped_tables)
    breaking = changes.dropped_tables or changes.renamed_tables or any(map(_breaks, changes.columns))
    found = {
        Concern.SCHEMA: any(tables) or bool(changes.columns or changes.dropped_foreign_keys or changes.other),
        Concern.INDEX: bool(changes.indexes),
        Concern.PERFORMANCE: slow,
        Concern.BREAKING: bool(breaking),
    }
    return tuple(concern for concern, holds in found.items() if holds)


def _breaks(change: ColumnChange) -> bool:
    """Whether code that was written before the change meets an error after it."""
    match change.kind:
        case ChangeKind.NEW:
            return change.detail == REQUIRED
        case ChangeKind.CHANGED:
            return bool({"type", "not null"}.intersection(change.detail.split(", ")))
    return True
