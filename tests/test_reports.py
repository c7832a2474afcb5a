"""The reporters, from plain reports: what a person reads, what a program reads, and what a terminal must not obey."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from work import grows_with

from migration_guard.model.finding import Direction, Edit, Finding, Fix, Rename, Report, Severity, Span, Summary
from migration_guard.model.printable import printable
from migration_guard.report import concise, github, render, text
from migration_guard.report.excerpt import excerpt

SOURCE = """\
def upgrade():
    op.create_index(
        "ix_users_email",
        "users",
        ["email"],
    )


def downgrade():
    op.drop_index("ix_users_email")
"""
STATEMENT = Span(2, 5, 6, 6)
INDEX = Finding(
    code="MG401",
    slug="blocking-index-build",
    severity=Severity.ERROR,
    message="Creating index ix_users_email blocks writes to users until it is built.",
    help="Build it concurrently, outside the migration's transaction.",
    path="versions/a.py",
    span=STATEMENT,
    statement=STATEMENT,
    revision="a1",
    direction=Direction.UPGRADE,
    objects=("ix_users_email", "users"),
    fix=Fix(False, (Edit(Span(5, 19, 5, 19), "\n        postgresql_concurrently=True,"),), "It commits."),
    fingerprint="f00",
)
NAME = Finding(
    code="MG008",
    slug="bad-filename",
    severity=Severity.WARNING,
    message="The name of a.py does not sort.",
    help="",
    path="versions/a.py",
    fix=Fix(True, (Rename("20240101_0001_a.py"),)),
)
SUMMARY = Summary(files=2, migrations=1, operations=3, opaque=1, seconds=0.5, target=("postgresql 14",), assumed="why")


def report(*findings: Finding, source: str = SOURCE, **summary: object) -> Report:
    return Report(findings, replace(SUMMARY, **summary), {"versions/a.py": source})  # type: ignore[arg-type]


def test_text_shows_the_place_the_hurt_the_lines_the_help_and_the_correction() -> None:
    assert text.render(report(INDEX)) == (
        """\
versions/a.py:2:5: error MG401 blocking-index-build
  Creating index ix_users_email blocks writes to users until it is built.

    2 |     op.create_index(
    3 |         "ix_users_email",
    4 |         "users",
    5 |         ["email"],
    6 |     )

  Build it concurrently, outside the migration's transaction.

  Corrected with --unsafe-fixes (It commits):

    |     op.create_index(
    |         "ix_users_email",
    |         "users",
    |         ["email"],
  + |         postgresql_concurrently=True,
    |     )

Found 1 error in 1 migration (2 files, 3 operations, 1 not understood), 0.50 s.
Judged for postgresql 14 (why).
Can be corrected: 1 with --unsafe-fixes.
"""
    )


def test_text_names_a_file_to_rename_without_showing_lines() -> None:
    assert text.render(report(NAME), summary=False) == (
        """\
versions/a.py: warning MG008 bad-filename
  The name of a.py does not sort.

  Corrected with --fix: rename the file to 20240101_0001_a.py

