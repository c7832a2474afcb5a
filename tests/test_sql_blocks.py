"""What DO blocks are read as."""

import pytest

from migration_guard.model.constraints import AddConstraint, DropConstraint
from migration_guard.model.objects import AddEnumValue, CreateEnum, Opaque, RunSql, UpdateRows
from migration_guard.model.operations import AddColumn, DropColumn, DropTable, Operation
from migration_guard.model.unknown import HOLE, UNKNOWN
from migration_guard.reading.sql.reader import read_sql
from tests.sql_sites import site


def read(body: str) -> tuple[Operation, ...]:
    return read_sql(f"DO $$ BEGIN {body} END $$;", "postgresql", site)


def one(body: str) -> Operation:
    (operation,) = read(body)
    return operation


def test_a_statement_in_a_block_is_found_where_it_stands() -> None:
    text = "SELECT 'é'; DO $body$\nBEGIN\n  -- é\n  DROP TABLE é;\n  DROP TABLE é;\nEND $body$"
    _, first, second = read_sql(text, "postgresql", site)
    assert isinstance(first, DropTable)
    assert not first.site.conditional
    spans = [(each.site.span.column - 1, each.site.span.end_column - 1) for each in (first, second)]
    assert [text[start:end] for start, end in spans] == ["DROP TABLE é", "DROP TABLE é"]
    assert spans[0] < spans[1]


@pytest.mark.parametrize(
    "body",
    [
        "IF x THEN DROP TABLE t; END IF;",
        "IF x THEN NULL; ELSIF y THEN DROP TABLE t; END IF;",
        "IF x THEN NULL; ELSE DROP TABLE t; END IF;",
        "CASE x WHEN 1 THEN DROP TABLE t; END CASE;",
        "BEGIN DROP TABLE t; EXCEPTION WHEN undefined_table THEN NULL; END;",
        "BEGIN NULL; EXCEPTION WHEN others THEN DROP TABLE t; END;",
    ],
)
def test_what_may_not_run_is_conditional(body: str) -> None:
    operation = one(body)
    assert isinstance(operation, DropTable)
    assert operation.site.conditional
    assert not operation.site.repeated


@pytest.mark.parametrize(
    "loop", ["LOOP", "WHILE true LOOP", "FOR i IN 1..9 LOOP", "FOR r IN SELECT 1 LOOP", "FOREACH e IN ARRAY a LOOP"]
)
def test_what_stands_in_a_loop_is_repeated(loop: str) -> None:
    body = f"DO $$ DECLARE r record; e int; a int[]; BEGIN {loop} UPDATE t SET a = 1; END LOOP; END $$"
    (update,) = read_sql(body, "postgresql", site)
    assert isinstance(update, UpdateRows)
    assert update.site.repeated


@pytest.mark.parametrize(
    "body",
    [
        "IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'mood') THEN CREATE TYPE mood AS ENUM ('a'); END IF;",
        "CREATE TYPE mood AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN NULL;",
        "BEGIN CREATE TYPE mood AS ENUM ('a'); EXCEPTION WHEN duplicate_object THEN NULL; END;",
    ],
)
def test_a_guarded_type_is_made_if_it_does_not_exist(body: str) -> None:
    enum = one(body)
    assert isinstance(enum, CreateEnum)
    assert enum.if_not_exists
    assert not enum.site.conditional  # the type is there whichever way the block went


def test_looking_into_the_catalogue_guards_columns_and_constraints_too() -> None:
    added, constraint, dropped = read(
        "IF NOT EXISTS (SELECT 1 FROM information_schema.columns WHERE x) THEN ALTER TABLE t ADD a int; END IF;"
        " IF NOT EXISTS (SELECT 1 FROM pg_constraint) THEN ALTER TABLE t ADD CONSTRAINT u UNIQUE (a); END IF;"
        " IF EXISTS (SELECT 1 FROM information_schema.columns) THEN ALTER TABLE t DROP COLUMN b; END IF;"
    )
    assert isinstance(added, AddColumn)
    assert added.if_not_exists
    assert isinstance(constraint, AddConstraint)
    assert constraint.if_not_exists
    assert isinstance(dropped, DropColumn)
    assert dropped.if_exists


def test_a_guard_on_something_else_guards_nothing() -> None:
    enum = one("IF NOT EXISTS (SELECT 1 FROM settings) THEN CREATE TYPE mood AS ENUM ('a'); END IF;")
    assert isinstance(enum, CreateEnum)
    assert not enum.if_not_exists
    assert enum.site.conditional


@pytest.mark.parametrize(
    "execute",
    [
        "EXECUTE 'ALTER TABLE t DROP COLUMN c';",
        "EXECUTE 'ALTER TABLE ' || 't' || ' DROP COLUMN c';",
        "EXECUTE format('ALTER TABLE %I DROP COLUMN %s', 't', 'c');",
        "EXECUTE format('ALTER TABLE %2$I DROP COLUMN %1$s', 'c', 't');",
    ],
)
def test_sql_put_together_from_literals_is_read(execute: str) -> None:
    dropped = one(execute)
    assert isinstance(dropped, DropColumn)
    assert (dropped.table.name, dropped.column) == ("t", "c")
    assert dropped.site.sql == "ALTER TABLE t DROP COLUMN c"


def test_what_is_known_of_sql_put_together_at_run_time_is_read() -> None:
    dropped = one("EXECUTE 'ALTER TABLE t DROP CONSTRAINT ' || quote_ident(name);")
    assert isinstance(dropped, DropConstraint)
    assert (dropped.table.name, dropped.name) == ("t", UNKNOWN)
    assert dropped.site.sql == "ALTER TABLE t DROP CONSTRAINT {...}"


@pytest.mark.parametrize("execute", ["EXECUTE statement;", "EXECUTE format('DROP TABLE %I', name);"])
def test_sql_that_is_not_known_is_opaque(execute: str) -> None:
    opaque = one(execute)
    assert isinstance(opaque, Opaque)
    assert "at run time" in opaque.reason


def test_a_block_in_quotes_is_read_too() -> None:
    (added,) = read_sql("DO 'BEGIN ALTER TYPE mood ADD VALUE ''x''; END'", "postgresql", site)
    assert isinstance(added, AddEnumValue)
    assert added.value == "x"


def test_a_block_in_another_language_is_opaque() -> None:
    (opaque,) = read_sql("DO LANGUAGE plpython3u $$ import os $$", "postgresql", site)
    assert isinstance(opaque, Opaque)


def test_a_block_that_does_not_parse_is_opaque() -> None:
    assert isinstance(one("IF x THEN"), Opaque)
    assert isinstance(one(HOLE), Opaque)


def test_queries_of_a_block_are_queries() -> None:
    text = "DO $$ DECLARE x int; BEGIN PERFORM f(1); SELECT 1 INTO x; END $$"
    perform, select = read_sql(text, "postgresql", site)
    assert isinstance(perform, RunSql)
    assert isinstance(select, RunSql)


@pytest.mark.parametrize("text", ["DO $$ BEGIN x := '\ud800'; END $$", "DROP TABLE \ud800"])
def test_what_no_encoding_holds_is_said_to_be_unread(text: str) -> None:
    (found,) = read_sql(text, "postgresql", site)
    assert isinstance(found, Opaque)
