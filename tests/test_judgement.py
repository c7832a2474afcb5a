"""What of all that rules find is reported: each thing once, and nothing that a comment speaks for."""

from __future__ import annotations

from pathlib import Path

from migration_guard.api import lint
from migration_guard.model.finding import Finding
from migration_guard.rule_examples import ENV

ITEMS_AND_EMAILS = "TRUNCATE destroys every row of items, and 1 more on this line: emails."
MIGRATION = """\
from alembic import op

revision = "a"
down_revision = None


def clear():
    op.execute("TRUNCATE orders")


def clear_one(table):
    op.execute(f"TRUNCATE {table}")


def upgrade():
    clear()
    clear()
    clear_one("items")
    clear_one("items")
    clear_one("emails")


def downgrade():
    raise NotImplementedError
"""


def found(folder: Path, text: str) -> list[tuple[int, str]]:
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True, exist_ok=True)
    (folder / ".git").mkdir(exist_ok=True)
    (folder / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/migrations\n")
    (folder / "migrations" / "env.py").write_text(ENV)
    (versions / "a.py").write_text(text)
    report = lint(folder, select="MG103")
    return [(finding.span.line, finding.message) for finding in report.findings if finding.span]


def test_what_a_helper_does_twice_is_reported_once(tmp_path: Path) -> None:
    assert found(tmp_path, MIGRATION) == [
        (8, "TRUNCATE destroys every row of orders."),
        (12, ITEMS_AND_EMAILS),
    ]


def test_what_a_comment_ignores_at_one_call_is_reported_for_the_other(tmp_path: Path) -> None:
    ignored = MIGRATION.replace(
        'clear_one("items")\n    clear_one("items")',
        'clear_one("items")  # migration-guard: ignore[MG103] it is new\n    clear_one("items")',
    )
    assert (12, ITEMS_AND_EMAILS) in found(tmp_path, ignored)


def test_what_a_helper_in_another_file_hides_is_named(tmp_path: Path) -> None:
    (tmp_path / "versions").mkdir()
    (tmp_path / "env.py").write_text(ENV)
    (tmp_path / "helpers.py").write_text(
        "from alembic import op\n\ndef clear_all():\n    for name in open('x'):\n        op.drop_table(name)\n"
    )
    (tmp_path / "versions" / "a.py").write_text(
        "from helpers import clear_all\n\nrevision = 'a'\ndown_revision = None\n\ndef upgrade():\n    clear_all()\n"
    )
    found = [one for one in lint(tmp_path).findings if one.code == "MG002"]
    assert [one.message.partition(". ")[2] for one in found] == ["It stands in clear_all() of helpers.py."]
    assert found[0].span is not None
    assert found[0].span.line == 7


LOOPED = """\
from alembic import op

revision = "a"
down_revision = None


def upgrade():
    for name in {names}:
        {statement}
"""


def looped(folder: Path, statement: str, names: object) -> list[Finding]:
    found(folder, LOOPED.format(statement=statement, names=names))
    return [one for one in lint(folder, select="MG103").findings if one.code == "MG103"]


def test_the_rounds_of_a_loop_are_one_finding_that_holds_all_of_their_objects(tmp_path: Path) -> None:
    (one,) = looped(tmp_path, 'op.execute(f"TRUNCATE {name}")', list("abcdef"))
    assert one.message == "TRUNCATE destroys every row of a, and 5 more on this line: b, c, d."
    assert one.objects == tuple("abcdef")


def test_a_table_more_in_the_loop_is_another_finding_for_a_baseline(tmp_path: Path) -> None:
    (before,) = looped(tmp_path / "before", 'op.execute(f"TRUNCATE {name}")', list("ab"))
    (after,) = looped(tmp_path / "after", 'op.execute(f"TRUNCATE {name}")', list("abc"))
    assert before.fingerprint != after.fingerprint


def test_what_one_statement_asks_for_several_times_is_not_folded(tmp_path: Path) -> None:
    both = 'op.execute("TRUNCATE first; TRUNCATE second")'
    assert len(looped(tmp_path / "once", both, ["x"])) == 2
    assert [one.objects for one in looped(tmp_path / "looped", both, ["x", "y"])] == [("first",), ("second",)]
    put_together = 'op.execute(f"TRUNCATE first_{name}; TRUNCATE second_{name}")'
    found = looped(tmp_path / "together", put_together, ["x", "y"])
    assert [one.objects for one in found] == [("first_x", "first_y"), ("second_x", "second_y")]


def test_an_ignored_loop_is_ignored_and_the_comment_is_used(tmp_path: Path) -> None:
    statement = 'op.execute(f"TRUNCATE {name}")  # migration-guard: ignore[MG103] they are new'
    assert looped(tmp_path, statement, list("ab")) == []
    assert [one.code for one in lint(tmp_path, select="MG103,MG017,MG018").findings] == []
