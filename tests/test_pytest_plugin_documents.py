"""docs/pytest.md and docs/pytest-alembic.md: every block in them is run, on the project that they speak of."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
import sqlalchemy.dialects.postgresql  # noqa: F401
from projects import write
from servers import NEWEST, address, private

import migration_guard.pytest_plugin.workbench
import migration_guard.reading.migration  # noqa: F401
from migration_guard.pytest_plugin import MigrationGuard, ThrowawayDatabase
from migration_guard.pytest_plugin.options import KINDS, Asked

pytest_plugins = ["pytester"]

DOCS = Path(__file__).parent.parent / "docs"
PLUGIN = (DOCS / "pytest.md").read_text(encoding="utf-8")
ALEMBIC = (DOCS / "pytest-alembic.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
USERS = """\
import sqlalchemy as sa
from alembic import op

revision = "8f2b1c"
down_revision = None


def upgrade():
    op.create_table(
        "users", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(40), nullable=False)
    )


def downgrade():
    op.drop_table("users")
"""
ADDRESSES = """\
# migration-guard: ignore[MG401,MG601] there are few users
import sqlalchemy as sa
from alembic import op

revision = "a1b2c3"
down_revision = "8f2b1c"


def upgrade():
    op.add_column("users", sa.Column("email", sa.String(80)))
    op.execute("UPDATE users SET email = lower(name) || '@example.com'")
    op.create_index("ix_users_email", "users", ["email"], unique=True)


def downgrade():
    op.drop_index("ix_users_email", "users")
    op.drop_column("users", "email")
"""
FORGETS = """\
# migration-guard: ignore[MG401,MG601] there are few users
import sqlalchemy as sa
from alembic import op

revision = "a1b2c3"
down_revision = "8f2b1c"


def upgrade():
    op.add_column("users", sa.Column("email", sa.String(80)))
    op.execute("UPDATE users SET email = lower(name) || '@example.com'")
    op.create_index("ix_users_name", "users", ["name"])


def downgrade():
    op.drop_column("users", "email")
"""
MODELS = """\
import sqlalchemy as sa

