"""What a migration asks of the schema before it acts: read without running it, decided on the replayed schema."""

from __future__ import annotations

import json
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import migration, words
from sqlalchemy.pool import StaticPool

from migration_guard.model.graph import graph
from migration_guard.model.guards import LARGEST_GUARD, Undecided, all_of, any_of, opposite_of
from migration_guard.model.migration import Migration
from migration_guard.model.replay import Replayed, replay
from migration_guard.model.schema import Name
from migration_guard.reading.cache.codec import decoder, encoder
from migration_guard.reading.interpreter.control_flow import MOST_GUARDS
from migration_guard.reading.sql.catalogue_queries import has_table

HISTORY = """\
op.create_table(
    "pets",
    sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("age", sa.Integer(), nullable=False),
    sa.Column("name", sa.Text()),
    sa.UniqueConstraint("name", name="uq_name"),
    sa.CheckConstraint("age > 0", name="ck_age"),
)
op.create_table(
    "toys",
    sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("pet", sa.Integer(), sa.ForeignKey("pets.id", name="fk_pet")),
)
op.create_index("ix_age", "pets", ["age"])
op.execute("CREATE TYPE mood AS ENUM ('calm', 'wild')")
op.create_table("gone", sa.Column("id", sa.Integer()))
op.drop_table("gone")
"""
INSPECTOR = """\
from sqlalchemy.engine.reflection import Inspector
bind = op.get_bind()
inspector = sa.inspect(bind)
"""


def history(root: Path, *sources: str, dialect: str = "postgresql") -> list[Replayed]:
    """Revisions of these sources, one upon the other, replayed."""
    read = [
        replace(
            migration(root, source, dialect),
            path=f"r{number}.py",
            revision=f"r{number}",
            parents=(f"r{number - 1}",) if number else (),
        )
        for number, source in enumerate(sources)
    ]
    return list(replay(graph(read)))


def outcome(root: Path, condition: str, setup: str = "", dialect: str = "postgresql") -> bool | None:
    """Whether the branch of a condition is decided to run, or not to; None where that is left open."""
    source = INSPECTOR + textwrap.dedent(setup) + f'if {condition}:\n    op.drop_column("pets", "age")\n'
    *_, last = history(root, HISTORY, source, dialect=dialect)
    steps = [step.operation for step in last.upgrade if type(step.operation).__name__ == "DropColumn"]
    return None if steps and steps[0].site.conditional else bool(steps)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('inspector.has_table("pets")', True),
        ('inspector.has_table("pets", schema="public")', True),
        ('not inspector.has_table("gone")', True),
        ('Inspector.from_engine(bind).has_table("pets")', True),
        ('bind.dialect.has_table(bind, "pets")', True),
        ('bind.engine.has_table("gone")', False),
        ('"gone" in inspector.get_table_names()', False),
        ('"age" in {column["name"] for column in inspector.get_columns("pets")}', True),
        ('"zip" not in [column["name"] for column in inspector.get_columns("pets")]', True),
        ('"zip" in list(map(lambda column: column["name"], inspector.get_columns("pets")))', False),
        ('any(column["name"] == "age" for column in inspector.get_columns("pets"))', True),
        ('all(column["name"] != "zip" for column in inspector.get_columns("pets"))', True),
        ('any(one.get("name") == "age" and not one.get("nullable") for one in inspector.get_columns("pets"))', True),
        ('next((one for one in inspector.get_columns("pets") if one["name"] == "zip"), None) is None', True),
        ('{one["name"]: one for one in inspector.get_columns("pets")}["age"]["nullable"]', False),
        ('len([one for one in inspector.get_columns("pets") if one["name"] == "age"]) > 0', True),
        ('inspector.has_index("pets", "ix_age")', True),
        ('"ix_age" in [one["name"] for one in inspector.get_indexes("pets")]', True),
        ('any(one["column_names"] == ["age"] for one in inspector.get_indexes("pets"))', True),
        ('inspector.get_pk_constraint("pets")["constrained_columns"]', True),
        ('inspector.get_pk_constraint("pets")["constrained_columns"] == ["id", "age"]', False),
        ('set(inspector.get_pk_constraint("pets").get("constrained_columns")) == {"id"}', True),
        ('"uq_name" in {one["name"] for one in inspector.get_unique_constraints("pets")}', True),
        ('any("name" in one["column_names"] for one in inspector.get_unique_constraints("pets"))', True),
        ('any(one["referred_table"] == "pets" for one in inspector.get_foreign_keys("toys"))', True),
        ('"fk_other" in [one["name"] for one in inspector.get_foreign_keys("toys")]', False),
        ('"ck_age" in [one["name"] for one in inspector.get_check_constraints("pets")]', True),
        ('"mood" in [one["name"] for one in inspector.get_enums()]', True),
        ('any("wild" in one["labels"] for one in inspector.get_enums() if one["name"] == "mood")', True),
        ('inspector.has_table("pets") and not inspector.has_table("gone")', True),
        ('inspector.has_table("gone") or bool(inspector.get_columns("pets"))', True),
        ('somewhere() and inspector.has_table("gone")', False),
        ('somewhere() or inspector.has_table("pets")', True),
        ("(True if inspector.has_table('gone') else False)", False),
    ],
)
def test_what_an_inspector_is_asked_is_decided_by_the_history(condition: str, expected: bool, tmp_path: Path) -> None:
    assert outcome(tmp_path, condition) is expected


