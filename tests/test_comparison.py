"""What the page on other tools says of ourselves is what comes out, and of them, that they are those that are run."""

from __future__ import annotations

import re
from pathlib import Path

import comparison
import comparison_cases
import comparison_trips
import peers

PAGE = (Path(__file__).parent.parent / "docs" / "comparison.md").read_text(encoding="utf-8")


def cells(line: str) -> list[str]:
    """Those of a row of a table: the columns on what others document, which no rule of ours changes."""
    parts = [one.strip() for one in line.split("|")]
    return [parts[3], parts[7]]


def test_of_what_others_document_we_find_what_the_page_says(tmp_path: Path) -> None:
    every = comparison_cases.all_cases(tmp_path / "cases")
    cases = [one for one in every if one.body == comparison_cases.DOCUMENTED]
    heads, _, ours, *_ = comparison.table([comparison.judged(peers.PEERS[0], cases, tmp_path)], cases)
    shown = [line for line in PAGE.splitlines() if line.startswith(("| tool | hazards", "| migration-guard |"))]
    assert [cells(line) for line in shown] == [cells(heads), cells(ours)]


def test_the_versions_are_those_that_are_run() -> None:
    for name, version in re.findall(r"^\| ([a-z-]+) (\d[\d.]+)", PAGE, re.MULTILINE):
        packages = [one.packages[0] for one in (*peers.PEERS, *comparison_trips.TRAVELLERS) if one.name == name]
        assert packages
        assert all(package.endswith(f"=={version}") for package in packages)
