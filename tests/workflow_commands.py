"""What GitHub's runner takes for a command in the output of a step, read as it reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Characters that a comparison by culture passes over: https://www.unicode.org/reports/tr10/#Completely_Ignorable
_WITHOUT_WEIGHT = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff0-\ufff8\U000e0000-\U000e0fff]"
)


def commands(output: str) -> Iterator[str]:
    """
    Each line that the runner would act on, were there a command of its name.

    https://github.com/actions/runner/blob/v2.321.0/src/Runner.Common/ActionCommand.cs (TryParseV2, TryParse), on the
    lines that .NET's StreamReader.ReadLine finds.
    """
    for line in re.split(r"\r\n|\r|\n", output):
        read = _WITHOUT_WEIGHT.sub("", line).lstrip()
        if (read.startswith("::") and "::" in read[2:]) or "##[" in read:
            yield line
