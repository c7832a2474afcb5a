"""The report for people: who is hurt, how, their own lines, and their own lines corrected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migration_guard.model.finding import Edit, Finding, Fix, Rename, Report, Span
from migration_guard.model.printable import printable
from migration_guard.report import by_code, plural
from migration_guard.report.excerpt import excerpt
from migration_guard.report.fixed_lines import CORRECTED, Line, fixed_lines, split
from migration_guard.report.summary import Segment, closing

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
        segments += _summary(report)
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
    """The statement with the lines in question marked."""
    shown = excerpt(span, statement, lines)
    width = len(str(shown.first + len(shown.lines) - 1))
    if shown.lines:
        yield "\n", ""
    for number, line in enumerate(shown.lines, start=shown.first):
        yield ("  > ", "mark") if number in shown.marked else ("    ", "")
        yield f"{number:>{width}} | ", "gutter"
        yield f"{printable(line, lines=True, inside=True)}\n", ""
    if shown.hidden:
        yield f"    {'':{width}} | ... {plural(shown.hidden, 'more line')}\n", "gutter"


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
    for number, region in enumerate(fixed_lines(lines, edits, statement)):
        if number:
            yield "    ...\n", "gutter"
        yield from _region(region)


def _region(region: Sequence[Line]) -> Iterator[Segment]:
    for line in region[:CORRECTED]:
        style = "" if line.mark == " " else line.mark
        yield f"  {line.mark} | ", style or "gutter"
        yield f"{printable(line.text, lines=True, inside=True)}\n", style
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


def _summary(report: Report) -> Iterator[Segment]:
    for sentence in closing(report):
        yield from ((printable(text), style) for text, style in sentence)
        yield "\n", ""
