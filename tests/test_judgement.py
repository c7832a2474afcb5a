"""What of all that rules find is reported: each thing once, and nothing that a comment speaks for."""

from __future__ import annotations

from pathlib import Path

from migration_guard.api import lint
from migration_guard.rule_examples import ENV

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
        (12, "TRUNCATE destroys every row of emails."),
        (12, "TRUNCATE destroys every row of items."),
    ]


def test_what_a_comment_ignores_at_one_call_is_reported_for_the_other(tmp_path: Path) -> None:
    ignored = MIGRATION.replace(
        'clear_one("items")\n    clear_one("items")',
        'clear_one("items")  # migration-guard: ignore[MG103] it is new\n    clear_one("items")',
    )
    assert (12, "TRUNCATE destroys every row of items.") in found(tmp_path, ignored)


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
