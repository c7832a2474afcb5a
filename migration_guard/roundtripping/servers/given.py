"""A server that the user gave by a URL: databases of our own there, and only those. Starts none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from getpass import getuser
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from migration_guard.model.target import DATABASES
from migration_guard.roundtripping.servers import mysql, owned_names, postgresql
from migration_guard.roundtripping.servers.access import Access, DatabaseError, database_message
from migration_guard.roundtripping.servers.destination import FAMILIES, Destination
from migration_guard.roundtripping.servers.processes import undisturbed

PORTS = {"postgresql": 5432, "mysql": 3306}
SOCKETS = ("/var/run/postgresql", "/tmp")

Either = postgresql.PostgreSQLServer | mysql.MySQLServer


def read(text: str, wanted: str) -> Destination:
    """
    The database that a URL names, from which we make ours. No database of the name `postgres` is needed where it
    names another one. Raises DatabaseError for what is no URL, and for one of another dialect than is wanted.
    """
    try:
        url = make_url(text)
        port = url.port or int(str(url.query.get("port", 0)))
        dialect = "postgresql" if url.get_backend_name() == "postgres" else url.get_backend_name()
    except (ArgumentError, ValueError):
        raise DatabaseError(
            "What was given as the database's URL is none. It looks like this: postgresql://user:password@host:5432/"
        ) from None
    if FAMILIES.get(dialect) != FAMILIES[wanted]:
        raise DatabaseError(
            f"The URL that was given is for {DATABASES.get(dialect, dialect)}, but this history is for"
            f" {DATABASES[wanted]}. Give the URL of a {DATABASES[wanted]} server"
            + (f", or choose the other with --database {dialect}." if dialect in FAMILIES else ".")
        )
    if dialect == "sqlite":
        raise DatabaseError("SQLite needs no server: leave the URL out, and a file in a temporary folder is used.")
    return _maintenance(url, dialect, port or PORTS[FAMILIES[dialect]])


def _maintenance(url: URL, dialect: str, port: int) -> Destination:
    options = {name: value if isinstance(value, str) else ",".join(value) for name, value in url.query.items()}
    host = url.host or options.pop("host", None)
    user, password = url.username or options.pop("user", None), url.password or options.pop("password", None)
    if host and "," in host:
        raise DatabaseError("The URL that was given names several hosts. Give one of them.")
    if FAMILIES[dialect] == "mysql":
        socket, database = options.pop("unix_socket", None), mysql.MAINTENANCE
    else:
        socket, database = _folder(host, options.pop("unix_sock", None), port), url.database or "postgres"
    return Destination(
        dialect=dialect,
        database=database,
        socket=socket,
        host=None if socket else host or "localhost",
        port=port,
        user=user or getuser(),
        password=password,
        options=tuple(sorted((name, value) for name, value in options.items() if name not in ("host", "port"))),
        shared=True,
    )


def _folder(host: str | None, file: str | None, port: int) -> str | None:
    """The folder of PostgreSQL's socket: said as a host or as a file, else where servers put it, if no host is said."""
    if host:
        return host if host.startswith("/") else None
    if file:
        return file.rpartition("/")[0]
    return next((folder for folder in SOCKETS if Path(folder, f".s.PGSQL.{port}").exists()), None)


@contextmanager
def given(text: str, wanted: str) -> Iterator[Either]:
    """
    The server that a URL leads to. At the end the databases that we made there are dropped.

    What a killed run left there is dropped first: databases whose names say that they are ours, whose process has
    ended, and to which nobody is connected.
    """
    place = read(text, wanted)
    with serving(place, wanted, f"{place.socket or place.host}:{place.port} (databases of our own)") as server:
        _sweep(server)
        yield server


@contextmanager
def serving(maintenance: Destination, wanted: str, where: str) -> Iterator[Either]:
    """A server that runs without us, and at the end none of our databases on it. `where` is for people."""
    with Access.open(maintenance) as access:
        if maintenance.family == "postgresql":
            version = postgresql.server_version(access)
            words = f"PostgreSQL {'.'.join(map(str, version))} at {where}"
            server: Either = postgresql.PostgreSQLServer(maintenance, access, version, words)
        else:
            dialect, version = mysql.server_version(access)
            maintenance = replace(maintenance, dialect=dialect)
            words = f"{mysql.described(dialect, version, wanted)} at {where}"
            server = mysql.MySQLServer(maintenance, access, dialect, version, words)
        try:
            yield server
        except BaseException as error:
            for words in _drop_all(server):
                error.add_note(words)
            raise
        left = _drop_all(server)
        if left:
            raise DatabaseError(" ".join(left))


def _drop_all(server: Either) -> list[str]:
    """Drops what is left of ours. Where that fails: what to do about it, in sentences."""
    failed = []
    with undisturbed():
        for name in sorted(server.made):
            drop = partial(server.drop, replace(server.maintenance, database=name))
            try:
                with suppress(DBAPIError):  # of a connection that was lost: the next one is new
                    drop()
                    continue
                drop()
            except (DBAPIError, OSError) as error:
                failed.append(
                    f"{name} could not be dropped on {server.description}: {database_message(error)}. Drop it by hand."
                )
    return failed


def _sweep(server: Either) -> None:
    if isinstance(server, postgresql.PostgreSQLServer):
        sql = (
            "SELECT datname, EXISTS (SELECT FROM pg_stat_activity AS a WHERE a.datname = d.datname) "
            "FROM pg_database AS d WHERE datname LIKE 'migration%'"
        )
        drop = partial(postgresql.drop, server.access, server.version)
    else:
        sql = (
            "SELECT schema_name, EXISTS (SELECT 1 FROM information_schema.processlist WHERE db = schema_name) "
            "FROM information_schema.schemata WHERE schema_name LIKE 'migration%'"
        )
        drop = partial(mysql.drop, server.access, shared=True)
    for name, in_use in server.access.query(sql):
        owner = owned_names.owner_of(str(name))
        if owner is not None and owner.is_gone() and not in_use:
            with suppress(DBAPIError):  # made by a user whose databases we may not drop
                drop(str(name))
