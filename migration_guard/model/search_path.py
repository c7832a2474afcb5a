"""
Whose name it is: one without a schema, which the default schema lacks and exactly one other schema has, is found there
by the search_path. (https://www.postgresql.org/docs/18/ddl-schemas.html#DDL-SCHEMAS-PATH)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace

from migration_guard.model.constraints import AddConstraint
from migration_guard.model.join import join
from migration_guard.model.migration import Migration
from migration_guard.model.objects import CreateEnum, CreateSequence, CreateView, RunSql
from migration_guard.model.operations import CreateTable, Operation, RenameTable
from migration_guard.model.schema import Constraint, Name, SchemaState

# The fields that name what must be there already, and where the schema keeps it.
_KEPT_IN = {"table": "tables", "type": "enums", "view": "views", "sequence": "sequences"}


HABIT = 3
"""In so many revisions a history has to write a schema before leaving it out once is held to be a mistake."""


def forgotten_schemas(order: Sequence[Migration]) -> Mapping[str, frozenset[Name]]:
    """
    By revision, what it names without its schema, though the history has the habit to write that: every other revision
    does, and there are several. A project whose role or database sets a search_path, which no file needs to show, has
    that habit not.
    """
    made = {name for one in order for each in one.operations for name in _made_by(each)}
    places: dict[str, Name] = {name.name: name for name in made if name.schema is not None}
    unique = {bare: name for bare, name in places.items() if [one for one in made if one.name == bare] == [name]}
    if not unique:
        return {}
    written: dict[str | None, set[str]] = {}
    forgotten: dict[str, set[Name]] = {}
    for migration in order:
        for name in (name for each in migration.operations for name in (*_names_in(each), *_made_by(each))):
            if name.schema is not None:
                written.setdefault(name.schema, set()).add(migration.revision)
            elif name.name in unique:
                forgotten.setdefault(migration.revision, set()).add(unique[name.name])
    if len(forgotten) > 1:
        return {}
    return {
        revision: frozenset(name for name in names if len(written.get(name.schema, set()) - {revision}) >= HABIT)
        for revision, names in forgotten.items()
    }


def _made_by(operation: Operation) -> Iterator[Name]:
    match operation:
        case CreateTable(table=table, temporary=False):
            yield table.name
        case CreateView(view=view):
            yield view.name
        case CreateEnum(type=type_):
            yield type_.name
        case CreateSequence(sequence=name) | RenameTable(new_name=name):
            yield name


def _names_in(operation: Operation) -> Iterator[Name]:
    for field in fields(operation):
        name = getattr(operation, field.name)
        if field.name in _KEPT_IN and isinstance(name, Name):
            yield name
    if isinstance(operation, AddConstraint) and operation.constraint.references is not None:
        yield operation.constraint.references


def located(
    operations: tuple[Operation, ...],
    state: SchemaState,
    known: SchemaState | None,
    forgotten: Collection[Name] = (),
) -> tuple[Operation, ...]:
    """
    The operations, run on this state one after the other, with the schemas in which they find what they name without
    one. What is not in `known` is not found so: a revision that makes a table in a schema and drops one without has
    forgotten the schema. Nor is what is `forgotten`. `known` is None where the project is known to set a search_path.
    """
    if any(isinstance(one, RunSql) and "SEARCH_PATH" in one.kind for one in operations):
        known = None
    if known is None:
        forgotten = ()
    if known is not None and not any(name.schema for name in (*known.tables, *known.enums, *known.views)):
        return operations
    found: list[Operation] = []
    now = state
    for operation in operations:
        one = _located(operation, now, now if known is None else known, forgotten)
        done = one.apply(one.require(now))
        now = join(now, done) if one.site.conditional or one.site.guards else done
        found.append(one)
    same = all(map(lambda one, other: one is other, found, operations))
    return operations if same else tuple(found)


def _located(operation: Operation, now: SchemaState, known: SchemaState, forgotten: Collection[Name]) -> Operation:
    changes: dict[str, object] = {}
    for field in fields(operation):
        kept = _KEPT_IN.get(field.name)
        name = getattr(operation, field.name)
        if kept is not None and isinstance(name, Name):
            place = _place(name, getattr(now, kept), getattr(known, kept), forgotten)
            if place is not name:
                changes[field.name] = place
                new_name = getattr(operation, "new_name", None)
                if isinstance(new_name, Name) and new_name.schema is None:
                    changes["new_name"] = replace(new_name, schema=place.schema)
    if isinstance(operation, AddConstraint):
        key = _key(operation.constraint, now, known, forgotten)
        if key is not operation.constraint:
            changes["constraint"] = key
    if isinstance(operation, CreateTable):
        keys = tuple(_key(one, now, known, forgotten) for one in operation.table.constraints)
        if any(map(lambda one, other: one is not other, keys, operation.table.constraints)):
            changes["table"] = replace(operation.table, constraints=keys)
    return replace(operation, **changes) if changes else operation  # type: ignore[arg-type]


def _key(constraint: Constraint, now: SchemaState, known: SchemaState, forgotten: Collection[Name]) -> Constraint:
    if constraint.references is None or constraint.in_default_schema:
        return constraint
    place = _place(constraint.references, now.tables, known.tables, forgotten)
    return constraint if place is constraint.references else replace(constraint, references=place)


def _place(name: Name, now: Mapping[Name, object], known: Iterable[Name], forgotten: Collection[Name]) -> Name:
    if name.schema is not None or name in now:
        return name
    places = [one for one in known if one.name == name.name and one.schema is not None and one in now]
    return places[0] if len(places) == 1 and places[0] not in forgotten else name
