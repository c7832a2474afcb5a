"""
Which findings are told: those that no other finding already says, and no comment silences. Also finds the comments that
silence nothing, or give no reason.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from migration_guard.model.finding import Finding
from migration_guard.model.migration import IgnoreComment, IgnoreOutcome, Migration


def without_superseded(findings: Sequence[Finding], supersedes: Mapping[str, Sequence[str]]) -> list[Finding]:
    """One finding per object and cause: the more telling one makes the other silent."""
    silenced = {
        (finding.path, finding.direction, code, name)
        for finding in findings
        for code in supersedes.get(finding.code, ())
        for name in finding.objects
    }
    kept: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        if any((finding.path, finding.direction, finding.code, name) in silenced for name in finding.objects):
            continue
        kept.setdefault((finding.code, finding.path, finding.direction, finding.span, finding.message), finding)
    return list(kept.values())


@dataclass(slots=True)
class IgnoreComments:
    """The ignore comments of one file, and which of their codes have silenced something."""

    migration: Migration
    used: set[tuple[int, str]] = field(default_factory=set)

    def silence(self, finding: Finding) -> bool:
        """Whether a comment speaks for this finding. It counts as used from then on."""
        hit = False
        for position, comment in enumerate(self.migration.ignores):
            if not _covers(comment, finding):
                continue
            for code in comment.codes:
                if _means(code, finding.code, finding.slug):
                    self.used.add((position, code))
                    hit = True
        return hit

    def outcome(self, active: Collection[str], slugs: Mapping[str, str]) -> Iterator[IgnoreOutcome]:
        """What came of each comment. Codes that did not run, or belong to the round trip, are never idle."""
        for position, comment in enumerate(self.migration.ignores):
            idle = tuple(
                code
                for code in comment.codes
                if (position, code) not in self.used and _could_have_run(code, active, slugs)
            )
            yield IgnoreOutcome(comment, idle)


def _means(word: str, code: str, slug: str) -> bool:
    """Whether a word in a comment stands for this rule: its code, its name, the beginning of its code, or ALL."""
    upper = word.upper()
    return upper == "ALL" or (upper.startswith("MG") and code.startswith(upper)) or word.lower() == slug


def _could_have_run(word: str, active: Collection[str], slugs: Mapping[str, str]) -> bool:
    """Whether the word stands for a rule that ran, or for none at all."""
    if word.upper().startswith("MG75"):
        return False
    meant = {code for code, slug in slugs.items() if _means(word, code, slug)}
    return not meant or not meant.isdisjoint(active)


def _covers(comment: IgnoreComment, finding: Finding) -> bool:
    """
    On the first or last line of the statement (or of the SQL statement), on the line above it, or at the file's top.
    """
    if comment.whole_file:
        return True
    line = comment.span.line
    for span in (finding.span, finding.statement):
        if span is None:
            continue
        if line in (span.line, span.end_line) or (comment.alone and line == span.line - 1):
            return True
    return False
