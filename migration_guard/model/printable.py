"""
What others wrote, made visible: names, SQL, paths and messages that nothing acts on, wherever they are shown.

The escapes are those of a string in Python, so that a name in a line of code still says what it said.
"""

from __future__ import annotations

import re

# What could move the cursor, hide text or turn its direction round on a terminal: control characters, the marks of
# bidirectional text, the invisible ones, and what no terminal can print and no XML can hold: halves of surrogate pairs
# and noncharacters.
_UNSAFE = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u2064\u2066-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufff8\ufffe\uffff\U000e0000-\U000e0fff"
)
_ANYWHERE = re.compile(f"[{_UNSAFE}]")
_ON_ONE_LINE = re.compile(f"[{_UNSAFE}\n\t]")

# What GitHub's runner takes for a command in the output of a step: `::name ...::` at the beginning of a line, behind
# white space too, and `##[name]` anywhere in it. It compares as people do, so that a character without a width between
# the others counts for nothing: https://github.com/actions/runner/blob/v2.321.0/src/Runner.Common/ActionCommand.cs
_NOTHING = r"[\ufe00-\ufe0f]*"
_INDENT = r"^(?:[^\S\n]|[\ufe00-\ufe0f])*"
_OLD_COMMAND = re.compile(rf"#(?={_NOTHING}#{_NOTHING}\[)")
_BEGINNING = re.compile(rf"({_INDENT}):(?={_NOTHING}(?::|\Z))")
_COMMAND = re.compile(rf"({_INDENT}):(?={_NOTHING}:.*:{_NOTHING}:)", re.MULTILINE)


def printable(text: str, *, lines: bool = False, inside: bool = False) -> str:
    """
    The text with everything escaped that a terminal, or the runner of a workflow, would act on.

    `lines` lets line ends and tabs be: the text is made of whole lines, where a value has words of ours behind it.
    `inside` says that it stands behind something else on its line, so that no command can begin with it.
    """
    if text.isascii() and text.isprintable() and "##" not in text and not text.lstrip().startswith(":"):
        return text  # as most names are
    shown = _OLD_COMMAND.sub(r"\\x23", (_ANYWHERE if lines else _ON_ONE_LINE).sub(_escaped, text))
    return shown if inside else (_COMMAND if lines else _BEGINNING).sub(r"\1\\x3a", shown)


def _escaped(match: re.Match[str]) -> str:
    number = ord(match[0])
    if number > 0xFFFF:
        return f"\\U{number:08x}"
    return {9: "\\t", 10: "\\n", 13: "\\r"}.get(number, f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}")
