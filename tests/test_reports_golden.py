"""Two reports with all that can be in one, in every format, as they were last approved by a person."""

from __future__ import annotations

import pytest
from golden import APPROVED, REPORTS, approved, written

from migration_guard.config import FORMATS


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", REPORTS)
def test_a_report_reads_as_it_was_approved(name: str, format: str) -> None:
    file = approved(name, format)
    assert file.is_file(), f"Nobody has approved {file.name} yet: python tests/golden.py, and read it as a user would."
    read = file.read_bytes().decode("utf-8")
    assert written(name, format) == read, "If that is better: python tests/golden.py, and read the difference."


def test_nothing_else_is_approved() -> None:
    assert set(APPROVED.iterdir()) == {approved(name, format) for name in REPORTS for format in FORMATS}
