"""Which line of a migration brought an object of the catalogue into its state, judged from the statements it sent."""

from __future__ import annotations

import pytest

from migration_guard.model.differences import Fate
from migration_guard.model.finding import Direction
from migration_guard.model.migration import Migration
from migration_guard.model.trip import CatalogueDifference, Cause, Failure, Place, SentStatement, Trip, TripStep
from migration_guard.rules._trips import origin

# What Alembic sends to SQLite for batches on users, beside other statements; the numbers are their lines.
SENT = (
    (10, "CREATE TABLE directions (direction VARCHAR, user_id INTEGER REFERENCES users (id))"),
    (
        11,
        "CREATE TABLE _alembic_tmp_users (id INTEGER, age INT, direction TEXT, CONSTRAINT ck_age CHECK (age > 0))",
    ),
    (11, "INSERT INTO _alembic_tmp_users (id, age, direction) SELECT id, age, direction FROM users"),
    (11, "DROP TABLE users"),
    (11, "ALTER TABLE _alembic_tmp_users RENAME TO users"),
    (12, "UPDATE users SET age = 1"),
    (13, "PRAGMA main.table_xinfo(users)"),
    (14, "DROP INDEX ix_users_age"),
    (15, "CREATE TABLE _alembic_tmp_users (id INTEGER, age INTEGER, CONSTRAINT ck_age CHECK (age > 0))"),
    (15, "ALTER TABLE _alembic_tmp_users RENAME TO users"),
    (16, "INSERT INTO directions SELECT direction, id FROM users"),
)


def step(*sent: tuple[int, str], failure: Failure | None = None) -> TripStep:
    statements = tuple(SentStatement(sql, Place("/a.py", line)) for line, sql in sent)
    return TripStep("a", Direction.UPGRADE, statements, failure)


@pytest.mark.parametrize(
    ("kind", "name", "fate", "line"),
    [
        ("column", "users.direction", Fate.MISSING, 15),
        ("column", "users.age", Fate.CHANGED, 15),
        ("column", "users.age", Fate.LEFT_BEHIND, 11),
        ("check constraint", "ck_age", Fate.LEFT_BEHIND, 11),
        ("check constraint", "CHECK (age > 1)", Fate.MISSING, 15),
        ("index", "ix_users_age", Fate.MISSING, 14),
        ("index", "ix_users_expression", Fate.MISSING, 15),
    ],
)
def test_a_batch_is_where_what_it_leaves_out_got_lost(kind: str, name: str, fate: Fate, line: int) -> None:
    trip = Trip(Migration("/a.py", "a"), upgrade=step(*SENT))
    assert origin(CatalogueDifference(kind, name, fate, "users"), trip) == Place("/a.py", line)


def test_values_are_lost_where_rows_are_written() -> None:
    trip = Trip(Migration("/a.py", "a"), upgrade=step(*SENT))
    difference = CatalogueDifference("column", "age", Fate.CHANGED, "users")
    assert origin(difference, trip, rows=True) == Place("/a.py", 12)


def test_an_upgrade_that_got_there_on_empty_tables_only_tells_more_than_the_one_that_failed() -> None:
    failed = step(SENT[0], failure=Failure(Cause.DATABASE, "no"))
    trip = Trip(Migration("/a.py", "a"), upgrade=failed, on_empty=step(*SENT))
    assert origin(CatalogueDifference("column", "users.direction", Fate.MISSING, "users"), trip) == Place("/a.py", 15)
