"""Rows are written into tables of every kind, on every database at hand, and what takes none is named."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from migration_guard.roundtripping.servers import sqlite as files
from migration_guard.roundtripping.servers.find import Server
from tests.rows import MYSQL, POSTGRESQL, Place, new_place
from tests.servers import private


@pytest.fixture(scope="module", params=POSTGRESQL, ids=lambda one: ".".join(map(str, one.version)))
def postgresql_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with private(request.param) as server:
        yield server


@pytest.fixture
def postgresql(postgresql_server: Server) -> Iterator[Place]:
    with new_place(postgresql_server) as place:
        yield place


@pytest.fixture(scope="module", params=MYSQL, ids=lambda one: one.dialect)
def mysql_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with private(request.param) as server:
        yield server


@pytest.fixture
def mysql(mysql_server: Server) -> Iterator[Place]:
    with new_place(mysql_server) as place:
        yield place


@pytest.fixture
def lite() -> Iterator[Place]:
    with files.private() as server, new_place(server) as place:
        yield place


def check(place: Place, schema: str, unfilled: dict[str, str], fewer: tuple[str, ...] = ()) -> None:
    """Every table takes 20 rows without NULLs but those that are named, and those where values are scarce take some."""
    place.run(*(statement for statement in schema.split(";\n") if statement.strip()))
    place.fill()
    assert {name: why for name, why in place.filler.unfilled.items() if unfilled.get(name, "?") not in why} == {}
    assert place.filler.unfilled.keys() == unfilled.keys()
    for name, its in place.capture().items():
        if name in unfilled:
            assert not its.rows
        elif name in fewer:
            assert 0 < len(its.rows) < 20
        else:
            assert (name, len(its.rows)) == (name, 20)
    written = place.filler.written
    place.fill()
    assert place.filler.written == written


POSTGRESQL_TYPES = (
    *("smallint", "integer", "bigint", "numeric", "numeric(5,2)", "numeric(3,3)", "numeric(20,0)", "real", "money"),
    *("double precision", "varchar", "varchar(1)", "varchar(36)", "char", "char(7)", "text", '"char"', "name", "bytea"),
    *("timestamp", "timestamptz", "timestamp(0)", "date", "time", "timetz", "interval", "interval year", "boolean"),
    *("point", "line", "lseg", "box", "path", "polygon", "circle", "cidr", "inet", "macaddr", "macaddr8", "bit"),
    *("bit(3)", "bit varying", "bit varying(5)", "tsvector", "tsquery", "uuid", "json", "jsonb", "jsonpath"),
    *("int4range", "int8range", "numrange", "tsrange", "tstzrange", "daterange", "int4multirange", "datemultirange"),
    *("tsmultirange", "pg_lsn", "oid", "regclass", "xid", "pg_snapshot", "mood", "floatrange", "positive", "bag"),
)
TYPES = """
create type mood as enum ('sad', 'glad', 'it''s');
create type floatrange as range (subtype = float8);
create domain positive as integer check (value > 0);
create domain bag as integer[] check (cardinality(value) > 1)
"""


@pytest.mark.parametrize("needed", ["", " not null"])
@pytest.mark.parametrize("array", ["", "[]"])
def test_every_type_of_postgresql_has_values(postgresql: Place, needed: str, array: str) -> None:
    types = [one for one in POSTGRESQL_TYPES if not (array and one == "bag")]
    columns = ", ".join(f"c{number} {type_}{array}{needed}" for number, type_ in enumerate(types))
    check(postgresql, f"{TYPES};\ncreate table every ({columns})", {})
    assert not [row for row in postgresql.capture()["every"].rows if ":null" in row]


def test_values_of_unique_columns_differ_whatever_their_type(postgresql: Place) -> None:
    few = (
        "numeric(3,3)",
        "boolean",
        "mood",
        "floatrange",
        "bit",
        "bit varying",
        "bit(3)",
        "bag",
        "regclass",
        "tsquery",
    )
    kinds = ("json", "jsonpath", "point", "line", "lseg", "box", "path", "polygon", "circle", "xid", "pg_snapshot")
    types = [one for one in POSTGRESQL_TYPES if one not in (*few, *kinds, "interval year")]
    columns = ", ".join(f"c{number} {type_} unique" for number, type_ in enumerate(types))
    check(postgresql, f"{TYPES};\ncreate table every ({columns})", {})


KEYS = """
create table groups (id serial primary key, name varchar(5) unique);
create table users (id bigserial primary key, email varchar(80) not null unique, parent_group int references groups);
create table memberships (user_id bigint references users, group_id int references groups,
  primary key (user_id, group_id));
