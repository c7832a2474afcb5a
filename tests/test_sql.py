"""What SQL text is read as, for PostgreSQL."""

import subprocess
import sys
from dataclasses import replace

import pytest

from migration_guard.model.constraints import AddConstraint, CreateIndex, DropConstraint, DropIndex, ValidateConstraint
from migration_guard.model.named_objects import SetProperties
from migration_guard.model.objects import (
    AddEnumValue,
    CreateEnum,
    CreateSchema,
    CreateView,
    DeleteRows,
    DropDatabase,
    DropEnum,
    DropOwned,
    DropSchema,
    InsertRows,
    Opaque,
    RenameEnumValue,
    RunSql,
    TruncateTable,
    UpdateRows,
)
from migration_guard.model.operations import (
    AddColumn,
    AlterColumnType,
    CreateTable,
    DropColumn,
    DropTable,
    Operation,
    RenameColumn,
    RenameTable,
    SetDefault,
    SetNotNull,
)
from migration_guard.model.schema import ColumnType, ConstraintKind, Name
from migration_guard.model.unknown import HOLE, UNKNOWN, Unknown
from migration_guard.reading.sql.reader import canonical_type, read_expression, read_sql, read_type
from tests.sql_sites import site

HERE = site(0, 0)


def read(text: str, dialect: str = "postgresql") -> tuple[Operation, ...]:
    return read_sql(text, dialect, site)


def one(text: str, dialect: str = "postgresql") -> Operation:
    (operation,) = read(text, dialect)
    return operation


def places(text: str, dialect: str = "postgresql") -> list[str]:
    return [text[each.site.span.column - 1 : each.site.span.end_column - 1] for each in read(text, dialect)]


# --- statements -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "  \n", ";;", "-- DROP TABLE users", "/* a /* nested */ ; DROP TABLE x */"])
def test_nothing_and_comments_are_no_operations(text: str) -> None:
    assert read(text) == ()


def test_each_statement_is_found_where_it_stands_without_comments_and_semicolons() -> None:
    text = "-- é first\n  SELECT 'é;' ; /* x */ DROP TABLE a -- end\n ; SELECT $body$ ; $body$"
    assert places(text) == ["SELECT 'é;'", "DROP TABLE a", "SELECT $body$ ; $body$"]


def test_one_bad_statement_does_not_spoil_the_others() -> None:
    first, bad, last = read("DROP TABLE a; SELEC 1; DROP TABLE b")
    assert isinstance(first, DropTable)
    assert isinstance(last, DropTable)
    assert isinstance(bad, Opaque)
    assert bad.reason == 'PostgreSQL\'s parser does not accept it: syntax error at or near "SELEC"'


def test_sql_inside_strings_is_no_sql() -> None:
    assert isinstance(one("SELECT 'x; DROP TABLE users; --'"), RunSql)


def test_bodies_of_functions_are_not_run() -> None:
    operation = one("CREATE OR REPLACE FUNCTION f() RETURNS int AS $$ BEGIN DROP TABLE x; END $$ LANGUAGE plpgsql")
    assert isinstance(operation, RunSql)
    assert operation.kind == "CREATE FUNCTION"


def test_a_function_body_written_as_statements_is_one_statement() -> None:
    assert len(read("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END; SELECT 3")) == 2


def test_the_rows_of_a_copy_are_not_read() -> None:
    assert places("COPY t FROM stdin;\n1\tit's; DROP TABLE x\n\\.\nSELECT 1") == ["COPY t FROM stdin", "SELECT 1"]


def test_commands_of_psql_are_opaque() -> None:
    opaque, select = read("\\connect shop\nSELECT 1")
    assert isinstance(opaque, Opaque)
    assert "psql" in opaque.reason
    assert isinstance(select, RunSql)


def test_too_much_text_is_opaque() -> None:
    assert isinstance(one("SELECT 1;" + " " * 2_000_001), Opaque)
    assert isinstance(read("SELECT 1;" * 5_001)[-1], Opaque)


def test_what_nests_too_deeply_for_the_parser_is_still_recognised() -> None:
    deep = "+".join(["1"] * 40_000)
    update = one(f"UPDATE t SET a = {deep}")
    assert isinstance(update, UpdateRows)
    assert update.columns == ("a",)


