"""What needs what an operation drops or changes: the database refuses it without CASCADE."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migration_guard.model.constraints import DropConstraint, DropIndex
from migration_guard.model.named_objects import DropObjects
from migration_guard.model.objects import DropEnum, DropSchema, DropView
from migration_guard.model.operations import AlterColumnType, DropColumn, DropTable, Operation
from migration_guard.model.refusals import Encounter, Refusal, RefusalKind
from migration_guard.model.schema import Column, Constraint, ConstraintKind, Name, ObjectKey, Table
from migration_guard.model.unknown import Unknown

_OWN_INDEX = ("mysql", "mariadb")
"""They keep an index for each foreign key, and no column without its key (measured on MariaDB 10.11)."""
_DROPS_GENERATED_SILENTLY = (15,)
"""Below it PostgreSQL drops a generated column with the one it is made from (measured on 14.23 and 15.18)."""


def dependants(operation: Operation, encounter: Encounter) -> Iterator[Refusal]:
    """What stands in the operation's way, one refusal for each."""
    if getattr(operation, "cascade", False):
        return
    match operation:
        case DropTable() if encounter.there(operation.table) is not None:
            for table, key in _keys_to(operation.table, encounter):
                yield _needs(operation, "table", str(operation.table), None, _key(table, key), (table, key), encounter)
            yield from _views(operation, "table", operation.table, "", encounter)
        case DropColumn():
            yield from _of_column(operation, encounter)
        case AlterColumnType() if encounter.dialect == "postgresql" and encounter.there(operation.table) is not None:
            yield from _views(operation, "column", operation.table, operation.column, encounter)
            yield from _generated(operation, encounter)
        case DropConstraint(name=str() as name):
            yield from _of_unique(operation, operation.table, name, encounter)
        case DropIndex() if encounter.dialect in _OWN_INDEX:
            yield from _needed_index(operation, encounter)
        case DropObjects(keys=keys) if encounter.dialect == "postgresql":
            yield from _triggers(operation, keys, encounter)
        case DropEnum() if encounter.dialect == "postgresql":
            yield from _of_type(operation, encounter)
        case DropSchema(schema=str() as schema) if encounter.dialect == "postgresql":
            yield from _in_schema(operation, schema, encounter)
        case DropView() if encounter.dialect == "postgresql":
            yield from _views(operation, "view", operation.view, "", encounter)


_NO_KEY = Constraint(ConstraintKind.CHECK)
"""Stands for the table itself, where nothing in particular of it is in the way."""
Dependant = tuple[Table, Constraint] | Name | ObjectKey | tuple[Name, Column]


def _needs(
    operation: Operation,
    what: str,
    name: str,
    table: Name | None,
    why: str,
    by: Dependant,
    encounter: Encounter,
) -> Refusal:
    return Refusal(
        RefusalKind.IN_USE, operation, what, name, why, table, "", _taken_away_later(by, operation, encounter)
    )


def _taken_away_later(by: Dependant, operation: Operation, encounter: Encounter) -> Operation | None:
    """The statement behind this one, in the same function, that takes away what is in the way."""
    behind = False
    for one in encounter.function:
        if one is operation:
            behind = True
        elif behind and not one.site.conditional and _takes_away(one, by):
            return one
    return None


def _takes_away(operation: Operation, by: Dependant) -> bool:
    match by, operation:
        case (Name(), DropView(view=view)):
            return view == by
        case (ObjectKey(), DropObjects(keys=keys)):
            return by in keys
        case (ObjectKey(table=table), DropTable(table=gone)):
            return table == gone
        case ((Table() as table, Constraint()), DropTable(table=gone)):
            return gone == table.name
        case ((Table() as table, Constraint(name=name)), DropConstraint(table=of, name=dropped)):
            return of == table.name and dropped == name
        case ((Table() as table, Constraint(columns=columns)), DropColumn(table=of, column=column)):
            return of == table.name and column in columns
        case ((Name() as table, Column(name=name)), DropColumn(table=of, column=column)):
            return of == table and column == name
        case ((Name() as table, Column()), DropTable(table=gone)):
            return gone == table
        case ((Name() as table, Column(name=name)), AlterColumnType(table=of, column=column)):
            return of == table and column == name
    return False