create table profiles (user_id bigint primary key references users);
create table nodes (id serial primary key, parent_id int references nodes);
create table needed (id serial primary key, parent_id int not null references needed);
create table chain (id serial primary key, next int unique references chain);
create table c1 (id serial primary key, other int);
create table c2 (id serial primary key, other int not null references c1);
alter table c1 add foreign key (other) references c2;
create table d1 (id serial primary key, other int not null);
create table d2 (id serial primary key, other int not null references d1 deferrable);
alter table d1 add foreign key (other) references d2 deferrable;
create table d3 (id serial primary key, other int not null references d1);
create table e1 (id serial primary key, other int not null);
create table e2 (id serial primary key, other int not null references e1);
alter table e1 add foreign key (other) references e2;
create table e3 (id serial primary key, other int not null references e1);
create table tenants (id uuid primary key default gen_random_uuid());
create table customers (tenant_id uuid references tenants, id serial, primary key (tenant_id, id));
create table products (tenant_id uuid references tenants, id serial, primary key (tenant_id, id));
create table orders (tenant_id uuid references tenants, id int generated always as identity, customer_id int not null,
  product_id int, primary key (tenant_id, id), foreign key (tenant_id, customer_id) references customers,
  foreign key (tenant_id, product_id) references products);
create table either (user_id bigint references users, group_id int references groups,
  check (num_nonnulls(user_id, group_id) = 1))
"""


def test_foreign_keys_of_every_shape(postgresql: Place) -> None:
    circle = "violates foreign key constraint"
    check(postgresql, KEYS, {"e1": circle, "e2": circle, "e3": "it needs rows of e1"})
    for table, column in (("c1", "other"), ("orders", "product_id"), ("users", "parent_group")):
        assert None not in postgresql.values(column, table)
    assert postgresql.values("parent_id", "nodes").count(None) == 1


PARTITIONS = """
create table nowhere (id int, at date) partition by range (at);
create table ranges (id bigint primary key) partition by range (id);
create table ranges_1 partition of ranges for values from (1) to (1000);
create table dates (id int, at date not null) partition by range (at);
create table dates_1 partition of dates for values from ('2024-01-01') to ('2024-02-01');
create table lists (id int, kind text) partition by list (kind);
create table lists_1 partition of lists for values in ('x', 'y');
create table lists_2 partition of lists for values in ('z') partition by range (id);
create table lists_3 partition of lists_2 for values from (5) to (7);
create table hashes (id uuid) partition by hash (id);
create table hashes_0 partition of hashes for values with (modulus 2, remainder 0);
create table others (id int, kind text) partition by list (kind);
create table others_1 partition of others default;
create table parent (id int, name text);
create table child (extra text) inherits (parent)
"""


def test_partitions_and_inheritance(postgresql: Place) -> None:
    check(postgresql, PARTITIONS, {"nowhere": "no partition of relation"}, fewer=("ranges",))


CONDITIONS = """
create domain code as varchar(4) check (value ~ '^[A-Z]{2}$');
create domain other_code as code check (value <> 'AB') not null;
create table conditions (id serial primary key, a text check (a in ('it''s', 'y')), b int check (b between 5 and 9),
  c date, d date, check (d > c), e text check (e ~ '^[a-z]+-[0-9]+$'), f varchar(30) check (length(f) > 12),
  i jsonb check (jsonb_typeof(i) = 'array'), j timestamptz check (j < '2020-01-01'),
  k numeric(4,2) check (k >= -1 and k <= 1), l text check (l like 'http%'), m int check (m % 7 = 3),
  n text not null check (n = upper(n)), o bytea check (length(o) = 16), p other_code, q code,
  r bigint check (r > 5000000000), s text[] check (cardinality(s) = 2), t smallint check (t > 32000));
