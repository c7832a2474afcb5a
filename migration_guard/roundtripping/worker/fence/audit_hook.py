"""The fence within the interpreter: files of SQLite, sockets to database servers, programs that connect."""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from migration_guard.roundtripping.servers.destination import Destination
from migration_guard.roundtripping.worker.fence import Fence, reach
from migration_guard.roundtripping.worker.fence.drivers import DEFAULT_PORTS

_PORTS = {
    **dict.fromkeys((5432, 5433, 5434, 6432), "postgresql"),
    **dict.fromkeys((3306, 3307, 33060), "mysql"),
    1433: "mssql",
    1521: "oracle",
}
_POSTGRES_SOCKET = re.compile(r"\.s\.PGSQL\.\d+$")
_MYSQL_SOCKET = re.compile(r"(mysql|mariadb)\w*\.sock$")


def install(fence: Fence) -> None:
    """
    Listen to the interpreter's audit events (https://docs.python.org/3.14/library/audit_events.html).

    They see sqlite3 and the sockets of pg8000, PyMySQL and asyncpg, but not those that libpq and libmysqlclient open.
    """
    checks: dict[str, Callable[..., None]] = {
        "sqlite3.connect": lambda name: _file(fence, name),
        "socket.connect": lambda from_, address: _address(fence, address),
        "subprocess.Popen": lambda executable, arguments, *rest: fence.check_program(executable, *_words(arguments)),
        "os.system": lambda command: fence.check_program(command),
        "os.exec": lambda path, arguments, environment: fence.check_program(path, *_words(arguments)),
        "os.posix_spawn": lambda path, arguments, environment: fence.check_program(path, *_words(arguments)),
        "os.spawn": lambda mode, path, arguments, environment: fence.check_program(path, *_words(arguments)),
    }
    known = checks.get

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        check = known(event)
        if check is not None:
            check(*arguments)

    sys.addaudithook(audit)


def _file(fence: Fence, name: object) -> None:
    destination = fence.destination
    if reach.in_memory(name):
        return
    text = os.fsdecode(name) if isinstance(name, (str, bytes, os.PathLike)) else str(name)
    if destination is None or destination.family != "sqlite":
        raise fence.refuse(
            f"The project opens the SQLite file {text}, which is not the throwaway database. It was not opened.",
            "sqlite",
        )
    if not reach.same_file(text, destination.database):
        raise fence.refuse(
            f"The project opens the SQLite file {text} beside the throwaway database. It was not opened."
        )


def _address(fence: Fence, address: object) -> None:
    """An address of a database server that is not where the throwaway database is."""
    destination = fence.destination
    if isinstance(address, (str, bytes)):
        path = os.fsdecode(address)
        ours = destination is not None and path in (
            destination.socket,
            os.path.join(destination.socket or "", f".s.PGSQL.{destination.port or DEFAULT_PORTS['postgresql']}"),
        )
        speaks = "postgresql" if _POSTGRES_SOCKET.search(path) else "mysql" if _MYSQL_SOCKET.search(path) else None
    elif isinstance(address, tuple) and len(address) > 1:
        path = f"{address[0]}:{address[1]}"
        ours = destination is not None and _leads_to(destination, str(address[0]), address[1])
        speaks = _PORTS.get(address[1])
    else:
        return
    if speaks is not None and not ours:
        raise fence.refuse(
            f"The project connects to {path}, where a database server ({speaks}) listens, and the throwaway database "
            "is elsewhere. Nothing was opened.",
            speaks,
        )


def _leads_to(destination: Destination, host: str, port: object) -> bool:
    """Whether this is the server of the throwaway database, whose name may be resolved by now."""
    if destination.socket is not None or destination.host is None:
        return False
    expected = destination.port or DEFAULT_PORTS[destination.family]
    return port == expected and (host == destination.host or host in _addresses(destination.host))


@cache
def _addresses(host: str) -> frozenset[str]:
    try:
        return frozenset(str(found[4][0]) for found in socket.getaddrinfo(host, None))
    except OSError:
        return frozenset()


def _words(arguments: object) -> Sequence[object]:
    return arguments if isinstance(arguments, (list, tuple)) else (arguments,)