@pytest.mark.parametrize(
    "condition",
    [
        'inspector.has_table("made_by_others")',
        '"legacy" in inspector.get_table_names()',
        'inspector.has_table(f"{prefix()}_pets")',
        '"zip" in [one["name"] for one in inspector.get_columns("made_by_others")]',
        'any(one["type"].length == 10 for one in inspector.get_columns("pets"))',
        'somewhere() and inspector.has_table("pets")',
        "sa.inspect(other_engine).has_table('pets')",
        '"uq_name" in [one["name"] for one in inspector.get_indexes("pets")]',
    ],
)
def test_what_the_history_does_not_show_is_left_open(condition: str, tmp_path: Path) -> None:
    assert outcome(tmp_path, condition) is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT 1 FROM information_schema.columns WHERE table_name = 'pets' AND column_name = 'age'", True),
        ("SELECT 1 FROM information_schema.columns WHERE table_name = 'pets' AND column_name = 'zip'", False),
        ("SELECT 1 FROM information_schema.columns WHERE table_name = 'gone' AND column_name = 'zip' LIMIT 1", False),
        ("select c.column_name from information_schema.columns as c where c.table_schema = current_schema()"
         " and c.table_name = 'pets' and c.column_name in ('age', 'size')", True),
        ("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_name = 'gone'",
         False),
        ("SELECT constraint_name FROM information_schema.table_constraints WHERE table_name = 'pets'"
         " AND constraint_name = 'uq_name'", True),
        ("SELECT 1 FROM pg_indexes WHERE tablename = 'pets' AND indexname = 'ix_age'", True),
        ("SELECT 1 FROM pg_indexes WHERE indexname = 'ix_other'", False),
        ("SELECT 1 FROM pg_type WHERE typname = 'mood'", True),
        ("SELECT 1 FROM pg_catalog.pg_constraint WHERE conname = 'ck_age' AND conrelid = 'pets'::regclass", True),
        ("SELECT to_regclass('public.gone')", False),
        ("SELECT to_regclass('ix_other')", None),
        ("SELECT 1 FROM information_schema.columns WHERE table_name = 'pets' OR column_name = 'age'", None),
        ("SELECT 1 FROM information_schema.columns WHERE table_name = 'pets' AND data_type = 'text'", None),
        ("SELECT 1 FROM information_schema.tables WHERE table_name = 'made_by_others'", None),
        ("SELECT 1 FROM pets WHERE age = 3", None),
    ],
)  # fmt: skip
def test_a_query_on_the_catalogue_is_decided_as_an_inspector_would_be(
    query: str, expected: bool | None, tmp_path: Path
) -> None:
    for way in ("fetchone() is not None", "first()", "scalar()"):
        assert outcome(tmp_path, f'bind.execute(sa.text("{query}")).{way}') is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('any(one[1] == "age" for one in bind.execute("PRAGMA table_info(pets)"))', True),
        ('"zip" in [one[1] for one in bind.execute("PRAGMA table_info(pets)").fetchall()]', False),
        ("bind.scalar(\"SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'pets'\")", True),
        ("bind.scalar(\"SELECT name FROM sqlite_master WHERE type = 'index' AND name = 'pets'\")", None),
    ],
)
def test_sqlite_is_asked_in_its_own_words(condition: str, expected: bool | None, tmp_path: Path) -> None:
    assert outcome(tmp_path, condition, dialect="sqlite") is expected


