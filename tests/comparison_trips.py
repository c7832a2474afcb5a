"""The tools that run migrations up and down on a real PostgreSQL, on one defect of the way back at a time."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import comparison_cases
import peers
from comparison_cases import ONE_WAY, SHOP, Case

from migration_guard.roundtripping.servers import binaries, postgresql
from migration_guard.roundtripping.servers.access import url

ALEMBIC_CONFTEST = """
import os
import pytest
import sqlalchemy


@pytest.fixture
def alembic_config():
    return {"file": "alembic.ini"}


@pytest.fixture
def alembic_engine():
    return sqlalchemy.create_engine(os.environ["DATABASE"], poolclass=sqlalchemy.NullPool)
"""
ALEMBIC_INI = "[pytest]\npytest_alembic_exclude = model_definitions_match_ddl\n"
MRT_CONFTEST = """
import os
from pytest_mrt import MRTConfig


def pytest_configure(config):
    skipped = {"dc13": "It says that it cannot go back."}
    config._mrt_config = MRTConfig(alembic_ini="alembic.ini", db_url=os.environ["DATABASE"], skip=skipped)
"""
GAUNTLET_TEST = """
import os
import pytest
from alembic_gauntlet import MigrationTestBase
from sqlalchemy import MetaData


class TestMigrations(MigrationTestBase):
    @pytest.fixture
    def orm_metadata(self):
        return MetaData()

    @pytest.fixture(scope="session")
    def migration_db_url(self):
        return os.environ["DATABASE"]
"""


@dataclass(frozen=True, eq=False)
class Traveller:
    """
    A tool that runs migrations. `files` go into the project; `command` is what is run there, a program of the tool's
    environment first. `driver` is that of the database's URL, in the environment as DATABASE. `reading` is a test that
    only reads the files.
    """

    name: str
    packages: tuple[str, ...]
    how: str
    files: dict[str, str]
    command: tuple[str, ...]
    driver: str = "psycopg2"
    reading: str = ""


PYTEST = ("pytest", "-q", "-rfE", "--tb=no", "-p", "no:cacheprovider")
TRAVELLERS = (
    Traveller("migration-guard", (), "`roundtrip`", {}, ()),
    Traveller(
        "pytest-alembic",
        ("pytest-alembic==0.13.1", "pytest<9", *peers.ALEMBIC),
        "`pytest --test-alembic`",
        {"tests/conftest.py": ALEMBIC_CONFTEST, "pytest.ini": ALEMBIC_INI},
        (*PYTEST, "--test-alembic"),
    ),
    Traveller(
        "pytest-alembic-experimental",
        ("pytest-alembic==0.13.1", "pytest<9", *peers.ALEMBIC),
        "the same, and `downgrade_leaves_no_trace`",
        {
            "tests/conftest.py": ALEMBIC_CONFTEST,
            "pytest.ini": f"{ALEMBIC_INI}pytest_alembic_include_experimental = downgrade_leaves_no_trace\n",
        },
        (*PYTEST, "--test-alembic"),
    ),
    Traveller(
        "pytest-mrt",
        ("pytest-mrt==1.9.1", *peers.ALEMBIC),
        "`pytest` with its six tests",
        {"conftest.py": MRT_CONFTEST},
        PYTEST,
        reading="test_mrt_static_no_errors",
    ),
    Traveller(
        "alembic-gauntlet",
        ("alembic-gauntlet[asyncio]==0.3.1", *peers.ALEMBIC, "psycopg[binary]"),
        "its tests that need no models",
        {"test_migrations.py": GAUNTLET_TEST, "pytest.ini": "[pytest]\nasyncio_mode = auto\n"},
        (*PYTEST, "-k", "stairway or downgrade_all_the_way or single_head"),
        "psycopg",
    ),
)


def compared(travellers: Sequence[Traveller], folder: Path, *, details: bool) -> Iterator[str]:
    """The table, and with `details` what each said of each case."""
    installation = binaries.preferred(binaries.postgresql(), "postgresql", None)[0]
    with postgresql.private(installation) as server:
        said = {one: _said(one, folder, server) for one in travellers}
        yield f"On {server.description.partition(',')[0]}:"
    yield from ("", "| tool | how it was run | defects (20) | by running | said of the shop |", "|---|---|--:|--:|---|")
    for one, words in said.items():
        defects = [word for case, word in words.items() if case.kind == ONE_WAY]
        shop = next(word for case, word in words.items() if case.body == SHOP)
        run = sum(word not in ("", one.reading) for word in defects)
        yield f"| {one.name} | {one.how} | {sum(map(bool, defects))} | {run} | {shop or 'nothing'} |"
    yield from ("", "| tool | version |", "|---|---|")
    yield from (f"| {one.name} | {one.packages[0].partition('==')[2] if one.packages else '-'} |" for one in said)
    yield ""
    if details:
        yield from (f"{one.name} | {case.name} | {word or '-'}" for one in said for case, word in said[one].items())


def _said(traveller: Traveller, folder: Path, server: postgresql.PostgreSQLServer) -> dict[Case, str]:
    """Of each case, without the first. Raises RuntimeError where fault is found with that, which has no defect."""
    print(f"{traveller.name} ...", file=sys.stderr)
    program = peers.installed(traveller.name, traveller.packages, folder / "environments")
    control, *cases = comparison_cases.trips(folder / "trips" / traveller.name)
    if words := _words(traveller, control, program, server):
        raise RuntimeError(f"{traveller.name} is not set up rightly: it says {words} of a project without a defect.")
    return {case: _words(traveller, case, program, server) for case in cases}


def _words(
    traveller: Traveller, case: Case, program: Callable[[str], Path], server: postgresql.PostgreSQLServer
) -> str:
    """What it finds fault with: tests that failed, or codes; nothing where it is content."""
    for name, text in traveller.files.items():
        place = case.project / name
        place.parent.mkdir(exist_ok=True)
        place.write_text(text)
    if not traveller.command:
        return _ours(case, server)
    database = server.create()
    try:
        # Without escapes: pytest-mrt hands the URL to a ConfigParser, to which % is a sign of its own.
        address = unquote(url(database, traveller.driver).render_as_string())
        environment = os.environ | {"DATABASE": address}
        command: list[str | Path] = [program(traveller.command[0]), *traveller.command[1:]]
        done = subprocess.run(command, cwd=case.project, env=environment, capture_output=True, text=True, check=False)
    finally:
        server.drop(database)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{traveller.name} on {case.name}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    failed = re.findall(r"^(?:FAILED|ERROR) \S*::(\w+)", done.stdout, re.MULTILINE)
    return ", ".join(dict.fromkeys(failed)) or ("failed" if done.returncode else "")


def _ours(case: Case, server: postgresql.PostgreSQLServer) -> str:
    """The same for ourselves: the codes of the findings."""
    place = server.maintenance
    options = ("roundtrip", "--exit-zero", "--output-format", "json")
    address = f"postgresql://{place.user}@/{place.database}?host={place.socket}"
    command = [sys.executable, "-c", peers.OURSELVES, *options, "--database-url", address, str(case.project)]
    done = subprocess.run(command, cwd=case.project, capture_output=True, text=True, check=True)
    read = json.loads(done.stdout)
    return ", ".join(sorted({one["code"] for one in read["findings"]}))
