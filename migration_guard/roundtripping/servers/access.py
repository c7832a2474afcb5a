"""Our own connection to a throwaway database, through whichever driver the environment has. Knows no catalogue."""

from __future__ import annotations

import asyncio
import re
import select
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import TracebackType
from typing import Protocol, Self, TypeVar

import sqlalchemy
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.pool import StaticPool

from migration_guard.roundtripping.servers.destination import Destination

CONNECTIONS = 10  # seconds until a server must have answered
LOCKS = 10  # seconds that a statement of ours waits for a lock
STATEMENTS = 60  # seconds that a statement of ours takes
PORT = 5432
_POLL_READ = 1  # psycopg2.extensions.POLL_READ; POLL_OK is 0

# SQLAlchemy does not see the parameter in `:1::text`, but does in `:1 ::text`.
_CAST = re.compile(r"(?<![:\w\\]):(\d+)(?=::)")

T = TypeVar("T")


class _Cursor(Protocol):
    def execute(self, sql: str) -> object: ...
    def close(self) -> object: ...


class _Raw(Protocol):
    """A driver's connection (https://peps.python.org/pep-0249/), or what SQLAlchemy makes look like one."""

    def cursor(self) -> _Cursor: ...
    def commit(self) -> object: ...


class DatabaseError(Exception):
    """What stands between us and a database of our own, in a sentence or two."""


@dataclass(frozen=True, slots=True)
class Driver:
    """
    SQLAlchemy's name of a driver, the module it is, and the package that brings it. `limit` is its word for the
    seconds that a connection may take; those without have one already, or can only limit everything.
    """

    name: str
    module: str
    package: str
    limit: str | None = None
    asynchronous: bool = False


# In the order in which we take them. psycopg needs SQLAlchemy 2:
# https://docs.sqlalchemy.org/en/20/dialects/postgresql.html
DRIVERS = {
    "postgresql": (
        Driver("psycopg", "psycopg", "psycopg[binary]", "connect_timeout"),
        Driver("psycopg2", "psycopg2", "psycopg2-binary", "connect_timeout"),
        Driver("pg8000", "pg8000", "pg8000"),
        Driver("asyncpg", "asyncpg", "asyncpg", "timeout", asynchronous=True),
    ),
    "mysql": (
        Driver("pymysql", "pymysql", "PyMySQL"),
        Driver("mysqldb", "MySQLdb", "mysqlclient", "connect_timeout"),
        Driver("mysqlconnector", "mysql.connector", "mysql-connector-python"),
        Driver("asyncmy", "asyncmy", "asyncmy", "connect_timeout", asynchronous=True),
        Driver("aiomysql", "aiomysql", "aiomysql", "connect_timeout", asynchronous=True),
    ),
    "sqlite": (Driver("pysqlite", "sqlite3", "a Python with sqlite3"),),
}
_LIBPQ = ("psycopg", "psycopg_async", "psycopg2", "psycopg2cffi")
_WORDS = {"postgresql": "PostgreSQL", "mysql": "MySQL or MariaDB", "sqlite": "SQLite"}


def url(destination: Destination, driver: str) -> URL:
    """
    Where a destination is, for one driver: SQLAlchemy's name of it (`psycopg2`, `asyncpg`, `pymysql`, `aiosqlite`).

    It leaves nothing about the place to the environment (`PGHOST`, `PGHOSTADDR`, `PGPORT`) and, for a socket, no name
    to be resolved. MySQL and MariaDB both read `mysql`, which SQLAlchemy takes for either.
    """
    name = f"{destination.family}+{driver}"
    if destination.family == "sqlite":
        return URL.create(name, database=destination.database)
    query = _options(destination, driver)
    host, port = destination.host, destination.port
    if destination.socket is not None:
        host, port = None, None
        query |= _socket(destination, driver)
    elif driver in _LIBPQ:
        # The address of PGHOSTADDR would win over a host that is given; an empty one is none.
        query["hostaddr"] = ""
        port = port or PORT
    return URL.create(
        name,
        username=destination.user,
        password=destination.password,
        host=host,
        port=port,
        database=destination.database,
        query=query,
    )


