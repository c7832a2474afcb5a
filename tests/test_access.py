"""Our own connection: what a driver is told about the place, and what our statements may hold."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy

from migration_guard.roundtripping.servers import access
from migration_guard.roundtripping.servers.access import Access, DatabaseError, Driver, available, url
from migration_guard.roundtripping.servers.destination import Destination

SOCKET = Destination(dialect="postgresql", database="ours", socket="/run/pg", user="me", password="p@ss/word")
HOST = Destination(
    dialect="postgresql", database="ours", host="10.0.0.1", port=6000, user="me", options=(("sslmode", "require"),)
)
FILE = Destination(dialect="mariadb", database="ours", socket="/run/my.sock", user="root")


@pytest.fixture
def database(tmp_path: Path) -> Destination:
    return Destination(dialect="sqlite", database=str(tmp_path / "a b?c#d.db"))


@pytest.mark.parametrize("driver", ["psycopg", "psycopg_async", "psycopg2"])
def test_libpq_is_told_folder_port_and_that_there_is_no_address(driver: str) -> None:
    assert url(SOCKET, driver).query == {"host": "/run/pg", "port": "5432", "hostaddr": ""}
    assert url(SOCKET, driver).host is None


def test_other_drivers_are_told_of_a_socket_in_their_own_words() -> None:
    assert url(SOCKET, "pg8000").query == {"unix_sock": "/run/pg/.s.PGSQL.5432"}
    assert url(SOCKET, "asyncpg").query == {"host": "/run/pg", "port": "5432"}
    for driver in ("pymysql", "mysqldb", "mysqlconnector", "asyncmy", "aiomysql"):
        assert url(FILE, driver).query == {"unix_socket": "/run/my.sock", "charset": "utf8mb4"}
        assert url(FILE, driver).drivername == f"mysql+{driver}"


def test_a_host_is_a_host_and_the_encryption_asked_for_has_each_drivers_name() -> None:
    assert (url(HOST, "psycopg2").host, url(HOST, "psycopg2").port) == ("10.0.0.1", 6000)
    assert url(HOST, "psycopg2").query == {"sslmode": "require", "hostaddr": ""}
    assert url(HOST, "asyncpg").query == {"ssl": "require"}
    assert url(HOST, "pg8000").query == {}


def test_user_password_and_database_survive_any_character() -> None:
    read = sqlalchemy.engine.make_url(url(SOCKET, "psycopg2").render_as_string(hide_password=False))
    assert (read.username, read.password, read.database) == ("me", "p@ss/word", "ours")


def test_without_parameters_a_text_is_sent_as_it_is(database: Destination) -> None:
    with Access.open(database) as ours:
        assert ours.query("SELECT '50%', ':1', '%s'") == [("50%", ":1", "%s")]


def test_with_parameters_a_per_cent_sign_is_only_that(database: Destination) -> None:
    with Access.open(database) as ours:
        assert ours.query("SELECT :2, '%', :1", "one", 2) == [(2, "%", "one")]


def test_what_gives_no_rows_gives_an_empty_list(database: Destination) -> None:
    with Access.open(database) as ours:
        assert ours.query("CREATE TABLE things (id integer)") == []


def test_every_statement_commits_by_itself(database: Destination) -> None:
    with Access.open(database) as ours, Access.open(database) as other:
        ours.execute("CREATE TABLE things (id integer)")
        ours.execute("INSERT INTO things VALUES (1)")
        assert other.query("SELECT id FROM things") == [(1,)]


def insert(connection: sqlalchemy.engine.Connection) -> int:
    made = connection.execute(sqlalchemy.text("INSERT INTO things VALUES (:id)"), [{"id": 1}, {"id": 2}])
    return made.rowcount


def test_a_run_is_one_transaction(database: Destination) -> None:
    with Access.open(database) as ours, Access.open(database) as other:
        ours.execute("CREATE TABLE things (id integer)")
        assert ours.run(insert) == 2
        assert other.query("SELECT count(*) FROM things") == [(2,)]


def test_a_run_that_fails_leaves_nothing(database: Destination) -> None:
    def fail(connection: sqlalchemy.engine.Connection) -> None:
        insert(connection)
        raise LookupError

    with Access.open(database) as ours:
        ours.execute("CREATE TABLE things (id integer)")
        with pytest.raises(LookupError):
            ours.run(fail)
        assert ours.query("SELECT count(*) FROM things") == [(0,)]


def test_what_is_refused_raises_sqlalchemys_error_and_the_session_goes_on(database: Destination) -> None:
    with Access.open(database) as ours:
        with pytest.raises(sqlalchemy.exc.DBAPIError, match="nowhere"):
            ours.query("SELECT * FROM nowhere")
        assert ours.query("SELECT 1") == [(1,)]


def test_a_database_that_is_not_there_is_said_with_the_drivers_words(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match=r"no_such_folder.*cannot be reached: unable to open database file"):
        Access.open(Destination(dialect="sqlite", database=str(tmp_path / "no_such_folder" / "x.db")))


def test_closing_twice_is_closing(database: Destination) -> None:
    ours = Access.open(database)
    ours.close()
    ours.close()


def test_where_no_driver_is_installed_the_error_names_one_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = (Driver("pymysql", "no_such_module_here", "PyMySQL"),)
    monkeypatch.setattr(access, "DRIVERS", {**access.DRIVERS, "mysql": missing})
    with pytest.raises(DatabaseError, match="pip install 'PyMySQL'"):
        available("mysql")


def test_psycopg_3_is_not_taken_under_sqlalchemy_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlalchemy, "__version__", "1.4.54")
    monkeypatch.setattr(access, "import_module", lambda name: name)
    assert available("postgresql").name == "psycopg2"


def test_a_wheel_without_its_library_counts_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def import_module(name: str) -> str:
        if name in ("psycopg", "psycopg2"):
            raise ImportError("no pq wrapper available")
        return name

    monkeypatch.setattr(access, "import_module", import_module)
    assert available("postgresql").name == "pg8000"
