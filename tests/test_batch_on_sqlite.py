"""What a batch of Alembic loses on SQLite, put to the versions that are installed, and read as they have it."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from migration_guard.model.operations import RecreateTable
from tests.reading import operations

NOT_NULL = 'b.alter_column("name", nullable=False, existing_type=sa.Text())'


def after_batch(table: str, *statements: str, asked: str = NOT_NULL, options: str = "") -> list[str]:
    """The SQL of all objects once a batch has been made on table t."""
    with sa.create_engine("sqlite://").connect() as connection:
        for statement in (f"CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT{table})", *statements):
            connection.exec_driver_sql(statement)
        op = Operations(MigrationContext.configure(connection))
        exec(f"with op.batch_alter_table('t'{options}) as b:\n    {asked}", {"op": op, "sa": sa})
        found = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
        return [" ".join(sql.split()) for (sql,) in found]


def read(tmp_path: Path, asked: str, options: str = "", dialect: str = "sqlite") -> list[RecreateTable]:
    """The new tables that the batch is read as."""
    source = f"with op.batch_alter_table('t'{options}) as b:\n    {asked}"
    return [one for one in operations(tmp_path, source, dialect) if isinstance(one, RecreateTable)]


@pytest.mark.parametrize(
    ("table", "statements", "lost"),
    [
        ("", ("CREATE INDEX i ON t (lower(name))",), "lower"),
        (", n INTEGER", ("CREATE INDEX i ON t (n, lower(name))",), "INDEX"),
        (", n INTEGER CHECK (n > 0)", (), "CHECK"),
        (", n INTEGER, CHECK (n > 0)", (), "CHECK"),
        ("", ("CREATE INDEX i ON t (name DESC)",), "DESC"),
        ("", ("CREATE INDEX i ON t (name COLLATE NOCASE)",), "COLLATE"),
        (", tag TEXT COLLATE NOCASE", (), "COLLATE"),
        (", p INTEGER REFERENCES t (id) ON DELETE CASCADE", (), "CASCADE"),
        ("", ("CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END",), "TRIGGER"),
    ],
)
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection", "ignore:Unnamed CHECK constraint")
def test_a_batch_loses_what_is_not_reflected(table: str, statements: tuple[str, ...], lost: str) -> None:
    assert lost in " ".join((table, *statements))
    assert not [sql for sql in after_batch(table, *statements) if lost in sql]


@pytest.mark.parametrize(
    ("table", "statements", "kept"),
    [
        ("", ("CREATE UNIQUE INDEX i ON t (name) WHERE id > 0",), "UNIQUE INDEX i ON t (name) WHERE id > 0"),
        (", p INTEGER, FOREIGN KEY (p) REFERENCES t (id) ON DELETE CASCADE", (), "ON DELETE CASCADE"),
        (", n INTEGER UNIQUE", (), "UNIQUE (n)"),
    ],
)
def test_a_batch_keeps_what_is_reflected(table: str, statements: tuple[str, ...], kept: str) -> None:
    assert [sql for sql in after_batch(table, *statements) if kept in sql]


ASKED = {
    'b.alter_column("name", nullable=False)': True,
    'b.alter_column("name", new_column_name="title")': True,
    'b.drop_column("name")': True,
    'b.create_unique_constraint("u", ["name"])': True,
    'b.add_column(sa.Column("n", sa.Integer(), server_default=sa.func.random()))': True,
    'b.add_column(sa.Column("n", sa.Integer(), sa.ForeignKey("t.id", name="f")))': True,
    'b.add_column(sa.Column("n", sa.Integer(), server_default="0"))': False,
    'b.add_column(sa.Column("n", sa.Integer(), index=True))': False,
    'b.create_index("i", ["name"])': False,
}


@pytest.mark.parametrize("asked", ASKED)
def test_a_new_table_is_made_for_what_alter_table_cannot_do(tmp_path: Path, asked: str) -> None:
    made_anew = not [sql for sql in after_batch(", at TEXT COLLATE NOCASE", asked=asked) if "NOCASE" in sql]
    assert (made_anew, bool(read(tmp_path, asked))) == (ASKED[asked], ASKED[asked])


@pytest.mark.parametrize(
    ("options", "made_anew"),
    [(', recreate="always"', True), (', recreate="never"', False), (", copy_from=sa.Table()", False)],
)
def test_a_new_table_is_read_where_it_has_what_is_reflected_alone(
    tmp_path: Path, options: str, made_anew: bool
) -> None:
    assert bool(read(tmp_path, NOT_NULL, options)) is made_anew


def test_other_databases_alter_the_table_itself(tmp_path: Path) -> None:
    assert read(tmp_path, NOT_NULL, dialect="postgresql") == []
    assert read(tmp_path, NOT_NULL, dialect="mysql") == []


def test_a_naming_convention_of_the_batch_names_its_checks(tmp_path: Path) -> None:
    [named] = read(tmp_path, NOT_NULL, ', naming_convention={"ck": "ck_%(table_name)s"}')
    [plain] = read(tmp_path, NOT_NULL)
    assert (named.names_checks, plain.names_checks) == (True, False)


def test_the_new_table_comes_before_what_the_batch_is_asked_for(tmp_path: Path) -> None:
    asked = 'b.drop_column("name")\n    b.create_index("i", [sa.text("lower(x)")])'
    source = f'with op.batch_alter_table("t") as b:\n    {asked}'
    found = [type(one).__name__ for one in operations(tmp_path, source, "sqlite")]
    assert found == ["RecreateTable", "DropColumn", "CreateIndex"]


@pytest.mark.parametrize(
    "asked",
    [
        'op.alter_column("t", "name", type_=sa.String(9))',
        'op.alter_column("t", "name", server_default="x")',
        'op.create_check_constraint("ck", "t", "id > 0")',
        'op.create_unique_constraint("uq", "t", ["name"])',
        'op.create_foreign_key("fk", "t", "t", ["id"], ["id"])',
        'op.drop_constraint("ck", "t", type_="check")',
        'op.add_column("t", sa.Column("seen", sa.DateTime(), server_default=sa.func.current_timestamp()))',
        'op.add_column("t", sa.Column("two", sa.Integer(), server_default=sa.text("(1 + 1)")))',
        'op.add_column("t", sa.Column("t_id", sa.Integer(), sa.ForeignKey("t.id", name="fk")))',
    ],
)
def test_sqlite_needs_a_batch_for_what_the_rule_names(asked: str) -> None:
    with sa.create_engine("sqlite://").connect() as connection:
        connection.exec_driver_sql("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)")
        connection.exec_driver_sql("INSERT INTO t VALUES (1, 'x')")
        with pytest.raises((NotImplementedError, sa.exc.OperationalError)):
            exec(asked, {"op": Operations(MigrationContext.configure(connection)), "sa": sa})
