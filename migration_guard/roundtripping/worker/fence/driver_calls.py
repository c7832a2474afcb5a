"""The fence around the drivers: the functions and constructors that people call, each led to the throwaway database."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any

from migration_guard.roundtripping.worker.fence import Fence, Refused, imports, reach

_QUESTION = "SELECT current_database()"
_MYSQL_QUESTION = "SELECT DATABASE()"
# https://www.sqlite.org/c3ref/c_alter_table.html, https://www.sqlite.org/c3ref/c_deny.html
_SQLITE_ATTACH, _SQLITE_OK, _SQLITE_DENY = 24, 0, 1
# Drivers of databases that we never make, and what they connect with.
_FOREIGN = {
    "pyodbc": ("odbc", "connect"),
    "pymssql": ("mssql", "connect"),
    "oracledb": ("oracle", "connect"),
    "cx_Oracle": ("oracle", "connect"),
    "duckdb": ("duckdb", "connect"),
}


def install(fence: Fence) -> None:
    """Change each driver when it is first imported."""
    patches: dict[str, imports.Patch] = {
        "psycopg2": lambda module: _psycopg2(fence, module),
        "psycopg": lambda module: _psycopg(fence, module),
        "asyncpg.connection": lambda module: _asyncpg(fence, module),
        "pg8000.core": lambda module: _pg8000(fence, module),
        "pymysql.connections": lambda module: _constructor(fence, module.Connection, "pymysql", _ask_pymysql),
        "MySQLdb.connections": lambda module: _constructor(fence, module.Connection, "mysqldb", _ask_mysqldb),
        "aiomysql.connection": lambda module: _constructor(fence, module.Connection, "aiomysql", None),
        "asyncmy.connection": lambda module: _constructor(fence, module.Connection, "asyncmy", None),
        "mysql.connector.abstracts": lambda module: _mysql_connector(fence, module),
        "mariadb.connections": lambda module: _constructor(fence, module.Connection, "mariadbconnector", _ask_mariadb),
        "sqlite3.dbapi2": lambda module: _sqlite3(fence, module),
        "subprocess": lambda module: _subprocess(fence, module),
    }
    for name, (dialect, function) in _FOREIGN.items():
        patches[name] = _foreign(fence, dialect, function)
    imports.patch(patches)


def _confirmed(fence: Fence, connection: Any, ask: Callable[[Any], object]) -> None:
    """Ask a new connection where it is; close it where that is not ours."""
    fence.opened(connection)
    try:
        fence.confirm(ask(connection))
    except Refused:
        connection.close()
        raise


def _psycopg2(fence: Fence, module: ModuleType) -> None:
    """https://www.psycopg.org/docs/module.html#psycopg2.connect"""
    original, plain_cursor = module.connect, module.extensions.cursor

    def ask(connection: Any) -> object:
        with plain_cursor(connection) as cursor:
            cursor.execute(_QUESTION)
            name = cursor.fetchone()[0]
        connection.rollback()
        return name

    @wraps(original)
    def connect(*arguments: Any, **keywords: Any) -> Any:
        connection = original(**(fence.redirected("psycopg2", arguments, keywords) or {}))
        if getattr(connection, "async_", 0):  # It is not connected yet, and psycopg2 gives no hook for when it is.
            fence.opened(connection)
        else:
            _confirmed(fence, connection, ask)
        return connection

    module.connect = connect  # type: ignore[attr-defined]


def _psycopg(fence: Fence, module: ModuleType) -> None:
    """https://www.psycopg.org/psycopg3/docs/api/connections.html; psycopg.connect is a method bound at import."""
    plain_row = module.rows.tuple_row
    original = module.Connection.__dict__["connect"].__func__
    original_async = module.AsyncConnection.__dict__["connect"].__func__

    def ask(connection: Any) -> object:
        with module.Cursor(connection, row_factory=plain_row) as cursor:
            name = cursor.execute(_QUESTION).fetchone()[0]
        connection.rollback()
        return name

    @wraps(original)
    def connect(kind: Any, *arguments: Any, **keywords: Any) -> Any:
        connection = original(kind, **(fence.redirected("psycopg", arguments, keywords) or {}))
        _confirmed(fence, connection, ask)
        return connection

    @wraps(original_async)
    async def connect_async(kind: Any, *arguments: Any, **keywords: Any) -> Any:
        connection = await original_async(kind, **(fence.redirected("psycopg", arguments, keywords) or {}))
        # Its close() is a coroutine; what it holds is closed without a loop.
        fence.opened(connection, lambda one: one.pgconn.finish())
        async with module.AsyncCursor(connection, row_factory=plain_row) as cursor:
            await cursor.execute(_QUESTION)
            name = (await cursor.fetchone())[0]
        await connection.rollback()
        try:
            fence.confirm(name)
        except Refused:
            await connection.close()
            raise
        return connection

    module.Connection.connect = classmethod(connect)
    module.AsyncConnection.connect = classmethod(connect_async)
    module.connect = module.Connection.connect  # type: ignore[attr-defined]


