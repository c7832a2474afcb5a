"""How each driver is told where to connect: what leads to our database, and which of the user's words stay."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy.engine import URL

from migration_guard.roundtripping.servers.destination import Destination

Arguments = dict[str, Any]

# SQLAlchemy's name of a driver, and the module that must be installed for it, in order of preference.
SYNC_DRIVERS = {
    "postgresql": {"psycopg2": "psycopg2", "psycopg": "psycopg", "pg8000": "pg8000"},
    "mysql": {
        "mysqldb": "MySQLdb",
        "pymysql": "pymysql",
        "mysqlconnector": "mysql.connector",
        "mariadbconnector": "mariadb",
    },
    "sqlite": {"pysqlite": "sqlite3"},
}
ASYNC_DRIVERS = {
    "postgresql": {"asyncpg": "asyncpg", "psycopg": "psycopg"},
    "mysql": {"aiomysql": "aiomysql", "asyncmy": "asyncmy"},
    "sqlite": {"aiosqlite": "aiosqlite"},
}
DEFAULT_PORTS = {"postgresql": 5432, "mysql": 3306}


def url(destination: Destination, driver: str) -> str:
    """The throwaway database for `create_engine()`, with its password."""
    if destination.family == "sqlite":
        made = URL.create(f"sqlite+{driver}", database=destination.database)
    else:
        query = dict(destination.options)
        if destination.socket is not None:
            query["host" if destination.family == "postgresql" else "unix_socket"] = destination.socket
        made = URL.create(
            f"{destination.family}+{driver}",
            username=destination.user,
            password=destination.password,
            host=None if destination.socket else destination.host,
            port=destination.port,
            database=destination.database,
            query=query,
        )
    return made.render_as_string(hide_password=False)


def _libpq(destination: Destination) -> Arguments:
    """https://www.postgresql.org/docs/18/libpq-connect.html#LIBPQ-PARAMKEYWORDS"""
    found = {**dict(destination.options), "dbname": destination.database, **_server(destination)}
    # Named, or else PGPORT would choose among the sockets of the folder.
    return {**found, "port": destination.port or DEFAULT_PORTS["postgresql"]}


def _asyncpg(destination: Destination) -> Arguments:
    """asyncpg 0.32: https://magicstack.github.io/asyncpg/current/api/index.html#connection"""
    mode = dict(destination.options).get("sslmode")
    place = {**_server(destination), "port": destination.port or DEFAULT_PORTS["postgresql"]}
    return {"database": destination.database, **place, **({"ssl": mode} if mode else {})}


def _pg8000(destination: Destination) -> Arguments:
    """https://github.com/tlocke/pg8000#pg8000dbapiconnect"""
    found: Arguments = {"user": destination.user, "password": destination.password, "database": destination.database}
    if destination.socket is not None:
        found["unix_sock"] = f"{destination.socket}/.s.PGSQL.{destination.port or DEFAULT_PORTS['postgresql']}"
    else:
        found |= {"host": destination.host, "port": destination.port or DEFAULT_PORTS["postgresql"]}
    if dict(destination.options).get("sslmode", "disable") not in ("disable", "allow", "prefer"):
        found["ssl_context"] = True
    return found


def _mysql(database: str, *, certificates: str = "") -> Callable[[Destination], Arguments]:
    """`certificates`: "words" for a driver that knows ssl_ca and the like, "table" for one that has them in `ssl`."""

    def arguments(destination: Destination) -> Arguments:
        place = {"unix_socket": destination.socket} if destination.socket else _server(destination)
        found = {"user": destination.user, "password": destination.password, **place, database: destination.database}
        words = {name: value for name, value in destination.options if name in ("ssl_ca", "ssl_cert", "ssl_key")}
        if words and certificates == "words":
            found |= words
        elif words and certificates == "table":
            found["ssl"] = {name.removeprefix("ssl_"): value for name, value in words.items()}
        return {name: value for name, value in found.items() if value is not None}

    return arguments


