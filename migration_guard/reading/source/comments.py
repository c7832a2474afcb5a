"""
The comments people write to migration-guard: `# migration-guard: ignore[MG401] reason`, the same behind `--` inside
SQL, `# migration-guard: irreversible <reason>`, and `# migration-guard: phase expand` (or migrate, or contract).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from migration_guard.model.migration import IgnoreComment, Irreversible, Phase
from migration_guard.reading.source.source import Source, UnreadableSource

MOST_COMMENTS = 1_000
MOST_CODES = 1_000
_MARK = "migration-guard"
_WORDS = re.compile(r"(?:#|--)\s*migration-guard:\s*(?P<word>[\w-]*)\s*(?P<rest>.*?)\s*(?:\*/)?$")
_IGNORE = re.compile(r"\[(?P<codes>[^\]]*)\]\s*(?P<reason>.*)$")
_PHASES = [phase.value for phase in Phase]
_IN_SQL = re.compile(r"--\s*migration-guard:[^\n\"']*")


def read_comments(source: Source, top: int) -> tuple[tuple[IgnoreComment, ...], Irreversible | None, Phase | None]:
    """
    All that is said to us in a file.

    `top` is the line of the first statement behind the docstring. Raises UnreadableSource where that is too much.
    """
    if _MARK not in source.text:
        return (), None, None
    if source.text.count(_MARK) > MOST_COMMENTS:
        raise UnreadableSource(f"It has more than {MOST_COMMENTS:,} comments to migration-guard. Divide it.")
    ignores: list[IgnoreComment] = []
    irreversible: Irreversible | None = None
    phase: Phase | None = None
    named = 0
    for text, start, end in sorted(_found(source), key=lambda found: found[1]):
        match = _WORDS.search(text)
        if match is None:
            continue
        span = source.lines.span(start + match.start(), end)
        if match["word"] == "irreversible":
            irreversible = irreversible or Irreversible(match["rest"], span)
            continue
        if match["word"] == "phase" and match["rest"].lower() in _PHASES:
            phase = phase or Phase(match["rest"].lower())
            continue
        inner = _IGNORE.match(match["rest"]) if match["word"] == "ignore" else None
        codes = tuple(filter(None, (code.strip() for code in inner["codes"].split(",")))) if inner else ()
        named += len(codes)
        if named > MOST_CODES:
            raise UnreadableSource(f"Its comments ignore more than {MOST_CODES:,} codes. Write ignore[ALL].", span.line)
        reason = inner["reason"].lstrip("-:— ").strip() if inner else ""
        ignores.append(IgnoreComment(codes, reason, span, _is_alone(source, start), span.line < top))
    return tuple(ignores), irreversible, phase


def _found(source: Source) -> Iterator[tuple[str, int, int]]:
    seen = []
    for text, start, end in source.comments():
        if _MARK in text:
            seen.append((start, end))
            yield text, start, end
    for match in _IN_SQL.finditer(source.text):
        if not any(start <= match.start() < end for start, end in seen):
            yield match[0].rstrip(), match.start(), match.start() + len(match[0].rstrip())


def _is_alone(source: Source, offset: int) -> bool:
    line, _ = source.lines.position(offset)
    return not source.text[source.lines.starts[line - 1] : offset].strip()
