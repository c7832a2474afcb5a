"""What reaches beyond one database: statements, attached files, client programs; and what drivers are told instead."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migration_guard.roundtripping.servers.destination import Destination
from migration_guard.roundtripping.worker.fence import Fence, Refused, audit_hook, reach
from migration_guard.roundtripping.worker.fence.driver_internals import _quoted
from migration_guard.roundtripping.worker.fence.drivers import DRIVERS

PRIVATE = Destination(dialect="postgresql", database="ours", socket="/run/ours", user="postgres")
SHARED = Destination(dialect="postgresql", database="ours", host="db", port=6543, user="shop", shared=True)
MYSQL = Destination(dialect="mysql", database="ours", host="db", user="shop", shared=True)
TCP = Destination(dialect="postgresql", database="ours", host="localhost", user="shop", shared=True)
SQLITE = Destination(dialect="sqlite", database="/tmp/ours.db")


@pytest.mark.parametrize(
    ("sql", "destination"),
    [
        ("CREATE DATABASE shop", PRIVATE),
        ("drop database if exists shop", PRIVATE),
        ("select 1; -- first\n create /* the */ database shop", PRIVATE),
        ("ALTER DATABASE shop SET timezone TO 'UTC'", SHARED),
        ("alter system set fsync = off", SHARED),
        ("CREATE ROLE reader", SHARED),
        ("drop user shop", SHARED),
        ("CREATE TABLESPACE fast LOCATION '/mnt'", SHARED),
        ("drop owned by reader", SHARED),
        ("create schema shop", MYSQL),
        ("USE shop", MYSQL),
        ("INSERT INTO shop.orders VALUES (1)", MYSQL),
        ("DROP TABLE IF EXISTS `shop`.`orders`", MYSQL),
        ("SET GLOBAL max_connections = 5", MYSQL),
        ("ATTACH DATABASE 'shop.db' AS shop", SQLITE),
        ("attach 'file:shop.db?mode=ro' as shop", SQLITE),
    ],
)
def test_what_reaches_beyond_the_database_is_told(sql: str, destination: Destination) -> None:
    assert reach.beyond(sql, destination)


@pytest.mark.parametrize(
    ("sql", "destination"),
    [
        ("CREATE ROLE reader", PRIVATE),
        ("create schema shop", PRIVATE),
        ("create schema shop", SHARED),
        ("insert into notes values ('create database shop; drop database shop')", SHARED),
        ("-- create database shop\nselect 1", SHARED),
        ("do $$ begin raise notice 'alter system'; end $$", SHARED),
        ("create table database_users (id int)", SHARED),
        ("create table users (role text, system text)", SHARED),
        ("create user mapping for shop server other", SHARED),
        ("comment on column users.role is 'drop role x'", SHARED),
        ("insert into shop.orders values (1)", SHARED),
        ("insert into ours.orders values (1)", MYSQL),
        ("update orders set a = 1", MYSQL),
        ("select * from information_schema.tables", MYSQL),
        ("attach ':memory:' as shop", SQLITE),
        ("attach '' as shop", SQLITE),
        ("attach '/tmp/ours.db' as again", SQLITE),
        ("create table attach (id int)", SQLITE),
    ],
)
def test_what_stays_within_it_is_not(sql: str, destination: Destination) -> None:
    assert reach.beyond(sql, destination) is None


@given(st.text())
def test_any_text_can_be_asked_about(text: str) -> None:
    for destination in (PRIVATE, SHARED, MYSQL, SQLITE):
        reach.beyond(text, destination)
    reach.program(text)
    reach.in_memory(text)


@pytest.mark.parametrize(
    ("command", "client"),
    [
        ("psql", "psql"),
        ("/usr/bin/psql", "psql"),
        ("cd / && pg_restore -d shop dump", "pg_restore"),
        ("mysql shop < dump.sql", "mysql"),
        ("sqlite3 shop.db .dump", "sqlite3"),
        ("psqlish", None),
        ("cat mysql.sql", None),
        ("python -m mysql_tools", None),
        ("git commit -m psql-notes", None),
    ],
)
def test_the_clients_of_databases_are_known_in_a_command(command: str, client: str | None) -> None:
    assert reach.program(command) == client


@pytest.mark.parametrize("name", ["", ":memory:", b":memory:", "file::memory:?cache=shared", "file:x?mode=memory"])
def test_sqlite_in_memory_is_known(name: object) -> None:
    assert reach.in_memory(name)


@pytest.mark.parametrize("name", ["shop.db", "file:shop.db", "memory", None, 5])
def test_a_file_of_sqlite_is_not_taken_for_memory(name: object) -> None:
    assert reach.in_memory(name) == (name in (None, 5))


ELSEWHERE = {
    "host": "db.internal",
    "hostaddr": "10.0.0.1",
    "port": 1,
    "user": "shop",
    "password": "secret",
    "database": "shop",
    "dbname": "shop",
    "db": "shop",
    "service": "shop",
    "passfile": "/x",
    "unix_socket": "/x.sock",
    "unix_sock": "/x.sock",
    "read_default_file": "/etc/my.cnf",
    "uri": True,
    "sslmode": "verify-full",
    "ssl_ca": "/ca.pem",
    "dsn": None,
}


@pytest.mark.parametrize("driver", DRIVERS)
@given(chosen=st.sets(st.sampled_from(sorted(ELSEWHERE))))
def test_no_word_that_leads_elsewhere_is_left(driver: str, chosen: set[str]) -> None:
    one = DRIVERS[driver]
    for destination in (PRIVATE, SHARED, MYSQL, SQLITE):
        theirs = {name: ELSEWHERE[name] for name in chosen}
        assert one.redirected(destination, (), theirs) == one.leads(destination)


@pytest.mark.parametrize(
    ("driver", "arguments", "keywords", "kept"),
    [
        ("psycopg2", (), {"options": "-csearch_path=shop", "host": "x"}, {"options": "-csearch_path=shop"}),
        (
            "psycopg",
            (),
            {"application_name": "shop", "autocommit": True},
            {"application_name": "shop", "autocommit": True},
        ),
        ("asyncpg", (), {"server_settings": {"jit": "off"}}, {"server_settings": {"jit": "off"}}),
        ("asyncpg", ("postgres://u@h/d?search_path=shop&ssl=on",), {}, {"server_settings": {"search_path": "shop"}}),
        ("pg8000", ("shop", "db.internal"), {"timeout": 5}, {"timeout": 5}),
        (
            "pymysql",
            (),
            {"charset": "utf8mb4", "init_command": "set x=1"},
            {"charset": "utf8mb4", "init_command": "set x=1"},
        ),
        ("pysqlite", ("shop.db", 5.0), {"check_same_thread": False}, {"timeout": 5.0, "check_same_thread": False}),
    ],
)
def test_words_about_the_session_are_carried_over(
    driver: str, arguments: tuple[object, ...], keywords: dict[str, object], kept: dict[str, object]
) -> None:
    one = DRIVERS[driver]
    assert one.redirected(PRIVATE, arguments, keywords) == {**kept, **one.leads(PRIVATE)}


def test_a_dsn_is_read_by_its_own_driver() -> None:
    import psycopg  # noqa: F401
    import psycopg2  # noqa: F401

    dsn = "host=db.internal service=shop options='-c search_path=shop' application_name=shop sslmode=require"
    for driver in ("psycopg2", "psycopg"):
        told = DRIVERS[driver].redirected(SHARED, (dsn,), {})
        assert told == {
            "options": "-c search_path=shop",
            "application_name": "shop",
            **DRIVERS[driver].leads(SHARED),
        }


def test_a_port_of_the_environment_does_not_choose_among_the_sockets() -> None:
    assert DRIVERS["psycopg2"].leads(PRIVATE)["port"] == 5432
    assert DRIVERS["asyncpg"].leads(PRIVATE)["port"] == 5432


@given(st.text(alphabet=string.printable.replace("\x00", ""), min_size=1))
def test_a_connection_string_says_what_was_meant(value: str) -> None:
    from psycopg.conninfo import conninfo_to_dict

    assert conninfo_to_dict(f"options={_quoted(value)}") == {"options": value}


@pytest.mark.parametrize(
    ("destination", "address", "allowed"),
    [
        (PRIVATE, "/run/ours/.s.PGSQL.5432", True),
        (PRIVATE, "/var/run/postgresql/.s.PGSQL.5432", False),
        (PRIVATE, "/run/mysqld/mysqld.sock", False),
        (PRIVATE, "/var/run/docker.sock", True),
        (PRIVATE, ("127.0.0.1", 5432), False),
        (PRIVATE, ("127.0.0.1", 8080), True),
        (TCP, ("127.0.0.1", 5432), True),
        (TCP, ("10.0.0.9", 5432), False),
        (TCP, ("127.0.0.1", 6432), False),
        (TCP, ("127.0.0.1", 3306), False),
        (None, ("127.0.0.1", 5432), False),
    ],
)
def test_sockets_to_other_database_servers_are_refused(
    destination: Destination | None, address: object, allowed: bool
) -> None:
    fence = Fence()
    fence.destination = destination
    if allowed:
        audit_hook._address(fence, address)
    else:
        with pytest.raises(Refused, match="Nothing was opened"):
            audit_hook._address(fence, address)