def test_mysql_written_for_postgresql_is_said_to_look_like_mysql() -> None:
    opaque = one("ALTER TABLE t MODIFY a int")
    assert isinstance(opaque, Opaque)
    assert "MySQL" in opaque.reason
    assert opaque.tables == (Name("t"),)


def test_no_parser_is_imported_before_a_statement_needs_it() -> None:
    program = (
        "import sys; from migration_guard.reading.sql.reader import read_sql, read_expression, read_type;"
        "read_sql('DROP TABLE a; SELEC', 'mysql', lambda start, end: None); read_type('int', 'sqlite');"
        "print([name for name in ('postgast', 'google.protobuf', 'sqlglot') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- bind parameters ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "condition", ["id = :id", "id = %(id)s", "id = %s", "id = :id::uuid", "id IN :ids", "id = ANY(:ids)"]
)
def test_bind_parameters_are_read_in_every_spelling(condition: str) -> None:
    update = one(f"UPDATE users SET name = :name WHERE {condition}")
    assert isinstance(update, UpdateRows)
    assert update.where == condition
    assert update.bounded


def test_casts_slices_and_quoted_colons_are_no_bind_parameters() -> None:
    default = one("ALTER TABLE t ALTER a SET DEFAULT '12:30:00'::interval")
    assert isinstance(default, SetDefault)
    assert default.default
    assert default.default.literal == "12:30:00"
    assert isinstance(one("SELECT a[1:2], b ? 'key', c % 2, d %% 2 FROM t"), RunSql)


def test_escaped_colons_are_colons() -> None:
    altered = one("ALTER TABLE t ALTER a TYPE int USING a\\:\\:int")
    assert isinstance(altered, AlterColumnType)
    assert altered.using == "a::int"


# --- tables ---------------------------------------------------------------------------------------------------------


def test_create_table_has_its_columns_and_constraints() -> None:
    create = one(
        "CREATE TABLE shop.orders (id bigserial PRIMARY KEY, name varchar(50) NOT NULL DEFAULT 'x',"
        " at timestamp with time zone DEFAULT now(), total numeric(10, 2) CHECK (total > 0),"
        " user_id int REFERENCES public.users (id) ON DELETE CASCADE, CONSTRAINT u UNIQUE (name, at))"
    )
    assert isinstance(create, CreateTable)
    table = create.table
    assert table.name == Name("orders", "shop")
    assert table.columns["id"].serial
    assert table.columns["id"].nullable is False
    assert table.columns["name"].type == ColumnType("varchar", (50,))
    assert table.columns["name"].nullable is False
    default = table.columns["at"].default
    assert default is not None
    assert not isinstance(default, Unknown)
    assert (default.sql, default.functions) == ("now()", ("now",))
    kinds = {constraint.kind: constraint for constraint in table.constraints}
    assert kinds[ConstraintKind.PRIMARY_KEY].columns == ("id",)
    assert kinds[ConstraintKind.FOREIGN_KEY].references == Name("users")
    assert kinds[ConstraintKind.FOREIGN_KEY].options == ("ON DELETE CASCADE",)
    assert kinds[ConstraintKind.UNIQUE].columns == ("name", "at")
    check = kinds[ConstraintKind.CHECK].expression
    assert check
    assert check.sql == "total > 0"


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE a (LIKE b)",
        "CREATE TABLE a (x int) INHERITS (b)",
        "CREATE TABLE a PARTITION OF b FOR VALUES IN (1)",
        "CREATE TABLE a AS SELECT * FROM b",
        "SELECT * INTO a FROM b",
    ],
)
def test_a_table_whose_columns_come_from_elsewhere_is_incomplete(text: str) -> None:
    create = one(text)
    assert isinstance(create, CreateTable)
    assert not create.table.complete


def test_temporary_and_partitioned_tables_say_so() -> None:
    temporary, partitioned = read("CREATE TEMP TABLE a (x int); CREATE TABLE b (x int) PARTITION BY RANGE (x)")
    assert isinstance(temporary, CreateTable)
    assert isinstance(partitioned, CreateTable)
    assert temporary.temporary
    assert partitioned.table.partitioned


