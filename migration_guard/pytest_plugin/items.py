"""Our test items: what they are called, and how they pass, fail or are skipped. What they say others find out."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

from migration_guard.model.finding import Finding
from migration_guard.model.printable import printable
from migration_guard.pytest_plugin.bench import REST, Bench, CannotJudge, Subject
from migration_guard.pytest_plugin.options import ASKED

NAME = "migration-guard"
BENCH = pytest.StashKey[Bench]()


class MigrationGuardWarning(UserWarning):
    """A finding that is not bad enough to fail a test."""


class Failed(Exception):
    """An item has failed; the message is all there is to say."""


def bench(config: pytest.Config) -> Bench:
    """What all items and fixtures of this process share. It ends with pytest, however that ends."""
    if BENCH not in config.stash:
        from migration_guard.pytest_plugin.workbench import Workbench

        config.stash[BENCH] = shared = Workbench(config.stash[ASKED])
        config.add_cleanup(shared.close)
    return config.stash[BENCH]


def named(word: str, cwd: Path) -> str | None:
    """
    Which items an argument of the command line names; None where it is a file or folder. In another folder than its
    root pytest prints our ids as if they were files, `../migration-guard::lint[a1b2c3]`.
    """
    place, colons, rest = word.partition("::")
    if Path(place).name != NAME or (not colons and (cwd / place).exists()):
        return None
    return f"{NAME}{colons}{rest}"


def check(config: pytest.Config) -> Path:
    """The folder of the project. Raises UsageError where there is nothing that could be judged."""
    try:
        return bench(config).check()
    except CannotJudge as error:
        raise pytest.UsageError(f"migration-guard: {error}") from None


def collected(session: pytest.Session, chosen: Sequence[str]) -> list[pytest.Item]:
    """
    All items; or those named on the command line, by their id or the beginning of it in front of the bracket.

    Raises UsageError for a name that no item has. A history that cannot be read is an error of the collection.
    """
    found = list(session.genitems(ProjectCollector.from_parent(session, name=NAME, nodeid=NAME)))
    names = {one: {one.nodeid, one.nodeid.partition("[")[0], NAME} for one in found}
    absent = next((word for word in chosen if not any(word in known for known in names.values())), None)
    if absent is not None and found:
        raise pytest.UsageError(f"There is no item {absent}. `pytest --migration-guard --collect-only -q` lists all.")
    return [one for one, known in names.items() if not chosen or known & set(chosen)]


class ProjectCollector(pytest.Collector):
    """The migrations of one project, as the parent of their items."""

    def collect(self) -> Iterable[pytest.Item]:
        """An item for each revision and kind. Raises CannotJudge."""
        names = {f"{one.kind}[{one.revision}]": one for one in bench(self.config).subjects()}
        # As pytest reads the ids of parametrized tests, so that --last-failed knows them again.
        return [
            Judgement.from_parent(self, name=name, nodeid=f"{NAME}::{name}", subject=subject)
            for name, subject in names.items()
        ]

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """A sentence of ours, without a traceback; a crash of ours shows one."""
        told = isinstance(excinfo.value, CannotJudge)
        return _shown(excinfo.value) if told else super().repr_failure(excinfo)


class Judgement(pytest.Item):
    """One kind of judgement on one revision: `migration-guard::roundtrip[a1b2c3]`."""

    def __init__(self, *, subject: Subject, **options: Any) -> None:
        super().__init__(**options)
        self.subject = subject
        self.add_marker(pytest.mark.migration_guard)

    def runtest(self) -> None:
        """Judge. Raises Failed with our own report."""
        outcome = bench(self.config).judge(self.subject)
        cwd = self.config.stash[ASKED].cwd
        refused = [words for finding in outcome.minor if (words := _warned(finding, cwd))]
        refused += [note for note in outcome.notes if not _warn(note, str(self.subject.path), 1)]
        if outcome.failures or refused:
            raise Failed("\n\n".join((*outcome.failures, *refused)))
        if outcome.skipped:
            pytest.skip(outcome.skipped)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Our own words, without a traceback; a crash of ours shows one."""
        told = isinstance(excinfo.value, (Failed, CannotJudge))
        return _shown(excinfo.value) if told else super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The file of the migration."""
        return self.subject.path, None if self.subject.revision == REST else 0, self.name


def _shown(error: BaseException) -> str:
    return printable(str(error), lines=True)


def _warned(finding: Finding, cwd: Path) -> str:
    """Warn of a finding. What is to be said of it where warnings are errors."""
    words = f"{finding.code} {finding.slug}: {finding.message}"
    line = finding.span.line if finding.span else 1
    warned = _warn(words, os.path.normpath(cwd / finding.path), line)
    return "" if warned else f"{finding.path}:{line}: {words}"


def _warn(words: str, path: str, line: int) -> bool:
    """Whether this is a warning here: False where whoever runs the tests wants errors instead."""
    try:
        warnings.warn_explicit(words, MigrationGuardWarning, path, line)
    except MigrationGuardWarning:
        return False
    return True
