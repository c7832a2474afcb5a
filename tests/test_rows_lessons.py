"""An upgrade that fails on rows of ours tells what their texts should be; with rows like that it works."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy
from sqlalchemy.exc import DBAPIError

from migration_guard.roundtripping.rows import Filler, Lessons
from migration_guard.roundtripping.servers import sqlite as files
from migration_guard.roundtripping.servers.access import database_message
from migration_guard.roundtripping.servers.find import Server
from tests.rows import MYSQL, POSTGRESQL, Place, new_place
from tests.servers import private


@pytest.fixture(scope="module", params=POSTGRESQL, ids=lambda one: ".".join(map(str, one.version)))
def postgresql(request: pytest.FixtureRequest) -> Iterator[Server]:
    with private(request.param) as server:
        yield server


@pytest.fixture(scope="module", params=MYSQL, ids=lambda one: one.dialect)
def mysql(request: pytest.FixtureRequest) -> Iterator[Server]:
    with private(request.param) as server:
        yield server


@pytest.fixture(scope="module")
def lite() -> Iterator[Server]:
    with files.private() as server:
        yield server


def tried(server: Server, lessons: Lessons, schema: tuple[str, ...], upgrade: tuple[str, ...]) -> tuple[str, bool]:
    """What the database says to an upgrade on rows, and whether that has taught something."""
    with new_place(server) as place:
        taught(place, lessons)
        place.run(*schema)
        place.fill()
        assert not place.filler.unfilled
        ran = []
        for statement in upgrade:
            ran.append(statement)
            try:
                place.run(statement)
            except DBAPIError as error:
                return database_message(error), place.filler.learn(database_message(error), ran)
    return "", False


def taught(place: Place, lessons: Lessons) -> None:
    place.filler = Filler(place.access, place.dialect, rows=20, version_table="alembic_version", lessons=lessons)


def learnt(server: Server, schema: tuple[str, ...], upgrade: tuple[str, ...]) -> Lessons:
    """What is learnt until the upgrade works, and in fact it does in the end."""
    lessons: Lessons = {}
    while True:
        words, something = tried(server, lessons, schema, upgrade)
        if not words:
            assert lessons
            return lessons
        assert something, words


NODES = (
    "create table nodes (id serial primary key, status varchar(10), mode text not null, label varchar(9), name text)",
    "create table others (id serial primary key, status varchar(10), name text)",
)


def test_labels_of_an_enum_that_the_upgrade_makes(postgresql: Server) -> None:
    upgrade = (
        "create type nodestatus as enum ('VALID', 'IT''S', 'MUCH_TOO_LONG')",
        """CREATE TYPE public."Mode" AS ENUM ('DRAFT','PUBLISHED')""",
        "alter table nodes alter status type nodestatus using upper(status)::nodestatus",
        'alter table nodes alter mode type "Mode" using upper(mode)::"Mode"',
    )
    lessons = learnt(postgresql, NODES, upgrade)
    assert {name: lesson.few for name, lesson in lessons.items()} == {
        ("nodes", "status"): ("VALID", "IT'S"),
        ("nodes", "mode"): ("DRAFT", "PUBLISHED"),
    }


def test_labels_of_an_enum_that_another_column_has_already(postgresql: Server) -> None:
    schema = ("create type mood as enum ('sad', 'glad')", "create table moods (mood mood)", *NODES)
    lessons = learnt(postgresql, schema, ("alter table nodes alter label type mood using label::mood",))
    assert lessons["nodes", "label"].few == ("sad", "glad")


@pytest.mark.parametrize(
    "type_",
    [
        *("json", "jsonb", "integer", "smallint", "bigint", "numeric", "double precision", "boolean", "uuid", "date"),
        *("timestamp", "timestamptz", "time", "interval", "inet", "macaddr"),
    ],
)
def test_the_type_that_texts_are_cast_to(postgresql: Server, type_: str) -> None:
    upgrade = (f"alter table nodes alter name type {type_} using name::{type_}",)
    lessons = learnt(postgresql, NODES, upgrade)
    assert lessons.keys() == {("nodes", "name")}


def test_texts_that_look_like_numbers_fit_into_a_short_column(postgresql: Server) -> None:
    schema = ("create table nodes (id serial primary key, label varchar(5) unique)",)
    learnt(postgresql, schema, ("alter table nodes alter label type integer using label::integer",))


CONDITIONS = (
    "alter table nodes add constraint ck_status check (status in ('new', 'old')), add constraint x check (id > 0)",
    "alter table nodes add constraint ck_label check (lower(label) in ('a', 'b'))",
)


def test_words_of_a_condition_that_the_upgrade_adds(postgresql: Server) -> None:
    lessons = learnt(postgresql, NODES, CONDITIONS)
    assert {name: lesson.few for name, lesson in lessons.items()} == {
        ("nodes", "status"): ("new", "old"),
        ("nodes", "label"): ("a", "b"),
    }


def test_words_of_a_condition_and_of_an_enum_of_mysql(mysql: Server) -> None:
    upgrade = (CONDITIONS[0], "alter table nodes modify label enum('x', 'y')")
    schema = ("create table nodes (id int primary key, status varchar(10), label varchar(9))",)
    lessons = learnt(mysql, schema, upgrade)
    assert {name: lesson.few for name, lesson in lessons.items()} == {
        ("nodes", "status"): ("new", "old"),
        ("nodes", "label"): ("x", "y"),
    }


@pytest.mark.parametrize("name", ["", "CONSTRAINT ck_status "])
def test_words_of_a_condition_in_alembic_s_copy_of_a_table(lite: Server, name: str) -> None:
    schema = ("create table nodes (id integer primary key, status varchar(10), label text)", NODES[1])
    upgrade = (
        f"""CREATE TABLE _alembic_tmp_nodes (id INTEGER NOT NULL, status VARCHAR(10), label TEXT,
        PRIMARY KEY (id), {name}CHECK (status IN ('new', 'old')), CHECK (label != 'x'))""",
        "INSERT INTO _alembic_tmp_nodes (id, status, label) SELECT nodes.id, nodes.status, nodes.label FROM nodes",
    )
    lessons = learnt(lite, schema, upgrade)
    assert {name: lesson.few for name, lesson in lessons.items()} == {("nodes", "status"): ("new", "old")}


def test_labels_that_python_knows(lite: Server) -> None:
    schema = ("create table studies (id integer primary key, direction varchar(8) not null)", NODES[1])
    enum = sqlalchemy.Enum("NOT_SET", "MINIMIZE", "MAXIMIZE", name="studydirection")
    query = "SELECT studies.direction FROM studies"
    lessons: Lessons = {}
    for known in (False, True):
        with new_place(lite) as place:
            taught(place, lessons)
            place.run(*schema)
            place.fill()

            def read(connection: sqlalchemy.Connection) -> set[str]:
                return set(connection.execute(sqlalchemy.text(query).columns(direction=enum)).scalars())

            if known:
                assert place.access.run(read) == {"NOT_SET", "MINIMIZE", "MAXIMIZE"}
                continue
            with pytest.raises(LookupError) as error:
                place.access.run(read)
            assert place.filler.learn(str(error.value), [query])
            assert not place.filler.learn(str(error.value), [query])
    assert lessons.keys() == {("studies", "direction")}


@pytest.mark.parametrize(
    "words",
    [
        "",
        'column "reprocess_behavior" of relation "backfill" contains null values',
        'duplicate key value violates unique constraint "nodes_pkey"',
        'invalid input value for enum mood: "something else"',
        "invalid input syntax for type json The input string ended unexpectedly.",
        'invalid input syntax for type something: "amber 1"',
        'check constraint "unheard_of" of relation "nodes" is violated by some row',
        "'x' is not among the defined enum values. Enum name: e. Possible values: None",
        "Data truncated for column 'status' at row 1",
    ],
)
def test_other_failures_teach_nothing(lite: Server, words: str) -> None:
    with new_place(lite) as place:
        place.run("create table nodes (id integer primary key, status varchar(10), label text)")
        place.fill()
        assert not place.filler.learn(words, ["create type mood as enum ('a')", "update nodes set status = label"])


@pytest.mark.parametrize(
    "upgrade",
    [
        "alter table nodes add constraint ck check (status in ('new', 'old'))",
        "alter table nodes alter status drop default, alter status type mood using status::mood",
        "alter table nodes alter status drop default, alter status type integer using status::integer",
    ],
)
def test_a_default_of_the_application_s_own_that_does_not_fit_is_no_lesson(postgresql: Server, upgrade: str) -> None:
    schema = ("create table nodes (id serial primary key, status varchar(10) default 'open')",)
    words, something = tried(postgresql, {}, schema, ("create type mood as enum ('new', 'old')", upgrade))
    assert words
    assert not something
