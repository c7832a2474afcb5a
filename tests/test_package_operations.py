"""
What packages add to Alembic is read as what it runs: `python tests/renderings/operations.py` had each package write its
revisions, and wrote down the statements that came of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from migration_guard.config import Overrides
from migration_guard.engine import lint
from migration_guard.model.constraints import DropIndex
from migration_guard.model.migration import Migration
from migration_guard.model.objects import Opaque, RunSql
from migration_guard.model.operations import Operation
from migration_guard.model.replay import replay_one
from migration_guard.model.schema import EMPTY, Name
from migration_guard.reading.interpreter.modules import Files
from migration_guard.reading.migration import read_migration
from migration_guard.reading.sql.reader import read_sql
from tests.reading import migration, operations, words
from tests.sql_sites import site

RENDERINGS = Path(__file__).parent / "renderings"
WRITTEN = sorted(file.relative_to(RENDERINGS).with_suffix("").as_posix() for file in RENDERINGS.glob("*/r*.sql"))
# alembic-postgresql-enum makes operators that compare the two types, and drops them again.
MEANWHILE = re.compile(r"(CREATE|DROP) (OPERATOR|FUNCTION)")


def read(name: str) -> Migration:
    file = RENDERINGS / f"{name}.py"
    migration = read_migration(str(file), file.read_bytes(), "postgresql", Files(str(RENDERINGS)))
    assert isinstance(migration, Migration)
    return migration


def shown(found: Sequence[Operation], name: str) -> list[str]:
    """The operations in few words, without what is drawn by lot or gone behind the call."""
    kept = [
        one
        for one in found
        if not (isinstance(one, RunSql) and MEANWHILE.match(one.kind) and name.startswith("alembic_postgresql_enum"))
    ]
    return [re.sub(r"_tmp_state_\d+", "_tmp_state", _shown(one)) for one in kept]


def _shown(one: Operation) -> str:
    if isinstance(one, RunSql):
        return " ".join((one.kind.replace(" OR REPLACE", ""), *map(str, one.tables)))
    return words(replace(one, table=None) if isinstance(one, DropIndex) else one)


@pytest.mark.parametrize("name", WRITTEN)
def test_the_revision_of_a_package_is_read_as_what_it_runs(name: str) -> None:
    _, up, down = re.split(r"^-- (?:upgrade|downgrade)$", (RENDERINGS / f"{name}.sql").read_text(), flags=re.MULTILINE)
    migration = read(name)

    assert shown(migration.upgrade.operations, name) == shown(read_sql(up, "postgresql", site), name)
    assert shown(migration.downgrade.operations, name) == shown(read_sql(down, "postgresql", site), name)
    assert not [one for one in migration.operations if isinstance(one, Opaque)]


# --- the forms of the arguments ---------------------------------------------------------------------------------------

REWRITE = ["RenameType state state_old", "CreateEnum state", "AlterColumnType jobs st state", "DropEnum state_old"]


@pytest.mark.parametrize(
    "source",
    [
        'op.sync_enum_values("public", "state", ["a", "b"], [("jobs", "st")])',
        'op.sync_enum_values("public", "state", ["a", "b"], [("jobs", "st")], enum_values_to_rename=[("c", "b")])',
        'op.sync_enum_values("public", "state", ["a", "c"], ["a", "b"], [("jobs", "st")], True)',
        'op.sync_enum_values("public", "state", old_values=["a"], new_values=["a"], affected_columns=[("jobs", "st")],'
        " should_reverse=True)",
    ],
)
def test_values_are_replaced_in_either_form(tmp_path: Path, source: str) -> None:
    assert [words(one) for one in operations(tmp_path, source)] == REWRITE


@pytest.mark.parametrize(
    "source",
    [
        'op.sync_enum_values(enum_schema="public", enum_name=name(), new_values=["a"], affected_columns=[])',
        'op.sync_enum_values("public", "state", values(), [("jobs", "st")])',
        'op.sync_enum_values("public", "state", ["a"], columns())',
        'op.sync_enum_values("public", "state", ["a"], [("jobs", column())])',
        'op.sync_enum_values("public", "state", ["a"], [], [], indexes())',
        'op.sync_enum_values("public", "state", ["a", "c"], ["a", "b"], [("jobs", "st")], decided())',
        'op.sync_enum_values("public", "state", ["a"], [("jobs", "st")], old="b")',
        'op.sync_enum_values("public", "state", ["a"], ["b"], [("jobs", "st")], indexes_to_recreate=[])',
        'op.sync_enum_values("public", "state", ["a"])',
        'op.add_enum_value("public", "state", value())',
        'op.add_enum_value("public", "state", "late", after_value="done")',
        "op.create_entity(entity())",
        "op.drop_entity(entity)",
        'from alembic_utils.pg_view import PGView\nop.replace_entity(PGView("public", name(), "SELECT 1"))',
        "from alembic_utils.pg_function import PGFunction\nop.create_entity(PGFunction.from_sql(sql()))",
        'from alembic_utils.pg_extension import PGExtension\nop.replace_entity(PGExtension("public", "pgcrypto"))',
        "from alembic_enums import EnumMigration\nEnumMigration(op=op, enum_name=name()).upgrade()",
        "from sqlalchemy_searchable import sync_trigger\nsync_trigger(op.get_bind(), table(), 'found', ['name'])",
        'op.run_ddl_script("nowhere.sql")',
        'op.add_geospatial_column("shops", column())',
    ],
)
def test_what_is_not_known_is_opaque(tmp_path: Path, source: str) -> None:
    [opaque] = operations(tmp_path, source)
    assert isinstance(opaque, Opaque)


@pytest.mark.parametrize(
    ("entity", "expected"),
    [
        ("pg_view import PGView as E; 'CREATE VIEW public.adults AS SELECT 1'", ["CreateView adults"]),
        (
            "pg_view import PGView as E; 'create or replace view sales.\"Adults\" (a) as select 1'",
            ["CreateView sales.Adults"],
        ),
        (
            "pg_materialized_view import PGMaterializedView as E; 'CREATE MATERIALIZED VIEW public.m AS SELECT 1'",
            ["CreateView m"],
        ),
        (
            "pg_function import PGFunction as E; 'create function public.f() returns int as $$ $$ language sql'",
            ["CREATE FUNCTION"],
        ),
        (
            "pg_trigger import PGTrigger as E; 'create trigger t before insert on public.jobs execute function f()'",
            ["CREATE TRIGGER jobs"],
        ),
        ("pg_policy import PGPolicy as E; 'create policy p on sales.jobs for select'", ["CREATE POLICY sales.jobs"]),
    ],
)
def test_an_entity_can_be_given_as_sql(tmp_path: Path, entity: str, expected: list[str]) -> None:
    imported, _, sql = entity.partition("; ")
    found = operations(tmp_path, f"from alembic_utils.{imported}\nop.create_entity(E.from_sql({sql}))")
    assert shown(found, "") == expected


def test_a_script_is_looked_for_where_the_configuration_says(tmp_path: Path) -> None:
    (tmp_path / "alembic.ini").write_text("[alembic_dddl]\nscripts_location = %(here)s/sql\n")
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql" / "jobs.sql").write_text("DROP TABLE jobs; DROP TABLE more")
    found = operations(tmp_path, 'op.run_ddl_script("jobs.sql")')
    assert [words(one) for one in found] == ["DropTable jobs", "DropTable more"]


def test_a_script_outside_the_repository_is_not_opened(tmp_path: Path) -> None:
    inside = tmp_path / "project"
    inside.mkdir()
    (tmp_path / "secret.sql").write_text("DROP TABLE jobs")
    [opaque] = operations(inside, 'op.run_ddl_script("../../../secret.sql")')
    assert isinstance(opaque, Opaque)


# --- what is judged ---------------------------------------------------------------------------------------------------


def judged(root: Path, *files: str) -> list[str]:
    """The code of each finding with its message, for a history of these bodies."""
    for number, body in enumerate(files, 1):
        parent = repr(f"r{number - 1}") if number > 1 else None
        names = f"revision = 'r{number}'\ndown_revision = {parent}\n"
        head = f"from alembic import op\nimport sqlalchemy as sa\n{names}"
        (root / f"r{number}.py").write_text(head + body)
    report = lint([root], root, None, Overrides(target=("postgresql 16",), cache=False))
    return [f"{one.code} {one.message}" for one in report.findings]


TOTALS = """
from alembic_utils.pg_materialized_view import PGMaterializedView
def totals(sql):
    return PGMaterializedView("public", "totals", sql)
