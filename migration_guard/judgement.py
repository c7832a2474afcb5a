"""
From what rules yield to what is reported: findings are placed in their migration, those that another one already says
are left out, those that a comment ignores too, and the rest is graded as the configuration says. Also finds the
comments that ignore nothing, or give no reason.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from migration_guard.config import Config
from migration_guard.config.selection import begins, is_ours
from migration_guard.model.constraints import DropIndex
from migration_guard.model.conventions import matches
from migration_guard.model.finding import Finding, Severity
from migration_guard.model.migration import IgnoreComment, IgnoreOutcome, Migration
from migration_guard.model.operations import Operation, TableOperation
from migration_guard.model.schema import Name
from migration_guard.rules import ROUND_TRIP, AnyRule, Context, Rules, Trait, names


def reported(findings: Iterable[Finding], comments: IgnoreComments, active: Rules, settings: Config) -> list[Finding]:
    """What is reported of that which the `active` rules have found in the migration that the comments belong to."""
    supersedes = {code: rule.supersedes for code, rule in active.items()}
    kept = without_superseded(placed(findings, comments.migration), supersedes)
    return graded(once(comments.not_ignored(kept)), settings)


def eased(findings: Iterable[Finding], rule: AnyRule, operation: Operation, context: Context) -> Iterator[Finding]:
    """The findings, mere information where their harm grows with the rows and the team knows the table as small."""
    small = context.conventions.small_tables
    if small and (rule.changes or Trait.ABOUT_ROWS in rule.traits):
        table = _table_of(operation, context)
        if table is not None and matches(str(table), small):
            findings = (replace(one, severity=Severity.INFO) for one in findings)
    yield from findings


def _table_of(operation: Operation, context: Context) -> Name | None:
    if isinstance(operation, DropIndex) and operation.table is None:
        found = context.before.index(operation.name)
        return found[0].name if found else None
    return operation.table if isinstance(operation, TableOperation | DropIndex) else None


def about_comments(comments: IgnoreComments, active: Rules, context: Context, settings: Config) -> list[Finding]:
    """What is reported of the comments themselves, once everything they may ignore was shown to them."""
    found = [
        finding
        for outcome in comments.outcome(active, names(), lenient=bool(settings.absent))
        for rule in active.values()
        if rule.subject() is IgnoreOutcome
        for finding in rule.findings(outcome, context)
    ]
    return graded(placed(found, comments.migration), settings)


def placed(findings: Iterable[Finding], migration: Migration) -> list[Finding]:
    """The findings of one migration, with its path and revision."""
    return [replace(one, path=one.path or migration.path, revision=migration.revision) for one in findings]


def graded(findings: Iterable[Finding], settings: Config) -> list[Finding]:
    """The findings, as severe as the configuration says."""
    return [replace(one, severity=settings.severity_of(one.code, one.severity)) for one in findings]


def without_superseded(findings: Sequence[Finding], supersedes: Mapping[str, Sequence[str]]) -> list[Finding]:
    """One finding per object and cause: the more telling one takes the other's place."""
    superseded = {
        (finding.path, finding.direction, code, name)
        for finding in findings
        for code in supersedes.get(finding.code, ())
        for name in finding.objects
    }
    return [
        finding
        for finding in findings
        if not any((finding.path, finding.direction, finding.code, name) in superseded for name in finding.objects)
    ]


def once(findings: Iterable[Finding]) -> list[Finding]:
    """The findings, of those that say the same of the same place one: a helper may be called twice."""
    kept: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        # Where text is put together from several places, its end is in the last one, and the call's own.
        start = finding.span and (finding.span.line, finding.span.column)
        kept.setdefault((finding.code, finding.path, finding.direction, start, finding.message), finding)
    return list(kept.values())


@dataclass(slots=True)
class IgnoreComments:
    """The ignore comments of one file, and which of their codes have ignored something."""

    migration: Migration
    used: set[tuple[int, str]] = field(default_factory=set)

    def not_ignored(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings for which no comment speaks."""
        return [finding for finding in findings if not self.ignores(finding)]

    def ignores(self, finding: Finding) -> bool:
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

    def outcome(
        self, active: Collection[str], slugs: Mapping[str, str], *, lenient: bool = False
    ) -> Iterator[IgnoreOutcome]:
        """
        What came of each comment. Codes that did not run, or belong to the round trip, are never idle; with `lenient`
        those of nobody neither, which may be of a plugin that is not loaded.
        """
        for position, comment in enumerate(self.migration.ignores):
            idle = tuple(
                code
                for code in comment.codes
                if (position, code) not in self.used and _could_have_run(code, active, slugs, lenient=lenient)
            )
            yield IgnoreOutcome(comment, idle)


def _means(word: str, code: str, slug: str) -> bool:
    """Whether a word in a comment stands for this rule: its code, its name, the beginning of its code, or ALL."""
    return word.upper() == "ALL" or begins(word, code) or word.lower() == slug


def _could_have_run(word: str, active: Collection[str], slugs: Mapping[str, str], *, lenient: bool) -> bool:
    """Whether the word stands for a rule that ran, or for none at all."""
    if word.upper().startswith(ROUND_TRIP):
        return False
    meant = {code for code, slug in slugs.items() if _means(word, code, slug)}
    if not meant:
        return not lenient or is_ours(word)
    return not meant.isdisjoint(active)


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