@pytest.mark.parametrize(("written", "stored"), [("STORED", True), ("VIRTUAL", False), ("", UNKNOWN)])
def test_a_generated_column_is_stored_where_it_says_so(written: str, stored: object) -> None:
    added = one(f"ALTER TABLE t ADD b int GENERATED ALWAYS AS (lower((a))) {written}")
    assert isinstance(added, AddColumn)
    assert added.column.generated
    assert added.column.generated.stored is stored
    assert added.column.generated.expression.sql == "lower((a))"


def test_alter_table_is_one_operation_for_each_action() -> None:
    kinds = [
        type(operation)
        for operation in read(
            "ALTER TABLE t ADD a int, DROP COLUMN IF EXISTS b CASCADE, ALTER c TYPE text USING c::text,"
            " ALTER d SET NOT NULL, ALTER e SET DEFAULT f(1, 2), VALIDATE CONSTRAINT g, DROP CONSTRAINT h,"
            " ENABLE ROW LEVEL SECURITY"
        )
    ]
    assert kinds == [
        AddColumn, DropColumn, AlterColumnType, SetNotNull, SetDefault, ValidateConstraint, DropConstraint,
        SetProperties,
    ]  # fmt: skip


def test_the_text_of_an_action_ends_where_the_action_ends() -> None:
    default, using, last = read("ALTER TABLE t ALTER a SET DEFAULT f(1, 2), ALTER b TYPE int USING g(b, 1), DROP c")
    assert isinstance(default, SetDefault)
    assert default.default
    assert default.default.sql == "f(1, 2)"
    assert isinstance(using, AlterColumnType)
    assert using.using == "g(b, 1)"
    assert isinstance(last, DropColumn)


@pytest.mark.parametrize("default", ["(1)", "NULL", "-1", "'a' || 'b'", "ARRAY[]::text[]", "now() + interval '1 day'"])
def test_a_default_ends_where_the_next_clause_begins(default: str) -> None:
    added = one(f"ALTER TABLE t ADD a text DEFAULT {default} NOT NULL CHECK (a <> '')")
    assert isinstance(added, AddColumn)
    assert added.column.default
    assert not isinstance(added.column.default, Unknown)
    assert added.column.default.sql == default
    assert added.column.nullable is False
    assert [constraint.kind for constraint in added.inline] == [ConstraintKind.CHECK]


def test_constraints_may_be_not_valid_and_use_an_index() -> None:
    key, unique, not_null = read(
        "ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES o (id) NOT VALID,"
        " ADD CONSTRAINT u UNIQUE USING INDEX i, ADD CONSTRAINT n NOT NULL b NOT VALID"
    )
    assert isinstance(key, AddConstraint)
    assert isinstance(unique, AddConstraint)
    assert isinstance(not_null, AddConstraint)
    assert key.constraint.valid is False
    assert unique.constraint.using_index == "i"
    assert (not_null.constraint.kind, not_null.constraint.columns) == (ConstraintKind.NOT_NULL, ("b",))
    assert not_null.constraint.valid is False


def test_renames_and_moves_name_the_new_table() -> None:
    renamed, moved, column = read(
        "ALTER TABLE s.a RENAME TO b; ALTER TABLE public.a SET SCHEMA s; ALTER TABLE a RENAME COLUMN x TO y"
    )
    assert isinstance(renamed, RenameTable)
    assert isinstance(moved, RenameTable)
    assert renamed.new_name == Name("b", "s")
    assert (moved.table, moved.new_name) == (Name("a"), Name("a", "s"))
    assert isinstance(column, RenameColumn)


def test_what_changes_nothing_we_keep_is_named_by_its_words() -> None:
    kinds = {
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY": "ALTER TABLE ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE t ALTER COLUMN c SET STATISTICS 5": "ALTER TABLE ALTER SET STATISTICS",
        "ALTER TABLE p ATTACH PARTITION c FOR VALUES IN (1)": "ALTER TABLE ATTACH PARTITION",
        "SET LOCAL lock_timeout = '5s'": "SET LOCAL LOCK_TIMEOUT",
        "VACUUM (FULL, ANALYZE) t": "VACUUM FULL",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY v": "REFRESH MATERIALIZED VIEW CONCURRENTLY",
        "CREATE OR REPLACE TRIGGER x BEFORE INSERT ON t EXECUTE FUNCTION f()": "CREATE TRIGGER",
        "CREATE EXTENSION IF NOT EXISTS citext": "CREATE EXTENSION",
        "LOCK TABLE t": "LOCK TABLE",
        "GRANT SELECT ON t TO bob": "GRANT",
    }
    assert {text: one(text).kind for text in kinds} == kinds  # type: ignore[attr-defined]


