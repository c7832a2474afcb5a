"""Puts findings together into the report of a run: paths as people write them, sorted, each known again later."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from migration_guard.model.finding import Finding, Report, Summary
from migration_guard.reading.discovery.encoding import UnreadableSource, decode
from migration_guard.regular_files import repository_of


def united(reports: Sequence[Report], cwd: Path, files: int, seconds: float) -> Report:
    """
    The reports of several histories as one, with paths as people write them, sorted.
    """
    findings: list[Finding] = []
    texts: dict[str, str] = {}
    for report in reports:
        findings += [replace(finding, path=relative(finding.path, cwd)) for finding in report.findings]
        texts |= {relative(path, cwd): text for path, text in report.sources.items()}
    ordered = sorted(dict.fromkeys(findings), key=_place)
    summaries = [report.summary for report in reports]
    summary = Summary(
        files=files,
        migrations=sum(one.migrations for one in summaries),
        operations=sum(one.operations for one in summaries),
        opaque=sum(one.opaque for one in summaries),
        uncompared=sum(one.uncompared for one in summaries),
        seconds=seconds,
        target=tuple(dict.fromkeys(target for one in summaries for target in one.target)),
        assumed="; ".join(dict.fromkeys(one.assumed for one in summaries if one.assumed)),
        notes=tuple(dict.fromkeys(note for one in summaries for note in one.notes)),
        proofs=tuple(proof for one in summaries for proof in one.proofs),
        examined=tuple(
            replace(examined, path=relative(examined.path, cwd)) for one in summaries for examined in one.examined
        ),
        since=next((one.since for one in summaries if one.since), ""),
        start_after=next((one.start_after for one in summaries if one.start_after), ""),
        older=sum(one.older for one in summaries),
        default_branch=next((one.default_branch for one in summaries if one.default_branch), ""),
        baselined=sum(one.baselined for one in summaries),
        folder=_below_repository(cwd),
    )
    return Report(tuple(ordered), summary, texts)


def _below_repository(cwd: Path) -> str:
    """The current folder as its repository knows it; empty for the root, and outside of any."""
    root = repository_of(cwd) or cwd
    below = cwd.relative_to(root).as_posix()
    return "" if below == "." else below


def sources(findings: Iterable[Finding], contents: Mapping[str, bytes | None]) -> dict[str, str]:
    """The text of every file that a finding points at."""
    return {path: decoded(contents.get(path)) for path in dict.fromkeys(finding.path for finding in findings)}


def relative(path: str, cwd: Path) -> str:
    """A path as people write it in the current folder."""
    if not os.path.isabs(path):
        return path
    # The usual case, for each of thousands of files.
    below = path.removeprefix(f"{cwd}{os.sep}")
    found = below if below != path and f"{os.sep}." not in path else os.path.relpath(path, cwd)
    return found.replace(os.sep, "/")


def decoded(content: bytes | None) -> str:
    """The text of a file; what no encoding explains is replaced."""
    try:
        return decode(content or b"")
    except UnreadableSource:
        return (content or b"").decode("utf-8", "replace")


def _place(finding: Finding) -> tuple[str, int, int, str, str]:
    line, column = (finding.span.line, finding.span.column) if finding.span else (0, 0)
    return finding.path, line, column, finding.code, finding.message


def fingerprinted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """
    The findings of one history, sorted, each known again by its fingerprint.

    It is the same one when its rule, revision, function and objects are: moved lines and renamed files are no change.
    """
    return tuple(_fingerprinted(sorted(findings, key=_place)))


def _fingerprinted(findings: Iterable[Finding]) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for finding in findings:
        where = finding.revision or os.path.basename(finding.path)
        words = "\0".join((finding.code, where, finding.direction or "", *finding.objects))
        count = seen[words] = seen.get(words, -1) + 1
        # A migration may name what no text can hold, half of a surrogate pair.
        named = f"{words}\0{count}".encode(errors="surrogatepass")
        yield replace(finding, fingerprint=hashlib.sha256(named).hexdigest()[:16])
