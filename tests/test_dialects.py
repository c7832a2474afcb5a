"""The profiles: every change has a row on every dialect, or is listed here as not known; and the classifiers decide."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from migration_guard import dialects
from migration_guard.dialects import Change as C
from migration_guard.model.constraints import AddConstraint, CreateIndex, DropConstraint
from migration_guard.model.finding import Direction, Span
from migration_guard.model.operations import AddColumn, AlterColumnType, Operation, SetNotNull
from migration_guard.model.schema import (
    EMPTY,
    Column,
    ColumnType,
    Constraint,
    ConstraintKind,
    Expression,
    Generated,
    Index,
    Name,
    SchemaState,
    Table,
)
from migration_guard.model.site import Site
from migration_guard.model.target import DIALECTS, parse
from migration_guard.model.unknown import UNKNOWN

POSTGRESQL_ONLY = {
    C.ADD_COLUMN_UNKNOWN_DEFAULT,
    C.CHANGE_TYPE_TIME_ZONE,
    C.CHANGE_TYPE_RECHECK,
    C.SET_NOT_NULL_PROVEN,
    C.ADD_FOREIGN_KEY_NOT_VALID,
    C.ADD_CHECK_NOT_VALID,
    C.ADD_UNIQUE_USING_INDEX,
    C.ADD_PRIMARY_KEY_USING_INDEX,
    C.ADD_PRIMARY_KEY_USING_INDEX_NULLABLE,
    C.ADD_EXCLUSION,
    C.VALIDATE_CHECK,
    C.VALIDATE_FOREIGN_KEY,
    C.CREATE_INDEX_CONCURRENTLY,
    C.DROP_INDEX_CONCURRENTLY,
    C.CHANGE_TYPE_UNKNOWN,
    C.CHANGE_TYPE_REFUSED,
}

# What we do not know, and say so: no manual states it, or what is dropped or commented on decides.
UNKNOWN_CHANGES = {
    "postgresql": {C.CHANGE_TYPE_UNKNOWN, C.CHANGE_TYPE_REFUSED},  # a refused statement changes nothing
    "mysql": POSTGRESQL_ONLY | {C.COMMENT, C.DROP_CONSTRAINT, C.RENAME_CONSTRAINT},
    "mariadb": POSTGRESQL_ONLY | {C.COMMENT, C.DROP_CONSTRAINT, C.RENAME_CONSTRAINT},
    "sqlite": POSTGRESQL_ONLY
    | {
        C.TRUNCATE,
        C.ADD_COLUMN_VOLATILE_DEFAULT,
        C.ADD_COLUMN_GENERATED_STORED,
        C.ADD_COLUMN_IDENTITY,
        C.ADD_COLUMN_CHECK,
        C.CHANGE_TYPE_FREE,
        C.CHANGE_TYPE_REWRITE,
        C.SET_NOT_NULL,
        C.DROP_NOT_NULL,
        C.SET_DEFAULT,
        C.COMMENT,
        C.ADD_FOREIGN_KEY,
        C.ADD_CHECK,
        C.ADD_UNIQUE,
        C.ADD_PRIMARY_KEY,
        C.DROP_CONSTRAINT,
        C.DROP_FOREIGN_KEY,
        C.RENAME_CONSTRAINT,
        C.RENAME_INDEX,
    },
}


def names(changes: Iterable[C]) -> str:
    """The names of the changes, for a sentence."""
    return ", ".join(sorted(change.name for change in changes))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_change_has_a_row_or_is_said_to_be_unknown(dialect: str) -> None:
    known, unknown = {fact.change for fact in dialects.profile(dialect).facts}, UNKNOWN_CHANGES[dialect]
    assert not (missing := names(set(C) - known - unknown)), (
        f"migration_guard/dialects/{dialect}.py has no row for {missing}. Add a row, with the page that says what"
        f' happens; where no page does, list the change in UNKNOWN_CHANGES["{dialect}"] of this file (once, in'
        " POSTGRESQL_ONLY, where no other database has it)."
    )
    assert not (both := names(known & unknown)), (
        f"migration_guard/dialects/{dialect}.py has a row for {both}: take it out of"
        f' UNKNOWN_CHANGES["{dialect}"] of this file.'
    )


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_row_says_where_to_read_it(dialect: str) -> None:
    without = names(row.change for row in dialects.profile(dialect).facts if not row.source.startswith("https://"))
    assert not without, f"A row of {without} does not say where to read it: its source is the https:// link to a page."


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_two_rows_are_of_the_same_change_since_the_same_version(dialect: str) -> None:
    rows = [(row.change, row.since) for row in dialects.profile(dialect).facts]
    twice = names({change for change, since in rows if rows.count((change, since)) > 1})
    assert not twice, f"Two rows of {twice} are since the same version, and only one of them can be true: remove one."


def test_every_change_is_asked_for_by_something() -> None:
    folder = Path(dialects.__file__).parent
    lines = [line for file in folder.glob("*.py") for line in file.read_text().splitlines() if "Fact(" not in line]
    asked = {change for change in C if any(re.search(rf"\bC\.{change.name}\b", line) for line in lines)}
    assert not (idle := names(set(C) - asked - {C.CHANGE_TYPE_UNKNOWN})), (
        f"No operation asks for {idle}: classify() of a dialect, or plain.py, says what an operation asks for."
    )


SITE = Site(Direction.UPGRADE, Span(1, 1, 1, 2), Span(1, 1, 1, 2))
USERS = Name("users")
TEXT = ColumnType("text")


def users(*columns: Column, **kept: Any) -> SchemaState:
    """A schema of one table."""
    return EMPTY.with_table(Table(USERS, {column.name: column for column in columns}, **kept))


def classified(operation: Operation, state: SchemaState = EMPTY, target: str = "postgresql 14") -> tuple[C, ...]:
    """What the operation is taken for."""
    return dialects.changes(operation, state, parse(target))


def adding(column: Column, *inline: Constraint, sql: str | None = None) -> AddColumn:
    return AddColumn(site=replace(SITE, sql=sql), table=USERS, column=column, inline=inline)


def defaulting(sql: str, *functions: str, literal: str | None = None) -> AddColumn:
    return adding(Column("it", TEXT, default=Expression(sql, functions, literal=literal)))


@pytest.mark.parametrize(
    ("operation", "target", "change"),
    [
        (adding(Column("it", TEXT, default=None)), "postgresql 14", C.ADD_COLUMN),
        (defaulting("NULL"), "postgresql 14", C.ADD_COLUMN),
        (defaulting("'x'", literal="x"), "postgresql 14", C.ADD_COLUMN_CONSTANT_DEFAULT),
        (defaulting("false"), "postgresql 14", C.ADD_COLUMN_CONSTANT_DEFAULT),
        (defaulting("now()", "now"), "postgresql 14", C.ADD_COLUMN_CONSTANT_DEFAULT),
        (defaulting("CURRENT_TIMESTAMP"), "postgresql 14", C.ADD_COLUMN_CONSTANT_DEFAULT),
        (defaulting("gen_random_uuid()", "gen_random_uuid"), "postgresql 14", C.ADD_COLUMN_VOLATILE_DEFAULT),
        (defaulting("ours()", "ours"), "postgresql 14", C.ADD_COLUMN_UNKNOWN_DEFAULT),
        (adding(Column("it", TEXT, serial=True)), "postgresql 14", C.ADD_COLUMN_IDENTITY),
        (
            adding(Column("it", generated=Generated(Expression("1"), UNKNOWN))),
            "postgresql 17",
            C.ADD_COLUMN_GENERATED_STORED,
        ),
        (
            adding(Column("it", generated=Generated(Expression("1"), UNKNOWN))),
            "postgresql 18",
            C.ADD_COLUMN_GENERATED_VIRTUAL,
        ),
        (defaulting("now()", "now"), "mysql 8.0", C.ADD_COLUMN_VOLATILE_DEFAULT),
        (defaulting("CURRENT_TIMESTAMP", "current_timestamp"), "mysql 8.0", C.ADD_COLUMN_CONSTANT_DEFAULT),
        (defaulting("'0'", literal="0"), "mysql 8.0", C.ADD_COLUMN_CONSTANT_DEFAULT),
        (defaulting("now()", "now"), "sqlite", C.ADD_COLUMN_VOLATILE_DEFAULT),
    ],
)
def test_the_default_decides_what_a_new_column_costs(operation: AddColumn, target: str, change: C) -> None:
    assert classified(operation, target=target) == (change,)


def test_now_in_sql_text_is_no_expression_to_mysql() -> None:
    plain = adding(Column("it", TEXT, default=Expression("now()", ("now",))), sql="ALTER TABLE ...")
    assert classified(plain, target="mysql 8.0") == (C.ADD_COLUMN_CONSTANT_DEFAULT,)


def test_an_inline_reference_is_checked_only_where_there_is_something_to_check() -> None:
    key = Constraint(ConstraintKind.FOREIGN_KEY, columns=("it",), references=Name("parents"))
    assert classified(adding(Column("it", default=None), key)) == (C.ADD_COLUMN, C.ADD_FOREIGN_KEY_NOT_VALID)
    one = Column("it", default=Expression("1", literal="1"))
    assert classified(adding(one, key)) == (C.ADD_COLUMN_CONSTANT_DEFAULT, C.ADD_FOREIGN_KEY)


NOT_NULL = SetNotNull(site=SITE, table=USERS, column="email")
EMAIL = Column("email", TEXT, nullable=True)


def proof(**kept: Any) -> Constraint:
    given = {"kind": ConstraintKind.CHECK, "expression": Expression("email IS NOT NULL", not_null=("email",)), **kept}
    return Constraint(**given)


@pytest.mark.parametrize(
    ("state", "target", "proven"),
    [
        (EMPTY, "postgresql 14", False),
        (users(EMAIL), "postgresql 14", False),
        (users(EMAIL, constraints=(proof(),)), "postgresql 14", True),
        (users(EMAIL, constraints=(proof(),)), "postgresql 11", False),
        (users(EMAIL, constraints=(proof(valid=False),)), "postgresql 14", False),
        (users(EMAIL, constraints=(proof(valid=UNKNOWN),)), "postgresql 14", False),
        (users(EMAIL, constraints=(proof(certain=False),)), "postgresql 14", False),
        (users(EMAIL, constraints=(proof(expression=Expression("length(email) > 3")),)), "postgresql 14", False),
        (users(EMAIL, constraints=(proof(kind=ConstraintKind.NOT_NULL, columns=("email",)),)), "postgresql 18", True),
        (users(replace(EMAIL, nullable=False)), "postgresql 11", True),
        (users(replace(EMAIL, nullable=False, certain=False)), "postgresql 14", False),
    ],
)
def test_a_proof_spares_the_scan_of_set_not_null(state: SchemaState, target: str, proven: bool) -> None:
    assert classified(NOT_NULL, state, target) == ((C.SET_NOT_NULL_PROVEN if proven else C.SET_NOT_NULL),)


def varchar(length: int) -> ColumnType:
    return ColumnType("varchar", (length,))


def changing(new: ColumnType, existing: Any = UNKNOWN, using: str | None = None) -> AlterColumnType:
    return AlterColumnType(site=SITE, table=USERS, column="email", type=new, existing=existing, using=using)


@pytest.mark.parametrize(
    ("operation", "state", "target", "change"),
    [
        (changing(varchar(20), varchar(10)), EMPTY, "postgresql 14", C.CHANGE_TYPE_FREE),
        (changing(varchar(20)), users(Column("email", varchar(10))), "postgresql 14", C.CHANGE_TYPE_FREE),
        (changing(varchar(20)), users(Column("email", varchar(30))), "postgresql 14", C.CHANGE_TYPE_REWRITE),
        # The replayed history knows better than the author, unless something clouds it.
        (changing(varchar(20), varchar(30)), users(Column("email", varchar(10))), "postgresql 14", C.CHANGE_TYPE_FREE),
        (
            changing(varchar(20), varchar(30)),
            users(Column("email", varchar(10), certain=False)),
            "postgresql 14",
            C.CHANGE_TYPE_REWRITE,
        ),
        (changing(varchar(20)), EMPTY, "postgresql 14", C.CHANGE_TYPE_UNKNOWN),
        (changing(ColumnType("bigint")), EMPTY, "postgresql 14", C.CHANGE_TYPE_REWRITE),
        (changing(ColumnType("integer"), varchar(10)), EMPTY, "postgresql 14", C.CHANGE_TYPE_REFUSED),
        (changing(ColumnType("integer"), varchar(10), "email::integer"), EMPTY, "postgresql 14", C.CHANGE_TYPE_REWRITE),
        (changing(ColumnType("mood", is_enum=True), varchar(10)), EMPTY, "postgresql 14", C.CHANGE_TYPE_REFUSED),
        (changing(TEXT, varchar(10), "email::text"), EMPTY, "postgresql 14", C.CHANGE_TYPE_FREE),
        (changing(TEXT, varchar(10), "lower(email)"), EMPTY, "postgresql 14", C.CHANGE_TYPE_REWRITE),
        (changing(ColumnType("Ours", known=False), varchar(10)), EMPTY, "postgresql 14", C.CHANGE_TYPE_UNKNOWN),
        (changing(ColumnType("timestamptz"), ColumnType("timestamp")), EMPTY, "postgresql 14", C.CHANGE_TYPE_TIME_ZONE),
        (changing(ColumnType("timestamptz"), ColumnType("timestamp")), EMPTY, "postgresql 11", C.CHANGE_TYPE_REWRITE),
        (
            changing(ColumnType("timestamptz"), ColumnType("timestamp"), "email AT TIME ZONE 'UTC'"),
            EMPTY,
            "postgresql 14",
            C.CHANGE_TYPE_REWRITE,
        ),
        (
            changing(varchar(20)),
            users(
                Column("email", varchar(10)),
                constraints=(
                    Constraint(ConstraintKind.CHECK, expression=Expression("email <> ''", columns=("email",))),
                ),
            ),
            "postgresql 14",
            C.CHANGE_TYPE_RECHECK,
        ),
        (
            changing(TEXT),
            users(Column("email", varchar(10)), indexes={"ix": Index("ix", ("id",), where="email IS NOT NULL")}),
            "postgresql 14",
            C.CHANGE_TYPE_RECHECK,
        ),
        (changing(varchar(63), varchar(20)), EMPTY, "mysql 8.0", C.CHANGE_TYPE_FREE),
        (changing(varchar(255), varchar(20)), EMPTY, "mysql 8.0", C.CHANGE_TYPE_REWRITE),
        (changing(varchar(255), varchar(20)), EMPTY, "mariadb 10.6", C.CHANGE_TYPE_FREE),
        (changing(ColumnType("bigint"), ColumnType("integer")), EMPTY, "mysql 8.0", C.CHANGE_TYPE_REWRITE),
    ],
)
def test_the_types_decide_what_a_change_of_type_costs(
    operation: AlterColumnType, state: SchemaState, target: str, change: C
) -> None:
    assert classified(operation, state, target) == (change,)


def test_a_primary_key_from_an_index_looks_for_nulls_only_where_there_may_be_some() -> None:
    constraint = Constraint(ConstraintKind.PRIMARY_KEY, using_index="ix")
    adding_key = AddConstraint(site=SITE, table=USERS, constraint=constraint)
    nullable = users(EMAIL, indexes={"ix": Index("ix", ("email",))})
    required = users(replace(EMAIL, nullable=False), indexes={"ix": Index("ix", ("email",))})
    assert classified(adding_key, nullable) == (C.ADD_PRIMARY_KEY_USING_INDEX_NULLABLE,)
    assert classified(adding_key, required) == (C.ADD_PRIMARY_KEY_USING_INDEX,)
    assert classified(adding_key) == (C.ADD_PRIMARY_KEY_USING_INDEX,)


def test_what_is_dropped_is_known_from_the_history_or_from_the_author() -> None:
    dropping = DropConstraint(site=SITE, table=USERS, name="fk")
    assert classified(dropping) == (C.DROP_CONSTRAINT,)
    assert classified(replace(dropping, kind=ConstraintKind.FOREIGN_KEY)) == (C.DROP_FOREIGN_KEY,)
    state = users(constraints=(Constraint(ConstraintKind.FOREIGN_KEY, "fk"),))
    assert classified(dropping, state) == (C.DROP_FOREIGN_KEY,)


def test_the_newest_row_that_is_not_newer_than_the_target_wins() -> None:
    constant = C.ADD_COLUMN_CONSTANT_DEFAULT
    impacts = [dialects.impact_of(constant, parse(target)) for target in ("postgresql 10", "postgresql 11")]
    assert [impact and impact.rewrites for impact in impacts] == [True, False]
    assert dialects.impact_of(constant, parse("postgresql 9.0")) is None


def test_concurrency_is_a_change_of_its_own() -> None:
    building = CreateIndex(site=SITE, table=USERS, index=Index("ix"), concurrently=True)
    assert classified(building) == (C.CREATE_INDEX_CONCURRENTLY,)
    assert classified(building, target="sqlite") == (C.CREATE_INDEX,)