def _socket(destination: Destination, driver: str) -> dict[str, str]:
    socket = destination.socket or ""
    if destination.family == "mysql":
        return {"unix_socket": socket}
    if driver == "pg8000":
        return {"unix_sock": f"{socket}/.s.PGSQL.{destination.port or PORT}"}
    place = {"host": socket, "port": str(destination.port or PORT)}
    return place | {"hostaddr": ""} if driver in _LIBPQ else place


def _options(destination: Destination, driver: str) -> dict[str, str]:
    """The further words of a URL, as this driver calls them; those that it does not know are left out."""
    options = dict(destination.options)
    if destination.family == "mysql":
        return {"charset": "utf8mb4", **options} if driver != "mariadbconnector" else options
    mode = options.pop("sslmode", None) or options.pop("ssl", None)
    if driver in _LIBPQ:
        return options | ({"sslmode": mode} if mode else {})
    return {"ssl": mode} if mode and driver == "asyncpg" else {}


def available(family: str) -> Driver:
    """The first driver of this family of databases that can be imported. Raises DatabaseError where there is none."""
    known = [driver for driver in DRIVERS[family] if driver.name != "psycopg" or _major() >= 2]
    for driver in known:
        try:
            import_module(driver.module)
            if driver.asynchronous:
                import_module("greenlet")
        except ImportError:
            continue
        return driver
    raise DatabaseError(
        f"No driver for {_WORDS[family]} can be imported here. Install the one that your application uses, "
        f"or this one: pip install '{(known or DRIVERS[family])[0].package}'"
    )


def _major() -> int:
    return int(sqlalchemy.__version__.partition(".")[0])


