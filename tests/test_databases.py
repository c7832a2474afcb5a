"""Throwaway databases on real servers: there when asked for, ours alone, and gone afterwards, whatever happened."""

from __future__ import annotations

import errno
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from servers import INSTALLED, NEWEST, address, drivable, each_installation, left, names, private, script, use

from migration_guard.roundtripping.servers import access, folders, owned_names
from migration_guard.roundtripping.servers.access import Access, DatabaseError
from migration_guard.roundtripping.servers.binaries import Installation
from migration_guard.roundtripping.servers.destination import Destination
from migration_guard.roundtripping.servers.find import ServerRequest, server

SQLITE = ServerRequest(dialect="sqlite")


def fail(made: Destination, error: type[BaseException]) -> None:
    raise error(made.database)


# --- private servers ------------------------------------------------------------------------------------------------


@each_installation
def test_a_private_server_makes_copies_and_drops_databases(installation: Installation) -> None:
    with private(installation) as ours:
        before = names(ours)
        first, second = ours.create(), ours.create()
        assert first.database != second.database
        assert not first.shared
        assert use(first) == use(second) == [(1,)]
        copy = ours.copy(first)
        made = [one for one in (first, second, copy) if one is not None]
        if copy is not None:
            with Access.open(copy) as connection:
                assert connection.query("SELECT id FROM things") == [(1,)]
        assert names(ours) == before | {one.database for one in made}
        for one in made:
            ours.drop(one)
        assert names(ours) == before
        assert ours.version[:2] == installation.version[:2]
    assert not left()


def test_sqlite_makes_copies_and_drops_files() -> None:
    with server(SQLITE) as ours:
        first = ours.create()
        assert use(first) == [(1,)]
        copy = ours.copy(first)
        assert copy is not None
        with Access.open(copy) as connection:
            assert connection.query("SELECT id FROM things") == [(1,)]
        ours.drop(first)
        assert not Path(first.database).exists()
        assert Path(copy.database).exists()
    assert not left()


@each_installation
def test_a_database_is_dropped_while_others_are_connected_to_it(installation: Installation) -> None:
    with private(installation) as ours:
        made = ours.create()
        other = Access.open(made)
        assert other.query("SELECT 1") == [(1,)]
        ours.drop(made)
        assert made.database not in names(ours)
        other.close()


@each_installation
def test_nothing_is_dropped_that_was_not_made_here(installation: Installation) -> None:
    with private(installation) as ours:
        ours.access.execute("CREATE DATABASE precious")
        with pytest.raises(DatabaseError, match="precious is no database that this run made"):
            ours.drop(Destination(dialect=ours.dialect, database="precious"))
        assert "precious" in names(ours)


@pytest.mark.parametrize("error", [LookupError, KeyboardInterrupt])
@each_installation
def test_nothing_is_left_after_an_error(installation: Installation, error: type[BaseException]) -> None:
    with pytest.raises(error), private(installation) as ours:
        fail(ours.create(), error)
    assert not left()


@each_installation
def test_a_server_ends_at_once_though_a_statement_is_running(installation: Installation) -> None:
    sleep = "SELECT pg_sleep(60)" if installation.dialect == "postgresql" else "SELECT sleep(60)"
    running = (
        "pg_stat_activity WHERE query LIKE"
        if installation.dialect == "postgresql"
        else ("information_schema.processlist WHERE info LIKE")
    )
    errors: list[BaseException] = []

    def block(destination: Destination) -> None:
        with Access.open(destination) as ours:
            try:
                ours.query(sleep)
            except Exception as error:  # whatever this driver makes of a server that is gone
                errors.append(error)

    with private(installation) as ours:
        thread = threading.Thread(target=block, args=(ours.create(),))
        thread.start()
        until = time.monotonic() + 20
        while not ours.access.query(f"SELECT 1 FROM {running} '{sleep}%'") and time.monotonic() < until:
            threading.Event().wait(0.01)
        began = time.monotonic()
    thread.join(20)
    assert time.monotonic() - began < 5
    assert errors


def drivers() -> list[str]:
    return [driver.name for driver in access.DRIVERS["postgresql"] if drivable("postgresql", driver)]