# --- foreign keys ---------------------------------------------------------------------------------------------------


def _keys_to(name: Name, encounter: Encounter) -> Iterator[tuple[Table, Constraint]]:
    """The foreign keys of other tables that certainly point at this one."""
    if encounter.dialect == "sqlite" or encounter.certainty.unchecked:
        return
    for table in encounter.state.tables.values():
        if table.name == name or not table.constraints or not encounter.certainty.is_there(table, encounter.state):
            continue
        for one in table.constraints:
            if one.references == name and one.certain and encounter.certainty.has_constraint(table.name, one.kind):
                yield table, one


def _key(table: Table, key: Constraint) -> str:
    return f"the foreign key {f'{key.name} ' if key.name else ''}of {table.name} ({', '.join(key.columns)})"


def _points_at(key: Constraint, columns: tuple[str, ...], table: Table) -> bool:
    """Whether the foreign key is about exactly these columns of the table."""
    own = next((one.columns for one in table.constraints if one.kind is ConstraintKind.PRIMARY_KEY), ())
    return set(key.referenced_columns or own) == set(columns)


def _of_unique(operation: DropConstraint, name: Name, dropped: str, encounter: Encounter) -> Iterator[Refusal]:
    """The foreign keys that rest on a primary key or a unique constraint."""
    table = encounter.known(name)
    found = [one for one in table.constraints if one.name == dropped and one.certain] if table is not None else []
    if table is None or not found or found[0].kind not in (ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE):
        return
    columns = found[0].columns
    others = [one for one in table.constraints if one is not found[0] and set(one.columns) == set(columns)]
    indexes = [one for one in table.indexes.values() if isinstance(one.columns, Unknown) or one.unique is not False]
    if others or indexes or not columns:
        return
    for child, key in _keys_to(name, encounter):
        if _points_at(key, columns, table):
            yield _needs(operation, "constraint", dropped, name, _key(child, key), (child, key), encounter)


def _needed_index(operation: DropIndex, encounter: Encounter) -> Iterator[Refusal]:
    """
    MySQL and MariaDB keep an index for each foreign key, on its columns as the first ones: without another such index
    they refuse to drop it. (https://mariadb.com/kb/en/foreign-keys/; measured on MariaDB 10.11)
    """
    found = encounter.state.index(operation.name, operation.table) if not encounter.certainty.unchecked else None
    table = encounter.known(found[0].name) if found is not None else None
    if found is None or table is None or not encounter.certainty.has_constraint(table.name, ConstraintKind.FOREIGN_KEY):
        return
    index = found[1]
    rest = [one.columns for one in table.indexes.values() if one is not index]
    rest += [
        one.columns for one in table.constraints if one.kind in (ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE)
    ]
    for key in table.constraints:
        serves = not isinstance(index.columns, Unknown) and index.columns[: len(key.columns)] == key.columns
        if key.kind is not ConstraintKind.FOREIGN_KEY or not key.certain or not serves:
            continue
        if not any(isinstance(columns, Unknown) or _begins(columns, key.columns) for columns in rest):
            yield _needs(operation, "index", operation.name, table.name, _key(table, key), (table, key), encounter)


def _begins(columns: tuple[str, ...] | Unknown, key: tuple[str, ...]) -> bool:
    """Whether the columns begin with those of the key, in some order."""
    return not isinstance(columns, Unknown) and bool(key) and set(columns[: len(key)]) == set(key)


# --- columns --------------------------------------------------------------------------------------------------------