class Access:
    """
    Our own connection to a throwaway database. Every statement commits by itself, except within `run`.

    There is one session behind it, so what `SET` and `PRAGMA` say stays said. A statement that the database refuses
    raises what SQLAlchemy makes of it (`sqlalchemy.exc.DBAPIError`). On PostgreSQL and MySQL no statement of ours
    waits for a lock for longer than ten seconds.
    """

    def __init__(self, engine: Engine, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._engine = engine
        self._alone = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._loop = loop

    @classmethod
    def open(cls, destination: Destination) -> Self:
        """Connects. Raises DatabaseError where no driver is installed, or where the server refuses us."""
        driver = available(destination.family)
        place = url(destination, driver.name)
        access = cls._of(place, driver)
        try:
            access.query("SELECT 1")
        except (sqlalchemy.exc.SQLAlchemyError, OSError) as error:
            access.close()
            raise DatabaseError(f"{_place(destination)} cannot be reached: {database_message(error)}") from error
        except BaseException:
            access.close()
            raise
        return access

    @classmethod
    def _of(cls, place: URL, driver: Driver) -> Self:
        # The pool that keeps one connection, and opens another where that one is lost.
        options = {"poolclass": StaticPool, "connect_args": {driver.limit: CONNECTIONS} if driver.limit else {}}
        if driver.asynchronous:
            from sqlalchemy.ext.asyncio import create_async_engine  # needs greenlet, which others do without

            engine = create_async_engine(place, **options).sync_engine
            access = cls(engine, asyncio.new_event_loop())
        else:
            engine = sqlalchemy.create_engine(place, future=True, **options)
            access = cls(engine)
        sqlalchemy.event.listen(engine, "connect", _be_patient(engine.dialect.name))
        return access

    def query(self, sql: str, *parameters: object) -> list[tuple[object, ...]]:
        """
        The rows that a statement gives. Without parameters the text goes to the database as it is: a `%` or a colon
        in it is only that. With parameters, `:1`, `:2` ... stand for them, and a `%` still is only a `%`.
        """

        def work() -> list[tuple[object, ...]]:
            with self._alone.connect() as connection:
                if parameters:
                    names = {str(number): value for number, value in enumerate(parameters, start=1)}
                    result = connection.execute(sqlalchemy.text(_CAST.sub(r":\1 ", sql)), names)
                else:
                    result = connection.execution_options(no_parameters=True).exec_driver_sql(sql)
                return [tuple(row) for row in result] if result.returns_rows else []

        return self._call(work)

    def execute(self, sql: str) -> None:
        """Sends one statement, as it is."""

        def work() -> None:
            with self._alone.connect() as connection:
                connection.execution_options(no_parameters=True).exec_driver_sql(sql)

        self._call(work)

    def run(self, work: Callable[[Connection], T]) -> T:
        """Calls `work` with a connection in one transaction, committed at its end and rolled back after an error."""

        def inside() -> T:
            with self._engine.begin() as connection:
                return work(connection)

        return self._call(inside)

    def close(self) -> None:
        """Ends the connection. May be called again."""
        try:
            self._call(self._engine.dispose)
        finally:
            if self._loop is not None:
                self._loop.close()
                self._loop = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _call(self, work: Callable[[], T]) -> T:
        """An asynchronous driver wants a loop of its own and a greenlet, in which it looks like any other."""
        if self._loop is None:
            with _letting_ctrl_c_through(self._engine.driver):
                return work()
        if not _in_a_loop():
            return self._through(self._loop, work)
        # Somebody else's loop runs in this thread, as in a test that is a coroutine: ours needs another thread.
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(self._through, self._loop, work)
            try:
                return waiting.result()
            except BaseException:
                if not waiting.done():
                    self._loop.call_soon_threadsafe(_cancel_all, self._loop)
                raise

    @staticmethod
    def _through(loop: asyncio.AbstractEventLoop, work: Callable[[], T]) -> T:
        from sqlalchemy.util import greenlet_spawn

        task: asyncio.Task[T] = loop.create_task(greenlet_spawn(work))
        try:
            return loop.run_until_complete(task)
        except BaseException:
            # Ctrl-C leaves the loop, not the statement: that would go on with the next one.
            if not task.done():
                task.cancel()
                loop.run_until_complete(asyncio.wait([task]))
            raise


def database_message(error: Exception) -> str:
    """What the database said, without what SQLAlchemy adds."""
    return str(getattr(error, "orig", None) or error).strip()


_PATIENCE = {
    "postgresql": (f"SET lock_timeout = '{LOCKS}s'", f"SET statement_timeout = '{STATEMENTS}s'"),
    "mysql": (f"SET SESSION lock_wait_timeout = {LOCKS}, SESSION innodb_lock_wait_timeout = {LOCKS}",),
    "sqlite": (f"PRAGMA busy_timeout = {LOCKS * 1000}",),
}


def _be_patient(family: str) -> Callable[[_Raw, object], None]:
    def listener(connection: _Raw, record: object) -> None:
        cursor = connection.cursor()
        for statement in _PATIENCE[family]:
            cursor.execute(statement)
        cursor.close()
        connection.commit()

    return listener


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()


@contextmanager
def _letting_ctrl_c_through(driver: str) -> Iterator[None]:
    """
    psycopg2 waits inside libpq, where Ctrl-C does not reach Python, unless it is given a function that waits
    (https://www.psycopg.org/docs/faq.html). It holds for the whole process, in which other people's tests may run, and
    COPY does not work with it: so it is there only while we ask, and only if nobody set one. psycopg2's own,
    `wait_select`, would make an error of the database out of Ctrl-C.
    """
    extensions = import_module("psycopg2.extensions") if driver == "psycopg2" else None
    if extensions is None or extensions.get_wait_callback() is not None:
        yield
        return
    extensions.set_wait_callback(_wait)
    try:
        yield
    finally:
        extensions.set_wait_callback(None)


class _Polled(Protocol):
    """What psycopg2 hands to a function that waits (https://www.psycopg.org/docs/advanced.html)."""

    def poll(self) -> int: ...
    def fileno(self) -> int: ...
    def cancel(self) -> object: ...


def _wait(connection: _Polled) -> None:
    while state := connection.poll():
        reading, writing = ([connection], []) if state == _POLL_READ else ([], [connection])
        try:
            select.select(reading, writing, [])
        except BaseException:
            connection.cancel()
            raise


def _place(destination: Destination) -> str:
    where = destination.socket or f"{destination.host}:{destination.port}" if destination.family != "sqlite" else "file"
    return f"The database {destination.database} ({where})"