@pytest.mark.parametrize(
    "condition",
    [
        "bind.scalar(sa.text(\"SELECT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'mood')\"))",
        "bind.execute(sa.text(\"SELECT count(*) FROM pg_type WHERE typname = 'mood'\")).scalar() > 0",
        'bind.execute(sa.text("SELECT 1 FROM pg_type WHERE typname = :name"), {"name": "mood"}).scalar()',
        'bind.execute(sa.text("SELECT 1 FROM pg_type WHERE typname = :name").bindparams(name="mood")).scalar()',
        '"age" in [one[0] for one in bind.execute("SELECT column_name FROM information_schema.columns'
        " WHERE table_name = 'pets'\")]",
    ],
)
def test_a_query_may_test_count_take_parameters_or_list(condition: str, tmp_path: Path) -> None:
    assert outcome(tmp_path, condition) is True


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('return column in [one["name"] for one in inspector.get_columns(table)]', (True, False, None)),
        ('for one in inspector.get_columns(table):\n    if one["name"] == column:\n        return True\nreturn False',
         (True, False, None)),
        ('if not inspector.has_table(table):\n    return False\n'
         'return any(one["name"] == column for one in inspector.get_columns(table))', (True, False, False)),
        ('found = None\ntry:\n    for one in inspector.get_columns(table):\n        if one["name"] == column:\n'
         '            return one\nexcept NoSuchTableError:\n    pass\nreturn None', (True, False, None)),
        ('names = {one["name"] for one in inspector.get_columns(table)}\nexists = False\n'
         'if column in names:\n    exists = True\nreturn exists', (True, False, None)),
    ],
)  # fmt: skip
def test_helpers_that_look_for_a_column_are_followed(
    body: str, expected: tuple[bool | None, ...], tmp_path: Path
) -> None:
    helper = "def has(table, column):\n" + textwrap.indent(body, "    ") + "\n"
    asked = [outcome(tmp_path, f'has("{table}", "{column}")', helper) for table, column in ASKED]
    assert tuple(asked) == expected


ASKED = (("pets", "age"), ("pets", "zip"), ("gone", "zip"))


def replayed_words(root: Path, source: str) -> list[str]:
    *_, last = history(root, HISTORY, source)
    return [words(step.operation) for step in last.upgrade]


def test_what_stands_behind_an_early_return_runs_where_that_does_not(tmp_path: Path) -> None:
    body = '{}if inspector.has_table("{}"):\n    return\nop.drop_table("toys")\n'
    assert replayed_words(tmp_path, body.format(INSPECTOR, "pets")) == []
    assert replayed_words(tmp_path, body.format(INSPECTOR, "gone")) == ["DropTable toys"]


def test_an_expression_that_asks_first_is_under_its_guard(tmp_path: Path) -> None:
    body = """\
inspector.has_table("pets") or op.drop_table("toys")
inspector.has_table("pets") and op.drop_column("pets", "age")
op.drop_table("gone") if inspector.has_table("gone") else op.drop_column("pets", "name")
"""
    assert replayed_words(tmp_path, INSPECTOR + body) == ["DropColumn pets age", "DropColumn pets name"]


def test_what_only_a_downgrade_makes_may_have_been_there_before_the_history(tmp_path: Path) -> None:
    source = """\
def upgrade():
    if sa.inspect(op.get_bind()).has_table("legacy"):
        op.drop_table("legacy")

def downgrade():
    op.create_table("legacy", sa.Column("id", sa.Integer()))
"""
    *_, last = history(tmp_path, HISTORY, source)
    assert [step.operation.site.conditional for step in last.upgrade] == [True]