create table unchecked (a int);
alter table unchecked add constraint late check (a < 0) not valid;
create table never (a int not null check (a > 3 and a < 2));
create table partly (id serial primary key, a int check (a * 1000003 = 7000021 + 1), b text)
"""


def test_conditions_of_many_kinds(postgresql: Place) -> None:
    postgresql.run("create table h (g int, h int, check (num_nonnulls(g, h) = 1))")
    check(postgresql, CONDITIONS, {"never": "violates check constraint", "partly.a": ""})
    assert postgresql.values("b", "partly").count(None) == 0


ODD = """
create type pair as (a int, b text);
create table composites (id serial primary key, p pair);
create table composite_needed (p pair not null);
create table bookings (id int generated always as identity primary key, d tstzrange, exclude using gist (d with &&));
create table computed (id int generated by default as identity primary key, a int,
  b int generated always as (a * 2) stored);
create table flags (flag boolean unique, mood text);
create table indexed (email text, state text);
create unique index on indexed (lower(email));
create unique index on indexed (state) where state = 'x';
create table refused (a int);
create function refuse() returns trigger language plpgsql as 'begin raise exception ''never!''; end';
create trigger t before insert on refused for each row execute function refuse();
create table dropped (a int);
create function drops() returns trigger language plpgsql as 'begin return null; end';
create trigger t before insert on dropped for each row execute function drops();
create table secured (a int);
alter table secured enable row level security;
alter table secured force row level security;
create view a_view as select * from secured;
create schema "Sales Räume";
create table "Sales Räume"."Ö %s ""x"" y" ("Id %" int primary key, "a:b" text, "T" text, t text);
create unlogged table unlogged (id bigserial primary key);
create table alembic_version (version_num varchar(32));
create table wide (migration_guard_row text, row_to_json text)
"""


def test_odd_tables(postgresql: Place) -> None:
    unfilled = {
        "composites.p": "no value of the type pair is known",
        "composite_needed": "violates not-null constraint",
        "refused": "never!",
        "dropped": "kept none",
    }
    check(postgresql, ODD, unfilled, fewer=("flags",))


def test_a_table_without_columns_has_a_row(postgresql: Place) -> None:
    check(postgresql, "create table nothing ()", {}, fewer=("nothing",))


LITE = """
create table types (a integer primary key, b int, c text, d real, e numeric, f blob, g boolean, h datetime, i date,
  j time, k varchar(3), l decimal(5,2), m json, n uuid, o char(32), p, q "weird type", r tinyint, s bigint, t float);
create table strict_one (id integer primary key, a int, b real, c text, d blob, e any) strict;
create table without_rowid (a text primary key, b text) without rowid;
create table automatic (id integer primary key autoincrement, name text not null);
create table conditions (id integer primary key, "a b" text check ("a b" in ('it''s', 'y')),
  b int check (b between 3 and 5),
  c text check (length(c) = 7), d text check (c <> d),
  e text check (typeof(e) = 'text'), f text check (f glob '[a-z]*'),
  g text check (json_valid(g)), h boolean check (h in (0, 1)), i varchar(5) check (i in ('red', 'green')));
create table computed (id integer primary key, a int, b int generated always as (a * 2) stored, c int as (a + 1));
create table users (ID integer primary key, email text unique default 'x');
create table posts (id integer primary key, user_id int not null references Users, parent int references posts(ID));
create table orphans (id integer primary key, other int references nowhere);
create table members (user_id int references users(id), post_id int references posts(id),
  primary key (user_id, post_id));