metadata = sa.MetaData()
users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(40), nullable=False{on_name}),
    sa.Column("email", sa.String(80){on_email}),
)
"""


def blocks(document: str, language: str) -> list[str]:
    return [text for name, text in BLOCK.findall(document) if name == language]


def project(folder: Path, second: str, **indexes: str) -> None:
    """The project of users and their addresses, with the env.py of the document."""
    (environment,) = [one for one in blocks(ALEMBIC, "python") if one.startswith("# migrations/env.py")]
    write(folder, {}, url="postgresql+psycopg://localhost/users", environment=environment)
    (folder / "migrations" / "versions" / "8f2b1c_users.py").write_text(USERS)
    (folder / "migrations" / "versions" / "a1b2c3_addresses.py").write_text(second)
    (folder / "models.py").write_text(MODELS.format(**{"on_name": "", "on_email": "", **indexes}))


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with private(NEWEST) as server:
        yield address(server)


@pytest.fixture
def users(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, server: str) -> pytest.Pytester:
    monkeypatch.setenv(
        "PYTEST_ADDOPTS", "-p no:hypothesispytest -p no:pytest_alembic -o asyncio_default_fixture_loop_scope=function"
    )
    monkeypatch.setenv("MIGRATION_GUARD_DATABASE_URL", server)
    project(pytester.path, ADDRESSES, on_email=", unique=False, index=False")
    (pytester.path / "models.py").write_text(
        MODELS.format(on_name="", on_email="") + 'sa.Index("ix_users_email", users.c.email, unique=True)\n'
    )
    return pytester


def said(result: pytest.RunResult) -> list[str]:
    """Each item and what became of it, without what is printed around them."""
    told = (re.match(r"(\S+::\S+)(?: <- \S+)? (PASSED|FAILED|SKIPPED)", line) for line in result.outlines)
    return [f"{found[1]} {found[2]}" for found in told if found]


def test_the_items_are_those_that_the_page_shows(users: pytest.Pytester) -> None:
    result = users.runpytest(*shlex.split(blocks(PLUGIN, "sh")[0])[1:], "-v")
    assert said(result) == blocks(PLUGIN, "text")[0].splitlines()


@pytest.mark.parametrize(
    ("command", "count"), [*zip(blocks(PLUGIN, "sh")[1].splitlines(), [1, 1, 7, 3, 1], strict=True)], ids=str
)
def test_items_are_chosen_as_the_page_says(users: pytest.Pytester, command: str, count: int) -> None:
    program, *arguments = shlex.split(command)
    assert program == "pytest"
    if "-n" in arguments:  # Elsewhere it is shown that they find what one finds: here, that they know of names.
        arguments.append("migration-guard::lint[history]")
    run = users.runpytest_subprocess if "-n" in arguments else users.runpytest
    run(*arguments).assert_outcomes(passed=count)


def test_the_configuration_of_the_page_is_understood(users: pytest.Pytester) -> None:
    (users.path / "pyproject.toml").write_text(blocks(PLUGIN, "toml")[0])
    users.runpytest("--strict-config").assert_outcomes(passed=6)


def test_the_tests_of_the_page_pass(users: pytest.Pytester) -> None:
    for text in blocks(PLUGIN, "python"):
        users.makepyfile(**{text.split()[1].removesuffix(".py"): text})
    users.runpytest("--strict-markers").assert_outcomes(passed=5)


def test_the_page_names_every_option_and_every_method(pytester: pytest.Pytester) -> None:
    options = {field.name for field in fields(Asked)} - {"cwd", "base", "enabled"}
    assert all(f"`--migration-guard-{name.replace('_', '-')}`" in PLUGIN for name in options)
    assert all(f"`{kind}`" in PLUGIN for kind in KINDS)
    documented = set(re.findall(r"`(?:throwaway_database\.)?(\w+)(?:\(.*?\))?`", PLUGIN))
    public = {name for one in (MigrationGuard, ThrowawayDatabase) for name in vars(one) if not name.startswith("_")}
    assert public - documented <= {"close", "dialect", "url", "url_for", "database"}
    assert set(re.findall(r"migration_guard\.(\w+)", ALEMBIC)) <= public


def test_one_project_runs_under_both(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest -p no:asyncio")
    project(pytester.path, FORGETS, on_name=", index=True")
    for text in blocks(ALEMBIC, "python"):
        (pytester.path / text.split()[1]).write_text(text)
    (command,) = blocks(ALEMBIC, "sh")
    result = pytester.runpytest_subprocess(*shlex.split(command)[1:])
    outcomes, finding = blocks(ALEMBIC, "text")
    assert said(result) == outcomes.splitlines()
    assert finding in result.stdout.str() + "\n"
    # The fixtures of pytest-alembic that the page names are there.
    listed = pytester.runpytest_subprocess("--fixtures", "-q").stdout.str()
    assert {"alembic_engine", "alembic_config", "alembic_runner"} <= set(re.findall(r"^\w+", listed, re.MULTILINE))


def test_the_methods_of_pytest_alembic_that_the_page_names_exist() -> None:
    from pytest_alembic import tests
    from pytest_alembic.config import Config
    from pytest_alembic.runner import MigrationContext
    from pytest_alembic.tests import experimental

    named = set(re.findall(r"alembic_runner\.(\w+)", ALEMBIC))
    assert named
    assert all(hasattr(MigrationContext, name) for name in named)
    names = set(re.findall(r"^\| `(test_\w+)`", ALEMBIC, re.MULTILINE))
    assert {name for name in names if hasattr(tests, name) or hasattr(experimental, name)} == names
    assert {name for name in dir(tests) if name.startswith("test_")} <= names
    known = {field.name for field in fields(Config)}
    assert {"before_revision_data", "at_revision_data", "skip_revisions", "minimum_downgrade_revision"} <= known