def _sqlite(destination: Destination) -> Arguments:
    return {"database": destination.database}


def _server(destination: Destination) -> Arguments:
    found = {
        "host": destination.socket or destination.host,
        "port": destination.port,
        "user": destination.user,
        "password": destination.password,
    }
    return {name: value for name, value in found.items() if value is not None}


def _keywords(arguments: Sequence[Any], names: Sequence[str]) -> Arguments:
    """Positional arguments by name; those beyond the names are dropped."""
    return dict(zip(names, arguments, strict=False))


def _of_libpq(text: object, module: str, function: str) -> Arguments:
    """The words of a DSN, as the driver itself reads it; none of one that it cannot read."""
    parse = getattr(sys.modules.get(module), function, None)
    if not text or parse is None:
        return {}
    try:
        return dict(parse(text))
    except Exception:  # Whatever the driver says of a bad DSN: the words in it are dropped.
        return {}


def _of_psycopg2(arguments: Sequence[Any], keywords: Arguments) -> Arguments:
    named = {**_keywords(arguments, ("dsn", "connection_factory", "cursor_factory")), **keywords}
    return {**_of_libpq(named.get("dsn"), "psycopg2.extensions", "parse_dsn"), **named}


def _of_psycopg(arguments: Sequence[Any], keywords: Arguments) -> Arguments:
    named = {**_keywords(arguments, ("conninfo",)), **keywords}
    return {**_of_libpq(named.get("conninfo"), "psycopg.conninfo", "conninfo_to_dict"), **named}


def _of_asyncpg(arguments: Sequence[Any], keywords: Arguments) -> Arguments:
    """Words of the DSN's query that asyncpg does not know are settings of the session."""
    named = {**_keywords(arguments, ("dsn",)), **keywords}
    query = dict(parse_qsl(urlsplit(str(named.get("dsn") or "")).query))
    settings = {name: value for name, value in query.items() if name not in _ASYNCPG_OWN and name[:3] not in _TLS}
    settings |= named.get("server_settings") or {}
    return {**named, "server_settings": settings} if settings else named


def _of_names(*names: str) -> Callable[[Sequence[Any], Arguments], Arguments]:
    return lambda arguments, keywords: {**_keywords(arguments, names), **keywords}


_TLS = ("ssl", "gss", "krb", "ser")
_ASYNCPG_OWN = frozenset({"host", "port", "user", "password", "passfile", "dbname", "database", "target_session_attrs"})
_LIBPQ_WORDS = "options application_name fallback_application_name client_encoding connect_timeout"
_MYSQL_WORDS = """
    charset collation use_unicode init_command sql_mode conv converter_class autocommit cursorclass cursor_class
    local_infile connect_timeout read_timeout write_timeout client_flag client_flags max_allowed_packet binary_prefix
    time_zone buffered raw use_pure raise_on_warnings get_warnings program_name echo loop use_result compress
    sql_mode dictionary named_tuple connection_timeout allow_local_infile
"""