def test_a_round_of_a_loop_that_is_skipped_says_nothing_of_the_next(tmp_path: Path) -> None:
    body = """\
for name in ["age", "zip"]:
    if name in [one["name"] for one in sa.inspect(op.get_bind()).get_columns("pets")]:
        continue
    op.add_column("pets", sa.Column(name, sa.Text()))
"""
    assert replayed_words(tmp_path, body) == ["AddColumn pets zip"]


def test_a_guard_is_decided_on_the_schema_of_the_moment_at_which_it_is_asked(tmp_path: Path) -> None:
    body = (
        INSPECTOR
        + """\
names = [one["name"] for one in inspector.get_columns("pets")]
op.add_column("pets", sa.Column("zip", sa.Text()))
if "zip" in names or "zip" in [one["name"] for one in inspector.get_columns("pets")]:
    op.drop_table("toys")
if "zip" in [one["name"] for one in sa.inspect(bind).get_columns("pets")]:
    op.create_index("ix_zip", "pets", ["zip"])
"""
    )
    assert replayed_words(tmp_path, body) == ["AddColumn pets zip", "CreateIndex pets ix_zip"]


def test_a_downgrade_is_decided_on_the_schema_that_the_upgrade_leaves(tmp_path: Path) -> None:
    source = """\
def upgrade():
    op.add_column("pets", sa.Column("zip", sa.Text()))

def downgrade():
    if "zip" in [one["name"] for one in sa.inspect(op.get_bind()).get_columns("pets")]:
        op.drop_column("pets", "zip")
"""
    *_, last = history(tmp_path, HISTORY, source)
    assert last.differences == ()
    assert [step.operation.site.conditional for step in last.downgrade] == [False]


def test_what_an_open_guard_asks_for_is_not_taken_for_granted(tmp_path: Path) -> None:
    source = 'if sa.inspect(op.get_bind()).has_table("legacy"):\n    op.drop_column("legacy", "name")\n'
    *_, last = history(tmp_path, HISTORY, source)
    assert Name("legacy") not in last.before.tables
    table = last.after.table(Name("legacy"))
    assert table is None or not table.certain


def test_a_table_whose_columns_are_asked_for_is_there(tmp_path: Path) -> None:
    first = """\
if "name" in [one["name"] for one in sa.inspect(op.get_bind()).get_columns("legacy")]:
    op.drop_column("legacy", "name")
"""
    later = """\
def upgrade():
    op.add_column("legacy", sa.Column("age", sa.Integer()))

def downgrade():
    pass
"""
    *_, one, last = history(tmp_path, HISTORY, first, later)
    assert one.before.tables[Name("legacy")].certain
    assert [str(each) for each in last.differences] == ["column legacy.age"]


def test_a_guard_that_grows_too_large_or_is_of_nothing_known_is_left_open() -> None:
    one = has_table(Name("pets"), 0)
    assert isinstance(all_of(*[one] * LARGEST_GUARD), Undecided)
    assert isinstance(any_of(Undecided(), opposite_of(Undecided())), Undecided)
    assert opposite_of(opposite_of(one)) == one


def test_more_guards_than_anybody_nests_are_left_open(tmp_path: Path) -> None:
    depth = MOST_GUARDS + 5
    lines = [f'{"    " * at}if sa.inspect(op.get_bind()).has_table("pets"):' for at in range(depth)]
    read = migration(tmp_path, "\n".join([*lines, "    " * depth + 'op.drop_table("pets")\n']))
    site = read.upgrade.operations[0].site
    assert (len(site.guards), site.conditional) == (MOST_GUARDS, True)


def test_guards_are_kept_with_what_was_read(tmp_path: Path) -> None:
    body = 'if "age" in [one["name"] for one in inspector.get_columns("pets")] and not inspector.has_table("gone"):\n'
    read = migration(tmp_path, INSPECTOR + body + '    op.drop_column("pets", "age")\n')
    assert read.upgrade.operations[0].site.guards
    assert decoder(Migration)(json.loads(json.dumps(encoder(Migration)(read)))) == read


# --- the same as a database answers -----------------------------------------------------------------------------------

