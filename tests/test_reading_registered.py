"""Directives that a project defines itself are read by following what it says they do."""

from __future__ import annotations

import textwrap
from pathlib import Path

from migration_guard.model.migration import Migration
from migration_guard.model.objects import Opaque
from migration_guard.model.schema import Name
from migration_guard.reading.interpreter.modules import Files
from migration_guard.reading.migration import read_migration
from tests.reading import HEAD, words

COUNTERS = """
    import sqlalchemy as sa
    from alembic.operations import MigrateOperation, Operations


    @Operations.register_operation("create_counter")
    class CreateCounterOp(MigrateOperation):
        def __init__(self, table_name, step=1):
            self.table_name = table_name
            self.step = step

        @classmethod
        def create_counter(cls, operations, table_name, **keywords):
            return operations.invoke(CreateCounterOp(table_name, **keywords))


    @Operations.implementation_for(CreateCounterOp)
    def create_counter(operations, operation):
        operations.create_table(operation.table_name, sa.Column("id", sa.Integer(), primary_key=True))
        operations.execute(f"CREATE SEQUENCE {operation.table_name}_seq INCREMENT BY {operation.step}")
"""
# The recipe "replaceable objects" of Alembic's cookbook, in other words.
REPLACEABLE = """
    from alembic.operations import MigrateOperation, Operations


    class Replaceable:
        def __init__(self, name, body):
            self.name = name
            self.body = body


    class TargetOp(MigrateOperation):
        def __init__(self, target):
            self.target = target

        @classmethod
        def invoke_for_target(cls, operations, target):
            return operations.invoke(cls(target))


    @Operations.register_operation("create_report", "invoke_for_target")
    class CreateReportOp(TargetOp):
        pass


    @Operations.register_operation("drop_report", "invoke_for_target")
    class DropReportOp(TargetOp):
        pass


    @Operations.implementation_for(CreateReportOp)
    def create_report(operations, operation):
        operations.execute("CREATE VIEW %s AS %s" % (operation.target.name, operation.target.body))


    @Operations.implementation_for(DropReportOp)
    def drop_report(operations, operation):
        operations.execute("DROP VIEW %s" % operation.target.name)
"""


def read(tmp_path: Path, source: str, *, env: str | None = None, **files: str) -> Migration:
    for name, text in files.items():
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(text))
    (tmp_path / "versions").mkdir()
    env_path = tmp_path / "env.py"
    if env is not None:
        env_path.write_text(textwrap.dedent(env))
    shared = Files(str(tmp_path), str(env_path) if env is not None else None)
    content = (HEAD + textwrap.dedent(source)).encode()
    found = read_migration(str(tmp_path / "versions" / "one.py"), content, "postgresql", shared)
    assert isinstance(found, Migration)
    return found


def shown(migration: Migration) -> list[str]:
    return [words(one) for one in migration.upgrade.operations]


UPGRADE = 'def upgrade():\n    op.create_counter("visits", step=2)\n'


def test_a_directive_of_a_module_that_env_imports_is_followed(tmp_path: Path) -> None:
    found = read(tmp_path, UPGRADE, env="import counters\n", counters=COUNTERS)
    assert shown(found) == ["CreateTable visits", "CreateSequence visits_seq"]
    assert {one.site.helper for one in found.upgrade.operations} == {"create_counter() of counters.py"}


def test_a_directive_of_a_module_behind_another_is_followed(tmp_path: Path) -> None:
    setup = "from counters import CreateCounterOp"
    found = read(tmp_path, UPGRADE, env="from setup import (\n  nothing,\n)\n", setup=setup, counters=COUNTERS)
    assert shown(found) == ["CreateTable visits", "CreateSequence visits_seq"]


def test_a_directive_of_what_the_migration_imports_is_followed(tmp_path: Path) -> None:
    assert len(shown(read(tmp_path, f"import counters\n{UPGRADE}", counters=COUNTERS))) == 2


def test_a_directive_of_the_migrations_own_file_is_followed(tmp_path: Path) -> None:
    assert shown(read(tmp_path, textwrap.dedent(COUNTERS) + UPGRADE)) == [
        "CreateTable visits",
        "CreateSequence visits_seq",
    ]


def test_what_a_class_inherits_counts_and_its_objects_are_known(tmp_path: Path) -> None:
    source = """
        from reports import Replaceable
        report = Replaceable("monthly", "SELECT 1")
        def upgrade():
            op.create_report(report)
            op.drop_report(report)
    """
    assert shown(read(tmp_path, source, reports=REPLACEABLE)) == ["CreateView monthly", "DropView monthly"]


def test_one_without_an_implementation_that_is_found_is_said_with_the_tables_it_names(tmp_path: Path) -> None:
    for source, tables in (
        ('op.audit("users")', (Name("users"),)),
        ('op.audit("by", table_name="users", schema="app")', (Name("users", "app"),)),
        ("op.audit(users)", ()),
    ):
        folder = tmp_path / str(len(tables)) / source[9:12].strip("\"'")
        folder.mkdir(parents=True)
        (found,) = read(folder, f"def upgrade():\n    {source}\n").upgrade.operations
        assert isinstance(found, Opaque)
        assert found.tables == tables


def test_an_operation_whose_implementation_cannot_be_followed_is_said(tmp_path: Path) -> None:
    broken = COUNTERS.replace("@Operations.implementation_for(CreateCounterOp)", "@registry.add")
    (found,) = read(tmp_path, UPGRADE, env="import counters\n", counters=broken).upgrade.operations
    assert isinstance(found, Opaque)
