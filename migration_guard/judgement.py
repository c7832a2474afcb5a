"""
From what rules yield to what is reported: findings are placed in their migration, those that another one already says
are left out, those that a comment ignores too, and the rest is graded as the configuration says. Also finds the
comments that ignore nothing, or give no reason.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest

from migration_guard.config import Config
from migration_guard.config.selection import begins, is_ours
from migration_guard.model.constraints import DropIndex
from migration_guard.model.conventions import matches
from migration_guard.model.finding import Edit, Finding, Fix, Severity, Span
from migration_guard.model.migration import History, IgnoreComment, IgnoreOutcome, Migration
from migration_guard.model.objects import Opaque
from migration_guard.model.operations import Operation, TableOperation
from migration_guard.model.schema import Name
from migration_guard.model.target import Target
from migration_guard.rules import ROUND_TRIP, AnyRule, Context, Rules, Trait, names

# What a fix writes as SQL, or into it, and only one database understands.
NAMED = 3
_OWN_SQL = re.compile(r"execute\(|\b(?:CONCURRENTLY|NOT VALID|VALIDATE|USING)\b")


def reported(findings: Iterable[Finding], comments: IgnoreComments, active: Rules, settings: Config) -> list[Finding]:
    """What is reported of that which the `active` rules have found in the migration that the comments belong to."""
    supersedes = {code: rule.supersedes for code, rule in active.items()}
    kept = without_superseded(placed(findings, comments.migration), supersedes)
    return folded(graded(once(comments.not_ignored(kept)), settings))


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


def of_all_targets(found: Sequence[tuple[Target, History, Sequence[Finding]]], active: Rules) -> tuple[Finding, ...]:
    """
    What is found for any target, the worst of what several of them find at one place.

    Of comments, what holds for all: one target is enough to use one. What is not understood for one is no finding where
    it is for another: it is written for that one. A fix in the SQL of one database is none where others run it.
    """
    if len(found) == 1:
        return tuple(dict.fromkeys(found[0][2]))
    of_comments = {code for code, rule in active.items() if rule.subject() is IgnoreOutcome}
    not_understood = {code for code, rule in active.items() if rule.subject() is Opaque}
    understood = [_understood(history) for _, history, _ in found]
    places: dict[tuple[object, ...], list[Finding]] = {}
    for number, (_, _, findings) in enumerate(found):
        here: dict[tuple[object, ...], list[Finding]] = {}
        for one in dict.fromkeys(findings):
            if one.code in of_comments and not all(one in others for _, _, others in found):
                continue
            where = (one.path, one.span)
            if (
                one.code in not_understood
                and where not in understood[number]
                and any(where in each for each in understood)
            ):
                continue
            here.setdefault((one.code, one.path, one.revision, one.direction, one.span), []).append(one)
        for place, some in here.items():
            places[place] = _worst(places.get(place, []), some)
    every = [one for some in places.values() for one in some]
    if len({target.dialect for target, _, _ in found}) == 1:
        return tuple(every)
    return tuple(replace(one, fix=None) if _is_of_one_database(one.fix) else one for one in every)


def _understood(history: History) -> set[tuple[str, Span | None]]:
    return {
        (migration.path, operation.site.span)
        for migration in history.migrations
        for operation in migration.operations
        if not isinstance(operation, Opaque)
    }


def _worst(before: list[Finding], more: list[Finding]) -> list[Finding]:
    """What two targets find by one rule at one place: once where both find one, or the same objects."""
    alone = len(before) == len(more) == 1
    found = list(before)
    for one in more:
        at = next((at for at, other in enumerate(before) if alone or other.objects == one.objects), None)
        if at is None:
            found.append(one)
        elif not found[at].severity.at_least(one.severity):
            found[at] = one
    return found


def _is_of_one_database(fix: Fix | None) -> bool:
    return fix is not None and any(isinstance(edit, Edit) and _OWN_SQL.search(edit.text) for edit in fix.edits)


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
        kept.setdefault((*_place(finding), finding.message), finding)
    return list(kept.values())


def _place(finding: Finding) -> tuple[object, ...]:
    # Where text is put together from several places, its end is in the last one, and the call's own.
    start = finding.span and (finding.span.line, finding.span.column)
    return finding.code, finding.path, finding.direction, start


def folded(findings: Iterable[Finding]) -> list[Finding]:
    """
    The findings, those of the rounds of a loop one: the worst, which tells how many more there are. A helper that is
    called for several tables has rounds, too. What one round finds at one place stays apart, one by one.
    """
    places: dict[tuple[object, ...], list[Finding]] = {}
    for one in findings:
        places.setdefault(_place(one), []).append(one)
    return [one for some in places.values() for one in _of_one_round(some)]


def _of_one_round(findings: list[Finding]) -> Iterator[Finding]:
    """What is found at one place: each of the round that finds the most, with what the other rounds have like it."""
    turns: dict[int, list[Finding]] = {}
    for one in findings:
        turns.setdefault(one.turn, []).append(one)
    if len(turns) == 1:
        yield from findings
        return
    for alike in zip_longest(*turns.values()):
        yield _with_others([one for one in alike if one is not None])


def _with_others(alike: list[Finding]) -> Finding:
    worst = min(alike, key=lambda one: list(Severity).index(one.severity))
    others = [one for one in alike if one is not worst]
    if not others:
        return worst
    names = dict.fromkeys(one.objects[0] for one in others if one.objects and one.objects[0] not in worst.objects)
    listed = f": {', '.join(list(names)[:NAMED])}" if names else ""
    fixes = [one.fix for one in alike if one.fix is not None]
    return replace(
        worst,
        message=f"{worst.message.removesuffix('.')}, and {len(others)} more on this line{listed}.",
        objects=tuple(dict.fromkeys(name for one in (worst, *others) for name in one.objects)),
        fix=min(fixes, key=lambda fix: fix.safe, default=None),
    )


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
