"""The fence: whatever an env.py does, the databases that stand where its settings point see nothing of it."""

from __future__ import annotations

import itertools
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest
import sqlalchemy
from hostile import LED, REFUSED, RUN
from postgres import installations, throwaway
from projects import script, write

from migration_guard.model.finding import Direction
from migration_guard.model.trip import Cause
from migration_guard.roundtripping.servers import binaries, mysql
from migration_guard.roundtripping.servers.destination import Destination
from migration_guard.roundtripping.worker import client
from migration_guard.roundtripping.worker.client import Child, ChildError, Job

SETTINGS = """
from sqlalchemy import create_engine
engine = create_engine("postgresql+psycopg2://postgres@/postgres?host={decoy}")
"""
LAYERS = ("engines", "driver_calls", "driver_internals", "audit_hook")
PATIENCE = 30.0
# SQLAlchemy 1.4 does not know these.
NEWER = ("+psycopg:", "async_creator")
POSSIBLE = [
    name for name, text in LED.items() if sqlalchemy.__version__ >= "2" or not any(one in text for one in NEWER)
]


@dataclass(frozen=True)
class Decoy:
    """A server that must see nothing: it writes every connection to its log."""

    folder: Path

    def connections(self) -> int:
        return (self.folder / "log").read_text(errors="replace").count("connection received")


@pytest.fixture(scope="module")
def decoy() -> Iterator[Decoy]:
    with throwaway(installations()[0]) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("alter system set log_connections = 'on'")
            connection.execute("select pg_reload_conf()")
        words = dict(word.split("=") for word in dsn.split())
        decoy = Decoy(Path(words["host"]))
        # The setting holds for connections that come after the server has read it.
        while not decoy.connections():
            psycopg.connect(dsn).close()
        yield decoy


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with throwaway(installations()[0]) as dsn:
        yield dsn


numbers = itertools.count()


@pytest.fixture
def ours(server: str) -> Iterator[Destination]:
    """A database of our own on a server of our own."""
    name = f"ours_{next(numbers)}"
    words = dict(word.split("=") for word in server.split())
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    yield Destination(dialect="postgresql", database=name, socket=words["host"], user="postgres")
    # The server takes a moment to let a connection go; one that is left open would stay.
    end = time.monotonic() + PATIENCE
    with psycopg.connect(server, autocommit=True) as connection:
        while connection.execute("select 1 from pg_stat_activity where datname = %s", (name,)).fetchall():
            assert time.monotonic() < end, "A connection to the throwaway database was left open."


@dataclass(frozen=True)
class Bait:
    """A SQLite file that must not change."""

    file: Path
    content: bytes
    written: int

    def untouched(self) -> bool:
        beside = [one.name for one in self.file.parent.iterdir()]
        return (
            self.file.read_bytes() == self.content
            and self.file.stat().st_mtime_ns == self.written
            and beside == [self.file.name]
        )


@pytest.fixture(scope="module")
def bait(tmp_path_factory: pytest.TempPathFactory) -> Bait:
    folder = tmp_path_factory.mktemp("production")
    file = folder / "shop.db"
    connection = sqlite3.connect(file)
    connection.execute("create table orders (id integer)")
    connection.commit()
    connection.close()
    return Bait(file, file.read_bytes(), file.stat().st_mtime_ns)


def project(folder: Path, source: str, decoy: Decoy, bait: Bait) -> Job:
    """A project with this env.py, which is compiled whenever it is run."""
    environment = RUN + source.format(decoy=decoy.folder, file=bait.file)
    job = write(folder, {"a": script("a")}, environment=environment)
    (folder / "settings.py").write_text(SETTINGS.format(decoy=decoy.folder))
    return replace(job, environment=(("PYTHONDONTWRITEBYTECODE", "1"),))


@pytest.fixture(scope="module")
def child(tmp_path_factory: pytest.TempPathFactory, decoy: Decoy, bait: Bait) -> Iterator[Child]:
    """One process for all env.py: each is written to the same place before it is entered."""
    with Child(project(tmp_path_factory.mktemp("project"), "", decoy, bait), timeout=PATIENCE) as child:
        yield child


