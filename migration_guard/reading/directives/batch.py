"""op.batch_alter_table(): the block on a table, and when Alembic makes the table anew for what the block asks for."""

from __future__ import annotations

from collections.abc import Sequence

from migration_guard.model.constraints import CreateIndex, DropIndex
from migration_guard.model.objects import Opaque
from migration_guard.model.operations import AddColumn, Operation, RecreateTable
from migration_guard.model.schema import Name
from migration_guard.model.site import Site
from migration_guard.model.unknown import Unknown
from migration_guard.reading.directives.arguments import BoundArguments
from migration_guard.reading.directives.names import identifier, schema_of
from migration_guard.reading.directives.registry import answer
from migration_guard.reading.interpreter.values import Batch, Constant, Text, Value

# With one of these the new table has more than what SQLAlchemy reflects of the old one.
_DESCRIBES = ("copy_from", "table_args", "reflect_args", "reflect_kwargs")


@answer("batch_alter_table", "table_name schema")
def batch_alter_table(ask: BoundArguments) -> Value:
    """op.batch_alter_table(): the block on a table."""
    return Batch(ask["table_name"] or Unknown("no table name"), ask["schema"], ask.made)


def recreated(batch: Batch, operations: Sequence[Operation], dialect: str, site: Site) -> RecreateTable | None:
    """
    What a batch does to the table before any of its operations: SQLite gets a new one, made of what SQLAlchemy reflects
    of the old. None on other databases, and where it is not sure that the table is made anew, or of that alone.
    (`requires_recreate_in_batch` in alembic/ddl/sqlite.py, the same in Alembic 1.8 to 1.20)
    """
    name, given = identifier(batch.table), batch.made.keyword
    if dialect != "sqlite" or name is None or any(given(key) is not None for key in _DESCRIBES):
        return None
    recreate = given("recreate") or Text("auto")
    if recreate != Text("always") and (recreate != Text("auto") or not any(map(_needs_new_table, operations))):
        return None
    names_checks = (given("naming_convention") or Constant(None)) != Constant(None)
    return RecreateTable(site=site, table=Name(name, schema_of(batch.schema, dialect)), names_checks=names_checks)


def _needs_new_table(operation: Operation) -> bool:
    """Whether SQLite's ALTER TABLE cannot do it, as Alembic sees it. A constant default may be written either way."""
    if isinstance(operation, AddColumn):
        default, generated = operation.column.default, operation.column.generated
        computed = default is not None and not isinstance(default, Unknown) and bool(default.functions)
        return computed or (generated is not None and generated.stored is True)
    return not isinstance(operation, CreateIndex | DropIndex | Opaque)
