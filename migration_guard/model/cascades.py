"""What goes with what: the objects that a database drops, or that follow, when another one is dropped or renamed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from migration_guard.model.privileges import schema_of_privilege
from migration_guard.model.schema import (
    ROUTINES,
    ColumnType,
    Constraint,
    Expression,
    Generated,
    Index,
    Name,
    NamedObject,
    ObjectKey,
    SchemaState,
    Table,
    View,
)
from migration_guard.model.spelling import mentions, renamed_in
from migration_guard.model.unknown import Unknown

Kept = TypeVar("Kept")


def without_tables(state: SchemaState, names: Iterable[Name], cascade: bool) -> SchemaState:
    """
    The state without these tables, and without what goes with them: partitions, sequences OWNED BY their columns,
    triggers, policies and statistics; with CASCADE, what inherits from them, views that read them and keys that refer
    to them.
    (https://www.postgresql.org/docs/18/sql-droptable.html)
    """
    gone = _with_children(state, {name for name in names if name in state.tables}, cascade)
    if not gone:
        return state
    tables = {name: table for name, table in state.tables.items() if name not in gone}
    if cascade:
        tables = {name: _without_keys_to(table, gone) for name, table in tables.items()}
    left = replace(
        state,
        tables=tables,
        sequences={name: one for name, one in state.sequences.items() if one.owner not in gone or one.owner is None},
        others={key: one for key, one in not_on(gone, state.others).items() if not _counts(one, gone)},
        properties=not_on(gone, state.properties),
    )
    return without_views_that_read(left, gone) if cascade else left


def _with_children(state: SchemaState, names: set[Name], cascade: bool) -> set[Name]:
    """With the partitions of these tables, and theirs; with CASCADE, with all that inherits from them."""
    gone = names
    heirs = [(name, table) for name, table in state.tables.items() if table.parents and (table.partition or cascade)]
    while True:
        children = {name for name, table in heirs if not gone.isdisjoint(table.parents)}
        if children <= gone:
            return gone
        gone = gone | children


def _without_keys_to(table: Table, gone: Collection[Name]) -> Table:
    kept = tuple(one for one in table.constraints if one.references not in gone)
    return table if len(kept) == len(table.constraints) else replace(table, constraints=kept)


def _counts(one: NamedObject, gone: Collection[Name]) -> bool:
    """
    Whether it keeps statistics of a table that is gone: they go with it (measured on PostgreSQL 15).
    https://www.postgresql.org/docs/18/sql-createstatistics.html
    """
    return one.key.kind == "statistics" and not set(gone).isdisjoint(one.uses)


def not_on(gone: Collection[Name], kept: Mapping[ObjectKey, Kept]) -> Mapping[ObjectKey, Kept]:
    """Those that belong to no table that is gone."""
    if not kept:
        return kept
    return {key: one for key, one in kept.items() if key.table not in gone}


def without_views_that_read(state: SchemaState, gone: Collection[Name]) -> SchemaState:
    """What CASCADE leaves: without the views that read what is gone, nor those that read them."""
    names = set(gone)
    while True:
        reading = {name for name, view in state.views.items() if not names.isdisjoint(view.tables)}
        if reading <= names:
            break
        names |= reading
    if names.isdisjoint(state.views):
        return state
    return replace(
        state,
        views={name: view for name, view in state.views.items() if name not in names},
        tables={name: replace(each, indexes={}) if name in names else each for name, each in state.tables.items()},
        others=not_on(names, state.others),
    )


def without_columns_of_type(state: SchemaState, type_: Name) -> SchemaState:
    """What DROP TYPE or DROP DOMAIN ... CASCADE leaves: without the columns of that type."""
    tables = {}
    for name, table in state.tables.items():
        columns = {key: one for key, one in table.columns.items() if not _is_of(one.type, type_)}
        tables[name] = table if len(columns) == len(table.columns) else _without_columns(table, columns.keys())
    return replace(state, tables=tables)


def _is_of(used: ColumnType | Unknown, type_: Name) -> bool:
    return not isinstance(used, Unknown) and Name(used.name, used.schema) == type_


def _without_columns(table: Table, kept: Collection[str]) -> Table:
    gone = table.columns.keys() - kept
    return replace(
        table,
        columns={name: one for name, one in table.columns.items() if name in kept},
        constraints=tuple(one for one in table.constraints if gone.isdisjoint(one.columns)),
        indexes={
            name: one
            for name, one in table.indexes.items()
            if isinstance(one.columns, Unknown) or gone.isdisjoint(one.columns)
        },
    )


def without_column(state: SchemaState, table: Name, column: str) -> SchemaState:
    """The state without this column, nor what is on it: constraints, indexes, sequences OWNED BY it."""
    known = state.tables.get(table)
    if known is None:
        return state
    state = state.with_table(_without_columns(known, known.columns.keys() - {column}))
    if not any(one.owner == table and one.column == column for one in state.sequences.values()):
        return state
    kept = {name: one for name, one in state.sequences.items() if (one.owner, one.column) != (table, column)}
    return replace(state, sequences=kept)


def without_index(state: SchemaState, table: Name, index: str) -> SchemaState:
    """The state without this index of a table, nor those that are attached to it as its partitions."""
    state = _without_own_index(state, table, index)
    attached = [
        (name, one) for name, each in state.tables.items() for one, kept in each.indexes.items() if kept.parent == index
    ]
    for name, one in attached:
        state = without_index(state, name, one)
    return state


def _without_own_index(state: SchemaState, name: Name, index: str) -> SchemaState:
    table = state.tables[name]
    return state.with_table(replace(table, indexes={one: kept for one, kept in table.indexes.items() if one != index}))


def renamed_table(state: SchemaState, old: Name, new: Name) -> SchemaState:
    """The state in which what belongs to a table, or reads it, follows its new name, which the table has already."""

    def name(one: Name) -> Name:
        return new if one == old else one

    tables = {
        key: replace(each, parents=tuple(map(name, each.parents))) if old in each.parents else each
        for key, each in state.tables.items()
    }
    views = {key: _reading(each, old, new) if old in each.tables else each for key, each in state.views.items()}
    sequences = {key: replace(each, owner=new) if each.owner == old else each for key, each in state.sequences.items()}
    moved = {_on(key, old, new): replace(one, key=_on(key, old, new)) for key, one in state.others.items()}
    others = {key: _saying(one, old, new) for key, one in moved.items()}
    properties = {_on(key, old, new): one for key, one in state.properties.items()}
    return replace(state, tables=tables, views=views, sequences=sequences, others=others, properties=properties)


def _reading(view: View, old: Name, new: Name) -> View:
    reads, tables = (tuple(new if one == old else one for one in names) for names in (view.reads, view.tables))
    return replace(view, reads=reads, tables=tables, definition=_text(view.definition, old, new))


def renamed_column(state: SchemaState, table: Name, old: str, new: str) -> SchemaState:
    """The state in which a column has another name, and what is on it, or reads it, follows."""
    known = state.tables.get(table)
    if known is None:
        return state

    renamed = replace(
        known,
        columns={
            column: replace(one, name=column, generated=_generated_from(one.generated, old, new))
            for column, one in zip(_renamed(known.columns, old, new), known.columns.values(), strict=True)
        },
        indexes={key: _index_on(index, old, new) for key, index in known.indexes.items()},
        constraints=tuple(_constraint_on(one, old, new) for one in known.constraints),
    )
    sequences = {
        key: replace(one, column=new) if one.owner == table and one.column == old else one
        for key, one in state.sequences.items()
    }
    views = {key: replace(one, definition=None) if table in one.tables else one for key, one in state.views.items()}
    others = {key: _undefined_where_named(one, old) for key, one in state.others.items()}
    return replace(state.with_table(renamed), sequences=sequences, views=views, others=others)


def _undefined_where_named(one: NamedObject, column: str) -> NamedObject:
    named = one.key.kind not in ROUTINES and one.definition is not None and mentions(one.definition, column)
    return replace(one, definition=None) if named else one


def _index_on(index: Index, old: str, new: str) -> Index:
    if isinstance(index.columns, Unknown):
        return index
    return replace(
        index,
        columns=tuple(
            renamed_in(one, old, new) if one.startswith("(") else _renamed([one], old, new)[0] for one in index.columns
        ),
        where=renamed_in(index.where, old, new) if index.where is not None else None,
        include=_renamed(index.include, old, new),
    )


def _constraint_on(constraint: Constraint, old: str, new: str) -> Constraint:
    said = constraint.expression
    expression = _saying_column(said, old, new) if said is not None else None
    return replace(constraint, columns=_renamed(constraint.columns, old, new), expression=expression)


def _generated_from(generated: Generated | None, old: str, new: str) -> Generated | None:
    return replace(generated, expression=_saying_column(generated.expression, old, new)) if generated else None


def _saying_column(expression: Expression, old: str, new: str) -> Expression:
    return replace(
        expression,
        sql=renamed_in(expression.sql, old, new),
        columns=_renamed(expression.columns, old, new),
        not_null=_renamed(expression.not_null, old, new),
    )


def _renamed(columns: Iterable[str], old: str, new: str) -> tuple[str, ...]:
    return tuple(new if column == old else column for column in columns)


def _saying(one: NamedObject, old: Name, new: Name) -> NamedObject:
    """
    The object, whose definition says the new name of a table: PostgreSQL keeps policies, triggers and the like as what
    they mean, but the body of a routine as its text.
    """
    if one.key.kind in ROUTINES:
        return one
    uses = tuple(new if name == old else name for name in one.uses) if one.key.kind == "statistics" else one.uses
    return replace(one, definition=_text(one.definition, old, new), uses=uses)


def _text(definition: str | None, old: Name, new: Name) -> str | None:
    """A definition in which a table has another name; None where that takes more than the word."""
    if definition is None or not mentions(definition, old.name):
        return definition
    qualified = old.schema != new.schema or f". {old.name}" in definition
    return None if qualified else renamed_in(definition, old.name, new.name)


def _on(key: ObjectKey, old: Name, new: Name) -> ObjectKey:
    if key.table != old:
        return key
    return replace(key, table=new, name=new if key.name == old else key.name)


OUTSIDE_SCHEMAS = ("schema", "extension", "event trigger", "role", "publication", "subscription", "server", "language")
"""The kinds of objects that are in no schema."""


def without_schema(state: SchemaState, schema: str | None) -> SchemaState:
    """The state without a schema and everything in it. None is the default one."""
    tables = [name for name in state.tables if name.schema == schema]
    for type_ in [name for name in state.enums if name.schema == schema]:
        state = without_columns_of_type(state, type_)
    state = without_tables(state, tables, cascade=True)
    own = ObjectKey("schema", Name(schema)) if schema else None
    return replace(
        state,
        enums=_outside(schema, state.enums),
        views=_outside(schema, state.views),
        sequences=_outside(schema, state.sequences),
        others={key: one for key, one in state.others.items() if key != own and schema != _schema_of(key)},
        properties={
            key: one for key, one in state.properties.items() if own is None or schema_of_privilege(key) != schema
        },
    )


def _schema_of(key: ObjectKey) -> str | None:
    """The schema that an object is in; an empty one for what is in none, as an extension or a role."""
    return (key.table or key.name).schema if key.kind not in OUTSIDE_SCHEMAS else ""


def _outside(schema: str | None, objects: Mapping[Name, Kept]) -> dict[Name, Kept]:
    return {name: one for name, one in objects.items() if name.schema != schema}
