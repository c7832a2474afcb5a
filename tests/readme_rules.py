"""The README's table of rules, made from the rules: `python tests/readme_rules.py` writes it."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path

from migration_guard.rules import TITLES, group_of, load

README = Path(__file__).parent.parent / "README.md"
COMMAND = "python tests/readme_rules.py"
BEGIN, END = f"<!-- rules: written by `{COMMAND}` -->", "<!-- end of rules -->"
BLOCK = re.compile(f"(?<={re.escape(BEGIN)}\n).*?(?={re.escape(END)})", re.DOTALL)


def table() -> str:
    """A row for each group of rules, with the code and the name of each."""
    rows = ["| | rules |", "|---|---|"]
    for group, rules in groupby(load().values(), lambda rule: group_of(rule.code)):
        names = [f"{rule.code} {rule.slug()}" for rule in rules]
        assert group in TITLES, f"{names[0]} is in no group with a title: GROUPS and TITLES of rules/__init__.py."
        rows.append(f"| {TITLES[group]} | {', '.join(names)} |")
    return "\n" + "\n".join(rows) + "\n\n"


def main() -> None:
    """Write the table between its marks."""
    page = README.read_text(encoding="utf-8")
    README.write_text(BLOCK.sub(lambda _: table(), page), encoding="utf-8", newline="")


if __name__ == "__main__":
    main()
