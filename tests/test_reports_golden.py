"""Two reports with all that can be in one, in every format, as they were last approved by a person."""

from __future__ import annotations

from pathlib import Path

import pytest
from golden import APPROVED, REPORTS, approved, written

from migration_guard import report
from migration_guard.config import FORMATS
from migration_guard.model.printable import printable


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", REPORTS)
def test_a_report_reads_as_it_was_approved(name: str, format: str) -> None:
    file = approved(name, format)
    assert file.is_file(), f"Nobody has approved {file.name} yet: python tests/golden.py, and read it as a user would."
    read = file.read_bytes().decode("utf-8")
    assert written(name, format) == read, "If that is better: python tests/golden.py, and read the difference."


def test_nothing_else_is_approved() -> None:
    expected = {approved(name, format) for name in REPORTS for format in FORMATS}
    differing = sorted(file.name for file in set(APPROVED.iterdir()) ^ expected)
    assert not differing, (
        f"tests/approved and FORMATS differ in {differing}: python tests/golden.py, or remove the file."
    )


def test_every_module_that_renders_a_report_is_a_format() -> None:
    modules = {
        file.stem for file in Path(report.__file__).parent.glob("*.py") if "\ndef render(report" in file.read_text()
    }
    assert modules - {"__init__"} == set(FORMATS), "FORMATS in migration_guard/config/__init__.py lists the formats."


@pytest.mark.parametrize("format", FORMATS)
def test_what_a_migration_says_reaches_no_terminal_as_a_command(format: str) -> None:
    # Escape sequences, and characters that turn the direction of a line: see model/printable.py.
    text = written("lint", format)
    assert text == printable(text, lines=True, inside=True)
    assert text.encode("utf-8")