"""


def test_a_materialized_view_that_is_replaced_has_lost_its_indexes(tmp_path: Path) -> None:
    made = f"""{TOTALS}
def upgrade():
    op.create_entity(totals("SELECT 1 AS a"))
    op.create_index("ix_totals_a", "totals", ["a"])
def downgrade():
    op.drop_index("ix_totals_a")
    op.drop_entity(totals(""))
"""
    replaced = f"""{TOTALS}
def upgrade():
    op.replace_entity(totals("SELECT 2 AS a"))
def downgrade():
    op.replace_entity(totals("SELECT 1 AS a"))
"""
    [finding] = judged(tmp_path, made, replaced)
    assert finding.startswith("MG704 After upgrade and downgrade index ix_totals_a is missing")


def test_an_enumerated_type_that_is_replaced_rewrites_the_tables_of_its_columns(tmp_path: Path) -> None:
    made = """
def upgrade():
    op.create_table("jobs", sa.Column("st", sa.Enum("a", "b", name="state")))
def downgrade():
    op.drop_table("jobs")
    sa.Enum(name="state").drop(op.get_bind())
"""
    replaced = """
def upgrade():
    op.sync_enum_values("public", "state", ["a", "c"], [("jobs", "st")])
def downgrade():
    op.sync_enum_values("public", "state", ["a", "b"], [("jobs", "st")])
"""
    rewritten, removed = judged(tmp_path, made, replaced)
    assert rewritten.startswith("MG207 Changing jobs.st")
    assert removed.startswith("MG625 The value 'b' of state goes")


def test_a_value_is_not_used_in_the_transaction_that_adds_it(tmp_path: Path) -> None:
    [finding] = judged(
        tmp_path,
        """
def upgrade():
    op.add_enum_value("public", "state", "late", before_value="done")
    op.execute("INSERT INTO jobs (st) VALUES ('late')")
# migration-guard: irreversible the value stays
def downgrade():
    pass
""",
    )
    assert finding.startswith("MG605")


def test_a_search_trigger_writes_every_row(tmp_path: Path) -> None:
    found = judged(
        tmp_path,
        """
from sqlalchemy_searchable import drop_trigger, sync_trigger
def upgrade():
    sync_trigger(op.get_bind(), "articles", "found", ["name"])
def downgrade():
    drop_trigger(op.get_bind(), "articles", "found")
""",
    )
    assert any(one.startswith("MG602") for one in found)


def test_a_view_that_is_replaced_is_there_behind_it(tmp_path: Path) -> None:
    source = """
        from alembic_utils.pg_view import PGView
        view = PGView("public", "named", "SELECT 1")

        def upgrade():
            op.replace_entity(view)
    """
    revision = migration(tmp_path, source)
    state = replay_one(revision, EMPTY).after
    assert Name("named") in state.views
    assert state.views[Name("named")].certain
