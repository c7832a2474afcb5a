"""
The operations of GeoAlchemy2 (https://pypi.org/project/GeoAlchemy2/0.20.0), measured: Alembic's own, but that
add_geospatial_column() writes the column alone. Which index comes with a column is its type's business.
"""

from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.operations import AddColumn, Operation
from migration_guard.reading.directives.arguments import BoundArguments
from migration_guard.reading.directives.columns import column_of, drop_column
from migration_guard.reading.directives.constraints import create_index, drop_index
from migration_guard.reading.directives.registry import Reader, directive, silent
from migration_guard.reading.directives.tables import create_table, drop_table


def _like(reader: Reader) -> Reader:
    """A reader of Alembic's for a name of this package, which another plugin may take."""

    def read(ask: BoundArguments) -> Iterator[Operation]:
        return reader(ask)

    return read


_COLUMN = ("table_name", "column_name")
directive("create_geospatial_table", "table_name *columns", needed=("table_name",))(_like(create_table))
directive("drop_geospatial_table", "table_name", needed=("table_name",))(_like(drop_table))
directive("drop_geospatial_column", " ".join(_COLUMN), needed=_COLUMN)(_like(drop_column))
directive("create_geospatial_index", "index_name table_name columns", needed=("table_name",))(_like(create_index))
directive("drop_geospatial_index", "index_name table_name", needed=("index_name",))(_like(drop_index))
# They do something on SQL Server only.
silent("create_geospatial_constraints", "drop_geospatial_constraints")


@directive("add_geospatial_column", "table_name column", needed=("table_name",))
def add_geospatial_column(ask: BoundArguments) -> Iterator[Operation]:
    """op.add_geospatial_column(): no index, and no constraint of another statement. On MySQL it does nothing at all."""
    table, part = ask.table(), column_of(ask)
    assert table is not None
    if part is None:
        ask.opaque("the column is not a Column(...) whose name is known", table)
    elif ask.walker.dialect in ("postgresql", "sqlite"):
        yield AddColumn(site=ask.site(), table=table, column=part.column, inline=part.checks)
