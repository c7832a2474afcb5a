"""
Operations on what goes by its name alone: functions, triggers, policies, extensions and their like, and on the
properties of objects, such as a comment or a privilege.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from migration_guard.model.cascades import without_columns_of_type
from migration_guard.model.objects import RunSql
from migration_guard.model.privileges import schema_of_privilege
from migration_guard.model.schema import (
    ROUTINES,
    EnumType,
    Name,
    NamedObject,
    ObjectKey,
    SchemaState,
    changed,
)
from migration_guard.model.unknown import LEFT_OUT, OR_NONE, OR_UNKNOWN, UNKNOWN, Unknown, needed

EVERY_PRIVILEGE = "ALL"


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeObject(RunSql):
    """CREATE of one such object. What OR REPLACE or IF NOT EXISTS makes may have been there before."""

    made: NamedObject
    or_replace: bool = False
    if_not_exists: bool = False

    def apply(self, state: SchemaState) -> SchemaState:
        known = state.others.get(self.made.key)
        if known is not None and self.if_not_exists:
            return state
        guarded = self.or_replace or self.if_not_exists
        certain = known.certain if known is not None else not guarded
        comment = known.comment if known is not None else UNKNOWN if guarded else None
        made = replace(self.made, certain=certain, comment=comment)
        if known is not None and made.key.kind in ROUTINES and not self._replaces(known):
            made = replace(made, definition=None, certain=False, overloaded=True)
        return replace(state, others={**state.others, made.key: made})

    def _replaces(self, known: NamedObject) -> bool:
        """
        Whether it takes the place of the one that is known, and is no further one with other parameters.
        https://www.postgresql.org/docs/18/xfunc-overload.html
        """
        return self.or_replace and not known.overloaded and self.made.signature == known.signature


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateType(RunSql):
    """CREATE TYPE of another than an enumerated type: a composite or a range type, one with functions of its own."""

    type: Name = field(metadata=needed("type name"))

    def apply(self, state: SchemaState) -> SchemaState:
        return replace(state, enums={**state.enums, self.type: EnumType(self.type)})


@dataclass(frozen=True, slots=True, kw_only=True)
class DropObjects(RunSql):
    """DROP of such objects. With CASCADE the triggers of a function go, too, and the columns of a domain."""

    keys: tuple[ObjectKey, ...]
    if_exists: bool = False
    cascade: bool = False

    def require(self, state: SchemaState) -> SchemaState:
        keys = [key for key in self._meant(state) if key not in state.others]
        missing = {key: NamedObject(key, certain=not self.if_exists) for key in keys}
        return replace(state, others={**state.others, **missing}) if missing else state

    def apply(self, state: SchemaState) -> SchemaState:
        meant = self._meant(state)
        gone = {key for key in meant if not (key in state.others and state.others[key].overloaded)}
        if self.cascade:
            names = {key.name for key in self.keys}
            gone |= {key for key, one in state.others.items() if not names.isdisjoint(one.uses)}
            for key in self.keys:
                state = without_columns_of_type(state, key.name) if key.kind == "domain" else state
        return replace(state, others={key: one for key, one in state.others.items() if key not in gone})

    def _meant(self, state: SchemaState) -> list[ObjectKey]:
        """The objects that are dropped: MySQL and SQLite drop a trigger without naming its table."""
        return [
            next((one for one in state.others if key.table is None and _is_called(one, key)), key) for key in self.keys
        ]


def _is_called(one: ObjectKey, key: ObjectKey) -> bool:
    return (one.kind, one.name) == (key.kind, key.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterObject(RunSql):
    """ALTER of one such object: it has another name, or is defined in a way that is not known."""

    key: ObjectKey
    new_name: Name | None = field(default=None, metadata=OR_NONE)

    def require(self, state: SchemaState) -> SchemaState:
        if self.key in state.others:
            return state
        return replace(state, others={**state.others, self.key: NamedObject(self.key)})

    def apply(self, state: SchemaState) -> SchemaState:
        rest = dict(state.others)
        known = rest.pop(self.key)
        if self.new_name is None:
            rest[self.key] = replace(known, definition=None)
        else:
            key = replace(self.key, name=self.new_name)
            rest[key] = replace(known, key=key, definition=None)
            if self.key.kind in ROUTINES:
                rest = {each: _using(one, self.key.name, self.new_name) for each, one in rest.items()}
        return replace(state, others=rest)


def _using(one: NamedObject, old: Name, new: Name) -> NamedObject:
    """What uses a function goes on using it under its new name."""
    if old not in one.uses:
        return one
    return replace(one, uses=tuple(new if name == old else name for name in one.uses), definition=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetProperties(RunSql):
    """
    What sets properties of objects, all to the same value: ENABLE ROW LEVEL SECURITY, COMMENT ON, GRANT. `value` is
    None for what holds where nobody sets anything, as after REVOKE.
    """

    keys: tuple[ObjectKey, ...] = field(metadata=LEFT_OUT)
    value: str | Unknown | None = field(metadata=OR_UNKNOWN)

    def apply(self, state: SchemaState) -> SchemaState:
        set_ = dict.fromkeys(self.keys, self.value)
        if self.kind in ("GRANT", "REVOKE"):
            for key in self.keys:
                set_ |= self._of_every_privilege(key, state)
        return replace(state, properties={**state.properties, **set_})

    def _of_every_privilege(self, key: ObjectKey, state: SchemaState) -> dict[ObjectKey, str | Unknown | None]:
        """What ALL PRIVILEGES has to do with the single ones of the same role on the same object."""
        privilege, _, role = key.kind.removeprefix("privilege ").partition(" ")
        others = [
            one
            for one in state.properties
            if one != key and one.name == key.name and one.kind.startswith("privilege ") and one.kind.endswith(role)
        ]
        if privilege == EVERY_PRIVILEGE:
            return dict.fromkeys(others, self.value)
        return {one: UNKNOWN for one in others if one.kind == f"privilege {EVERY_PRIVILEGE} {role}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SetObjectComment(RunSql):
    """COMMENT ON a view, and on what goes by its kind and its name: a comment that goes with it."""

    key: ObjectKey
    comment: str | Unknown | None = field(metadata=OR_UNKNOWN)

    def require(self, state: SchemaState) -> SchemaState:
        if self.key.kind == "view" or self.key in state.others:
            return state
        return replace(state, others={**state.others, self.key: NamedObject(self.key)})

    def apply(self, state: SchemaState) -> SchemaState:
        other, view = state.others.get(self.key), state.views.get(self.key.name)
        if self.key.kind == "view" and view is not None:
            return replace(state, views={**state.views, view.name: replace(view, comment=self.comment)})
        if other is not None:
            return replace(state, others={**state.others, self.key: replace(other, comment=self.comment)})
        return state


@dataclass(frozen=True, slots=True, kw_only=True)
class SetIdentity(RunSql):
    """ALTER COLUMN ... ADD GENERATED AS IDENTITY, or DROP IDENTITY."""

    table: Name = field(metadata=needed("table name"))
    column: str = field(metadata=needed("column name"))
    identity: bool

    def apply(self, state: SchemaState) -> SchemaState:
        table = state.tables.get(self.table)
        known = table.columns.get(self.column) if table else None
        if table is None or known is None:
            return state
        columns = {**table.columns, self.column: replace(known, identity=self.identity)}
        return state.with_table(replace(table, columns=columns))


# --- what belongs to what -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterSequence(RunSql):
    """
    ALTER SEQUENCE: OWNED BY a column (`owns` tells that it is said), or another name.
    (https://www.postgresql.org/docs/18/sql-altersequence.html)
    """

    sequence: Name = field(metadata=needed("sequence name"))
    new_name: Name | None = field(default=None, metadata=OR_NONE)
    owns: bool = False
    owner: Name | None = field(default=None, metadata=OR_NONE)
    column: str | None = field(default=None, metadata=OR_NONE)

    def apply(self, state: SchemaState) -> SchemaState:
        known = state.sequences.get(self.sequence)
        if known is None:
            return state
        if self.owns:
            known = replace(known, owner=self.owner, column=self.column)
        name = self.new_name or self.sequence
        rest = {key: one for key, one in state.sequences.items() if key != self.sequence}
        return replace(state, sequences={**rest, name: replace(known, name=name)})


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameView(RunSql):
    """ALTER VIEW or MATERIALIZED VIEW ... RENAME TO."""

    view: Name = field(metadata=needed("view name"))
    new_name: Name = field(metadata=needed("view name"))

    def apply(self, state: SchemaState) -> SchemaState:
        views = {key: one for key, one in state.views.items() if key != self.view}
        known, indexed = state.views.get(self.view), state.tables.get(self.view)
        if known is not None:
            views[self.new_name] = replace(known, name=self.new_name)
        views = {
            key: replace(
                one,
                reads=tuple(self.new_name if name == self.view else name for name in one.reads),
                tables=tuple(self.new_name if name == self.view else name for name in one.tables),
            )
            for key, one in views.items()
        }
        if indexed is not None:
            state = state.without_table(self.view).with_table(replace(indexed, name=self.new_name))
        return replace(state, views=views)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetParent(RunSql):
    """
    ATTACH or DETACH PARTITION, INHERIT or NO INHERIT: `child` gets `parent`, or loses it where `joins` is False.
    """

    child: Name = field(metadata=needed("table name"))
    parent: Name = field(metadata=needed("table name"))
    partition: bool = False
    joins: bool = True

    def apply(self, state: SchemaState) -> SchemaState:
        table = state.tables.get(self.child)
        if table is None:
            return state
        others = tuple(name for name in table.parents if name != self.parent)
        parents = (*others, self.parent) if self.joins else others
        return state.with_table(replace(table, parents=parents, partition=self.partition and self.joins))


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachIndex(RunSql):
    """ALTER INDEX ... ATTACH PARTITION: the attached index goes with its parent."""

    index: str = field(metadata=needed("index name"))
    parent: str = field(metadata=needed("index name"))

    def apply(self, state: SchemaState) -> SchemaState:
        found = state.index(self.index)
        if found is None:
            return state
        table, index = found
        return state.with_table(
            replace(table, indexes={**table.indexes, self.index: replace(index, parent=self.parent)})
        )


def property_of(key: ObjectKey, state: SchemaState) -> str | Unknown | None:
    """
    The value of a property: None, what holds where nobody sets anything, for a table that the history shows in full,
    and for a schema that it made.
    """
    if key in state.properties:
        return state.properties[key]
    schema = schema_of_privilege(key)
    if schema is not None:
        known = state.others.get(ObjectKey("schema", Name(schema)))
        return None if known is not None and known.certain and known.definition is not None else UNKNOWN
    table = state.table(key.table) if key.table is not None else None
    return None if table is not None and table.complete and table.certain else UNKNOWN


def changed_properties(one: SchemaState, other: SchemaState) -> list[ObjectKey]:
    """The properties that are known in both, and not the same."""
    found = []
    for key, _, _ in changed(one.properties, other.properties):
        was, now = property_of(key, one), property_of(key, other)
        if not isinstance(was, Unknown) and not isinstance(now, Unknown) and was != now:
            found.append(key)
    return found
