"""Findings that are known already: written to a file by their fingerprints, and left out of later reports."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from migration_guard.assembly import relative
from migration_guard.config import BASELINE, Config, ConfigError
from migration_guard.model.finding import Finding, Report
from migration_guard.reading.discovery.project import Project
from migration_guard.regular_files import LARGEST_BASELINE, FileNotRead
from migration_guard.regular_files import read as bytes_of
from migration_guard.rules import ROUND_TRIP

COMMAND = "migration-guard baseline"
VERSION = 1
NAMED = 5
_HALVES = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class KnownFinding:
    """One finding of a baseline. `path` is absolute: where its file was when the baseline was written."""

    fingerprint: str
    code: str
    path: str


Entry = dict[str, str]


def written(report: Report, file: Path, cwd: Path, kept: Sequence[Entry] = ()) -> tuple[str, int]:
    """
    The text of a baseline with the findings of a report, and how many these are. Its paths are relative to it.

    `kept` are entries of the baseline before it that the report says nothing about.
    """
    known = [
        {
            "fingerprint": one.fingerprint,
            "code": one.code,
            "path": relative(os.path.normpath(cwd / one.path), file.absolute().parent),
            "message": one.message,
        }
        for one in report.findings
        if not one.unconditional  # nobody knows what a file does that cannot be read
    ]
    every = {"version": VERSION, "findings": [*known, *kept]}
    # Half of a surrogate pair, of a path or a migration, is nothing that UTF-8 could hold.
    text = _HALVES.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(every, indent=2, ensure_ascii=False))
    return f"{text}\n", len(known)


def kept(file: Path, root: Path | None, judged: Collection[Path], *, with_trips: bool) -> list[Entry]:
    """
    The entries of a baseline that stay when it is written anew: those on files that were not `judged` and are there
    still, and those of a round trip, unless one was made.
    """
    try:
        entries = _entries(file, root, COMMAND)
    except ConfigError:
        return []
    return [entry for entry, known in entries if _stays(known, judged, with_trips=with_trips)]


def _stays(known: KnownFinding, judged: Collection[Path], *, with_trips: bool) -> bool:
    path = Path(known.path)
    if not path.exists():
        return False
    return path not in judged or (known.code.startswith(ROUND_TRIP) and not with_trips)


def read(file: Path, root: Path | None, command: str = COMMAND) -> tuple[KnownFinding, ...]:
    """
    The findings of a baseline inside the folder `root`; without one the user named the file. Raises ConfigError, with
    the command that writes it, where the file is none.
    """
    return tuple(known for _, known in _entries(file, root, command))


def _entries(file: Path, root: Path | None, command: str) -> list[tuple[Entry, KnownFinding]]:
    try:
        content = bytes_of(file, root, LARGEST_BASELINE)
    except FileNotRead as reason:
        raise ConfigError(f"baseline: {file} {reason}. Write it with: {command}") from None
    try:
        match json.loads(content):
            case {"version": int(version), "findings": list(findings)} if version == VERSION:
                return [(one, _known(one, file)) for one in findings]
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise ConfigError(f"baseline: {file} is no baseline of version {VERSION}. Write it anew with: {command}")


def _known(entry: dict[str, str], file: Path) -> KnownFinding:
    path = os.path.normpath(file.absolute().parent / entry["path"])
    return KnownFinding(str(entry["fingerprint"]), str(entry["code"]), path)


def without_known(
    findings: tuple[Finding, ...], settings: Config, project: Project, *, rules: Iterable[str], whole: bool, cwd: Path
) -> tuple[tuple[Finding, ...], tuple[KnownFinding, ...]]:
    """
    The findings that the baseline of a history does not hold, and what it holds of this history and nobody finds.

    These are told where `whole` says that the history was judged as a whole, for the `rules` that may run.
    """
    if settings.baseline is None:
        return findings, ()
    files = set(project.files)
    # A file that is there and not ours is another history's, maybe with the same ids. One that is gone may have moved.
    every = read(settings.baseline, settings.fence("baseline"), _command(settings.baseline, settings.file, cwd))
    known = [one for one in every if Path(one.path) in files or not Path(one.path).exists()]
    known.sort(key=lambda one: not _belongs(one, files, project))
    missing = gone(
        findings,
        known if whole and project.only is None else (),
        [code for code in rules if settings.selects(code, default=True)],
        lambda one: _belongs(one, files, project),
    )
    return new(findings, known), tuple(missing)


def _belongs(known: KnownFinding, files: Collection[Path], project: Project) -> bool:
    """Whether the file of a finding is one of this history, or was."""
    path = Path(known.path)
    return path in files or (path.parent in project.versions and not path.exists())


def gone_from_all(missing: Sequence[tuple[Project, Sequence[KnownFinding]]]) -> list[KnownFinding]:
    """What each of the histories that it belongs to misses: those of several databases share their files."""
    every = dict.fromkeys(one for _, some in missing for one in some)
    return [
        one for one in every if all(one in some for project, some in missing if _belongs(one, project.files, project))
    ]


def _command(baseline: Path, configuration: Path | None, cwd: Path) -> str:
    """What writes a baseline, for the histories below the configuration that speaks for them."""
    name = relative(str(baseline.absolute()), cwd)
    folder = relative(str(configuration.parent), cwd) if configuration else "."
    words = [*(["--output", name] if name != BASELINE else []), *([folder] if folder != "." else [])]
    return shlex.join((*COMMAND.split(), *words))


def new(findings: Iterable[Finding], known: Sequence[KnownFinding]) -> tuple[Finding, ...]:
    """The findings that the baseline does not hold. One that it holds once hides one."""
    left = Counter(one.fingerprint for one in known)
    found = []
    for finding in findings:
        if not finding.unconditional and left[finding.fingerprint] > 0:
            left[finding.fingerprint] -= 1
        else:
            found.append(finding)
    return tuple(found)


def gone(
    findings: Iterable[Finding],
    known: Sequence[KnownFinding],
    codes: Collection[str],
    accepts: Callable[[KnownFinding], bool],
) -> list[KnownFinding]:
    """What the baseline holds and nobody finds any more, of the rules that ran, if it is accepted."""
    left = Counter(one.fingerprint for one in findings)
    missing = []
    for one in known:
        if left[one.fingerprint] > 0:
            left[one.fingerprint] -= 1
        elif one.code in codes and accepts(one):
            missing.append(one)
    return missing


def gone_note(missing: Sequence[KnownFinding], cwd: Path) -> str:
    """One sentence on what is gone."""
    names = [f"{one.code} in {relative(one.path, cwd)}" for one in missing]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    count = "1 finding of the baseline is" if len(names) == 1 else f"{len(names)} findings of the baseline are"
    return f"{count} gone: {', '.join(names[:NAMED])}{more}. `migration-guard baseline` forgets them."