create virtual table documents using fts5(body);
create table "Sel""ect %s" ("from %" int primary key, "ä:b" text);
create table c1 (id integer primary key, o int not null references c2);
create table c2 (id integer primary key, o int not null references c1);
create table expressions (a int, b text);
create unique index x1 on expressions (lower(b));
create unique index x2 on expressions (a) where a > 3;
create table alembic_version (version_num text);
create table keyless (a text, b int);
create table dropped (a int);
create trigger t1 before insert on dropped begin select raise(ignore); end;
create table refused (a int);
create trigger t2 before insert on refused begin select raise(abort, 'no!'); end
"""


def test_tables_of_sqlite(lite: Place) -> None:
    wide = ", ".join(f"c{number} int" for number in range(130))
    schema = f"{LITE};\ncreate table wide ({wide})"
    check(lite, schema, {"documents": "virtual table", "dropped": "kept none", "refused": "no!"})
    assert not lite.access.query("pragma foreign_key_check(posts)")
    assert not lite.access.query("pragma foreign_key_check(c1)")


def test_what_only_the_application_knows_is_named(lite: Place) -> None:
    ((_, _, file),) = lite.access.query("pragma database_list")
    with closing(sqlite3.connect(str(file))) as theirs:
        theirs.create_collation("ours", lambda one, other: (one > other) - (one < other))
        theirs.create_function("is_fine", 1, bool, deterministic=True)
        theirs.execute("create table sorted (name text collate ours primary key)")
        theirs.execute("create table names (id integer primary key, name references sorted not null)")
        theirs.execute("create table judged (name text check (is_fine(name)))")
        theirs.commit()
    lite.fill()
    collation = "the database says: no such collation sequence: ours"
    function = lite.filler.unfilled.pop("judged")
    assert "function" in function
    assert "is_fine" in function
    assert lite.filler.unfilled == {"sorted": collation, "names": collation}
    assert not lite.capture()["judged"].rows


MARIA = """
create table types (a tinyint, b smallint, c mediumint, d int, e bigint, f tinyint unsigned, g bigint unsigned,
  h decimal(5,2), i float, j double, k bit, l bit(9), m char(3), n varchar(1), o tinytext, p text, q longtext,
  r binary(2), s varbinary(5), t blob, u date, v time, w datetime, x datetime(6), y timestamp, z year,
  aa enum('a','it''s'), ab set('x','y'), ac json, ad boolean, ae point, af geometry, ag polygon, ah linestring);
create table needed (a tinyint not null, l bit(9) not null, m char(3) not null primary key,
  r binary(16) not null unique, y timestamp not null, ac json not null, aa enum('a','b') not null);
create table users (id int auto_increment primary key, email varchar(80) not null unique,
  updated timestamp not null default current_timestamp on update current_timestamp);
create table teams (id bigint unsigned auto_increment primary key, name varchar(20) unique);
create table members (user_id int, team_id bigint unsigned, primary key (user_id, team_id),
  foreign key (user_id) references users (id), foreign key (team_id) references teams (id));
create table nodes (id int auto_increment primary key, parent_id int, foreign key (parent_id) references nodes (id));
create table rooted (id int auto_increment primary key, parent_id int not null,
  foreign key (parent_id) references rooted (id));
create table computed (id int primary key, a int, b int as (a * 2) stored, c int as (a + 1) virtual);
create table conditions (id int primary key, a varchar(5) check (a in ('it''s', 'y')), b int check (b between 3 and 5),
  c date, d date, check (d > c), e varchar(9) check (e regexp '^[a-z]+$'), f int unsigned check (f > 10));
create table `ta ``ble %s` (`i d` int primary key, `ö%` text);
create table c1 (id int primary key, o int);
create table c2 (id int primary key, o int not null, foreign key (o) references c1 (id));
alter table c1 add foreign key (o) references c2 (id);
create table keyless (a text, b int);
create table alembic_version (version_num varchar(32))
"""


def test_tables_of_mysql(mysql: Place) -> None:
    check(mysql, MARIA, {})
    assert None not in mysql.values("o", "c1")
    assert '"updated"' not in mysql.capture()["users"].rows[0]


def test_keys_stay_clear_of_those_that_migrations_write(postgresql: Place) -> None:
    postgresql.run("create table users (id serial primary key, name text)")
    postgresql.fill()
    postgresql.run("insert into users values (1, 'x')", "insert into users (id) select generate_series(2, 9000)")
    postgresql.run("alter sequence users_id_seq restart with 9001", "insert into users (name) values ('y')")
    assert min(postgresql.values("id", "users where name is not null and name not in ('x', 'y')")) > 1_000_000
