"""Cuts Markdown to what GitHub takes."""

from __future__ import annotations

import re

# GitHub refuses a comment with more characters, and a step's summary with more than 1 MiB. No character has more than
# four bytes. https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
COMMENT = 65_536
SUMMARY = 1024 * 1024 // 4
FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")


def shortened(text: str, limit: int, rest: str) -> str:
    """
    The text, cut at the end of a line where it has more characters than `limit`.

    Where it was cut, code and details are closed and the sentence `rest` says where to find the others.
    """
    if len(text) <= limit:
        return text
    # Each block that is open needs a line to be closed; more than a hundred characters of those are not opened.
    room = limit - len(rest) - 104
    while True:
        kept = text[: max(room, 0)].rpartition("\n")[0]
        cut = f"{kept}\n{closing(kept)}\n{rest}\n"
        if len(cut) <= limit or not kept:
            return cut
        room -= len(cut) - limit


def closing(text: str) -> str:
    """The lines that close what the text leaves open."""
    fence, details = "", 0
    for line in text.splitlines():
        mark = FENCE.match(line)
        if fence:
            fence = "" if mark and mark[1].startswith(fence) and not line.strip().strip(fence[0]) else fence
        elif mark:
            fence = mark[1]
        else:
            details += line.count("<details") - line.count("</details>")
    return "\n".join(filter(None, (fence, "\n" + "</details>" * details if details > 0 else "")))