def put(child: Child, source: str, decoy: Decoy, bait: Bait) -> None:
    environment = RUN + source.format(decoy=decoy.folder, file=bait.file)
    (child.job.folder / "migrations" / "env.py").write_text(environment)


def tables(destination: Destination) -> set[str]:
    if destination.family == "sqlite":
        connection = sqlite3.connect(destination.database)
        rows = connection.execute("select name from sqlite_master where type = 'table'").fetchall()
        connection.close()
        return {name for (name,) in rows}
    with psycopg.connect(host=destination.socket, user="postgres", dbname=destination.database) as other:
        return {name for (name,) in other.execute("select tablename from pg_tables where schemaname = 'public'")}


@pytest.mark.parametrize("name", POSSIBLE)
def test_every_connection_is_led_to_the_throwaway_database(
    name: str, child: Child, decoy: Decoy, bait: Bait, ours: Destination, tmp_path: Path
) -> None:
    before = decoy.connections()
    if "SQLite" in name:
        ours = Destination(dialect="sqlite", database=str(tmp_path / "ours.db"))
    put(child, LED[name], decoy, bait)
    child.enter(ours)
    step = child.step(Direction.UPGRADE, "a")
    child.leave()
    assert step.failure is None
    assert {"t_a", "alembic_version"} <= tables(ours)
    assert decoy.connections() == before
    assert bait.untouched()


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_led_there_is_refused_with_a_sentence(
    name: str, child: Child, decoy: Decoy, bait: Bait, ours: Destination
) -> None:
    words, source = REFUSED[name]
    before = decoy.connections()
    put(child, source, decoy, bait)
    with pytest.raises(ChildError) as caught:
        child.enter(ours)
    assert caught.value.failure.cause is Cause.REFUSED
    assert words in caught.value.failure.message
    asked_for = next((one for one in ("mysql", "sqlite", "mssql") if words == f"connects to {one}"), None)
    if asked_for is not None:
        assert caught.value.asked_for == asked_for
    assert tables(ours) == set()
    assert decoy.connections() == before
    assert bait.untouched()


ATTACHING = {
    "a statement": "connection.exec_driver_sql(\"attach database '{file}' as shop\")",
    "a parameter": "connection.exec_driver_sql('attach database ? as shop', ('{file}',))",
    "a URL": "connection.exec_driver_sql(\"attach database 'file:{file}' as shop\")",
    "a copy": "connection.exec_driver_sql(\"vacuum into '{file}.copy'\")",
    "the driver": "sqlite3.connect('x').execute(\"attach database '{file}' as shop\")",
    "the class of the driver": "sqlite3.Connection('x').execute(\"attach database '{file}' as shop\")",
}


@pytest.mark.parametrize("way", ATTACHING)
def test_no_file_is_attached_to_a_sqlite_database(
    way: str, child: Child, decoy: Decoy, bait: Bait, tmp_path: Path
) -> None:
    source = (
        "import sqlite3\nfrom sqlalchemy import create_engine\nconnection = create_engine('sqlite://').connect()\n"
        "connection.exec_driver_sql(\"attach database ':memory:' as other\")\n"
        "connection.exec_driver_sql('detach database other')\n"
    )
    put(child, source + ATTACHING[way], decoy, bait)
    with pytest.raises(ChildError) as caught:
        child.enter(Destination(dialect="sqlite", database=str(tmp_path / "ours.db")))
    assert bait.untouched()
    told = caught.value.failure
    named = "a parameter names" if way == "a parameter" else str(bait.file)
    assert (told.cause, named in told.message) == (Cause.REFUSED, True), told


