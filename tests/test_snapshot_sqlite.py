"""SQLite's catalogue as a snapshot: read from the statements that it keeps."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from catalogues import Case

from migration_guard.roundtripping.catalogues import Catalogue, CatalogueObject, catalogue, differences
from migration_guard.roundtripping.catalogues.sqlite.create_table import read_table
from tests.catalogues import Reader

SCHEMA = """
create table teams (id integer primary key autoincrement, name text);
create table users (
    id integer not null primary key,
    email varchar(50) default 'x' not null,
    age integer,
    team integer references teams (id) on delete cascade,
    constraint ck_age check (age > 0),
    unique (email)
);
create index ix_users_age on users (age);
create view adults as select id, email from users where age > 17;
create table alembic_version (version_num varchar(32) primary key);
"""


CASES = (
    Case("create table t (id integer primary key, x int unique)", "drop table t", "table", "t"),
    Case(
        "drop table teams",
        "create table teams (id integer primary key autoincrement, name text)",
        "table",
        "teams",
        "missing",
    ),
    Case("alter table users add phone text", "alter table users drop phone", "column", "users.phone"),
    Case("alter table users rename age to years", "alter table users rename years to age", "column", "users.years"),
    Case("create index ix on users (lower(email) desc) where age > 3", "drop index ix", "index", "ix"),
    Case("drop index ix_users_age", "create index ix_users_age on users (age)", "index", "ix_users_age", "missing"),
    Case("create view v as select 1", "drop view v", "view", "v"),
    Case(
        "drop view adults; create view adults as select id, age from users",
        "drop view adults; create view adults as select id, email from users where age > 17",
        "view",
        "adults",
        "changed",
    ),
    Case("create trigger tr after insert on users begin select 1; end", "drop trigger tr", "trigger", "tr"),
    Case("create virtual table ft using fts5(body)", "drop table ft", "virtual table", "ft"),
)


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(SCHEMA)
    yield connection
    connection.close()


def of_sqlite(connection: sqlite3.Connection) -> Catalogue:
    return catalogue(Reader(connection), "sqlite", version_table="alembic_version", version_schema=None)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.up[:60])
def test_a_change_is_told_as_what_it_is_and_is_nothing_once_undone(case: Case, connection: sqlite3.Connection) -> None:
    ours = of_sqlite(connection)
    before = ours.take()
    connection.executescript(case.up)
    found = [(one.kind, one.name, one.fate.value) for one in differences(before, ours.take())]
    assert (case.kind, case.name, case.fate) in found
    assert len(found) == (2 if "rename" in case.up else 1)
    connection.executescript(case.down)
    assert not differences(before, ours.take())
    assert ours.take() == of_sqlite(connection).take()


def test_nothing_new_is_the_same_snapshot(connection: sqlite3.Connection) -> None:
    ours = of_sqlite(connection)
    assert ours.take() is ours.take()


def test_the_version_table_and_what_sqlite_keeps_for_itself_are_not_in_it(connection: sqlite3.Connection) -> None:
    names = {object_.name for object_ in of_sqlite(connection).take()}
    assert "users" in names
    assert not [name for name in names if "alembic" in name or "sqlite" in name]


SAME = (
    (
        "create table t (a int, b text default 'x')",
        "CREATE TABLE \"t\" (\n  [a]  INT , -- one, (two)\n `b` TEXT DEFAULT ('x') )",
    ),
    ("create table t (a varchar(50) not null)", "create table t (a VARCHAR ( 50 ) /* why ) */ NOT NULL)"),
    ("create table t (a int primary key)", "create table t (a int, primary key (a))"),
    (
        "create table t (a int unique, b int references u (id))",
        "create table t (a int, b int, foreign key (b) references u(id), unique (a))",
    ),
    ("create table t (a int check (a > 0))", "create table t (a int, CHECK ((A>0)))"),
    (
        "create table t (a int primary key) strict, without rowid",
        "create table t (a int primary key) WITHOUT ROWID, STRICT",
    ),
    ("create table t (a int null)", "create table t (a int)"),
    (
        "create table t (a int constraint ck check (a > 0) unique)",
        "create table t (a int, unique (a), constraint ck check (a > 0))",
    ),
    (
        "create table t (a int, constraint x unique (a) constraint y check (a > 1))",
        "create table t (a int, constraint x unique (a), constraint y check (a > 1))",
    ),
    (
        "create table t (a int default -1, b boolean default false, c text default 7, d numeric default 1.5)",
        "create table t (a int default '-1', b boolean default '0', c text default '7', d numeric default '1.5')",
    ),
    ('create table t (key int unique, "desc" int)', 'create table t ("key" int, desc int, unique (KEY))'),
)
OTHER = (
    ("create table t (a int default 'x')", "create table t (a int default 'X')", "t.a"),
    ("create table t (a int check (a <> ' '))", "create table t (a int check (a <> '  '))", "CHECK (a <> ' ')"),
    ("create table t (a text collate nocase)", "create table t (a text)", "t.a"),
    ("create table t (a integer primary key autoincrement)", "create table t (a integer primary key)", "t.a"),
    (
        "create table t (a int references u (id) on delete set null)",
        "create table t (a int references u (id))",
        "FOREIGN KEY (a) REFERENCES u(id)",
    ),
    (
        "create table t (a int generated always as (b + 1) stored, b int)",
        "create table t (a int as (b + 2) stored, b int)",
        "t.a",
    ),
    ("create table t (a int not null on conflict ignore)", "create table t (a int)", "t.a"),
    ("create table t (a int) strict", "create table t (a int)", "t"),
    ("create table t (a int, constraint x unique (a))", "create table t (a int, constraint y unique (a))", "x"),
    ("create table t (a int, unique (a) on conflict replace)", "create table t (a int, unique (a))", "UNIQUE (a)"),
    ("create table t (a int default (1 + 2))", "create table t (a int default (1 + 3))", "t.a"),
    ("create table t (a blob default 1)", "create table t (a blob default '1')", "t.a"),
    ("create table t (a int default '01')", "create table t (a int default '1')", "t.a"),
    ("create table t (a int default null)", "create table t (a int default -1)", "t.a"),
)


def compared(one: str, other: str) -> list[str]:
    snapshots = []
    for sql in (one, other):
        connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.execute(sql)
        snapshots.append(of_sqlite(connection).take())
        connection.close()
    return [found.name for found in differences(*snapshots)]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_another_way_to_write_it_is_no_difference(one: str, other: str) -> None:
    assert not compared(one, other)


@pytest.mark.parametrize(("one", "other", "name"), OTHER)
def test_what_means_something_else_is_a_difference(one: str, other: str, name: str) -> None:
    assert name in compared(one, other)


def test_names_and_types_are_those_that_sqlite_reads() -> None:
    sql = """create table "my ""odd"" table" ("a b" int, [check] text, `c,d` decimal(10,2) not null,
        'e' unsigned big int, f, "primary" int default 5,
        g text constraint nn not null constraint uq unique check (g <> ')') -- end,
    , check (a > 0))"""
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute(sql.replace("check (a > 0)", "check (f > 0)"))
        rows = connection.execute('pragma table_xinfo("my ""odd"" table")').fetchall()
    finally:
        connection.close()
    read = read_table(sql)
    assert [column.name for column in read.columns] == [row[1] for row in rows]
    assert [column.type for column in read.columns] == [row[2].upper().replace(",", ", ") for row in rows]
    assert [column.required for column in read.columns] == [bool(row[3]) for row in rows]
    assert [one.kind.partition(" ")[0] for one in read.constraints] == ["unique", "check", "check"]


def test_a_table_made_anew_by_alembic_is_the_same(connection: sqlite3.Connection) -> None:
    ours = of_sqlite(connection)
    before = ours.take()
    connection.executescript("""
        pragma foreign_keys = off;
        drop view adults;
        CREATE TABLE "_alembic_tmp_users" (
            id INTEGER NOT NULL,
            email VARCHAR(50) DEFAULT 'x' NOT NULL,
            age INTEGER,
            team INTEGER,
            PRIMARY KEY (id),
            CONSTRAINT ck_age CHECK (age > 0),
            UNIQUE (email),
            FOREIGN KEY(team) REFERENCES teams (id) ON DELETE CASCADE
        );
        DROP TABLE users;
        ALTER TABLE _alembic_tmp_users RENAME TO users;
        create index ix_users_age on users (age);
        create view adults as select id, email from users where age > 17;
    """)
    assert not differences(before, ours.take())


def test_a_trigger_belongs_to_its_table(connection: sqlite3.Connection) -> None:
    connection.execute("create trigger tr after insert on users begin select 1; end")
    assert of_sqlite(connection).take()[CatalogueObject("trigger", "tr")].table == "users"
