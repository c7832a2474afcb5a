"""What the items and fixtures of the plugin ask for, without what is needed to answer: loading this costs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from migration_guard.model.finding import Finding

REST = "history"  # stands for what belongs to no single revision


class CannotJudge(Exception):
    """The job cannot be done. The message is a sentence or two: why, and what to do."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What an item judges. `revision` may be REST; `path` is the file of the migration, else a folder."""

    kind: str
    revision: str
    path: Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What came of a judgement: reports on what fails, findings that are not as bad, sentences to be told, and why there
    was nothing to judge.
    """

    failures: tuple[str, ...] = ()
    minor: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    skipped: str = ""


class Bench(Protocol):
    """What one process of a test run shares. All of its methods raise CannotJudge; what they need is begun then."""

    def check(self) -> Path:
        """Find the project, and read the options. The folder of the project."""

    def subjects(self) -> Sequence[Subject]:
        """All that is to be judged, in order."""

    def judge(self, subject: Subject) -> Outcome:
        """Judge."""

    def throwaway(self, database: str | None) -> AbstractContextManager[object]:
        """A ThrowawayDatabase of this dialect, by default that of the project, for as long as the block runs."""

    def guard(self, database: str | None, throwaway: object) -> object:
        """A MigrationGuard on that database."""

    def close(self) -> None:
        """End all processes and servers."""