# --- indexes --------------------------------------------------------------------------------------------------------


def test_an_index_has_its_columns_expressions_and_condition() -> None:
    create = one(
        "CREATE UNIQUE INDEX CONCURRENTLY i ON s.t USING gin (a, lower(b) DESC, (c ->> 'x') text_ops) WHERE a > 1"
    )
    assert isinstance(create, CreateIndex)
    assert create.concurrently
    assert create.table == Name("t", "s")
    index = create.index
    assert (index.columns, index.where) == (("a", "(lower(b))", "(c ->> 'x')"), "a > 1")
    assert (index.unique, index.method) == (True, "gin")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("CREATE INDEX ON t (a, b)", "t_a_b_idx"),
        ("CREATE INDEX ON s.t (lower(a), (a || b))", "t_lower_expr_idx"),
        (f"CREATE INDEX ON {'t' * 60} ({'c' * 40})", f"{'t' * 29}_{'c' * 29}_idx"),
    ],
)
def test_an_index_without_a_name_gets_the_one_postgresql_chooses(text: str, name: str) -> None:
    create = one(text)
    assert isinstance(create, CreateIndex)
    assert create.index.name == name


def test_each_dropped_object_is_an_operation() -> None:
    assert [type(each) for each in read("DROP TABLE a, b; DROP INDEX CONCURRENTLY i, j; DROP TYPE t")] == [
        DropTable, DropTable, DropIndex, DropIndex, DropEnum,
    ]  # fmt: skip


def test_enums_are_made_and_changed() -> None:
    made, added, renamed = read(
        "CREATE TYPE s.mood AS ENUM ('sad', 'ok'); ALTER TYPE mood ADD VALUE IF NOT EXISTS 'fine' AFTER 'ok';"
        " ALTER TYPE mood RENAME VALUE 'ok' TO 'good'"
    )
    assert isinstance(made, CreateEnum)
    assert (made.type.name, made.type.labels) == (Name("mood", "s"), ("sad", "ok"))
    assert isinstance(added, AddEnumValue)
    assert (added.value, added.if_not_exists) == ("fine", True)
    assert isinstance(renamed, RenameEnumValue)


# --- rows -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "condition",
    [
        "id = 5",
        "user_id = :user",
        "id BETWEEN 1 AND 100",
        "created >= :start AND created < :end",
        "id IN (SELECT id FROM t WHERE a IS NULL LIMIT 100)",
        "ctid = ANY (ARRAY(SELECT ctid FROM t LIMIT 100))",
        "id IN (1, 2, 3)",
        "a IS NULL AND id = %(id)s",
    ],
)
def test_a_statement_that_picks_its_rows_is_bounded(condition: str) -> None:
    for text in (f"UPDATE t SET a = 1 WHERE {condition}", f"DELETE FROM t WHERE {condition}"):
        operation = one(text)
        assert isinstance(operation, UpdateRows | DeleteRows)
        assert operation.bounded
        assert operation.where == condition


@pytest.mark.parametrize("condition", ["a IS NULL", "id = other_id", "created > :start", "id = 1 OR a", "b = 2"])
def test_a_statement_that_may_take_every_row_is_not_bounded(condition: str) -> None:
    update = one(f"UPDATE t SET a = 1 WHERE {condition} RETURNING id")
    assert isinstance(update, UpdateRows)
    assert not update.bounded
    assert update.where == condition


@pytest.mark.parametrize("text", ["UPDATE t SET a = 1", "DELETE FROM t WHERE true", "UPDATE t SET a = 1 WHERE 1=1"])
def test_a_condition_that_always_holds_is_none(text: str) -> None:
    operation = one(text)
    assert isinstance(operation, UpdateRows | DeleteRows)
    assert operation.where is None


def test_a_limit_in_a_with_query_bounds_the_statement() -> None:
    update = one("WITH b AS (SELECT id FROM t LIMIT 10) UPDATE t SET a = 1 FROM b WHERE t.id = b.id")
    assert isinstance(update, UpdateRows)
    assert update.bounded


