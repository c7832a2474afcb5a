"""
The functions of SQLAlchemy-Searchable for migrations (https://pypi.org/project/SQLAlchemy-Searchable/3.0.0), measured.
"""

from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.operations import Operation
from migration_guard.model.schema import Name, in_sql
from migration_guard.reading.directives.arguments import BoundArguments
from migration_guard.reading.directives.registry import directive

_NEEDED = ("table_name", "tsvector_column")


@directive(
    "sqlalchemy_searchable.sync_trigger",
    "conn table_name tsvector_column indexed_columns metadata options schema update_rows",
    needed=_NEEDED,
)
def sync_trigger(ask: BoundArguments) -> Iterator[Operation]:
    """sync_trigger(): the trigger and its function are made anew, and every row is written for its search vector."""
    table, column = _names(ask)
    trigger, function = f"{table.name}_{column}_trigger", f"{table.name}_{column}_update"
    yield from _drop(ask)
    yield from ask.sql(
        f"CREATE FUNCTION {in_sql(function)}() RETURNS TRIGGER AS $$ BEGIN RETURN NEW; END $$ LANGUAGE 'plpgsql'"
    )
    yield from ask.sql(
        f"CREATE TRIGGER {in_sql(trigger)} BEFORE UPDATE OR INSERT ON {in_sql(table)}"
        f" FOR EACH ROW EXECUTE PROCEDURE {in_sql(function)}()"
    )
    first = (ask.names("indexed_columns") or (column,))[0]
    if ask["update_rows"] is None or ask.decision("update_rows") is not False:
        yield from ask.sql(f"UPDATE {in_sql(table)} SET {in_sql(first)} = {in_sql(first)}")


@directive(
    "sqlalchemy_searchable.drop_trigger", "conn table_name tsvector_column metadata options schema", needed=_NEEDED
)
def drop_trigger(ask: BoundArguments) -> Iterator[Operation]:
    """drop_trigger(): the trigger and its function go."""
    yield from _drop(ask)


def _drop(ask: BoundArguments) -> Iterator[Operation]:
    table, column = _names(ask)
    yield from ask.sql(f"DROP TRIGGER IF EXISTS {in_sql(f'{table.name}_{column}_trigger')} ON {in_sql(table)}")
    yield from ask.sql(f"DROP FUNCTION IF EXISTS {in_sql(f'{table.name}_{column}_update')}()")


def _names(ask: BoundArguments) -> tuple[Name, str]:
    table, column = ask.table(), ask.text("tsvector_column")
    assert table is not None
    assert column is not None
    return table, column
