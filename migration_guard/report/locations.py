"""
Where findings are, and which ones they are, for whoever knows the repository and not the current folder: the paths of
its files, the order of importance, identities, and the revisions that findings belong to.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from migration_guard.model.finding import Finding, Report, Severity


@dataclass(frozen=True, slots=True)
class Case:
    """
    A revision that was judged, and what was found in it. `revision` is None for findings on a file as such. `state`
    says what was not done with it on a round trip, empty where all was.
    """

    revision: str | None
    path: str
    findings: tuple[Finding, ...]
    state: str = ""


ONE_WAY = "only upgraded: declared irreversible"
NOT_PROVEN = "not proven"
NOT_REACHED = "not tried: what it needs fails"


def command(report: Report) -> str:
    """The command that made the report."""
    return "roundtrip" if report.summary.proofs else "lint"


def rooted(path: str, report: Report) -> str:
    """A path of the report as the root of the repository sees it; nothing for no path."""
    return path and posixpath.normpath(posixpath.join(report.summary.folder, path))


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """The findings by severity, otherwise as they were."""
    order = list(Severity)
    return sorted(findings, key=lambda finding: order.index(finding.severity))


def identities(findings: Iterable[Finding]) -> Iterator[str]:
    """The fingerprint of each finding; what comes again has a number behind it, so that no two are the same."""
    seen: dict[str, int] = {}
    given: set[str] = set()
    for finding in findings:
        fingerprint = name = finding.fingerprint or finding.code
        while name in given:
            seen[fingerprint] = seen.get(fingerprint, 1) + 1
            name = f"{fingerprint}-{seen[fingerprint]}"
        given.add(name)
        yield name


def cases(report: Report) -> list[Case]:
    """
    Every revision that was judged, in its order, then those that a round trip did not reach, and the files that have
    findings of no such revision. The path of a revision that was not reached is not known.
    """
    proofs, examined = report.summary.proofs, report.summary.examined
    states = dict.fromkeys((name for proof in proofs for name in proof.not_proven), NOT_PROVEN)
    states |= dict.fromkeys((name for proof in proofs for name in proof.one_way), ONE_WAY)
    not_reached = dict.fromkeys((name for proof in proofs for name in proof.not_reached), NOT_REACHED)
    states |= not_reached
    reached = {one.revision for one in examined}
    found: dict[tuple[str | None, str], list[Finding]] = {(one.revision, one.path): [] for one in examined}
    found |= {(name, ""): [] for name in not_reached if name not in reached}
    for finding in report.findings:
        found.setdefault((finding.revision, finding.path), []).append(finding)
    return [
        Case(revision, path, tuple(findings), states.get(revision or "", ""))
        for (revision, path), findings in found.items()
    ]
