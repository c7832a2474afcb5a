"""The fence inside the drivers: what every connection passes, whichever way it came in. Second to `entrances`."""

from __future__ import annotations

from functools import wraps
from types import ModuleType
from typing import Any

from migration_guard.roundtripping.worker.fence import Fence, imports
from migration_guard.roundtripping.worker.fence.driver_calls import forbid_attaching

# The position of `factory` among the arguments of sqlite3.connect(), from 1.
_FACTORY = 6


def install(fence: Fence) -> None:
    """Change each driver when it is first imported. The drivers that use Python's sockets have `auditing` instead."""
    imports.patch(
        {
            "psycopg2": lambda module: _psycopg2(fence, module),
            "psycopg2.extensions": lambda module: _psycopg2_class(fence, module),
            "psycopg.connection": lambda module: _psycopg(fence, module.Connection),
            "psycopg.connection_async": lambda module: _psycopg(fence, module.AsyncConnection),
            "asyncpg.connect_utils": lambda module: _asyncpg(fence, module),
            "sqlite3.dbapi2": lambda module: _sqlite3(fence, module),
        }
    )


def _psycopg2_class(fence: Fence, module: ModuleType) -> None:
    """The class that connects, and that every connection factory derives from."""

    class connection(module.connection):  # type: ignore[misc, name-defined]
        def __init__(self, dsn: object, *arguments: Any, **keywords: Any) -> None:
            super().__init__(_libpq(fence, "psycopg2", dsn), *arguments, **keywords)

    connection.__module__, connection.__qualname__ = module.__name__, "connection"
    module.connection = connection  # type: ignore[attr-defined]


def _psycopg2(fence: Fence, module: ModuleType) -> None:
    original = module._connect

    @wraps(original)
    def _connect(dsn: object, connection_factory: Any = None, **keywords: Any) -> Any:
        factory = connection_factory or module.extensions.connection
        return original(_libpq(fence, "psycopg2", dsn), connection_factory=factory, **keywords)

    module._connect = _connect  # type: ignore[attr-defined]


def _psycopg(fence: Fence, kind: Any) -> None:
    """What connects to one server with one string, blocking or not."""
    original = next(one.__dict__["_connect_gen"] for one in kind.__mro__ if "_connect_gen" in one.__dict__).__func__

    @wraps(original)
    def _connect_gen(kind: Any, conninfo: object = "", *arguments: Any, **keywords: Any) -> Any:
        return original(kind, _libpq(fence, "psycopg", conninfo), *arguments, **keywords)

    kind._connect_gen = classmethod(_connect_gen)


def _libpq(fence: Fence, driver: str, text: object) -> str:
    """A connection string, as it leads to the throwaway database."""
    words = fence.redirected(driver, (text,), {}) or {}
    return " ".join(f"{name}={_quoted(str(value))}" for name, value in words.items())


def _quoted(value: str) -> str:
    """https://www.postgresql.org/docs/18/libpq-connect.html#LIBPQ-CONNSTRING-KEYWORD-VALUE"""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _sqlite3(fence: Fence, module: ModuleType) -> None:
    """The class that connects, and that every factory derives from."""
    original = module.connect

    class Connection(module.Connection):  # type: ignore[misc, name-defined]
        def __init__(self, *arguments: Any, **keywords: Any) -> None:
            led = fence.redirected("pysqlite", arguments, keywords)
            if led is None:
                super().__init__(*arguments, **keywords)
            else:
                super().__init__(**{name: value for name, value in led.items() if name != "factory"})
            forbid_attaching(fence, self)

    @wraps(original)
    def connect(*arguments: Any, **keywords: Any) -> Any:
        if len(arguments) < _FACTORY:
            keywords.setdefault("factory", Connection)
        return original(*arguments, **keywords)

    Connection.__module__, Connection.__qualname__ = "sqlite3", "Connection"
    module.Connection = Connection  # type: ignore[attr-defined]
    module.connect = connect  # type: ignore[attr-defined]


def _asyncpg(fence: Fence, module: ModuleType) -> None:
    """What makes addresses of all that asyncpg is given, the environment included."""
    original = module._parse_connect_arguments

    @wraps(original)
    def _parse_connect_arguments(**keywords: Any) -> Any:
        led = fence.redirected("asyncpg", (), keywords) or {}
        return original(**{name: led.get(name) for name in keywords})

    module._parse_connect_arguments = _parse_connect_arguments  # type: ignore[attr-defined]