def _asyncpg(fence: Fence, module: ModuleType) -> None:
    """asyncpg.connect, and what its pools call (0.32): https://magicstack.github.io/asyncpg/current/api/"""
    original = module.connect

    @wraps(original)
    async def connect(*arguments: Any, **keywords: Any) -> Any:
        connection = await original(**(fence.redirected("asyncpg", arguments, keywords) or {}))
        fence.opened(connection, _abort)
        try:
            fence.confirm(await connection.fetchval(_QUESTION))
        except Refused:
            connection.terminate()
            raise
        return connection

    module.connect = connect  # type: ignore[attr-defined]


def _abort(connection: Any) -> None:
    """Close the socket of an asyncpg connection, of which nobody may be left to wait for the loop."""
    transport = connection._transport
    try:
        connection.terminate()
    except RuntimeError:  # Its loop is closed, and the transport cannot tell it.
        transport._sock.close()


def _pg8000(fence: Fence, module: ModuleType) -> None:
    """Of its three interfaces, each connection is one of these: https://github.com/tlocke/pg8000"""
    kind = module.CoreConnection
    original = kind.__init__

    @wraps(original)
    def __init__(self: Any, *arguments: Any, **keywords: Any) -> None:
        original(self, **(fence.redirected("pg8000", arguments, keywords) or {}))
        _confirmed(fence, self, lambda connection: connection.execute_simple(_QUESTION).rows[0][0])

    kind.__init__ = __init__


def _constructor(fence: Fence, kind: Any, driver: str, ask: Callable[[Any], object] | None) -> None:
    """A class whose instances connect when they are made, or later with what they were made with."""
    original = kind.__init__

    @wraps(original)
    def __init__(self: Any, *arguments: Any, **keywords: Any) -> None:
        original(self, **(fence.redirected(driver, arguments, keywords) or {}))
        if ask is not None:
            _confirmed(fence, self, ask)
        else:
            fence.opened(self)

    kind.__init__ = __init__


def _ask_pymysql(connection: Any) -> object:
    connection.query(_MYSQL_QUESTION)
    return connection._result.rows[0][0]


def _ask_mysqldb(connection: Any) -> object:
    connection.query(_MYSQL_QUESTION)
    return connection.store_result().fetch_row()[0][0]


def _ask_mariadb(connection: Any) -> object:
    with connection.cursor() as cursor:
        cursor.execute(_MYSQL_QUESTION)
        return cursor.fetchone()[0]


def _mysql_connector(fence: Fence, module: ModuleType) -> None:
    """https://dev.mysql.com/doc/connector-python/en/: all of its connections go through this method."""
    kind = module.MySQLConnectionAbstract
    original = kind.connect

    @wraps(original)
    def connect(self: Any, **keywords: Any) -> None:
        original(self, **(fence.redirected("mysqlconnector", (), keywords) or {}))
        _confirmed(fence, self, lambda connection: connection.database)

    kind.connect = connect


def _sqlite3(fence: Fence, module: ModuleType) -> None:
    """https://docs.python.org/3.14/library/sqlite3.html#sqlite3.connect"""
    original = module.connect

    @wraps(original)
    def connect(*arguments: Any, **keywords: Any) -> Any:
        led = fence.redirected("pysqlite", arguments, keywords)
        connection = original(*arguments, **keywords) if led is None else original(**led)
        fence.opened(connection)
        forbid_attaching(fence, connection)
        return connection

    module.connect = connect  # type: ignore[attr-defined]


def _subprocess(fence: Fence, module: ModuleType) -> None:
    """https://docs.python.org/3.14/library/subprocess.html#subprocess.Popen"""
    original = module.Popen.__init__

    @wraps(original)
    def __init__(self: Any, args: Any, *rest: Any, **keywords: Any) -> None:
        fence.check_program(*(args if isinstance(args, (list, tuple)) else [args]))
        original(self, args, *rest, **keywords)

    module.Popen.__init__ = __init__


def forbid_attaching(fence: Fence, connection: Any) -> None:
    """ATTACH of a file ends in "not authorized", and the refusal is remembered."""

    def authorize(action: int, name: str | None, *rest: object) -> int:
        if action != _SQLITE_ATTACH:
            return _SQLITE_OK
        # Without a name it is an expression, which the driver does not tell.
        trouble = reach.attachment("that a parameter names" if name is None else name, fence.destination)
        if trouble is None:
            return _SQLITE_OK
        fence.refuse(trouble)
        return _SQLITE_DENY

    connection.set_authorizer(authorize)


def _foreign(fence: Fence, dialect: str, function: str) -> imports.Patch:
    def change(module: ModuleType) -> None:
        def connect(*arguments: Any, **keywords: Any) -> Any:
            fence.check_dialect(dialect)

        setattr(module, function, connect)

    return change
