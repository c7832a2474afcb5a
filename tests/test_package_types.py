"""The types of packages are read as what the packages render: `python tests/renderings/package_types.py` asked them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from migration_guard.model.constraints import CreateIndex
from migration_guard.model.operations import AddColumn
from migration_guard.model.schema import ColumnType
from migration_guard.model.unknown import Unknown
from migration_guard.reading.directives.types import TYPES
from migration_guard.reading.sql.reader import read_type
from tests.reading import operations

RENDERED = Path(__file__).parent / "renderings" / "package_types.tsv"


def renderings() -> Iterator[tuple[str, str, str]]:
    """Each expression with a dialect and what it renders there."""
    _, *lines = RENDERED.read_text(encoding="utf-8").splitlines()
    for row in csv.DictReader(lines, delimiter="\t"):
        expression = row.pop("expression")
        yield from ((expression, dialect, sql) for dialect, sql in row.items() if sql)


def column_type(root: Path, expression: str, dialect: str) -> ColumnType | Unknown:
    package = expression.partition(".")[0]
    source = f'import {package}\nop.add_column("t", sa.Column("c", {expression}))'
    [added] = [one for one in operations(root, source, dialect) if isinstance(one, AddColumn)]
    return added.column.type


@pytest.mark.parametrize(("expression", "dialect", "sql"), list(renderings()))
def test_a_type_of_a_package_is_what_the_package_renders(
    tmp_path: Path, expression: str, dialect: str, sql: str
) -> None:
    written = read_type(sql.partition(" NOT NULL")[0], dialect)
    # The model has PostgreSQL's names, as of SQLAlchemy's own types.
    expected = replace(written, name=TYPES.get(written.name.upper(), written.name))

    assert column_type(tmp_path, expression, dialect) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "sqlalchemy_utils.UUIDType(binary=decided())",
        "sqlmodel.AutoString(length=decided())",
        "pgvector.sqlalchemy.Vector(N)",
    ],
)
def test_a_type_whose_arguments_are_not_known_is_not_known(tmp_path: Path, expression: str) -> None:
    assert isinstance(column_type(tmp_path, expression, "mysql"), Unknown)


def test_the_template_of_advanced_alchemy_sets_its_types_on_sqlalchemy(tmp_path: Path) -> None:
    source = """
    from advanced_alchemy.types import GUID, JsonB
    sa.GUID = GUID
    sa.JsonB = JsonB
    op.add_column("t", sa.Column("a", sa.GUID(length=16)))
    op.add_column("t", sa.Column("b", sa.JsonB.with_variant(sa.Text(), "sqlite")))
    """
    found = [one.column.type for one in operations(tmp_path, source) if isinstance(one, AddColumn)]

    assert found == [ColumnType("uuid"), ColumnType("jsonb")]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("Geometry('POINT', 4326)", [("idx_shops_at", ("at",))]),
        ("Geography", [("idx_shops_at", ("at",))]),
        ("Raster()", [("idx_shops_at", ("(ST_ConvexHull(at))",))]),
        ("Geometry(spatial_index=False)", []),
    ],
)
@pytest.mark.parametrize("call", ["op.create_table({})", "op.add_column({})"])
def test_a_spatial_column_brings_its_index(
    tmp_path: Path, call: str, column: str, expected: list[tuple[str, tuple[str, ...]]]
) -> None:
    source = "from geoalchemy2 import Geometry, Geography, Raster\n" + call.format(
        f'"shops", sa.Column("at", {column})'
    )
    found = [one.index for one in operations(tmp_path, source) if isinstance(one, CreateIndex)]

    assert [(one.name, one.columns) for one in found] == expected
    assert all(one.method == "gist" for one in found)


def test_a_string_that_mysql_needs_a_length_for_is_no_type_to_compare(tmp_path: Path) -> None:
    # SQLAlchemy refuses to render it there: "VARCHAR requires a length on dialect mysql".
    assert column_type(tmp_path, "sqlalchemy.String()", "mysql") == ColumnType("varchar", known=False)
    assert column_type(tmp_path, "sqlalchemy.String()", "postgresql") == ColumnType("varchar")
