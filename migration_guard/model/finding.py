"""What is said to a person: findings, the edits that fix them, and the report that holds them all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is. The order of the members is the order of the reports."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    def at_least(self, other: Severity) -> bool:
        """True when this severity is as bad as `other`, or worse."""
        order = list(Severity)
        return order.index(self) <= order.index(other)


class Direction(StrEnum):
    """Which of a migration's two functions something belongs to."""

    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of source text. Lines and columns count from 1, columns in code points; the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text at `span` by `text`. An empty span (start equal to end) inserts."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Rename:
    """Give the file another name in the same folder."""

    name: str


@dataclass(frozen=True, slots=True)
class Fix:
    """
    A correction of the file a finding points at.

    `safe` means: the same schema results and only the hazard goes. An unsafe fix needs a person, and `reason` says why.
    """

    safe: bool
    edits: tuple[Edit | Rename, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """
    One thing to tell a person.

    `path` is relative to the current folder, with forward slashes. `objects` are the names of the database objects
    concerned: `users`, `users.email`, `ix_users_email`, `sales.orders`. `unconditional`: it makes a run fail whatever
    `fail-on` says, and no baseline takes it for known. `turn` is that of its operation's site: by it the rounds of a
    loop are told from what one line asks for besides.
    """

    code: str
    slug: str
    severity: Severity
    message: str
    help: str
    path: str
    span: Span | None = None
    statement: Span | None = None
    revision: str | None = None
    direction: Direction | None = None
    objects: tuple[str, ...] = ()
    fix: Fix | None = None
    fingerprint: str = ""
    unconditional: bool = field(default=False, repr=False)
    turn: int = field(default=0, repr=False)


@dataclass(frozen=True, slots=True)
class Proof:
    """
    What a round trip has shown on a real database, and what it could not show.

    `database` says which one it was. Of `revisions` that made the trip, `proven` went up, down and up again without a
    difference. `one_way` are declared irreversible, and were only upgraded. `not_reached` are those behind a failure.
    `whole_way` is how many went down and up again in one go, None where that was not asked for. `rows` is how many rows
    were written. `unproven` are sentences on what the database at hand could not do: then the job is not done.
    `not_proven` are the revisions that made the trip and did not pass, even where no finding is left that says so.
    """

    database: str
    revisions: int = 0
    proven: int = 0
    one_way: tuple[str, ...] = ()
    not_reached: tuple[str, ...] = ()
    whole_way: int | None = None
    rows: int = 0
    unproven: tuple[str, ...] = ()
    not_proven: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Examined:
    """A revision that was judged, and its file (as in `Finding.path`)."""

    revision: str
    path: str


@dataclass(frozen=True, slots=True)
class Summary:
    """
    The closing figures of a run. `proofs` are those of a round trip, one for each database of the project.

    `examined` are the revisions that were judged, in the order in which they run. `since` is the git ref whose
    migrations were left out, and `start_after` the revision up to which they were; empty where none was. `older` is how
    many of the findings are on migrations that `default_branch` has already; both are empty where nobody can say.
    `baselined` is how many findings a baseline has hidden. `folder` is the current folder as its repository knows it
    ("services/api"), empty for its root.
    """

    files: int = 0
    migrations: int = 0
    operations: int = 0
    opaque: int = 0
    uncompared: int = 0
    seconds: float = 0.0
    target: tuple[str, ...] = ()
    assumed: str = ""
    notes: tuple[str, ...] = ()
    revisions: tuple[str, ...] = ()
    proofs: tuple[Proof, ...] = ()
    examined: tuple[Examined, ...] = ()
    since: str = ""
    start_after: str = ""
    older: int = 0
    default_branch: str = ""
    baselined: int = 0
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All findings of a run, sorted, with the source text they point into (by `Finding.path`)."""

    findings: tuple[Finding, ...]
    summary: Summary
    sources: Mapping[str, str] = field(default_factory=dict)

    def count(self, severity: Severity) -> int:
        """How many findings have this severity."""
        return sum(finding.severity is severity for finding in self.findings)
