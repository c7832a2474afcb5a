"""What becomes of rows of ours as the history goes on: they are added to, left alone, and let safe migrations pass."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from uuid import UUID

import pytest

from migration_guard.roundtripping.rows import losses
from migration_guard.roundtripping.servers import sqlite
from migration_guard.roundtripping.servers.find import Server
from tests.rows import MYSQL, POSTGRESQL, Place, new_place
from tests.servers import private

SERVERS = (None, POSTGRESQL[-1], *MYSQL)


@pytest.fixture(scope="module", params=SERVERS, ids=lambda one: one.dialect if one else "sqlite")
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with ExitStack() as stack:
        yield stack.enter_context(private(request.param) if request.param else sqlite.private())


@pytest.fixture
def place(server: Server) -> Iterator[Place]:
    with new_place(server) as place:
        yield place


@pytest.fixture(scope="module")
def postgresql_server() -> Iterator[Server]:
    with private(POSTGRESQL[-1]) as server:
        yield server


@pytest.fixture
def postgresql(postgresql_server: Server) -> Iterator[Place]:
    with new_place(postgresql_server) as place:
        yield place


def test_columns_that_come_later_get_values_in_rows_of_ours(place: Place) -> None:
    place.run("create table teams (id int primary key)", "create table users (id int primary key, name varchar(20))")
    place.fill()
    place.run("alter table users add email varchar(50)", "alter table users add age int")
    place.run("alter table users add team_id int references teams (id)")
    place.fill()
    for column in ("email", "age", "team_id"):
        assert len(set(place.values(column, "users"))) > 10
        assert None not in place.values(column, "users")
    assert place.count("users") == 20
    assert set(place.values("team_id", "users")) <= set(place.values("id", "teams"))
    assert not place.filler.unfilled


def test_rows_of_the_migrations_are_added_to_and_never_changed(place: Place) -> None:
    place.run("create table roles (id int primary key, name varchar(20), note varchar(9))")
    place.run("insert into roles (id, name) values (1, 'admin'), (2, 'user')")
    place.fill()
    place.run("alter table roles add rank_ int", "alter table roles add label varchar(20) default 'x'")
    place.fill()
    assert place.access.query("select * from roles where id < 3 order by id") == [
        (1, "admin", None, None, "x"),
        (2, "user", None, None, "x"),
    ]
    assert place.count("roles") == 20
    assert place.values("rank_", "roles").count(None) == 2


def test_a_table_that_has_enough_rows_is_left_alone(place: Place) -> None:
    place.run("create table roles (id int primary key, name varchar(20))")
    place.run(*(f"insert into roles (id) values ({number})" for number in range(30)))
    place.fill()
    assert place.values("name", "roles") == [None] * 30
    assert place.filler.written == 0


def test_a_table_that_was_renamed_still_holds_rows_of_ours(place: Place) -> None:
    place.run("create table users (id int primary key, name varchar(20))")
    place.fill()
    place.run("alter table users rename to people", "alter table people add email varchar(50)")
    place.fill()
    assert place.count("people") == 20
    assert None not in place.values("email", "people")


def test_a_table_that_was_made_anew_is_filled_anew(place: Place) -> None:
    table = "create table users (id int primary key, name varchar(20))"
    place.run(table)
    place.fill()
    place.run("drop table users")
    place.fill()
    place.run(table)
    place.fill()
    assert place.count("users") == 20


def test_a_table_that_was_emptied_is_filled_when_that_was_seen(place: Place) -> None:
    place.run("create table users (id int primary key, name varchar(20))")
    place.fill()
    place.run("delete from users")
    place.capture()
    place.fill()
    assert place.count("users") == 20


def test_columns_that_come_later_to_a_table_without_a_key_are_filled_or_named(place: Place) -> None:
    place.run("create table logs (message varchar(20))")
    place.fill()
    place.run("alter table logs add level_ int")
    place.fill()
    named = "logs.level_" in place.filler.unfilled
    assert named is (place.dialect in ("mariadb", "mysql"))
    assert (None in place.values("level_", "logs")) is named


def test_columns_with_conditions_that_come_later(place: Place) -> None:
    place.run("create table users (id int primary key)")
    place.fill()
    place.run("alter table users add age int check (age > 100 and age < 103)")
    place.run("alter table users add unknown int check (unknown > 3 and unknown < 2)")
    place.fill()
    assert set(place.values("age", "users")) == {101, 102}
    assert place.filler.unfilled.keys() == {"users.unknown"}


def test_values_are_the_same_ones_each_time(server: Server) -> None:
    seen = []
    for _ in range(2):
        with new_place(server) as place:
            place.run("create table users (id int primary key, a varchar(20), b numeric(5,2), c date, d boolean)")
            place.fill()
            seen.append(place.capture())
    assert seen[0] == seen[1]


def test_what_a_migration_takes_away_is_told(place: Place) -> None:
    place.run("create table users (id int primary key, name varchar(20), age int)")
    place.fill()
    before = place.capture()
    assert not losses(before, place.capture())
    place.run("alter table users drop column age", "alter table users add age int")
    place.run("delete from users where id = 1000003")
    found = {one.column: one for one in losses(before, place.capture())}
    assert found.keys() == {None, "age"}
    assert (found["age"].rows, found["age"].now, found[None].rows) == (19, "NULL", 1)


def test_no_more_rows_are_written_than_were_asked_for(server: Server) -> None:
    with new_place(server, rows=3) as place:
        place.run("create table users (id int primary key)", "create table other (id int primary key, user_id int)")
        place.fill()
        assert (place.count("users"), place.count("other"), place.filler.written) == (3, 3, 6)


SHOP = (
    """create table customers (id serial primary key, email text, slug varchar(50), status text default 'new',
    uid varchar(36))""",
    """create table orders (id serial primary key, customer_id integer, created_by integer, price integer,
    quantity bigint, amount numeric(10,2), rating integer, percent integer, latitude numeric(9,6), note varchar(100),
    placed_at timestamp, is_paid integer, settings text, day text, year varchar(4), item_count text, parent_id integer,
    ip text, ts bigint, zip varchar(10), version text, currency char(3))""",
    "create table users (id serial primary key, name varchar(100) not null, state varchar(20) default 'open')",
)


@pytest.mark.parametrize(
    "migration",
    [
        "alter table customers add unique (email)",
        "alter table customers add unique (slug)",
        "create unique index on customers (lower(email))",
        "alter table orders add unique (customer_id, note)",
        "alter table orders alter customer_id set not null",
        "alter table orders alter note set not null",
        "alter table orders add foreign key (customer_id) references customers",
        "alter table orders add foreign key (created_by) references users",
        "alter table orders add foreign key (parent_id) references orders",
        "alter table orders alter note type text",
        "alter table orders alter price type bigint",
        "alter table orders alter price type smallint",
        "update orders set price = price * 100, quantity = quantity * 100, amount = amount * 100",
        "alter table orders add check (price >= 0), add check (quantity > 0), add check (amount > 0)",
        "alter table orders add check (rating between 1 and 5), add check (percent between 0 and 100)",
        "alter table orders add check (latitude between -90 and 90)",
        "alter table orders alter placed_at type timestamptz using placed_at at time zone 'utc'",
        "alter table orders alter placed_at type date",
        "alter table orders alter is_paid type boolean using is_paid::boolean",
        "alter table orders alter settings type jsonb using settings::jsonb",
        "alter table orders alter day type date using ('2020-01-01'::date)",
        "alter table orders alter year type integer using year::integer",
        "alter table orders alter item_count type integer using item_count::integer",
        "alter table orders alter ip type inet using ip::inet",
        "alter table orders alter ts type timestamptz using to_timestamp(ts / 1000)",
        "alter table customers alter uid type uuid using uid::uuid",
        "alter table customers alter status drop default, alter status type s using status::s",
        "alter table users alter state drop default, alter state type s using state::s",
    ],
)
def test_rows_of_ours_are_in_no_safe_migration_s_way(postgresql: Place, migration: str) -> None:
    postgresql.run(*SHOP, "create type s as enum ('new', 'open', 'closed')")
    postgresql.fill()
    assert not postgresql.filler.unfilled
    postgresql.run(migration)


def test_a_narrowed_type_meets_a_value_that_needs_the_room(postgresql: Place) -> None:
    postgresql.run("create table things (id serial primary key, a varchar(100), b text, c bigint, d numeric(10, 4))")
    postgresql.fill()
    for narrowed in ("a type varchar(99)", "b type varchar(255)", "c type integer", "d type numeric(9, 4)"):
        with pytest.raises(Exception, match=r"too long|out of range|overflow"):
            postgresql.run(f"alter table things alter {narrowed}")


TO_AND_FRO = (
    ("varchar(20)", "text"),
    ("integer", "bigint"),
    ("integer", "text"),
    ("numeric(10,2)", "double precision"),
    ("timestamp", "timestamptz"),
    ("json", "jsonb"),
    ("date", "timestamp"),
    ("real", "double precision"),
    ("uuid", "text"),
    ("char(8)", "varchar(8)"),
    ("boolean", "integer"),
    ("bytea", "bytea"),
)


@pytest.mark.parametrize(("before", "after"), TO_AND_FRO)
def test_a_type_that_changes_to_and_fro_loses_nothing(postgresql: Place, before: str, after: str) -> None:
    postgresql.run(f"create table t (id serial primary key, c {before})", f"create table keyless (c {before})")
    postgresql.fill()
    was = postgresql.capture()
    for table in ("t", "keyless"):
        postgresql.run(f"alter table {table} alter c type {after} using c::{after}")
    postgresql.capture()
    for table in ("t", "keyless"):
        postgresql.run(f"alter table {table} alter c type {before} using c::{before}")
    assert not losses(was, postgresql.capture())


@pytest.mark.parametrize(
    ("there", "back"),
    [("numeric(10,4)", "numeric(10,2)"), ("timestamp", "date"), ("varchar(20)", "varchar(5)"), ("float8", "float4")],
)
def test_a_type_that_was_narrower_in_between_loses_values(postgresql: Place, there: str, back: str) -> None:
    postgresql.run(f"create table t (id serial primary key, c {there})")
    postgresql.fill()
    if there == "float8":
        postgresql.run("update t set c = c + 1e-10")
    was = postgresql.capture()
    postgresql.run(f"alter table t alter c type {back} using c::{back}", f"alter table t alter c type {there}")
    (found,) = losses(was, postgresql.capture())
    assert (found.table, found.column) == ("t", "c")


def test_no_two_tables_and_no_two_columns_have_the_same_ids(postgresql: Place) -> None:
    types = {"a": "uuid", "b": "varchar(36)", "c": "varchar(32)", "d": "char(36)"}
    for table, type_ in types.items():
        postgresql.run(f"create table {table} (id {type_} primary key, other_uuid text, token {type_})")
    postgresql.fill()
    ids = [
        str(one).replace("-", "")
        for table in types
        for column in ("id", "other_uuid", "token")
        for one in postgresql.values(column, table)
    ]
    assert len(set(ids)) == len(ids) == 240
    assert all(UUID(one) for one in ids)


def test_bytes_can_be_decoded_and_cast(place: Place) -> None:
    types = {"postgresql": ("bytea", "bytea"), "sqlite": ("blob", "binary(16)")}
    whole, fixed = types.get(place.dialect, ("longblob", "binary(16)"))
    place.run(f"create table things (id int primary key, a {whole}, b {fixed}, c varchar(9))")
    place.fill()
    for column in ("a", "b"):
        found = [bytes(one) for one in place.values(column, "things")]
        assert len(set(found)) == 20
        assert {len(one) for one in found} == {16 if column == "b" and place.dialect != "postgresql" else 4}
        assert all(json.loads(one.decode()) == int(one) > 0 for one in found)


def test_two_references_to_one_table_name_different_rows(place: Place) -> None:
    place.run(
        "create table users (id int primary key)",
        """create table follows (follower_id int not null, followed_id int not null,
        primary key (follower_id, followed_id),
        foreign key (follower_id) references users (id), foreign key (followed_id) references users (id),
        constraint ck check (follower_id <> followed_id))""",
        "create table edges (id int primary key, user_id int, created_by int, check (user_id <> created_by))",
        "create table later (id int primary key, user_id int not null references users (id))",
    )
    place.fill()
    assert (place.count("follows"), place.count("edges")) == (20, 20)
    place.run("alter table later add owner_id int references users (id)")
    place.fill()
    assert not place.access.query("select * from later where user_id = owner_id or owner_id is null")
    assert not place.filler.unfilled


def test_a_column_that_the_database_takes_from_json(postgresql: Place) -> None:
    postgresql.run(
        """create table messages (id serial primary key, message jsonb not null,
        message_id text not null unique generated always as (message ->> 'id') stored,
        check (message_id ~ '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'))"""
    )
    postgresql.fill()
    assert postgresql.count("messages") == 20


def test_an_enum_without_labels_gets_values_when_it_has_some(postgresql: Place) -> None:
    postgresql.run("create type mood as enum ()", "create table moods (id serial primary key, mood mood)")
    postgresql.fill()
    assert "moods.mood" in postgresql.filler.unfilled
    postgresql.run("alter type mood add value 'glad'")
    postgresql.fill()
    assert postgresql.values("mood", "moods") == ["glad"] * 20
    assert not postgresql.filler.unfilled


USERS = """
create table users (id integer primary key, email varchar(50), method varchar(9) not null, secret varchar(50),
  salt varchar(50), client varchar(50), subject varchar(50), number varchar(50),
  check (method in ('LOCAL', 'OAUTH', 'LDAP')),
  check (method <> 'LOCAL' or (secret is not null and salt is not null and client is null and number is null)),
  check (method = 'LOCAL' or (secret is null and salt is null)),
  check (method <> 'OAUTH' or number is null), check ((client is null) = (subject is null)),
  check (method <> 'LDAP' or client is null), check (method <> 'LOCAL' or email is not null))
"""


def test_each_column_has_a_value_in_some_row_where_all_cannot_have_one(place: Place) -> None:
    place.run(USERS)
    place.fill()
    assert place.count("users") == 20
    for column in ("secret", "salt", "client", "subject", "number"):
        assert set(place.values(column, "users")) > {None}
    assert set(place.values("method", "users")) == {"LOCAL", "OAUTH", "LDAP"}
    assert len(set(place.values("email", "users"))) == 20
    assert not place.filler.unfilled
