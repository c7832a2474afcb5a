"""
Text as Markdown that says what it says and does nothing: no markup, no HTML, no links, nobody mentioned.

What GitHub makes of text: https://github.github.com/gfm/. Mentions, references to issues, addresses and emoji are
looked for in the finished page, where no backslash helps: an invisible space parts them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from textwrap import dedent

from migration_guard.model.printable import printable

APART = "&#8203;"  # a space without width
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_PARTED = r"(?:@|#(?=\d)|GH-(?=\d)|://|www(?=\.)|:(?=[\w+-]+:))"
_HTML = re.compile(rf"[&<>]|{_PARTED}", re.IGNORECASE)
# An underscore inside a word is one; anywhere else it may begin an emphasis.
_MARKDOWN = re.compile(rf"[&<>]|{_PARTED}|[\\`*\[\]|~$]|(?<![^\W_])_|_(?![^\W_])", re.IGNORECASE)
_OPENING = re.compile(r"^(?:(\d{1,9})(?=[.)])|(?=[#+=-]))")
_PLAIN = re.compile(r"[\w./-]+")
_STEP = re.compile(r"\d{1,2}\. ")
_INDENT = "   "  # what stands in a numbered step is as far in as its text
_WIDEST = 500  # characters of a line of code


def in_html(text: str) -> str:
    """One line of text for the inside of an HTML element."""
    return _HTML.sub(_harmless, printable(text))


def inline(text: str) -> str:
    """One line of text for a paragraph or the cell of a table."""
    escaped = _MARKDOWN.sub(_harmless, printable(text).strip())
    return _OPENING.sub(lambda match: f"{match[1] or ''}\\", escaped)


def code(text: str) -> str:
    """One line of text in the font of code, for the cell of a table too."""
    if _PLAIN.fullmatch(text):
        return f"`{text}`"
    return f"<code>{inline(text)}</code>" if text else ""


def fenced(language: str, lines: Iterable[str], *, indent: str = "") -> str:
    """A block of code, in a fence that nothing in it can close."""
    shown = [_narrow(printable(line.replace("\n", "\\n"), lines=True)) for line in lines]
    longest = max((len(run) for line in shown for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join(f"{indent}{line}".rstrip() for line in (f"{fence}{language}", *shown, fence))


def advice(text: str) -> str:
    """The help of a finding: its paragraphs, its numbered steps, and its indented lines as blocks of code."""
    written, before, indent = "", "", ""
    for kind, lines in _blocks(text):
        if kind == "code":
            block = fenced("", dedent("\n".join(lines)).split("\n"), indent=indent)
        elif kind == "step":
            number, _, rest = " ".join(lines).partition(" ")
            block, indent = f"{number} {inline(rest)}", _INDENT
        else:
            block, indent = inline(" ".join(lines)), ""
        written += ("\n" if kind == before == "step" else "\n\n" if written else "") + block
        before = kind
    return written


def _blocks(text: str) -> Iterator[tuple[str, Sequence[str]]]:
    """The lines in groups: each step, each paragraph, and the indented ones with the empty ones among them."""
    kind, group = "", list[str]()
    for line in text.split("\n"):
        if not line.strip():
            if kind == "code":
                group.append("")
            elif group:
                yield kind, group
                kind, group = "", []
            continue
        now = "code" if line.startswith("  ") else "step" if _STEP.match(line) else "text"
        if kind == "step" and now == "text":
            now = "step"
        elif group and (now != kind or now == "step"):
            yield kind, _trimmed(group)
            group = []
        kind = now
        group.append(line)
    if group:
        yield kind, _trimmed(group)


def _trimmed(group: list[str]) -> list[str]:
    while group and not group[-1]:
        group.pop()
    return group


def _harmless(match: re.Match[str]) -> str:
    found = match[0]
    if found in _ENTITIES:
        return _ENTITIES[found]
    if found == "://":
        return f":{APART}//"
    return f"{found}{APART}" if found in "@#:" or len(found) > 1 else f"\\{found}"


def _narrow(line: str) -> str:
    return line if len(line) <= _WIDEST else f"{line[:_WIDEST]} ..."
