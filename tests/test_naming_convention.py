"""The names that constraints and indexes get: as Alembic and SQLAlchemy really render them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from hypothesis import given, settings
from hypothesis import strategies as st

from migration_guard.model.naming_convention import NamingConvention, cut
from migration_guard.model.operations import AddColumn, CreateTable, Operation
from migration_guard.reading.sql.reader import read_sql
from tests import reading
from tests.sql_sites import site

CONVENTION = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
MIGRATION = """
op.create_table(
    "{long}",
    sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("owner_id", sa.Integer(), sa.ForeignKey("owners.id"), index=True),
    sa.Column("email", sa.Text(), unique=True),
    sa.Column("age", sa.Integer(), sa.CheckConstraint("age > 0", name="old")),
    sa.CheckConstraint("age < 200", name="young"),
    sa.CheckConstraint("age < 300", name=op.f("ck_final")),
    schema="zoo",
)
op.create_check_constraint("positive", "{long}", "age > 1", schema="zoo")
op.create_unique_constraint(None, "{long}", ["email", "age"], schema="zoo")
op.create_unique_constraint("by_hand", "{long}", ["age"], schema="zoo")
op.create_foreign_key(None, "{long}", "owners", ["owner_id"], ["id"], source_schema="zoo")
op.create_index(op.f("ix_{long}_and_more_that_makes_it_even_longer_than_it_was"), "{long}", ["age"], schema="zoo")
op.drop_constraint("positive", "{long}", type_="check", schema="zoo")
op.drop_constraint("positive", "{long}", schema="zoo")
op.drop_constraint(op.f("ck_final"), "{long}", type_="check", schema="zoo")
"""
SHORT = MIGRATION.format(long="pets")
LONG = MIGRATION.format(long="a_table_of_a_name_that_nobody_wants_to_write_by_hand_twice")


def rendered(source: str, dialect: str, convention: dict[str, str]) -> tuple[Operation, ...]:
    """The SQL that Alembic writes for these lines, read again."""
    buffer = io.StringIO()
    metadata = sa.MetaData(naming_convention=convention) if convention else sa.MetaData()
    options = {"as_sql": True, "output_buffer": buffer, "target_metadata": metadata}
    context = MigrationContext.configure(dialect_name=dialect, opts=options)
    exec(source, {"op": Operations(context), "sa": sa})
    return read_sql(buffer.getvalue(), dialect, site)


def names(operations: tuple[Operation, ...]) -> list[str | None]:
    """What the operations call their constraints and indexes, in their order."""
    found: list[str | None] = []
    for operation in operations:
        if isinstance(operation, CreateTable):
            found += sorted(one.name or "" for one in operation.table.constraints)
        elif isinstance(operation, AddColumn):
            found += sorted(one.name or "" for one in operation.inline)
        for field in ("constraint", "index"):
            if hasattr(operation, field):
                found.append(getattr(operation, field).name)
        if hasattr(operation, "name"):
            found.append(operation.name)
    return found


@pytest.mark.parametrize("dialect", ["postgresql", "mysql"])
@pytest.mark.parametrize("convention", [{}, CONVENTION], ids=["no convention", "a convention"])
@pytest.mark.parametrize("source", [SHORT, LONG], ids=["short", "long"])
def test_names_are_those_that_alembic_renders(
    source: str, convention: dict[str, str], dialect: str, tmp_path: Path
) -> None:
    if dialect == "mysql":
        lines = [line for line in source.splitlines() if not ("drop_constraint" in line and "type_" not in line)]
        source = "\n".join(lines)
    read = reading.migration(tmp_path, source, dialect)
    lines = [f"{key}={template}" for key, template in convention.items()]
    ours = NamingConvention.of(lines, dialect).named(read).upgrade.operations
    assert names(ours) == names(rendered(source, dialect, convention))


@settings(max_examples=60, deadline=None)
@given(st.text("abcdefghij_", min_size=50, max_size=90))
def test_a_long_name_is_cut_as_sqlalchemy_cuts_it(name: str) -> None:
    source = f'op.create_index(op.f("i{name}"), "pets", ["age"])'
    [made] = names(rendered(source, "postgresql", {}))
    assert made == cut(f"i{name}", "postgresql")


def test_a_template_with_a_token_of_the_projects_own_gives_no_name(tmp_path: Path) -> None:
    read = reading.migration(tmp_path, 'op.create_unique_constraint(None, "pets", ["age"])')
    [made] = NamingConvention({"uq": "uq_%(own_token)s"}, "postgresql").named(read).upgrade.operations
    assert made.constraint.name is None  # type: ignore[attr-defined]
    assert made.constraint.named  # type: ignore[attr-defined]