@pytest.fixture
def interrupted() -> Iterator[None]:
    """Ctrl-C in a moment, from a clock of the system's own."""
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("driver", drivers())
def test_an_interrupt_ends_a_statement_of_ours_with_every_driver(
    driver: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    only = tuple(one for one in access.DRIVERS["postgresql"] if one.name == driver)
    monkeypatch.setattr(access, "DRIVERS", {**access.DRIVERS, "postgresql": only})
    with private(NEWEST) as ours, Access.open(ours.create()) as connection:
        request.getfixturevalue("interrupted")
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            connection.query("SELECT pg_sleep(60)")
        assert time.monotonic() - began < 10
        assert connection.query("SELECT 1") == [(1,)]
        assert connection.query("SELECT current_setting('lock_timeout')") == [("10s",)]


def test_the_environment_does_not_lead_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "HOST": "nowhere.invalid",
        "HOSTADDR": "127.0.0.9",
        "PORT": "1",
        "USER": "x",
        "DATABASE": "y",
    }.items():
        monkeypatch.setenv(f"PG{name}", value)
    with private(NEWEST) as ours:
        assert use(ours.create()) == [(1,)]


def test_our_statements_on_postgresql_do_not_wait_for_ever() -> None:
    with private(NEWEST) as ours, Access.open(ours.create()) as connection:
        shown = connection.query("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")
        assert shown == [("10s", "1min")]
        assert connection.query("SELECT :1::text || '%'", "x") == [("x%",)]


def test_the_socket_is_reached_by_nobody_else() -> None:
    with private(NEWEST) as ours:
        assert Path(str(ours.maintenance.socket)).stat().st_mode & 0o077 == 0


def test_the_servers_memory_is_in_its_folder_and_goes_with_it() -> None:
    with private(NEWEST) as ours:
        assert ours.access.query("SHOW dynamic_shared_memory_type") == [("mmap",)]


def test_a_server_comes_with_its_own_psql() -> None:
    with private(NEWEST) as ours:
        assert ours.client() == NEWEST.folder / "psql"


def test_a_temporary_folder_with_a_long_path_is_left_for_a_shorter_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setattr(folders.tempfile, "tempdir", str(long))
    monkeypatch.setattr(folders, "MEMORY", tmp_path / "no memory here")
    with private(NEWEST) as ours:
        assert len(f"{ours.maintenance.socket}/.s.PGSQL.5432") <= 103
        assert use(ours.create()) == [(1,)]
    assert not list(long.iterdir())


# --- ends from outside ----------------------------------------------------------------------------------------------

SERVE = """
import signal, sys
from migration_guard.roundtripping.servers.find import ServerRequest, server
with server(ServerRequest(dialect="postgresql", url=sys.argv[1] if sys.argv[1:] else None)) as ours:
    made = ours.create()
    print(made.socket, made.database, flush=True)
    signal.pause()
"""


def closes(socket_file: str, connection: socket.socket) -> bool:
    """Whether the server behind a socket goes away, within a deadline: the end of the connection says so."""
    connection.settimeout(20)
    try:
        while connection.recv(100):
            pass
    except ConnectionResetError:
        pass
    again = socket.socket(socket.AF_UNIX)
    with again:
        return again.connect_ex(socket_file) in (errno.ENOENT, errno.ECONNREFUSED)


def test_two_interrupts_leave_nothing() -> None:
    process = script(SERVE)
    assert process.stdout
    folder = process.stdout.readline().split()[0]
    assert Path(folder).exists()
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert process.returncode
    assert not left(process.pid)


@pytest.mark.parametrize("stage", ["idle", "connecting"])
def test_a_server_dies_with_its_killed_owner_and_the_next_run_sweeps(stage: str) -> None:
    process = script(SERVE)
    assert process.stdout
    folder = process.stdout.readline().split()[0]
    socket_file = f"{folder}/.s.PGSQL.5432"
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(socket_file)
        if stage == "connecting":
            # The request for encryption: a process of the server's own now waits for the next message.
            connection.sendall(bytes.fromhex("0000000804d2162f"))
            assert connection.recv(1) in (b"N", b"S")
        process.kill()
        process.communicate(timeout=20)
        assert left(process.pid) == [Path(folder)]
        with server(SQLITE):
            assert not left(process.pid)
        assert closes(socket_file, connection)


# --- a server that others use, too ----------------------------------------------------------------------------------


@each_installation
def test_a_given_server_is_as_it_was_after_success_and_failure(installation: Installation) -> None:
    with private(installation) as shared:
        shared.access.execute("CREATE DATABASE precious")
        before = names(shared)
        wanted = ServerRequest(dialect=installation.dialect, url=address(shared))
        with server(wanted) as ours:
            made = ours.create()
            ours.copy(made)
            assert made.shared
            assert use(made) == [(1,)]
            assert ours.description.endswith("(databases of our own)")
            assert len(names(shared)) > len(before)
        assert names(shared) == before
        with pytest.raises(KeyboardInterrupt), server(wanted) as ours:
            fail(ours.create(), KeyboardInterrupt)
        assert names(shared) == before