@dataclass(frozen=True, slots=True)
class DriverRedirection:
    """
    One driver.

    `leads` gives the arguments that lead to a database; `reads` brings the user's into keywords; `keeps` are those
    that choose no server, no database and no account, and so are carried over: session options, encodings, factories.
    """

    family: str
    leads: Callable[[Destination], Arguments]
    reads: Callable[[Sequence[Any], Arguments], Arguments]
    keeps: frozenset[str] = field(default=frozenset())

    def redirected(self, destination: Destination, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Arguments:
        """The keywords for a connection to the throwaway database, in place of the user's arguments."""
        theirs = self.reads(arguments, dict(keywords))
        kept = {name: value for name, value in theirs.items() if name in self.keeps}
        return {**kept, **self.leads(destination)}

    def database(self, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> object:
        """The database that the user's arguments name."""
        return self.reads(arguments, dict(keywords)).get("database", "")


def _driver(
    family: str,
    leads: Callable[[Destination], Arguments],
    reads: Callable[[Sequence[Any], Arguments], Arguments],
    *keeps: str,
) -> DriverRedirection:
    return DriverRedirection(family, leads, reads, frozenset(_split(keeps)))


def _split(lines: Iterable[str]) -> list[str]:
    return [word for line in lines for word in line.split()]


_MYSQL_POSITIONS = ("host", "user", "password", "database", "port", "unix_socket")
_PG8000_POSITIONS = ("user", "host", "database", "port", "password", "source_address", "unix_sock", "ssl_context")
# By our name, which is SQLAlchemy's for most of them (`dialect.driver`).
DRIVERS: dict[str, DriverRedirection] = {
    "psycopg2": _driver(
        "postgresql", _libpq, _of_psycopg2, _LIBPQ_WORDS, "connection_factory cursor_factory async async_"
    ),
    "psycopg": _driver(
        "postgresql",
        _libpq,
        _of_psycopg,
        _LIBPQ_WORDS,
        "autocommit prepare_threshold row_factory cursor_factory context",
    ),
    "asyncpg": _driver(
        "postgresql",
        _asyncpg,
        _of_asyncpg,
        "server_settings statement_cache_size max_cached_statement_lifetime max_cacheable_statement_size",
        "command_timeout timeout connection_class record_class loop",
        # What SQLAlchemy takes for itself on the way.
        "async_fallback prepared_statement_cache_size prepared_statement_name_func",
    ),
    "pg8000": _driver(
        "postgresql", _pg8000, _of_names(*_PG8000_POSITIONS), "application_name timeout tcp_keepalive startup_params"
    ),
    "pysqlite": _driver(
        "sqlite",
        _sqlite,
        _of_names(
            "database",
            "timeout",
            "detect_types",
            "isolation_level",
            "check_same_thread",
            "factory",
            "cached_statements",
        ),
        "timeout detect_types isolation_level check_same_thread factory cached_statements autocommit async_fallback",
        "iter_chunk_size loop",
    ),
    "pymysql": _driver(
        "mysql",
        _mysql("database", certificates="words"),
        _of_names("host", "user", "password", "database"),
        _MYSQL_WORDS,
    ),
    "mysqldb": _driver("mysql", _mysql("database", certificates="table"), _of_names(*_MYSQL_POSITIONS), _MYSQL_WORDS),
    "mysqlconnector": _driver("mysql", _mysql("database", certificates="words"), _of_names(), _MYSQL_WORDS),
    "mariadbconnector": _driver("mysql", _mysql("database", certificates="words"), _of_names(), _MYSQL_WORDS),
    "aiomysql": _driver("mysql", _mysql("db"), _of_names("host", "user", "password", "db"), _MYSQL_WORDS),
    "asyncmy": _driver("mysql", _mysql("database"), _of_names(), _MYSQL_WORDS),
}
# Other names under which SQLAlchemy has them.
_SAME = {"psycopg_async": "psycopg", "aiosqlite": "pysqlite", "pysqlite_numeric": "pysqlite"}
# Where a driver's classes come from, and what they speak.
MODULES = {
    **dict.fromkeys(("psycopg2", "psycopg", "asyncpg", "pg8000"), "postgresql"),
    **dict.fromkeys(("pymysql", "MySQLdb", "mysql", "mariadb", "aiomysql", "asyncmy"), "mysql"),
    **dict.fromkeys(("sqlite3", "aiosqlite"), "sqlite"),
}


def of_dialect(driver: str) -> str:
    """Our name of the driver that SQLAlchemy calls so."""
    return _SAME.get(driver, driver)


def of_name(driver: str) -> DriverRedirection | None:
    """The driver, None of one that is not known here."""
    return DRIVERS.get(driver)
