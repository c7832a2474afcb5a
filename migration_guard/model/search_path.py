"""
Whose name it is: one without a schema, which the default schema lacks and exactly one other schema has, is found there
by the search_path. (https://www.postgresql.org/docs/18/ddl-schemas.html#DDL-SCHEMAS-PATH)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace

from migration_guard.model.constraints import AddConstraint
from migration_guard.model.join import join
from migration_guard.model.objects import RunSql
from migration_guard.model.operations import CreateTable, Operation
from migration_guard.model.schema import Constraint, Name, SchemaState

# The fields that name what must be there already, and where the schema keeps it.
_KEPT_IN = {"table": "tables", "type": "enums", "view": "views", "sequence": "sequences"}


def located(operations: tuple[Operation, ...], state: SchemaState, known: SchemaState | None) -> tuple[Operation, ...]:
    """
    The operations, run on this state one after the other, with the schemas in which they find what they name without
    one. What is not in `known` is not found so: a revision that makes a table in a schema and drops one without has
    forgotten the schema. It is None where the project is known to set a search_path.
    """
    if any(isinstance(one, RunSql) and "SEARCH_PATH" in one.kind for one in operations):
        known = None
    if known is not None and not any(name.schema for name in (*known.tables, *known.enums, *known.views)):
        return operations
    found: list[Operation] = []
    now = state
    for operation in operations:
        one = _located(operation, now, now if known is None else known)
        done = one.apply(one.require(now))
        now = join(now, done) if one.site.conditional or one.site.guards else done
        found.append(one)
    same = all(map(lambda one, other: one is other, found, operations))
    return operations if same else tuple(found)


def _located(operation: Operation, now: SchemaState, known: SchemaState) -> Operation:
    changes: dict[str, object] = {}
    for field in fields(operation):
        kept = _KEPT_IN.get(field.name)
        name = getattr(operation, field.name)
        if kept is not None and isinstance(name, Name):
            place = _place(name, getattr(now, kept), getattr(known, kept))
            if place is not name:
                changes[field.name] = place
                new_name = getattr(operation, "new_name", None)
                if isinstance(new_name, Name) and new_name.schema is None:
                    changes["new_name"] = replace(new_name, schema=place.schema)
    if isinstance(operation, AddConstraint):
        key = _key(operation.constraint, now, known)
        if key is not operation.constraint:
            changes["constraint"] = key
    if isinstance(operation, CreateTable):
        keys = tuple(_key(one, now, known) for one in operation.table.constraints)
        if any(map(lambda one, other: one is not other, keys, operation.table.constraints)):
            changes["table"] = replace(operation.table, constraints=keys)
    return replace(operation, **changes) if changes else operation  # type: ignore[arg-type]


def _key(constraint: Constraint, now: SchemaState, known: SchemaState) -> Constraint:
    if constraint.references is None or constraint.in_default_schema:
        return constraint
    place = _place(constraint.references, now.tables, known.tables)
    return constraint if place is constraint.references else replace(constraint, references=place)


def _place(name: Name, now: Mapping[Name, object], known: Iterable[Name]) -> Name:
    if name.schema is not None or name in now:
        return name
    places = [one for one in known if one.name == name.name and one.schema is not None and one in now]
    return places[0] if len(places) == 1 else name
