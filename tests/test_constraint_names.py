"""The names that PostgreSQL chooses for constraints without one, and that messages and advice say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest
from postgres import installations, throwaway
from projects import script, write

from migration_guard.engine import lint
from migration_guard.model.constraints import AddConstraint
from migration_guard.model.finding import Direction, Span
from migration_guard.model.implied_names import MOST, real_name
from migration_guard.model.schema import EMPTY, Constraint, ConstraintKind, Name, Table
from migration_guard.model.site import Site
from migration_guard.reading.sql.reader import read_sql

LONG, ACCENTS = "z" * 40, "é" * 20
STATEMENTS = [
    "CREATE TABLE p (id int PRIMARY KEY, b int)",
    "ALTER TABLE p ADD UNIQUE (id, b)",
    "CREATE TABLE a (c1 int, c2 int)",
    "ALTER TABLE a ADD CHECK (c2 > 0)",
    "ALTER TABLE a ADD CHECK (c1 > c2)",
    "ALTER TABLE a ADD CHECK (c2 > 1)",
    "ALTER TABLE a ADD CHECK (true)",
    "ALTER TABLE a ADD FOREIGN KEY (c1) REFERENCES p (id)",
    "ALTER TABLE a ADD FOREIGN KEY (c1, c2) REFERENCES p (id, b)",
    "ALTER TABLE a ADD FOREIGN KEY (c1) REFERENCES p (id)",
    f"CREATE TABLE {'x' * 40} ({LONG} int)",
    f"ALTER TABLE {'x' * 40} ADD CHECK ({LONG} > 1)",
    f"ALTER TABLE {'x' * 40} ADD CHECK ({LONG} > 2)",
    f"ALTER TABLE {'x' * 40} ADD PRIMARY KEY ({LONG})",
    f"CREATE TABLE {'y' * 60} (a int)",
    f"ALTER TABLE {'y' * 60} ADD PRIMARY KEY (a)",
    f"ALTER TABLE {'y' * 60} ADD FOREIGN KEY (a) REFERENCES p (id)",
    f'CREATE TABLE "{"ü" * 31}" ("{ACCENTS}" int)',
    f'ALTER TABLE "{"ü" * 31}" ADD UNIQUE ("{ACCENTS}")',
]
SITE = Site(Direction.UPGRADE, Span(1, 1, 1, 1), Span(1, 1, 1, 1))


def foretold(statements: Sequence[str]) -> list[str | None]:
    """The names that we say, of what each ALTER TABLE adds."""
    state, names = EMPTY, []
    for statement in statements:
        (operation,) = read_sql(statement, "postgresql", lambda *_: SITE)
        if isinstance(operation, AddConstraint):
            names.append(real_name(state.tables[operation.table], operation.constraint))
        state = operation.apply(state)
    return names


@pytest.mark.parametrize("folder", installations(), ids=str)
def test_the_names_are_those_that_the_server_chooses(folder: Path) -> None:
    with throwaway(folder) as address, psycopg.connect(address, autocommit=True) as connection:
        for statement in STATEMENTS:
            connection.execute(statement)
        query = "SELECT conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'"
        chosen = [name for (name,) in connection.execute(f"{query} ORDER BY oid")]
    assert foretold(STATEMENTS) == [name for name in chosen if name != "p_pkey"]


def helps(folder: Path, line: str) -> str:
    """What is advised for a line on a table that has a key on `parent_id` already."""
    made = (
        'def upgrade():\n    op.create_table("parents", sa.Column("id", sa.Integer, primary_key=True))\n'
        '    op.create_table("children", sa.Column("parent_id", sa.Integer, sa.ForeignKey("parents.id")))\n'
    )
    top = "import os\n"
    write(folder, {"a1": script("a1", None, made), "b2": top + script("b2", "a1", f"def upgrade():\n    {line}\n")})
    return "".join(one.help for one in lint([folder], folder).findings if one.code in ("MG301", "MG302"))


def test_the_advice_names_the_constraint_as_it_will_be_called(tmp_path: Path) -> None:
    key = 'op.create_foreign_key(None, "children", "parents", ["parent_id"], ["id"])'
    assert "VALIDATE CONSTRAINT children_parent_id_fkey1" in helps(tmp_path / "key", key)
    check = 'op.create_check_constraint(None, "children", "parent_id > 0")'
    assert "VALIDATE CONSTRAINT children_parent_id_check" in helps(tmp_path / "check", check)


@pytest.mark.parametrize(
    "line",
    [
        'op.create_foreign_key(os.environ["KEY"], "children", "parents", ["parent_id"], ["id"])',
        'op.create_check_constraint("ck_" + os.environ["CHECK"], "children", "parent_id > 0")',
    ],
)
def test_a_name_that_is_put_together_at_run_time_is_not_made_up(tmp_path: Path, line: str) -> None:
    advice = helps(tmp_path, line)
    assert "by\n   the name that this line puts together" in advice
    assert "children_parent_id" not in advice


def test_a_key_of_a_table_with_more_constraints_than_anybody_writes_gets_the_likeliest_name_at_once() -> None:
    key = Constraint(ConstraintKind.FOREIGN_KEY, columns=("owner",))
    few, many = (Table(Name("pets"), constraints=(key,) * count) for count in (MOST, MOST + 1))

    assert real_name(few, key) == f"pets_owner_fkey{MOST}"
    assert real_name(many, key) == "pets_owner_fkey"
