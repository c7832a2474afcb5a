"""The report for people: who is hurt, how, their own lines, and their own lines corrected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from migration_guard.model.finding import Edit, Finding, Fix, Proof, Rename, Report, Severity, Span
from migration_guard.report import by_code, plural, printable
from migration_guard.report.corrected import Line, corrected, split

Segment = tuple[str, str]  # a piece of text and the name of its style

STYLES = {
    "path": "bold",
    "error": "bold red",
    "warning": "bold yellow",
    "info": "bold cyan",
    "slug": "dim",
    "gutter": "dim",
    "mark": "red",
    "+": "green",
    "-": "red",
    "heading": "bold",
    "good": "bold green",
}
SHOWN = 8  # lines of a statement that are shown
NAMED = 8  # revisions in one line of the summary
CORRECTED = 40  # lines of a correction that are shown


def render(report: Report, *, color: bool = False, statistics: bool = False, summary: bool = True) -> str:
    """The report as text. `statistics` counts the findings of each rule instead of showing them."""
    segments: list[Segment] = []
    if statistics:
        segments += _statistics(report)
    else:
        sources: dict[str, list[str]] = {}
        for finding in report.findings:
            if finding.path not in sources and finding.path in report.sources:
                sources[finding.path] = split(report.sources[finding.path])
            segments += _finding(finding, sources.get(finding.path, ()))
    if summary:
        segments += _travelled(report) if report.summary.proofs else _summary(report)
    return _colored(segments) if color else "".join(text for text, _ in segments)


def _colored(segments: Sequence[Segment]) -> str:
    # Each piece is coloured as it is: rich wraps nothing, expands no tab and reads no markup in it.
    from rich.color import ColorSystem
    from rich.style import Style

    styles = {name: Style.parse(style) for name, style in STYLES.items()}
    plain = Style.null()
    return "".join(
        styles.get(name, plain).render(text, color_system=ColorSystem.STANDARD) if name else text
        for text, name in segments
    )


def _finding(finding: Finding, lines: Sequence[str]) -> Iterator[Segment]:
    place = f":{finding.span.line}:{finding.span.column}" if finding.span else ""
    yield printable(f"{finding.path}{place}"), "path"
    yield ": ", ""
    yield f"{finding.severity} {finding.code}", finding.severity
    yield f" {finding.slug}\n", "slug"
    yield f"  {printable(finding.message)}\n", ""
    if finding.span and lines:
        yield from _excerpt(finding.span, finding.statement or finding.span, lines)
    if finding.help:
        yield "\n", ""
        yield from ((f"  {line}\n" if line else "\n", "") for line in printable(finding.help, lines=True).split("\n"))
    if finding.fix:
        yield from _fix(finding.fix, finding.statement, lines)
    yield "\n", ""


def _excerpt(span: Span, statement: Span, lines: Sequence[str]) -> Iterator[Segment]:
    """The statement with the lines in question marked; only these where it is long."""
    if statement.end_line - statement.line >= SHOWN or not statement.line <= span.line <= statement.end_line:
        statement = span
    last = min(statement.end_line, statement.line + SHOWN - 1, len(lines))
    marking = (span.line, span.end_line) != (statement.line, statement.end_line)
    width = len(str(last))
    yield "\n", ""
    for number in range(statement.line, last + 1):
        marked = marking and span.line <= number <= span.end_line
        yield ("  > ", "mark") if marked else ("    ", "")
        yield f"{number:>{width}} | ", "gutter"
        yield f"{printable(lines[number - 1], lines=True)}\n", ""
    if last < statement.end_line:
        yield f"    {'':{width}} | ... {plural(statement.end_line - last, 'more line')}\n", "gutter"


def _fix(fix: Fix, statement: Span | None, lines: Sequence[str]) -> Iterator[Segment]:
    option = "--fix" if fix.safe else "--unsafe-fixes"
    reason = f" ({printable(fix.reason.rstrip('.'))})" if fix.reason and not fix.safe else ""
    heading = f"  Corrected with {option}{reason}:"
    yield "\n", ""
    renames = [edit.name for edit in fix.edits if isinstance(edit, Rename)]
    edits = [edit for edit in fix.edits if isinstance(edit, Edit)]
    for name in renames:
        yield f"{heading} rename the file to {printable(name)}\n", "heading"
    if not edits or not lines:
        return
    yield f"{heading}\n\n", "heading"
    for number, region in enumerate(corrected(lines, edits, statement)):
        if number:
            yield "    ...\n", "gutter"
        yield from _region(region)


def _region(region: Sequence[Line]) -> Iterator[Segment]:
    for line in region[:CORRECTED]:
        style = "" if line.mark == " " else line.mark
        yield f"  {line.mark} | ", style or "gutter"
        yield f"{printable(line.text, lines=True)}\n", style
    if len(region) > CORRECTED:
        yield f"    | ... {plural(len(region) - CORRECTED, 'more line')}: see --diff\n", "gutter"


def _statistics(report: Report) -> Iterator[Segment]:
    counts = by_code(report)
    width = max((len(str(count)) for count in counts.values()), default=1)
    for (code, slug, severity), count in counts.items():
        yield f"{count:>{width}}  ", ""
        yield code, severity
        yield f"  {slug}\n", "slug"
    if counts:
        yield "\n", ""


def _counts(report: Report) -> Iterator[Segment]:
    counts = {severity: report.count(severity) for severity in Severity}
    found = [(plural(count, severity), severity) for severity, count in counts.items() if count]
    yield ("Found ", "heading") if found else ("Nothing found", "good")
    for number, (text, severity) in enumerate(found):
        yield "" if number == 0 else " and " if number == len(found) - 1 else ", ", ""
        yield text, severity


def _travelled(report: Report) -> Iterator[Segment]:
    """The closing lines of a round trip: what was proven, and what was not."""
    summary = report.summary
    yield from _counts(report)
    yield f" in {plural(sum(one.revisions for one in summary.proofs), 'revision')}, {summary.seconds:.1f} s.\n", ""
    assumed = f" ({printable(summary.assumed)})" if summary.assumed else ""
    for proof in summary.proofs:
        yield f"Run on {printable(proof.database)}{assumed}: ", ""
        yield from _proven(proof)
        if proof.whole_way is not None and proof.revisions:
            yield f"{proof.whole_way} of them went all the way down and up again in one go.\n", ""
        if proof.one_way:
            yield f"Declared irreversible, so only upgraded: {_listed(proof.one_way)}.\n", ""
        if proof.not_reached:
            yield f"Not tried, because what they need fails: {_listed(proof.not_reached)}.\n", "warning"
        for sentence in proof.unproven:
            yield f"Not proven: {printable(sentence)}\n", "warning"
    for note in summary.notes:
        yield f"Note: {printable(note)}\n", ""


def _proven(proof: Proof) -> Iterator[Segment]:
    if not proof.revisions:
        yield "there was no revision to try.\n", ""
        return
    yield f"{proof.proven} of {plural(proof.revisions, 'revision')} went up, down and up again without a finding", ""
    yield f", with {plural(proof.rows, 'row')} of ours in the tables.\n" if proof.rows else ".\n", ""


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(printable(name) for name in names[:NAMED])
    return f"{shown} and {len(names) - NAMED} more" if len(names) > NAMED else shown


def _summary(report: Report) -> Iterator[Segment]:
    summary = report.summary
    yield from _counts(report)
    yield (
        (
            f" in {plural(summary.migrations, 'migration')} ({plural(summary.files, 'file')},"
            f" {plural(summary.operations, 'operation')}, {summary.opaque} not understood), {summary.seconds:.2f} s.\n"
        ),
        "",
    )
    if summary.target:
        assumed = f" ({printable(summary.assumed)})" if summary.assumed else ""
        yield f"Judged for {printable(', '.join(summary.target))}{assumed}.\n", ""
    if summary.uncompared:
        count = plural(summary.uncompared, "migration")
        yield f"Upgrade and downgrade not compared in {count}: not all of it could be read.\n", ""
    yield from _correctable(report)
    for note in summary.notes:
        yield f"Note: {printable(note)}\n", ""


def _correctable(report: Report) -> Iterator[Segment]:
    fixes: Mapping[bool, int] = {
        safe: sum(finding.fix is not None and finding.fix.safe is safe for finding in report.findings)
        for safe in (True, False)
    }
    offers = [f"{count} with {option}" for count, option in ((fixes[True], "--fix"),) if count]
    offers += [f"{fixes[False]} {'more ' if offers else ''}with --unsafe-fixes"] if fixes[False] else []
    if offers:
        yield f"Can be corrected: {', '.join(offers)}.\n", ""