# What is tried in one env.py, everything after the other: some of it is refused when a layer is missing.
ATTEMPTS = """
import asyncio, os, sqlite3, subprocess
import asyncpg, pg8000.dbapi, psycopg, psycopg2, psycopg2.extensions
from sqlalchemy import create_engine

async def asynchronous():
    await (await asyncpg.connect(host="{decoy}", user="postgres", database="postgres")).close()

async def pooled():
    async with asyncpg.create_pool("postgresql://postgres@/postgres?host={decoy}", min_size=1, max_size=1) as pool:
        await pool.fetchval("select 1")

async def psycopg_asynchronous():
    await (await psycopg.AsyncConnection.connect("host={decoy} user=postgres dbname=postgres")).close()

words = "host={decoy} user=postgres dbname=postgres"
for attempt in (
    lambda: create_engine("postgresql+psycopg2://postgres@/postgres?host={decoy}").connect().close(),
    lambda: create_engine("postgresql+psycopg2://", creator=lambda: psycopg2.connect(words)).connect().close(),
    lambda: create_engine("postgresql+pg8000://postgres@/postgres?unix_sock={decoy}/.s.PGSQL.5432").connect().close(),
    lambda: create_engine("sqlite:///{file}").connect().close(),
    lambda: psycopg2.connect(words).close(),
    lambda: psycopg.connect(words).close(),
    lambda: pg8000.dbapi.connect("postgres", unix_sock="{decoy}/.s.PGSQL.5432", database="postgres").close(),
    lambda: sqlite3.connect("{file}").execute("create table written (id integer)"),
    lambda: sqlite3.Connection("{file}").execute("create table written (id integer)"),
    lambda: sqlite3.connect(":memory:").execute("attach '{file}' as shop").execute("create table shop.x (id int)"),
    lambda: asyncio.run(asynchronous()),
    lambda: asyncio.run(pooled()),
    lambda: asyncio.run(psycopg_asynchronous()),
    lambda: subprocess.run(["psql", words, "-c", "create table written (id int)"]),
):
    try:
        attempt()
    except Exception as error:
        print("refused:", error)
    else:
        print("led")
"""


@pytest.mark.parametrize("layer", LAYERS)
def test_no_single_layer_is_the_only_one(
    layer: str, decoy: Decoy, bait: Bait, ours: Destination, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = (
        "from migration_guard.roundtripping.worker import child\n"
        f"child.LAYERS = tuple(one for one in child.LAYERS if not one.__module__.endswith({layer!r}))\n"
        f"assert len(child.LAYERS) == {len(LAYERS) - 1}\n"
    )
    monkeypatch.setattr(client, "_START", client._START.replace("sys.path.remove", without + "sys.path.remove"))
    before = decoy.connections()
    with Child(project(tmp_path, ATTEMPTS, decoy, bait), timeout=PATIENCE) as child:
        with pytest.raises(ChildError):
            child.enter(ours)
        said = child.output()
    assert said.count("led\n") + said.count("refused: ") == 14, said
    assert decoy.connections() == before
    assert bait.untouched()


def test_a_connection_that_came_out_elsewhere_is_closed_again(
    decoy: Decoy, bait: Bait, ours: Destination, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = "from migration_guard.roundtripping.worker import child\nchild.LAYERS = child.LAYERS[:1]\n"
    monkeypatch.setattr(client, "_START", client._START.replace("sys.path.remove", alone + "sys.path.remove"))
    told = pytest.raises(ChildError, match="went to the database postgres, which is not the throwaway one")
    with Child(project(tmp_path, LED["a creator"], decoy, bait), timeout=PATIENCE) as child, told:
        child.enter(ours)
    theirs = replace(ours, socket=str(decoy.folder), database="postgres")
    assert tables(theirs) == set()


RAW_MYSQL = """
import pymysql
from sqlalchemy import create_engine
connection = pymysql.connect(host="db.internal", user="shop", database="shop", init_command="set @kept = 5")
cursor = connection.cursor()
cursor.execute("select database(), @kept")
print(cursor.fetchone()[1])
connection.close()
online(create_engine("mysql+pymysql://shop:secret@db.internal/shop"))
"""


@pytest.mark.parametrize("installation", binaries.mysql(), ids=lambda one: one.dialect)
def test_mysql_and_mariadb_are_led_to_the_throwaway_database(
    installation: binaries.Installation, decoy: Decoy, bait: Bait, tmp_path: Path
) -> None:
    with mysql.private(installation, installation.dialect) as server:
        destination = server.create()
        with Child(project(tmp_path, RAW_MYSQL, decoy, bait), timeout=PATIENCE) as child:
            assert child.enter(destination).driver == "pymysql"
            for direction in (Direction.UPGRADE, Direction.DOWNGRADE, Direction.UPGRADE):
                assert child.step(direction, "a").failure is None
            assert child.output() == "5\n"
