"""Finds a server for throwaway databases, without being told where, and leaves nothing behind. Knows no project."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from migration_guard.model.target import DATABASES
from migration_guard.roundtripping.servers import binaries, docker, given, leftovers, mysql, postgresql, sqlite
from migration_guard.roundtripping.servers.access import DatabaseError, available
from migration_guard.roundtripping.servers.destination import FAMILIES, Destination

INSTALLS = {
    "postgresql": "run pip install 'migration-guard[postgresql]', which brings its programs",
    "mysql": "install a server on this machine (mysqld or mariadbd; it need not run)",
    "mariadb": "install a server on this machine (mariadbd or mysqld; it need not run)",
}


class NoDatabase(DatabaseError):
    """There is no server to make a throwaway database on. The message says the ways to get one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRequest:
    """
    The database that a project is for: `postgresql`, `mysql`, `mariadb` or `sqlite`, the version that is preferred
    (its major first), and where a server is, if the user said so.
    """

    dialect: str
    version: tuple[int, ...] | None = None
    url: str | None = None


class Server(Protocol):
    """
    What makes and drops databases of ours. `description` is for people: "PostgreSQL 15.18, a private server".

    All of them raise DatabaseError where the server does not do what is asked.
    """

    @property
    def dialect(self) -> str:
        """What the server is; that can be mariadb where mysql was wanted."""

    @property
    def version(self) -> tuple[int, ...]: ...

    @property
    def description(self) -> str: ...

    def create(self) -> Destination:
        """A new empty database, with a random name that no other has."""

    def copy(self, source: Destination) -> Destination | None:
        """A new database like `source`, to which nobody may be connected. None where the server cannot do that."""

    def drop(self, destination: Destination) -> None:
        """Drops a database of ours, with connections open or not. Those that are not dropped are at the end."""

    def client(self) -> Path | None:
        """The `psql` of the same installation, if there is one."""


@contextmanager
def server(wanted: ServerRequest) -> Iterator[Server]:
    """
    A server for as long as the block runs. Afterwards, whatever happened, no server, database or folder of ours is
    left.

    Looks for, in this order: the URL; for SQLite a folder; programs on this machine, that of the wanted major first;
    Docker. Raises NoDatabase where there is none, DatabaseError where one does not work. What an earlier run left when
    it was killed is removed first. Call it in the main thread: on Linux a private server ends with the thread that
    started it.
    """
    available(FAMILIES[wanted.dialect])
    leftovers.sweep()
    with _found(wanted) as found:
        yield found


def _found(wanted: ServerRequest) -> AbstractContextManager[Server]:
    if wanted.url is not None:
        return given.given(wanted.url, wanted.dialect)
    if wanted.dialect == "sqlite":
        return sqlite.private()
    for installation in _installed(wanted):
        if wanted.dialect == "postgresql":
            return postgresql.private(installation)
        return mysql.private(installation, wanted.dialect)
    if docker.answers():
        return docker.container(wanted.dialect, wanted.version)
    raise NoDatabase(_ways(wanted.dialect))


def _installed(wanted: ServerRequest) -> list[binaries.Installation]:
    """What could run a private server here, best first. Those need sockets and signals that Windows lacks."""
    if os.name != "posix":
        return []
    found = binaries.postgresql() if wanted.dialect == "postgresql" else binaries.mysql()
    return binaries.preferred(found, wanted.dialect, wanted.version)


def _ways(dialect: str) -> str:
    name = DATABASES[dialect]
    install = INSTALLS[dialect] if os.name == "posix" else "use a system where it can run one (not Windows)"
    return (
        f"There is no {name} here to make a throwaway database on. There are three ways to get one: give the URL of a "
        "server with --database-url or MIGRATION_GUARD_DATABASE_URL (databases of our own are made there, and "
        f"dropped); {install}; or start Docker and run pip install testcontainers."
    )
