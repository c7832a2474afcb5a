"""The reports that every format is tried on: one of a lint and one of a round trip, with all that can be in them."""

from __future__ import annotations

from pathlib import Path

from migration_guard.config import FORMATS
from migration_guard.model.finding import (
    Direction,
    Edit,
    Examined,
    Finding,
    Fix,
    Proof,
    Rename,
    Report,
    Severity,
    Span,
    Summary,
)
from migration_guard.report import render
from migration_guard.version import __version__

APPROVED = Path(__file__).parent / "approved"
ENDINGS = {
    "text": "text.txt",
    "concise": "concise.txt",
    "json": "json",
    "github": "github.txt",
    "sarif": "sarif",
    "junit": "junit.xml",
    "gitlab": "gitlab.json",
    "markdown": "md",
}

HOSTILE = (
    "\x1b[2J\u202e<script>alert(1)</script> <!-- --> ]]> &amp; @everyone #1 [a](https://a.example) www.example.org"
    " me@example.org `code` ``` **bold** _slanted_ | cell | $x$ :tada: ::error::no"
)
EMAIL = """\
from alembic import op

revision = "b2"
down_revision = "a1"


def upgrade():
    op.create_index("ix_users_email", "users", ["email"])


def downgrade():
    pass
"""
HOSTILE_SOURCE = 'x = """\n```\n</details>\n@everyone ::error::\x1b[2J\n"""\n'
INDEX = Span(8, 5, 8, 58)
FINDINGS = (
    Finding(
        code="MG401",
        slug="blocking-index-build",
        severity=Severity.ERROR,
        message="Creating index ix_users_email this way blocks writes to users until it is built.",
        help="Build it concurrently, outside the migration's transaction.",
        path="versions/b2_email.py",
        span=INDEX,
        statement=INDEX,
        revision="b2",
        direction=Direction.UPGRADE,
        objects=("ix_users_email", "users"),
        fix=Fix(
            True,
            (
                Edit(Span(8, 5, 8, 5), "with op.get_context().autocommit_block():\n        "),
                Edit(Span(8, 57, 8, 57), ", postgresql_concurrently=True"),
            ),
        ),
        fingerprint="aaaa",
    ),
    Finding(
        code="MG102",
        slug="drop-column",
        severity=Severity.ERROR,
        message=f"Dropping {HOSTILE} destroys its values.",
        help=f"1. Release the code that no longer maps {HOSTILE}.\n2. In a later release, drop it:\n"
        f"   # migration-guard: ignore[MG102] <reason> ``` {HOSTILE}",
        path="versions/größe of `it` |%.py",
        span=Span(1, 1, 5, 4),
        statement=Span(1, 1, 5, 4),
        revision="c3",
        direction=Direction.UPGRADE,
        objects=("users.name",),
        fix=Fix(False, (Edit(Span(3, 1, 3, 1), "# </details> ```` @everyone\n"),), f"only you know {HOSTILE}."),
        fingerprint="bbbb",
    ),
    Finding(
        code="MG102",
        slug="drop-column",
        severity=Severity.WARNING,
        message="Dropping users.nick destroys its values.",
        help="",
        path="versions/größe of `it` |%.py",
        span=Span(3, 1, 3, 12),
        revision="c3",
        direction=Direction.UPGRADE,
        fingerprint="bbbb",
    ),
    Finding(
        code="MG008",
        slug="bad-filename",
        severity=Severity.WARNING,
        message="The name of b2_email.py does not sort.",
        help="",
        path="versions/b2_email.py",
        revision="b2",
        fix=Fix(True, (Rename("20240102_0900_b2_email.py"),)),
        fingerprint="cccc",
    ),
    Finding(
        code="MG006",
        slug="multiple-heads",
        severity=Severity.ERROR,
        message="The history ends in 2 revisions: b2, c3.",
        help="Merge them: alembic merge -m <message> b2 c3",
        path="versions",
        fingerprint="dddd",
    ),
    Finding(
        code="MG002",
        slug="opaque-operation",
        severity=Severity.INFO,
        message="What op.execute(query) does cannot be read.",
        help="",
        path="versions/a1_users.py",
        span=Span(7, 5, 7, 22),
        revision="a1",
        direction=Direction.UPGRADE,
        fingerprint="eeee",
    ),
)
LINT = Report(
    FINDINGS,
    Summary(
        files=5,
        migrations=4,
        operations=9,
        opaque=1,
        uncompared=1,
        seconds=1.25,
        target=("postgresql 16", "postgresql 14"),
        assumed="sqlalchemy.url names postgresql; no version is configured",
        notes=("Read this.", HOSTILE),
        revisions=("a1", "b2", "c3", "d4"),
        examined=(
            Examined("a1", "versions/a1_users.py"),
            Examined("b2", "versions/b2_email.py"),
            Examined("c3", "versions/größe of `it` |%.py"),
            Examined("d4", "versions/d4_clean.py"),
        ),
        since="origin/main",
        default_branch="origin/main",
        baselined=12,
        folder="services/api",
    ),
    {"versions/b2_email.py": EMAIL, "versions/größe of `it` |%.py": HOSTILE_SOURCE},
)
ROUND_TRIP = Report(
    (
        Finding(
            code="MG752",
            slug="downgrade-failed",
            severity=Severity.ERROR,
            message="downgrade() fails, so a release with this revision cannot be taken back: no such index.",
            help='The statement was:\n\n  DROP INDEX "ix"\n  \n  -- ::group:: @everyone\n\nUndo what upgrade() does.',
            path="versions/b2_email.py",
            span=Span(12, 5, 12, 9),
            revision="b2",
            direction=Direction.DOWNGRADE,
            fingerprint="ffff",
        ),
        Finding(
            code="MG757",
            slug="models-differ",
            severity=Severity.WARNING,
            message="Column users.age is in the models, and not in the database.",
            help="Write a migration that adds it.",
            path="app/models.py",
            fingerprint="0000",
        ),
    ),
    Summary(
        files=6,
        migrations=6,
        seconds=3.5,
        target=("postgresql 16",),
        assumed="sqlalchemy.url names postgresql",
        notes=("Not in this run: the second database.",),
        proofs=(
            Proof(
                "PostgreSQL 16.2, a private server",
                revisions=5,
                proven=1,
                one_way=("c3",),
                not_reached=("f6",),
                whole_way=2,
                rows=40,
                unproven=("This server has no extension postgis, so d4 could not be tried.",),
                not_proven=("b2", "d4", "e5"),
            ),
        ),
        examined=(
            Examined("a1", "versions/a1_users.py"),
            Examined("b2", "versions/b2_email.py"),
            Examined("c3", "versions/c3_refunds.py"),
            Examined("d4", "versions/d4_places.py"),
            Examined("e5", "versions/e5_hidden_by_a_baseline.py"),
        ),
        older=1,
        baselined=1,
        default_branch="origin/main",
    ),
    {"versions/b2_email.py": EMAIL},
)
REPORTS = {"lint": LINT, "roundtrip": ROUND_TRIP}


def approved(name: str, format: str) -> Path:
    """The file that holds what a format makes of a report."""
    assert format in ENDINGS, f"ENDINGS in {__file__} lacks {format}: what its files are called behind the first dot."
    return APPROVED / f"{name}.{ENDINGS[format]}"


def written(name: str, format: str) -> str:
    """What a format makes of a report, the same in every release."""
    return render(REPORTS[name], format).replace(__version__, "VERSION")


def main() -> None:
    """Approve what is written now: `python tests/golden.py`, then read `git diff tests/approved` as a user would."""
    APPROVED.mkdir(exist_ok=True)
    for name in REPORTS:
        for format in FORMATS:
            approved(name, format).write_text(written(name, format), encoding="utf-8", newline="")


if __name__ == "__main__":
    main()
