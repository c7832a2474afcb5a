"""
The class of alembic-enums (https://pypi.org/project/alembic-enums/0.4.1), measured: made at the top of the file, its
methods cast each column to a type with the values of before and after, and from that to the type anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from migration_guard.model.operations import Operation
from migration_guard.model.schema import Name, in_sql
from migration_guard.reading.directives.arguments import BoundArguments, Signature
from migration_guard.reading.directives.names import identifier, schema_of
from migration_guard.reading.directives.packages.enum_rewrites import EnumColumn, cast, create_type, drop_type, quoted
from migration_guard.reading.directives.registry import directive, silent
from migration_guard.reading.interpreter.values import Attribute, CallValue, Constant, Items, Text, Value

_CLASSES = ("alembic_enums.EnumMigration", "alembic_enums.enum_migration.EnumMigration")
_PARAMETERS = Signature.of("op enum_name old_options new_options columns schema")
silent(*_CLASSES)


@dataclass(frozen=True, slots=True)
class EnumMigration:
    """What an EnumMigration(...) was made with. Of its columns, `defaults` are those before and after the upgrade."""

    type: Name
    old: tuple[str, ...]
    new: tuple[str, ...]
    columns: tuple[EnumColumn, ...]
    defaults: tuple[tuple[str | None, str | None], ...]

    @property
    def both(self) -> Name:
        """The type that has the values of before and after meanwhile. The figures in its name are drawn by lot."""
        return Name(f"_tmp_{self.type.name}_0000", self.type.schema)


def _read(ask: BoundArguments) -> EnumMigration | None:
    """What the object was made with whose method is called; None, and it is said, where that is not known."""
    made: Value = ask.made
    while isinstance(made, CallValue) and isinstance(made.function, Attribute):
        made = made.function.owner
    given = BoundArguments(ask.walker, made, _PARAMETERS, None) if isinstance(made, CallValue) else None
    if given is not None:
        name, old, new = given.text("enum_name"), given.names("old_options"), given.names("new_options")
        columns = _columns(given["columns"], ask.walker.dialect)
        if name is not None and old is not None and new is not None and columns is not None:
            defaults = tuple(one for _, one in columns)
            return EnumMigration(Name(name, given.schema()), old, new, tuple(one for one, _ in columns), defaults)
    ask.opaque("what the EnumMigration was made with is not known")
    return None


def _columns(value: Value | None, dialect: str) -> list[tuple[EnumColumn, tuple[str | None, str | None]]] | None:
    if value is None or value == Constant(None):
        return []
    if not isinstance(value, Items) or not value.complete:
        return None
    found = []
    for one in value.items:
        column = _column(one, dialect)
        if column is None or not isinstance(one, CallValue):
            return None
        old, new = (_label(one.argument(at, f"{which}_server_default")) for at, which in ((2, "old"), (3, "new")))
        found.append((column, (old, new)))
    return found


def _column(value: Value | None, dialect: str) -> EnumColumn | None:
    if not isinstance(value, CallValue):
        return None
    table, name = identifier(value.argument(0, "table")), identifier(value.argument(1, "name"))
    schema = schema_of(value.argument(4, "schema"), dialect)
    return EnumColumn(Name(table, schema), name) if table is not None and name is not None else None


def _label(value: Value | None) -> str | None:
    return value.value if isinstance(value, Text) and value.known else None


def _enter(ask: BoundArguments, change: EnumMigration) -> Iterator[Operation]:
    """The type with both sets of values, and every column cast to it."""
    yield from create_type(ask, change.both, sorted({*change.old, *change.new}))
    for column in change.columns:
        yield from ask.sql(f"{column.altered} DROP DEFAULT")
        yield from cast(ask, column, change.both)


def _exit(ask: BoundArguments, change: EnumMigration, *, back: bool) -> Iterator[Operation]:
    """The type made anew, and every column cast to that."""
    yield from drop_type(ask, change.type)
    yield from create_type(ask, change.type, change.old if back else change.new)
    for column, (old, new) in zip(change.columns, change.defaults, strict=True):
        yield from cast(ask, column, change.type)
        default = old if back else new
        if default is not None:
            yield from ask.sql(f"{column.altered} SET DEFAULT {quoted(default)}")
    yield from drop_type(ask, change.both)


def _registered(method: str, *, back: bool) -> None:
    """Registers upgrade() or downgrade(), and what its context does where it begins and where it ends."""

    def whole(ask: BoundArguments) -> Iterator[Operation]:
        change = _read(ask)
        if change is not None:
            yield from _enter(ask, change)
            yield from _exit(ask, change, back=back)

    def enter(ask: BoundArguments) -> Iterator[Operation]:
        change = _read(ask)
        if change is not None:
            yield from _enter(ask, change)

    def leave(ask: BoundArguments) -> Iterator[Operation]:
        change = _read(ask)
        if change is not None:
            yield from _exit(ask, change, back=back)

    for path in _CLASSES:
        directive(f"{path}.{method}", "")(whole)
        directive(f"{path}.{method}_ctx", "")(enter)
        directive(f"{path}.{method}_ctx.__exit__", "*raised")(leave)


_registered("upgrade", back=False)
_registered("downgrade", back=True)


@directive("alembic_enums.EnumMigration.update_value", "column old_value new_value")
@directive("alembic_enums.enum_migration.EnumMigration.update_value", "column old_value new_value")
def update_value(ask: BoundArguments) -> Iterator[Operation]:
    """migration.update_value(): the rows with one value get another one."""
    column, old, new = _column(ask["column"], ask.walker.dialect), ask.text("old_value"), ask.text("new_value")
    if column is None or old is None or new is None:
        ask.opaque("the column or its values are not known", rows_only=True)
        return
    name = in_sql(column.name)
    yield from ask.sql(f"UPDATE {in_sql(column.table)} SET {name} = {quoted(new)} WHERE {name} = {quoted(old)}")