"""
    )


def test_text_marks_the_lines_in_question_inside_a_longer_statement() -> None:
    inside = replace(INDEX, span=Span(5, 9, 5, 18), fix=None)
    assert '  > 5 |         ["email"],\n    6 |     )\n' in text.render(report(inside))


def test_text_shows_the_beginning_of_a_long_statement() -> None:
    source = "op.create_table(\n" + "    sa.Column('c'),\n" * 30 + ")\n"
    span = Span(1, 1, 32, 2)
    written = text.render(report(replace(INDEX, span=span, statement=span, fix=None), source=source))
    assert "    8 |     sa.Column('c'),\n      | ... 24 more lines\n" in written


def test_text_shows_what_is_taken_away_where_nothing_takes_its_place() -> None:
    removed = Fix(True, (Edit(Span(10, 1, 11, 1), ""),))
    last = Span(10, 5, 10, 36)
    written = text.render(report(replace(INDEX, span=last, statement=last, fix=removed)))
    assert '  - |     op.drop_index("ix_users_email")\n' in written


def test_text_shows_places_far_apart_one_after_the_other() -> None:
    edits = (Edit(Span(1, 1, 1, 1), "import sqlalchemy as sa\n"), Edit(Span(10, 19, 10, 19), "None, "))
    written = text.render(report(replace(INDEX, fix=Fix(True, edits))))
    assert "  + | import sqlalchemy as sa\n    | def upgrade():\n    ...\n  + |     op.drop_index(None, " in written


def test_text_survives_a_finding_without_a_place_or_a_source() -> None:
    bare = replace(INDEX, span=None, statement=None, path="gone.py")
    assert text.render(report(bare)).startswith("gone.py: error MG401")
    beyond = replace(INDEX, span=Span(90, 1, 91, 1), statement=Span(90, 1, 91, 1), fix=None)
    assert "versions/a.py:90:1" in text.render(report(beyond))


def test_the_summary_of_a_clean_run_says_so() -> None:
    written = text.render(report(uncompared=2, notes=("Read this.",)))
    assert written.startswith("Nothing found in 1 migration (2 files")
    assert "Upgrade and downgrade not compared in 2 migrations" in written
    assert written.endswith("Note: Read this.\n")


def test_the_summary_counts_by_severity() -> None:
    info = replace(NAME, severity=Severity.INFO, fix=None)
    written = text.render(report(INDEX, INDEX, NAME, info))
    assert "Found 2 errors, 1 warning and 1 info in" in written
    assert "Can be corrected: 1 with --fix, 2 more with --unsafe-fixes." in written


def test_statistics_count_the_rules_instead_of_showing_the_findings() -> None:
    written = text.render(report(NAME, INDEX, INDEX), statistics=True, summary=False)
    assert written == "2  MG401  blocking-index-build\n1  MG008  bad-filename\n\n"


def test_colours_change_no_letter() -> None:
    colored = text.render(report(INDEX, NAME), color=True)
    assert colored != text.render(report(INDEX, NAME))
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == text.render(report(INDEX, NAME))


HOSTILE = "\x1b[2J\x07\u202e\u2028\x9b1m\udc80[bold]:warning:"


@pytest.mark.parametrize("color", [False, True])
def test_no_control_character_of_the_source_reaches_the_terminal(color: bool) -> None:
    edit = Edit(Span(1, 1, 1, 1), HOSTILE + "\r")
    hostile = replace(
        INDEX,
        message=HOSTILE + "\nfake.py:1:1: error",
        help=HOSTILE,
        path=HOSTILE,
        span=Span(1, 1, 1, 2),
        statement=None,
        fix=Fix(False, (edit, Rename(HOSTILE)), HOSTILE),
    )
    made = Report((hostile,), replace(SUMMARY, assumed=HOSTILE, notes=(HOSTILE,)), {HOSTILE: HOSTILE + "\n"})
    written = text.render(made, color=color) + concise.render(made) + github.render(made)
    if color:
        written = re.sub(r"\x1b\[[0-9;]*m", "", written)
    assert printable(written, lines=True, inside=True) == written
    assert "[bold]:warning:" in written
    assert "\nfake.py" not in written
    written.encode("utf-8")


def test_letters_of_any_script_are_left_alone() -> None:
    assert printable("über_größe таблица 表 🐘 a\\b") == "über_größe таблица 表 🐘 a\\b"


def test_concise_is_one_line_for_each_finding() -> None:
    assert concise.render(report(INDEX, NAME)) == (
        "versions/a.py:2:5: MG401 Creating index ix_users_email blocks writes to users until it is built.\n"
        "versions/a.py: MG008 The name of a.py does not sort.\n"
    )


def test_github_annotations_are_escaped() -> None:
    written = github.render(report(replace(INDEX, path="a,b:c%.py", message="100%\nof it", span=Span(2, 5, 2, 9))))
    assert written == (
        "::error file=a%2Cb%3Ac%25.py,line=2,endLine=2,col=5,endColumn=9,title=MG401 blocking-index-build"
        "::100%25%0Aof it%0A%0ABuild it concurrently, outside the migration's transaction.\n"
    )
    assert github.render(report(replace(NAME, severity=Severity.INFO))).startswith("::notice file=versions/a.py,title=")


def test_json_is_as_documented() -> None:
    document = json.loads(render(report(INDEX, NAME), "json"))
    assert document["version"] == 1
    assert document["target"] == ["postgresql 14"]
    summary = document["summary"]
    assert (summary["files"], summary["migrations"], summary["operations"], summary["opaque"]) == (2, 1, 3, 1)
    assert (summary["errors"], summary["warnings"], summary["infos"], summary["seconds"]) == (1, 1, 0, 0.5)
    first, second = document["findings"]
    assert first == {
        "code": "MG401",
        "slug": "blocking-index-build",
        "severity": "error",
        "message": INDEX.message,
        "help": INDEX.help,
        "path": "versions/a.py",
        "line": 2,
        "column": 5,
        "end_line": 6,
        "end_column": 6,
        "revision": "a1",
        "direction": "upgrade",
        "objects": ["ix_users_email", "users"],
        "fix": {
            "safe": False,
            "reason": "It commits.",
            "edits": [
                {
                    "line": 5,
                    "column": 19,
                    "end_line": 5,
                    "end_column": 19,
                    "text": "\n        postgresql_concurrently=True,",
                }
            ],
        },
        "fingerprint": "f00",
    }
    assert (second["line"], second["column"], second["direction"]) == (None, None, None)
    assert second["fix"]["edits"] == [{"rename": "20240101_0001_a.py"}]


def test_many_findings_in_a_long_file_take_no_more_work_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    def render(count: int) -> str:
        return text.render(report(*(INDEX for _ in range(count)), source=SOURCE + "# more\n" * 2000))

    assert grows_with(render, 500)
    read: list[str] = []
    monkeypatch.setattr(text, "split", lambda source: read.append(source) or source.split("\n"))
    render(2000)
    assert len(read) == 1


def test_a_line_that_is_a_whole_file_is_shown_in_part() -> None:
    line = "op.drop_table('t'); " * 1_000
    (shown,) = excerpt(Span(1, 1, 1, 10), Span(1, 1, 1, 10), [line]).lines

    assert shown == f"{line[:500]}..."