@pytest.mark.parametrize("reaches", ["precious", "nothing else"])
@pytest.mark.parametrize("installation", [one for one in INSTALLED if one.dialect != "postgresql"], ids=str)
def test_a_user_that_reaches_other_databases_and_makes_no_users_is_refused(
    installation: Installation, reaches: str
) -> None:
    with private(installation) as shared:
        shared.access.execute("CREATE DATABASE precious")
        shared.access.execute("CREATE USER tester@localhost IDENTIFIED BY ''")
        shared.access.execute("GRANT ALL ON `migration\\_guard\\_%`.* TO tester@localhost")
        if reaches == "precious":
            shared.access.execute("GRANT ALL ON precious.* TO tester@localhost")
        before = names(shared)
        wanted = ServerRequest(dialect=installation.dialect, url=address(shared).replace("://root@", "://tester@"))
        with server(wanted) as ours:
            if reaches == "precious":
                with pytest.raises(DatabaseError, match=r"reaches other databases .* \(precious\)"):
                    ours.create()
            else:
                assert use(ours.create()) == [(1,)]
        assert names(shared) == before


@each_installation
def test_a_run_sweeps_what_a_killed_one_left_on_a_given_server(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = SERVE.replace('"postgresql"', repr(installation.dialect))
    with private(installation) as shared:
        before = names(shared)
        url = address(shared)
        process = script(source, url)
        assert process.stdout
        database = process.stdout.readline().split()[1]
        process.kill()
        process.communicate(timeout=20)
        wanted = ServerRequest(dialect=installation.dialect, url=url)
        with server(wanted):
            assert names(shared) == before | {database}  # too young
        monkeypatch.setattr(owned_names.Owner.is_gone, "__kwdefaults__", {"grace": 0})
        with server(wanted):
            assert names(shared) == before


def test_a_database_that_is_in_use_or_of_a_living_process_is_not_swept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owned_names.Owner.is_gone, "__kwdefaults__", {"grace": 0})
    with private(NEWEST) as shared:
        wanted = ServerRequest(dialect="postgresql", url=address(shared))
        living = shared.create()
        # A name of a process that never was: number 0 belongs to nobody.
        orphan = owned_names.name().replace(f"{os.getpid():06x}", "000000")
        shared.access.execute(f'CREATE DATABASE "{orphan}"')
        place = Destination(**{**living.as_plain(), "database": orphan, "options": ()})
        with Access.open(place) as connection:
            assert connection.query("SELECT 1") == [(1,)]
            with server(wanted):
                assert {living.database, orphan} <= names(shared)
        with server(wanted):
            assert living.database in names(shared)


@pytest.mark.parametrize("installation", [one for one in INSTALLED if one.dialect != "postgresql"], ids=str)
def test_on_a_given_mariadb_each_database_has_a_user_with_no_other_rights(installation: Installation) -> None:
    with private(installation) as shared:
        shared.access.execute("CREATE DATABASE precious")
        users = "SELECT count(*) FROM mysql.user"
        before = shared.access.query(users)
        with server(ServerRequest(dialect=installation.dialect, url=address(shared))) as ours:
            made = ours.create()
            assert made.user != "root"
            with Access.open(made) as connection:
                seen = {name for (name,) in connection.query("SELECT schema_name FROM information_schema.schemata")}
            assert seen == {made.database, "information_schema"}
        assert shared.access.query(users) == before


def test_a_user_without_the_right_to_make_databases_is_told_so() -> None:
    with private(NEWEST) as shared:
        shared.access.execute("CREATE ROLE modest LOGIN")
        url = address(shared).replace("postgres@", "modest@")
        with (
            server(ServerRequest(dialect="postgresql", url=url)) as ours,
            pytest.raises(DatabaseError, match=r"permission denied to create database.*needs the right"),
        ):
            ours.create()


def test_a_database_that_cannot_be_dropped_is_named_at_the_end() -> None:
    with private(NEWEST) as shared:
        url = address(shared)
        with (
            pytest.raises(DatabaseError, match=r"could not be dropped.*Drop it by hand"),
            server(ServerRequest(dialect="postgresql", url=url)) as ours,
        ):
            shared.access.execute(f'ALTER DATABASE "{ours.create().database}" IS_TEMPLATE true')
