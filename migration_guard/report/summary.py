"""The last words of a report, one sentence a line: what was found and judged, what was not, and what was left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migration_guard.model.finding import Proof, Report, Severity
from migration_guard.report import plural

Segment = tuple[str, str]  # a piece of text and the name of its style; nothing in it is escaped

NAMED = 8  # revisions in one sentence


def closing(report: Report) -> Iterator[tuple[Segment, ...]]:
    """The closing sentences, each in its pieces."""
    summary = report.summary
    if not nothing_new(report):
        yield from _tried(report) if summary.proofs else _judged(report)
    yield from _left_out(report)
    for note in summary.notes:
        yield ((f"Note: {note}", ""),)
    if summary.older and not summary.since:
        are = "is" if summary.older == 1 else "are"
        branch = summary.default_branch
        yield (
            (
                f"{summary.older} of {plural(len(report.findings), 'finding')} {are} on migrations that {branch} has"
                f" already; --since {branch} leaves them out.",
                "",
            ),
        )


def nothing_new(report: Report) -> bool:
    """Whether a git ref has every migration already, so that nothing was judged and nothing went wrong."""
    summary = report.summary
    unproven = any(proof.unproven for proof in summary.proofs)
    return bool(summary.since) and not (summary.examined or summary.start_after or report.findings or unproven)


def counts(report: Report) -> tuple[Segment, ...]:
    """`1 error and 2 warnings`; nothing where nothing was found."""
    found = [(severity, report.count(severity)) for severity in Severity if report.count(severity)]
    pieces: list[Segment] = []
    for number, (severity, count) in enumerate(found):
        if number:
            pieces.append((" and " if number == len(found) - 1 else ", ", ""))
        pieces.append((plural(count, severity), severity))
    return tuple(pieces)


def _verdict(report: Report) -> tuple[Segment, ...]:
    found = counts(report)
    return (("Found ", "heading"), *found) if found else (("Nothing found", "good"),)


def _judged(report: Report) -> Iterator[tuple[Segment, ...]]:
    """What was read, and what it was judged for."""
    summary = report.summary
    read = f"{plural(summary.files, 'file')}, {plural(summary.operations, 'operation')}"
    extent = f" in {plural(summary.migrations, 'migration')} ({read}, {summary.opaque} not understood)"
    yield (*_verdict(report), (f"{extent}, {summary.seconds:.2f} s.", ""))
    if summary.target:
        yield ((f"Judged for {', '.join(summary.target)}{_assumed(report)}.", ""),)
    if summary.uncompared:
        count = plural(summary.uncompared, "migration")
        yield ((f"Upgrade and downgrade not compared in {count}: not all of it could be read.", ""),)
    yield from _correctable(report)


def _correctable(report: Report) -> Iterator[tuple[Segment, ...]]:
    safe, unsafe = (
        sum(finding.fix is not None and finding.fix.safe is safe for finding in report.findings)
        for safe in (True, False)
    )
    offers = [f"{safe} with --fix"] if safe else []
    offers += [f"{unsafe} {'more ' if offers else ''}with --unsafe-fixes"] if unsafe else []
    if offers:
        yield ((f"Can be corrected: {', '.join(offers)}.", ""),)


def _tried(report: Report) -> Iterator[tuple[Segment, ...]]:
    """What was proven on a real database, and what was not."""
    summary = report.summary
    extent = plural(sum(proof.revisions for proof in summary.proofs), "revision")
    yield (*_verdict(report), (f" in {extent}, {summary.seconds:.1f} s.", ""))
    for proof in summary.proofs:
        yield ((f"Run on {proof.database}{_assumed(report)}: {_proven(proof)}", ""),)
        if proof.whole_way is not None and proof.revisions:
            yield ((f"{proof.whole_way} of them went all the way down and up again in one go.", ""),)
        if proof.one_way:
            yield ((f"Declared irreversible, so only upgraded: {_listed(proof.one_way)}.", ""),)
        if proof.not_reached:
            yield ((f"Not tried, because what they need fails: {_listed(proof.not_reached)}.", "warning"),)
        for sentence in proof.unproven:
            yield ((f"Not proven: {sentence}", "warning"),)


def _proven(proof: Proof) -> str:
    if not proof.revisions:
        return "there was no revision to try."
    rows = f", with {plural(proof.rows, 'row')} of ours in the tables" if proof.rows else ""
    return (
        f"{proof.proven} of {plural(proof.revisions, 'revision')} went up, down and up again without a finding{rows}."
    )


def _left_out(report: Report) -> Iterator[tuple[Segment, ...]]:
    """What a git ref and a baseline have taken out of the report."""
    summary = report.summary
    if nothing_new(report):
        yield ((f"Nothing new: {summary.since} has every migration that was asked for.", ""),)
    elif summary.since or summary.start_after:
        reasons = [f"{summary.since} does not have"] if summary.since else []
        reasons += [f"comes after {summary.start_after}"] if summary.start_after else []
        count = plural(len(summary.examined), "migration")
        yield ((f"Judged only what {' and '.join(reasons)}: {count}.", ""),)
    if summary.baselined:
        are = "is" if summary.baselined == 1 else "are"
        yield ((f"{plural(summary.baselined, 'older finding')} {are} in the baseline.", ""),)


def _assumed(report: Report) -> str:
    return f" ({report.summary.assumed})" if report.summary.assumed else ""


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:NAMED])
    return f"{shown} and {len(names) - NAMED} more" if len(names) > NAMED else shown
