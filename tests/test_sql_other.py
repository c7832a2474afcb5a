"""What SQL text is read as, for MySQL, MariaDB and SQLite."""

import pytest

from migration_guard.model.constraints import AddConstraint, CreateIndex, DropConstraint, DropIndex, RenameIndex
from migration_guard.model.objects import CreateView, DeleteRows, InsertRows, Opaque, RunSql, TruncateTable, UpdateRows
from migration_guard.model.operations import (
    AddColumn,
    AlterColumnType,
    CreateTable,
    DropColumn,
    DropNotNull,
    DropTable,
    Operation,
    RenameColumn,
    RenameTable,
    SetDefault,
    SetNotNull,
)
from migration_guard.model.schema import ColumnType, ConstraintKind, Name
from migration_guard.model.unknown import HOLE, Unknown
from migration_guard.reading.sql.reader import read_sql, read_type
from tests.sql_sites import site


def read(text: str, dialect: str = "mysql") -> tuple[Operation, ...]:
    return read_sql(text, dialect, site)


def one(text: str, dialect: str = "mysql") -> Operation:
    (operation,) = read(text, dialect)
    return operation


def test_mysql_makes_a_table_and_then_its_indexes() -> None:
    create, index = read(
        "CREATE TABLE `t` (id INT(11) UNSIGNED NOT NULL AUTO_INCREMENT, name VARCHAR(50) CHARACTER SET utf8 DEFAULT 'x'"
        " COMMENT 'who', at TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, mood ENUM('a', 'b'),"
        " PRIMARY KEY (id), KEY ix (name(10)), CONSTRAINT fk FOREIGN KEY (id) REFERENCES s.o (id) ON DELETE SET NULL,"
        " UNIQUE KEY u (mood)) ENGINE=InnoDB"
    )
    assert isinstance(create, CreateTable)
    columns = create.table.columns
    assert columns["id"].type == ColumnType("integer unsigned")
    assert columns["id"].serial
    assert columns["id"].nullable is False
    assert columns["name"].comment == "who"
    assert columns["mood"].type == ColumnType("enum", labels=("a", "b"), is_enum=True)
    kinds = {constraint.kind: constraint for constraint in create.table.constraints}
    assert kinds[ConstraintKind.FOREIGN_KEY].options == ("ON DELETE SET NULL",)
    assert kinds[ConstraintKind.UNIQUE].name == "u"
    assert isinstance(index, CreateIndex)
    assert (index.table, index.index.name, index.index.columns) == (Name("t"), "ix", ("name",))


def test_mysql_alters_a_table_action_by_action() -> None:
    operations = read(
        "ALTER TABLE t ADD COLUMN a INT NOT NULL DEFAULT 0 AFTER b, DROP c, ADD INDEX i (a), DROP INDEX j,"
        " DROP FOREIGN KEY fk, DROP PRIMARY KEY, RENAME COLUMN x TO y, RENAME INDEX k TO l, ADD UNIQUE KEY u (a),"
        " ALTER d SET DEFAULT 5, ENGINE=InnoDB, ALGORITHM=INPLACE, LOCK=NONE"
    )
    assert [type(each) for each in operations] == [
        AddColumn, DropColumn, CreateIndex, DropIndex, DropConstraint, DropConstraint, RenameColumn, RenameIndex,
        AddConstraint, SetDefault, RunSql,
    ]  # fmt: skip
    assert operations[-1].kind == "ALTER TABLE ENGINE"  # type: ignore[attr-defined]


def test_modify_writes_the_column_anew() -> None:
    kinds = [type(each) for each in read("ALTER TABLE t MODIFY COLUMN a VARCHAR(20) NOT NULL DEFAULT 'x'")]
    assert kinds == [AlterColumnType, SetNotNull, SetDefault]


def test_change_may_rename_the_column() -> None:
    renamed, altered, nullable, _ = read("ALTER TABLE t CHANGE old new BIGINT")
    assert isinstance(renamed, RenameColumn)
    assert isinstance(altered, AlterColumnType)
    assert (altered.column, altered.type) == ("new", ColumnType("bigint"))
    assert isinstance(nullable, DropNotNull)


def test_indexes_come_and_go_on_their_table() -> None:
    create, drop = read("CREATE UNIQUE INDEX i ON t (a, (lower(b))); DROP INDEX i ON t")
    assert isinstance(create, CreateIndex)
    assert create.index.columns == ("a", "(lower(b))")
    assert isinstance(drop, DropIndex)
    assert drop.table == Name("t")