def test_statements_inside_with_change_rows_too() -> None:
    deleted, inserted = read("WITH d AS (DELETE FROM a WHERE x RETURNING *) INSERT INTO b SELECT * FROM d")
    assert isinstance(deleted, DeleteRows)
    assert (deleted.table, deleted.where) == (Name("a"), "x")
    assert isinstance(inserted, InsertRows)
    assert inserted.from_select


def test_values_written_out_are_literals() -> None:
    insert = one("INSERT INTO t (mood) VALUES ('it''s', E'a\\nb', $$c$$, 1)")
    assert isinstance(insert, InsertRows)
    assert insert.literals[:2] == ("it's", "a\nb")
    assert not insert.from_select


def test_truncate_is_one_operation_for_each_table() -> None:
    first, second = read("TRUNCATE a, s.b CASCADE")
    assert isinstance(first, TruncateTable)
    assert isinstance(second, TruncateTable)
    assert (first.table, second.table, second.cascade) == (Name("a"), Name("b", "s"), True)


# --- what is put together at run time -------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [f"DROP TABLE {HOLE}", f"ALTER TABLE {HOLE} ADD a int", f'DROP TABLE "x_{HOLE}"'])
def test_a_statement_on_an_unknown_table_is_opaque(text: str) -> None:
    opaque = one(text)
    assert isinstance(opaque, Opaque)
    assert opaque.reason == "the table name is put together at run time"
    assert "{...}" in opaque.what
    assert not opaque.rows_only


def test_rows_of_an_unknown_table_leave_the_schema_alone() -> None:
    opaque = one(f"UPDATE {HOLE} SET a = 1")
    assert isinstance(opaque, Opaque)
    assert opaque.rows_only


@pytest.mark.parametrize(
    "text",
    [
        f"INSERT INTO t (a) VALUES {HOLE}",
        f"INSERT INTO t (a) VALUES ({HOLE})",
        f"INSERT INTO t (a) {HOLE}",
        f"UPDATE t SET a = 1 WHERE id IN {HOLE}",
        f"UPDATE t SET a = 1 {HOLE}",
        f"DELETE FROM t WHERE a = '{HOLE}'",
        f"SELECT {HOLE} FROM t {HOLE} {HOLE}",
    ],
)
def test_an_unknown_value_is_harmless(text: str) -> None:
    operation = one(text)
    assert not isinstance(operation, Opaque)
    assert repr(HOLE)[1:-1] not in repr(operation)


def test_an_unknown_constraint_name_is_not_known() -> None:
    dropped, added = read(f"ALTER TABLE t DROP CONSTRAINT {HOLE}, ADD CONSTRAINT {HOLE} UNIQUE (a)")
    assert isinstance(dropped, DropConstraint)
    assert isinstance(dropped.name, Unknown)
    assert isinstance(added, AddConstraint)
    assert added.constraint.name is None


def test_a_view_on_an_unknown_query_is_a_view() -> None:
    view = one(f"CREATE OR REPLACE VIEW s.v AS {HOLE}")
    assert isinstance(view, CreateView)
    assert (view.view.name, view.or_replace) == (Name("v", "s"), True)


def test_what_alters_no_table_names_no_table() -> None:
    texts = ("ALTER INDEX i SET (a = 7)", "ALTER TYPE p ADD ATTRIBUTE a int", "ALTER VIEW v ALTER a DROP DEFAULT")
    for text in texts:
        altered = one(text)
        assert isinstance(altered, RunSql)
        assert altered.tables == ()


def test_dropping_a_trigger_or_a_policy_names_its_table() -> None:
    for text in ("DROP TRIGGER x ON s.t", "DROP POLICY IF EXISTS x ON s.t"):
        dropped = one(text)
        assert isinstance(dropped, RunSql)
        assert dropped.tables == (Name("t", "s"),)


def test_a_whole_statement_put_together_at_run_time_is_opaque() -> None:
    opaque, drop = read(f"{HOLE}; DROP TABLE t")
    assert isinstance(opaque, Opaque)
    assert opaque.reason == "the statement is put together at run time"
    assert isinstance(drop, DropTable)


# --- expressions and types ------------------------------------------------------------------------------------------


