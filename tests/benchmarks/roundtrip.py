"""
Prints how long the round trip of a generated history takes on PostgreSQL, part by part, beside plain Alembic and
pytest-alembic on the same server. Whole processes; each has a database of its own.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from histories import history

from migration_guard.roundtripping.servers.access import url
from migration_guard.roundtripping.servers.find import Server, ServerRequest, server

ENV = """\
import os

from alembic import context
from sqlalchemy import MetaData, create_engine, pool

engine = create_engine(os.environ["BENCHMARK_URL"], poolclass=pool.NullPool)
connection = context.config.attributes.get("connection")
if connection is None:
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=MetaData(), transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
else:
    with connection.connect() as connected:
        context.configure(connection=connected, target_metadata=MetaData(), transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
"""
CONFTEST = """\
import os

import pytest
from sqlalchemy import create_engine


@pytest.fixture
def alembic_config():
    return {"file": "alembic.ini"}


@pytest.fixture
def alembic_engine():
    return create_engine(os.environ["BENCHMARK_URL"])
"""
OURS = "from migration_guard.cli import main; import sys; main(['roundtrip', *sys.argv[1:]])"
# The catalogue is not looked at: what is left is the stepping alone.
BLIND = """\
from migration_guard.roundtripping import stage

class Blind:
    def take(self):
        return {}

stage.catalogue = lambda *arguments, **keywords: Blind()
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--revisions", type=int, default=200)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, server(ServerRequest(dialect="postgresql")) as found:
        folder = history(Path(place) / "project", options.revisions)
        (folder / "migrations" / "env.py").write_text(ENV)
        (folder / "conftest.py").write_text(CONFTEST)
        (folder / "test_migrations.py").write_text("from pytest_alembic.tests import *\n")
        print(f"{options.revisions} revisions on {found.description}, {options.runs} runs each\n{'':52}{'wall s':>8}")
        report(folder, found, options.runs)


def report(folder: Path, found: Server, runs: int) -> None:
    ours = [sys.executable, "-c", OURS, "--no-full-trip", "-q"]
    blind = [sys.executable, "-c", BLIND + OURS, "--no-full-trip", "-q", "--rows", "0"]
    plain = show(
        "alembic upgrade head", measure([sys.executable, "-m", "alembic", "upgrade", "head"], folder, found, runs)
    )
    show("up, down, up; nothing looked at", measure(blind, folder, found, runs), plain)
    show("up, down, up; catalogue", measure([*ours, "--rows", "0"], folder, found, runs), plain)
    show("up, down, up; catalogue and rows", measure(ours, folder, found, runs), plain)
    whole = [one for one in ours if one != "--no-full-trip"]
    show("the same, and all the way down and up", measure(whole, folder, found, runs), plain)
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_migrations.py"]
    show("pytest-alembic, its default tests", measure(pytest, folder, found, runs), plain)


def measure(command: list[str], folder: Path, found: Server, runs: int) -> float:
    """Median seconds of whole processes."""
    walls = []
    for _ in range(runs):
        destination = found.create()
        place = url(destination, "psycopg").render_as_string(hide_password=False)
        environment = {**os.environ, "BENCHMARK_URL": place, "MIGRATION_GUARD_DATABASE_URL": place}
        started = time.perf_counter()
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        walls.append(time.perf_counter() - started)
        if done.returncode not in (0, 1):
            sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
        found.drop(destination)
    return statistics.median(walls)


def show(words: str, wall: float, floor: float | None = None) -> float:
    print(f"{words:52}{wall:8.2f}{f'{wall / floor:8.2f} x upgrade head' if floor else ''}", flush=True)
    return wall


if __name__ == "__main__":
    main()