TABLES, COLUMNS = ("pets", "toys"), ("age", "size", "name")
STEPS = st.one_of(
    st.tuples(
        st.just("create"), st.sampled_from(TABLES), st.lists(st.sampled_from(COLUMNS), min_size=1, unique=True),
        st.sampled_from(("", "unique", "key")),
    ),
    st.tuples(st.just("drop"), st.sampled_from(TABLES)),
    st.tuples(st.just("rename"), st.sampled_from(TABLES), st.sampled_from(TABLES)),
    st.tuples(st.just("add"), st.sampled_from(TABLES), st.sampled_from(COLUMNS), st.booleans()),
    st.tuples(st.just("remove"), st.sampled_from(TABLES), st.sampled_from(COLUMNS)),
    st.tuples(st.just("index"), st.sampled_from(TABLES), st.sampled_from(COLUMNS)),
)  # fmt: skip
CONDITIONS = [
    'inspector.has_table("{table}")',
    '"{table}" in inspector.get_table_names()',
    '"{column}" in [one["name"] for one in inspector.get_columns("{table}")]',
    'any(one["name"] == "{column}" and one["nullable"] for one in inspector.get_columns("{table}"))',
    '"ix_{column}" in [one["name"] for one in inspector.get_indexes("{table}")]',
    'inspector.get_pk_constraint("{table}")["constrained_columns"] == ["id"]',
    '"uq_{table}" in [one["name"] for one in inspector.get_unique_constraints("{table}")]',
    'not [one for one in inspector.get_columns("{table}") if one["name"] in ("{column}", "other")]',
]


def written(step: tuple[object, ...], inspector: sa.Inspector) -> str | None:
    """A step as a line of a migration; None where the database would refuse it."""
    tables = inspector.get_table_names()
    kind, table, *rest = step
    there = {one["name"] for one in inspector.get_columns(str(table))} if table in tables else set()
    match kind, rest:
        case "create", [list() as columns, str() as key] if table not in tables:
            parts = [
                'sa.Column("id", sa.Integer(), primary_key=True)' if key == "key" else 'sa.Column("id", sa.Integer())'
            ]
            parts += [f'sa.Column("{column}", sa.Text())' for column in columns]
            if key == "unique":
                parts.append(f'sa.UniqueConstraint("id", name="uq_{table}")')
            return f'op.create_table("{table}", {", ".join(parts)})'
        case "drop", [] if table in tables:
            return f'op.drop_table("{table}")'
        case "rename", [str() as new] if table in tables and new not in tables:
            return f'op.rename_table("{table}", "{new}")'
        case "add", [str() as column, bool() as nullable] if table in tables and column not in there:
            default = "" if nullable else ', server_default="x"'
            return f'op.add_column("{table}", sa.Column("{column}", sa.Text(), nullable={nullable}{default}))'
        case "remove", [str() as column] if column in there and not inspector.get_indexes(str(table)):
            return f'op.drop_column("{table}", "{column}")'
        case "index", [str() as column] if column in there and not any(map(inspector.get_indexes, tables)):
            return f'op.create_index("ix_{column}", "{table}", ["{column}"])'
    return None


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(STEPS, max_size=8), table=st.sampled_from(TABLES), column=st.sampled_from(COLUMNS))
def test_a_guard_that_is_decided_is_decided_as_the_database_answers(
    steps: list[tuple[object, ...]], table: str, column: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("guards")
    engine = sa.create_engine("sqlite://", poolclass=StaticPool)
    lines: list[str] = []
    with engine.connect() as connection:
        op = Operations(MigrationContext.configure(connection))
        for step in steps:
            line = written(step, sa.inspect(connection))
            if line is not None:
                eval(line, {"op": op, "sa": sa})
                lines.append(line)
        inspector = sa.inspect(connection)
        for each in CONDITIONS:
            condition = each.format(table=table, column=column)
            source = f'inspector = sa.inspect(op.get_bind())\nif {condition}:\n    op.execute("SELECT 1")\n'
            *_, last = history(root, "\n".join(lines) or "pass", source)
            conditional = any(one.operation.site.conditional for one in last.upgrade)
            if not conditional and (inspector.has_table(table) or "get_table_names" in each or "has_table" in each):
                assert bool(last.upgrade) == bool(eval(condition, {"inspector": inspector})), (lines, condition)