def _of_column(operation: DropColumn, encounter: Encounter) -> Iterator[Refusal]:
    table = encounter.there(operation.table)
    if table is None:
        return
    for child, key in _keys_to(table.name, encounter):
        if operation.column in _referenced(key, table):
            yield _needs(operation, "column", operation.column, table.name, _key(child, key), (child, key), encounter)
    if encounter.dialect in _OWN_INDEX and encounter.certainty.has_constraint(table.name, ConstraintKind.FOREIGN_KEY):
        for key in table.constraints:
            if key.kind is ConstraintKind.FOREIGN_KEY and key.certain and operation.column in key.columns:
                yield _needs(
                    operation, "column", operation.column, table.name, _key(table, key), (table, key), encounter
                )
    if encounter.dialect == "postgresql":
        yield from _views(operation, "column", table.name, operation.column, encounter)
        if encounter.target.version >= _DROPS_GENERATED_SILENTLY:
            yield from _generated(operation, encounter)


def _referenced(key: Constraint, table: Table) -> tuple[str, ...]:
    own = next((one.columns for one in table.constraints if one.kind is ConstraintKind.PRIMARY_KEY), ())
    return key.referenced_columns or own


def _generated(operation: DropColumn | AlterColumnType, encounter: Encounter) -> Iterator[Refusal]:
    table = encounter.there(operation.table)
    for column in table.columns.values() if table is not None else ():
        made = column.generated
        if made is not None and column.certain and operation.column in made.expression.columns:
            by = (operation.table, column)
            why = f"the generated column {operation.table}.{column.name}"
            yield _needs(operation, "column", operation.column, operation.table, why, by, encounter)


def _views(operation: Operation, what: str, name: Name, column: str, encounter: Encounter) -> Iterator[Refusal]:
    """The views that read a table, or a column of it."""
    if encounter.dialect != "postgresql":
        return
    for view, used in encounter.certainty.reads.items():
        known = encounter.state.views.get(view)
        if known is not None and known.certain and (name, column) in used:
            said = f"the {'materialized view' if known.materialized else 'view'} {view}"
            yield _needs(operation, what, column or str(name), name if column else None, said, view, encounter)


def _in_schema(operation: DropSchema, schema: str, encounter: Encounter) -> Iterator[Refusal]:
    """What is left in a schema: tables, and what goes by its kind and its name."""
    for key in encounter.state.others:
        sure = key in encounter.certainty.objects and not encounter.state.clouded
        if sure and key.table is None and key.name.schema == schema:
            yield _needs(operation, "schema", schema, None, f"the {key.kind} {key.name}", key, encounter)
    for name in encounter.state.tables:
        # What is not shown in full may be a partition, and gone with its parent.
        table = encounter.known(name) if name.schema == schema and name in encounter.certainty.made else None
        if table is not None:
            yield _needs(operation, "schema", schema, None, f"the table {name}", (table, _NO_KEY), encounter)


# --- routines -------------------------------------------------------------------------------------------------------

_ARGUMENTS = re.compile(r"\(\s*[^)\s]")


def _triggers(operation: DropObjects, keys: tuple[ObjectKey, ...], encounter: Encounter) -> Iterator[Refusal]:
    """The triggers that call a function. One with arguments is another: a trigger's function has none."""
    if encounter.state.clouded or _ARGUMENTS.search(operation.site.sql or ""):
        return
    for function in keys:
        for key, trigger in encounter.state.others.items():
            if function.kind == "function" and function.name in trigger.uses and key in encounter.certainty.objects:
                why = f"the trigger {key.name} of {key.table}" if key.table is not None else f"the {key}"
                yield _needs(operation, "function", str(function.name), None, why, key, encounter)


# --- types ----------------------------------------------------------------------------------------------------------


def _of_type(operation: DropEnum, encounter: Encounter) -> Iterator[Refusal]:
    for table in encounter.state.tables.values():
        if not encounter.certainty.is_there(table, encounter.state):
            continue
        for column in table.columns.values():
            used = column.type
            if isinstance(used, Unknown) or not column.certain or not used.native:
                continue
            if Name(used.name, used.schema) == operation.type:
                why = f"the column {table.name}.{column.name}"
                yield _needs(operation, "type", str(operation.type), None, why, (table.name, column), encounter)
