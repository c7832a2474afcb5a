"""Which defaults PostgreSQL refuses, at once or when the type changes: the server and our own answer, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import psycopg
import pytest
from postgres import installations, throwaway

from migration_guard.dialects.postgresql_defaults import is_frozen, is_quoted_call, loses_default, refused_default
from migration_guard.model.schema import ColumnType, Expression
from migration_guard.reading.sql.reader import read_expression

TYPES = (
    *("boolean", "smallint", "integer", "bigint", "numeric", "real", "text", "varchar", "uuid", "json", "jsonb"),
    *("date", "timestamp", "timestamptz", "time", "interval", "bytea", "inet", "mood"),
)
DEFAULTS = ("0", "1.5", "-1", "true", "false", "'0'", "'true'", "'x'", "'1.5'", "'{}'", "'happy'", "'a''b'")
QUOTED_CALLS = ("'now()'", "'now'", "'today'", "'CURRENT_TIMESTAMP'", "'gen_random_uuid()'")
MOOD = ("happy", "sad")


def type_of(name: str) -> ColumnType:
    return ColumnType(name, labels=MOOD, is_enum=True) if name == "mood" else ColumnType(name)


def default_of(sql: str) -> Expression:
    return read_expression(sql, "postgresql")


@pytest.fixture(scope="module", params=installations(), ids=lambda folder: str(folder.parent.name))
def connection(request: pytest.FixtureRequest) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    binaries: Path = request.param
    with throwaway(binaries) as address, psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE TYPE mood AS ENUM ('happy', 'sad')")
        yield connection


def takes(connection: psycopg.Connection[tuple[object, ...]], *statements: str) -> bool:
    connection.execute("DROP TABLE IF EXISTS pets")
    try:
        for statement in statements:
            connection.execute(statement.encode())
    except psycopg.Error:
        return False
    return True


def test_what_is_called_refused_is_and_nearly_all_that_is_refused_is_called_so(
    connection: psycopg.Connection[tuple[object, ...]],
) -> None:
    wrong, silent = [], []
    for name, sql in product(TYPES, DEFAULTS):
        taken = takes(connection, f"CREATE TABLE pets (a {name} DEFAULT {sql})")
        said = refused_default(type_of(name), default_of(sql)) is not None
        if said and taken:
            wrong.append((name, sql))
        if not (said or taken):
            silent.append((name, sql))
    assert not wrong
    # Moments, addresses and bytes are not read by us: a text in quotes is left alone.
    assert {name for name, _ in silent} <= {"date", "timestamp", "timestamptz", "time", "interval", "bytea", "inet"}


def test_a_call_in_quotes_is_refused_or_one_moment_for_all_rows(
    connection: psycopg.Connection[tuple[object, ...]],
) -> None:
    for name, sql in product(("date", "timestamp", "timestamptz", "uuid"), QUOTED_CALLS):
        default = default_of(sql)
        if not is_quoted_call(type_of(name), default):
            continue
        taken = takes(connection, f"CREATE TABLE pets (a {name} DEFAULT {sql})")
        assert taken == is_frozen(type_of(name), default), (name, sql)
        if taken:
            (kept,) = connection.execute(
                "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'pets'::regclass"
            ).fetchone() or ("",)
            assert "now" not in str(kept), (name, sql)


def test_a_default_stands_in_the_way_of_a_change_of_type_where_we_say_so(
    connection: psycopg.Connection[tuple[object, ...]],
) -> None:
    values = {
        "boolean": "true",
        "integer": "1",
        "text": "'1'",
        "mood": "'happy'",
        "json": "'{}'",
        "date": "'2020-01-01'",
    }
    wrong = []
    for (old, value), new in product(values.items(), TYPES):
        made = f"CREATE TABLE pets (a {old} DEFAULT {value})"
        change = f"ALTER TABLE pets ALTER COLUMN a TYPE {new} USING NULL::{new}"
        if old != new and takes(connection, made, change) == loses_default(
            type_of(old), type_of(new), default_of(value)
        ):
            wrong.append((old, new))
    assert not wrong
