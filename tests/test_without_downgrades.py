"""Histories of which no revision can be rolled back: that is said once, where it is no oversight of one revision."""

from __future__ import annotations

from pathlib import Path

import pytest
from projects import script, write

from migration_guard.engine import lint
from migration_guard.model.finding import Finding

UP = '\ndef upgrade():\n    op.add_column("orders", sa.Column("note_{number}", sa.Text()))\n'
MADE = '\ndef upgrade():\n    op.create_table("orders", sa.Column("id", sa.Integer, primary_key=True))\n'
MISSING, EMPTY = "", "\ndef downgrade():\n    pass\n"
RAISES = "\ndef downgrade():\n    raise NotImplementedError\n"
BACK = '\ndef downgrade():\n    op.drop_column("orders", "note_{number}")\n'


def history(folder: Path, *downs: str, top: str = "") -> list[Finding]:
    """What is said of the way back of a history with these functions, the last one with `top` above it."""
    scripts = {}
    for number, down in enumerate(downs):
        body = ((UP if number else MADE) + down).format(number=number)
        above = top if number == len(downs) - 1 else ""
        scripts[f"r{number:02}"] = above + script(f"r{number:02}", f"r{number - 1:02}" if number else None, body)
    write(folder, scripts)
    return [one for one in lint([folder], folder).findings if one.code.startswith("MG7")]


@pytest.mark.parametrize(
    ("down", "code"), [(MISSING, "MG701"), (EMPTY, "MG702"), (RAISES, "MG703")], ids=["missing", "empty", "raises"]
)
def test_ten_revisions_without_a_downgrade_are_one_finding_on_the_newest(tmp_path: Path, down: str, code: str) -> None:
    (one,) = history(tmp_path, *[down] * 10)
    assert (one.code, one.revision) == (code, "r09")
    assert one.message.endswith("None of the 10 revisions that are judged here has a downgrade.")


def test_nine_are_told_one_by_one(tmp_path: Path) -> None:
    found = history(tmp_path, *[EMPTY] * 9)
    assert [one.revision for one in found] == [f"r{number:02}" for number in range(9)]
    assert not any("None of the" in one.message for one in found)


def test_where_one_has_a_downgrade_the_others_lack_theirs(tmp_path: Path) -> None:
    found = history(tmp_path, *[EMPTY] * 5, BACK, *[MISSING] * 6)
    assert [one.code for one in found] == ["MG702"] * 5 + ["MG701"] * 6


def test_where_one_is_declared_irreversible_the_others_are_not(tmp_path: Path) -> None:
    found = history(tmp_path, *[MISSING] * 11, top="# migration-guard: irreversible the notes are gone\n")
    assert len(found) == 10


def test_all_kinds_count_together_and_the_newest_says_which_it_is(tmp_path: Path) -> None:
    (one,) = history(tmp_path, *[MISSING, EMPTY, RAISES] * 4)
    assert (one.code, "of the 12 revisions" in one.message) == ("MG703", True)