def test_an_expression_tells_what_it_calls_and_reads() -> None:
    expression = read_expression("lower(a) || COALESCE(t.b, CURRENT_TIMESTAMP::text)", "postgresql")
    assert expression.functions == ("lower", "current_timestamp")
    assert expression.columns == ("a", "b")


@pytest.mark.parametrize(
    ("text", "proven"),
    [
        ("a IS NOT NULL", ("a",)),
        ("a IS NOT NULL AND (b > 0 AND c IS NOT NULL)", ("a", "c")),
        ("a > 0", ()),
        ("a IS NOT NULL OR b IS NOT NULL", ()),
    ],
)
def test_only_is_not_null_joined_by_and_proves_a_column(text: str, proven: tuple[str, ...]) -> None:
    for dialect in ("postgresql", "mysql", "sqlite"):
        assert read_expression(text, dialect).not_null == proven


@pytest.mark.parametrize(
    ("text", "proven"),
    [
        ("NOT (a IS NULL)", ("a",)),
        ("NOT (a IS NULL OR NOT b IS NOT NULL)", ("a", "b")),
        ("(a IS NOT NULL AND b > 0) OR (a IS NOT NULL AND c IS NOT NULL)", ("a",)),
        ("a IS DISTINCT FROM NULL", ("a",)),
        ("(a, b) IS NOT NULL", ("a", "b")),
        ("NOT (a IS NULL AND b IS NULL)", ()),
        ("NOT (a IS NOT NULL)", ()),
        ("(a IS NULL) IS FALSE", ()),
    ],
)
def test_postgresql_sees_the_proof_in_other_words_too(text: str, proven: tuple[str, ...]) -> None:
    assert read_expression(text, "postgresql").not_null == proven


@pytest.mark.parametrize(("text", "literal"), [("'x'::text", "x"), ("'{}'::jsonb", "{}"), ("-1", "-1"), ("f()", None)])
def test_a_literal_is_known_through_a_cast(text: str, literal: str | None) -> None:
    assert read_expression(text, "postgresql").literal == literal


@pytest.mark.parametrize("text", ["", "a,", ") FROM x --", "1; DROP TABLE x", "'"])
def test_what_is_no_expression_has_no_known_functions(text: str) -> None:
    assert isinstance(read_expression(text, "postgresql").functions, Unknown)


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("character varying(50)[]", ColumnType("varchar", (50,), 1)),
        ("int4", ColumnType("integer")),
        ("decimal(10, 2)", ColumnType("numeric", (10, 2))),
        ("timestamp(3) with time zone", ColumnType("timestamptz", (3,))),
        ("double precision", ColumnType("double precision")),
        ("shop.mood", ColumnType("mood", schema="shop")),
        ('"Mood"', ColumnType("Mood")),
    ],
)
def test_types_have_one_name(text: str, type_: ColumnType) -> None:
    assert read_type(text, "postgresql") == type_


@pytest.mark.parametrize(
    ("written", "name"),
    [("INT", "integer"), ("bool", "boolean"), ("Time With Time Zone", "timetz"), ("citext", "citext")],
)
def test_every_spelling_of_a_type_is_one_type(written: str, name: str) -> None:
    assert canonical_type(written) == name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CREATE SCHEMA IF NOT EXISTS sales", CreateSchema(site=HERE, schema="sales", if_not_exists=True)),
        ("CREATE SCHEMA AUTHORIZATION joe", CreateSchema(site=HERE, schema="joe")),
        ("DROP SCHEMA IF EXISTS public CASCADE", DropSchema(site=HERE, schema=None, cascade=True, if_exists=True)),
        ("DROP SCHEMA sales", DropSchema(site=HERE, schema="sales")),
        ("DROP DATABASE legacy WITH (FORCE)", DropDatabase(site=HERE, database="legacy")),
        ("DROP OWNED BY joe, CURRENT_USER", DropOwned(site=HERE, roles=("joe", "the current role"))),
    ],
)
def test_schemas_databases_and_what_a_role_owns_are_made_and_dropped(text: str, expected: Operation) -> None:
    assert replace(one(text), site=HERE) == expected


def test_what_a_new_schema_is_made_with_is_not_lost() -> None:
    made, table = read("CREATE SCHEMA sales CREATE TABLE orders (id int)")

    assert isinstance(made, CreateSchema)
    assert isinstance(table, Opaque)
