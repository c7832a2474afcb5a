"""
The report for the page of a job and the comment on a pull request: a verdict, a row for each revision, and what was
found, folded. It is bounded: two of them fit into one comment of GitHub, which takes 65,536 characters.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from migration_guard.model.finding import Edit, Finding, Fix, Rename, Report, Severity
from migration_guard.report import plural
from migration_guard.report.excerpt import excerpt
from migration_guard.report.fixed_lines import CORRECTED, fixed_lines, split
from migration_guard.report.locations import ONE_WAY, Case, cases, command, rooted, worst_first
from migration_guard.report.markdown_escapes import advice, code, fenced, in_html, inline
from migration_guard.report.summary import closing, counts, nothing_new

LENGTH = 30_000  # characters of a whole report
TABLE = 8_000  # of these, for the rows
CLOSING = 6_000  # ... and for the closing lines
ROWS = 50
SMALLEST = 20  # characters: nothing shorter than that is written
UNFOLDED = 10  # so many revisions stand in one table, whatever was found
MARKS = {Severity.ERROR: "❌", Severity.WARNING: "⚠️", Severity.INFO: "ℹ️"}
CLEAN = "✅"

Piece = TypeVar("Piece")


def render(report: Report) -> str:
    """The report, at most LENGTH characters of it. It is cut between findings, and says how many are left out."""
    head = "\n\n".join((_heading(report), *_table(report)))
    foot = _closing(report)
    room = LENGTH - len(head) - len(foot) - 400
    sources = {path: split(text) for path, text in report.sources.items()}
    shown, left = _fitting(
        worst_first(report.findings),
        lambda finding: _finding(finding, rooted(finding.path, report), sources.get(finding.path, [])),
        room,
    )
    if left:
        shown.append(
            f"**{plural(left, 'more finding')}** did not fit here. `migration-guard {command(report)}` prints them all."
        )
    return "\n\n".join((head, *shown, foot)) + "\n"


def _fitting(
    pieces: Iterable[Piece], write: Callable[[Piece], str], room: int, most: int | None = None
) -> tuple[list[str], int]:
    """What is written of the pieces that there is room for, at most so many, and how many others there are."""
    kept: list[str] = []
    left = 0
    for one in pieces:
        piece = write(one) if room > SMALLEST and len(kept) != most else None
        if piece is None or len(piece) + 2 > room:
            left += 1
        else:
            kept.append(piece)
            room -= len(piece) + 2
    return kept, left


def _heading(report: Report) -> str:
    found = counts(report)
    unproven = any(proof.unproven for proof in report.summary.proofs)
    worst = min((list(MARKS).index(finding.severity) for finding in report.findings), default=None)
    mark = CLEAN if worst is None else list(MARKS.values())[worst]
    if unproven and mark != MARKS[Severity.ERROR]:
        mark = MARKS[Severity.WARNING]
    said = "".join(text for text, _ in found) or ("nothing new" if nothing_new(report) else "nothing found")
    return f"### {mark} migration-guard {command(report)}: {said}{', not all of it proven' if unproven else ''}"


def _table(report: Report) -> Iterator[str]:
    """A row for each revision, with the path below the common folder. Of many, those without a finding are folded."""
    every = cases(report)
    folders = [posixpath.dirname(f"/{rooted(case.path, report)}") for case in every if case.path]
    common = posixpath.commonpath(folders or ["/"])
    telling = [case for case in every if case.findings or case.state]
    if len(every) <= UNFOLDED:
        telling, clean = every, []
    else:
        clean = [case for case in every if not (case.findings or case.state)]
    rows, left = _fitting(telling, lambda case: _row(case, report, common), TABLE // 2, ROWS)
    if rows:
        yield _rows(rows, left, report)
    others, left = _fitting(clean, lambda case: _row(case, report, common), TABLE // 2, ROWS - len(rows))
    if clean:
        count = plural(len(clean), "revision")
        table = _rows(others, left, report) if others else ""
        yield f"<details><summary>{CLEAN} {count} without a finding</summary>\n\n{table}\n\n</details>"


def _rows(rows: Sequence[str], left: int, report: Report) -> str:
    heading = "up, down and up again" if command(report) == "roundtrip" else "found"
    more = [f"| | ... and {left} more | |"] if left else []
    return "\n".join((f"| revision | file | {heading} |", "|---|---|---|", *rows, *more))


def _row(case: Case, report: Report, common: str) -> str:
    path = posixpath.relpath(f"/{rooted(case.path, report)}", common) if case.path else ""
    return f"| {code(case.revision or '')} | {code(path)} | {_outcome(case, report)} |"


def _outcome(case: Case, report: Report) -> str:
    said = []
    for severity, mark in MARKS.items():
        found = [finding for finding in case.findings if finding.severity is severity]
        if found:
            codes = ", ".join(dict.fromkeys(inline(finding.code) for finding in found))
            said.append(f"{mark} {plural(len(found), severity)} ({codes})")
    if case.state == ONE_WAY:
        said.append(case.state)
    elif case.state and not said:
        said.append(f"{MARKS[Severity.WARNING]} {case.state}")
    if not said:
        said.append(f"{CLEAN} proven" if command(report) == "roundtrip" else CLEAN)
    return ", ".join(said)


def _finding(finding: Finding, path: str, lines: Sequence[str]) -> str:
    place = f"{path}:{finding.span.line}" if finding.span else path
    title = (
        f"{MARKS[finding.severity]} <b>{in_html(f'{finding.code} {finding.slug}')}</b> <code>{in_html(place)}</code>"
    )
    blocks = [f"<details><summary>{title}</summary>", inline(finding.message)]
    if finding.span and lines:
        shown = excerpt(finding.span, finding.statement or finding.span, lines)
        if shown.lines:
            more = [f"# ... {plural(shown.hidden, 'more line')}"] if shown.hidden else []
            blocks.append(fenced("python", (*shown.lines, *more)))
    if finding.help:
        blocks.append(advice(finding.help))
    if finding.fix:
        blocks += _fix(finding, finding.fix, lines)
    return "\n\n".join((*blocks, "</details>"))


def _fix(finding: Finding, fix: Fix, lines: Sequence[str]) -> Iterator[str]:
    option = "--fix" if fix.safe else "--unsafe-fixes"
    reason = f" ({inline(fix.reason.rstrip('.'))})" if fix.reason and not fix.safe else ""
    heading = f"Corrected with `{option}`{reason}:"
    for edit in fix.edits:
        if isinstance(edit, Rename):
            yield f"{heading} rename the file to {code(edit.name)}"
    edits = [edit for edit in fix.edits if isinstance(edit, Edit)]
    if edits and lines:
        shown: list[str] = []
        for region in fixed_lines(lines, edits, finding.statement):
            shown += [" ..."] if shown else []
            shown += [f"{line.mark}{line.text}" for line in region[:CORRECTED]]
            if len(region) > CORRECTED:
                shown.append(f" ... {plural(len(region) - CORRECTED, 'more line')}: see --diff")
        yield f"{heading}\n\n{fenced('diff', shown)}"


def _closing(report: Report) -> str:
    sentences = ("".join(text for text, _ in sentence) for sentence in closing(report))
    kept, left = _fitting(sentences, lambda sentence: f"- {inline(sentence)}", CLOSING)
    return "\n".join((*kept, *([f"- ... and {plural(left, 'more line')}."] if left else [])))