def test_rows_are_changed() -> None:
    insert, replace, update, joined, delete, truncate = read(
        "INSERT IGNORE INTO t (a) SELECT b FROM c; REPLACE INTO t VALUES (1, 'x'); UPDATE t SET a = 1 WHERE id = :id;"
        " UPDATE a JOIN b ON a.x = b.x SET a.y = b.y; DELETE FROM t LIMIT 5; TRUNCATE t"
    )
    assert isinstance(insert, InsertRows)
    assert insert.from_select
    assert isinstance(replace, InsertRows)
    assert replace.literals == ("x",)
    assert isinstance(update, UpdateRows)
    assert (update.columns, update.where, update.bounded) == (("a",), "id = :id", True)
    assert isinstance(joined, UpdateRows)
    assert (joined.table, joined.columns, joined.where) == (Name("a"), ("y",), None)
    assert isinstance(delete, DeleteRows)
    assert delete.bounded
    assert isinstance(truncate, TruncateTable)


def test_several_tables_are_renamed_and_dropped() -> None:
    assert [type(each) for each in read("RENAME TABLE a TO b, c TO d; DROP TABLE IF EXISTS e, f")] == [
        RenameTable, RenameTable, DropTable, DropTable,
    ]  # fmt: skip


def test_a_view_may_have_an_algorithm() -> None:
    assert isinstance(one("CREATE OR REPLACE ALGORITHM=MERGE DEFINER=`a`@`b` VIEW v AS SELECT 1"), CreateView)


@pytest.mark.parametrize("dialect", ["mysql", "mariadb", "sqlite"])
def test_the_statements_of_a_trigger_belong_to_it(dialect: str) -> None:
    trigger, select = read(
        "CREATE TRIGGER x AFTER INSERT ON t BEGIN UPDATE t SET a = CASE WHEN b THEN 1 END; DELETE FROM u; END;"
        " SELECT 1",
        dialect,
    )
    assert isinstance(trigger, RunSql)
    assert trigger.kind == "CREATE TRIGGER"
    assert isinstance(select, RunSql)


def test_mysql_comments_and_quotes_hide_semicolons() -> None:
    assert len(read("SELECT `a;b`, \"c;\\\"d\", 'e\\';f' # g;\n; SELECT 1")) == 2


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TYPE mood AS ENUM ('a')",
        "ALTER TABLE t ALTER COLUMN a TYPE int",
        "SELECT a::int FROM t",
        "DO $$ BEGIN DROP TABLE x; END $$",
        "CREATE INDEX CONCURRENTLY i ON t (a)",
        "ALTER TABLE t FROBNICATE",
        "SELEC 1",
    ],
)
@pytest.mark.parametrize("dialect", ["mysql", "sqlite"])
def test_what_the_database_does_not_know_is_opaque(text: str, dialect: str) -> None:
    opaque = one(text, dialect)
    assert isinstance(opaque, Opaque)
    assert "does not read as" in opaque.reason


def test_sqlite_makes_a_table() -> None:
    create = one(
        "CREATE TABLE main.t (id INTEGER PRIMARY KEY AUTOINCREMENT, a, b TEXT NOT NULL DEFAULT (datetime('now')),"
        " [c d] REAL CHECK (b > 0), FOREIGN KEY (a) REFERENCES o (id)) STRICT",
        "sqlite",
    )
    assert isinstance(create, CreateTable)
    assert create.table.name == Name("t")
    assert list(create.table.columns) == ["id", "a", "b", "c d"]
    assert len(create.table.constraints) == 3


def test_sqlite_alters_little() -> None:
    kinds = [
        type(each)
        for each in read(
            "ALTER TABLE t ADD a TEXT; ALTER TABLE t DROP COLUMN b; ALTER TABLE t RENAME c TO d;"
            " ALTER TABLE t RENAME TO u; ALTER TABLE t ADD CONSTRAINT k UNIQUE (a); ALTER TABLE t MODIFY a INT",
            "sqlite",
        )
    ]
    assert kinds == [AddColumn, DropColumn, RenameColumn, RenameTable, Opaque, Opaque]


def test_a_pragma_is_a_statement_of_sqlite_alone() -> None:
    pragma = one("PRAGMA foreign_keys=OFF", "sqlite")
    assert isinstance(pragma, RunSql)
    assert pragma.kind == "PRAGMA FOREIGN_KEYS"
    assert isinstance(one("PRAGMA foreign_keys=OFF"), Opaque)


def test_names_put_together_at_run_time_are_unknown() -> None:
    opaque = one(f"ALTER TABLE {HOLE} ADD COLUMN a INT")
    assert isinstance(opaque, Opaque)
    dropped = one(f"ALTER TABLE t DROP FOREIGN KEY {HOLE}")
    assert isinstance(dropped, DropConstraint)
    assert isinstance(dropped.name, Unknown)


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("INT(11)", ColumnType("integer")),
        ("tinyint(1)", ColumnType("boolean")),
        ("DOUBLE", ColumnType("double precision")),
        ("bigint unsigned", ColumnType("bigint unsigned")),
        ("varchar(20) COLLATE utf8mb4_bin", ColumnType("varchar", (20,), collation="utf8mb4_bin")),
    ],
)
def test_types_of_mysql_have_the_name_of_their_like(text: str, type_: ColumnType) -> None:
    assert read_type(text, "mysql") == type_
