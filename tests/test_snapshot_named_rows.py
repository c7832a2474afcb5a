"""The rows of a catalogue have named fields, and the SQL of a field stands at its name."""

from __future__ import annotations

import re
import sqlite3
from typing import Annotated, NamedTuple, get_args, get_type_hints, is_typeddict

import pytest

from migration_guard.roundtripping.catalogues.named_rows import FromVersion, decoded, expressions, scalar, select
from migration_guard.roundtripping.catalogues.postgresql.other_queries import OTHER_QUERIES
from migration_guard.roundtripping.catalogues.postgresql.queries import CatalogueQuery, Rows, statement
from migration_guard.roundtripping.catalogues.postgresql.rare_queries import rare
from migration_guard.roundtripping.catalogues.postgresql.table_queries import OF_ALL_TABLES, OF_SOME_TABLES
from tests.catalogues import Reader

VERSIONS = (120000, 140000, 180000)
KEY = re.compile(r"(?:json_build_object\(|, )'(\w+)',")
QUERIES = (*OF_SOME_TABLES, *OF_ALL_TABLES, *OTHER_QUERIES, rare(VERSIONS[-1]))


class Person(NamedTuple):
    name: Annotated[str, "upper(n)"]
    age: Annotated[int | None, "a"]
    nickname: Annotated[str | None, FromVersion(14, "nick")]


class Unasked(NamedTuple):
    name: str


@pytest.fixture
def reader() -> Reader:
    connection = sqlite3.connect(":memory:")
    connection.executescript("create table people (a, n); insert into people values (7, 'ann'), (null, 'bob')")
    return Reader(connection)


def test_a_row_is_read_with_the_sql_that_stands_at_its_fields(reader: Reader) -> None:
    found = select(reader, Person, "from people order by n")
    assert [(row.name, row.age) for row in found] == [("ANN", 7), ("BOB", None)]
    assert scalar(reader, "select count(*) from people") == 2


def test_what_an_old_server_does_not_understand_is_null_there() -> None:
    assert expressions(Person, 13) == ("upper(n)", "a", "null")
    assert expressions(Person, 14) == ("upper(n)", "a", "nick")


def test_a_field_without_sql_cannot_be_asked_for() -> None:
    with pytest.raises(AttributeError):
        expressions(Unasked)


def test_an_answer_with_other_fields_is_no_row() -> None:
    with pytest.raises(TypeError, match="Expected 3 arguments"):
        Person._make(["ANN", 7])


def test_bytes_of_a_driver_become_text() -> None:
    assert decoded(Person(b"ann", 7, None)) == ("ann", 7, None)  # type: ignore[arg-type]


def test_rows_that_were_not_asked_for_are_none() -> None:
    assert Rows({Person: []}).of(Unasked) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_the_class_of_its_rows_tells_each_question_from_the_others(version: int) -> None:
    queries = (*QUERIES[:-1], rare(version))
    assert len({query.row.__name__ for query in queries}) == len(queries)
    asked = statement(queries, version)
    assert all(asked.count(f"select '{query.row.__name__}', ") == 1 for query in queries)


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.row.__name__)
def test_objects_within_a_field_have_the_names_that_its_sql_gives_them(query: CatalogueQuery) -> None:
    for field, sql in zip(query.row._fields, expressions(query.row, VERSIONS[-1]), strict=True):
        parts = [get_type_hints(query.row)[field]]
        for part in parts:
            parts += get_args(part)
        for named in filter(is_typeddict, parts):
            assert KEY.findall(sql) == list(named.__annotations__)
