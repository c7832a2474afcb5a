"""
What is certain of a schema beyond its objects: what the history took away itself, what reads what, and of what a
statement that was not understood leaves no certainty. Follows a replay step by step.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from migration_guard.model.constraints import DropConstraint, RenameIndex
from migration_guard.model.named_objects import AlterObject, MakeObject
from migration_guard.model.objects import CreateView, Opaque, RunSql
from migration_guard.model.operations import (
    CreateTable,
    DropTable,
    Operation,
    RenameColumn,
    RenameTable,
)
from migration_guard.model.schema import ConstraintKind, Name, ObjectKey, SchemaState, Table, View, changed
from migration_guard.model.unknown import show_holes

Key = tuple[str, Name, str]
"""An object: what it is in SQL's word, its name or that of its table, and its own name where it is part of one."""


@dataclass(frozen=True, slots=True)
class Departure:
    """How an object went: by which revision, and the new name where it was renamed."""

    revision: str
    operation: Operation
    new_name: str = ""


@dataclass(slots=True)
class Certainty:
    """
    What a replay knows for certain at one moment.

    `gone` is what the history took away and did not make again. `made` are the tables that it made itself, `sure` those
    of them that it made since anything happened that could not be read. `objects` are functions, triggers and the like
    that it made since anything ran that may do unseen work. `reads` are the columns that each view reads.
    `doubted` are tables that something may have changed unseen, `doubted_keys` the tables some of whose constraints may
    be gone. `astray` says that names without a schema may mean another one from here on, `unchecked` that foreign keys
    hold nothing up. `extensions` are those that it made.
    """

    gone: dict[Key, Departure] = field(default_factory=dict)
    made: set[Name] = field(default_factory=set)
    sure: set[Name] = field(default_factory=set)
    reads: dict[Name, frozenset[tuple[Name, str]]] = field(default_factory=dict)
    doubted: set[Name] = field(default_factory=set)
    doubted_keys: set[tuple[Name, ConstraintKind | None]] = field(default_factory=set)
    temporary: set[Name] = field(default_factory=set)
    extensions: set[str] = field(default_factory=set)
    objects: set[ObjectKey] = field(default_factory=set)
    astray: bool = False
    unchecked: bool = False

    def copy(self) -> Certainty:
        """The same, to go on another way from here."""
        copied = (set(self.made), set(self.sure), dict(self.reads), set(self.doubted), set(self.doubted_keys))
        return Certainty(dict(self.gone), *copied, objects=set(self.objects), extensions=set(self.extensions))

    def begin(self) -> None:
        """Another function begins: temporary tables and the search path are those of a session."""
        self.temporary.clear()
        self.astray = self.unchecked = False

    def follow(self, operation: Operation, before: SchemaState, after: SchemaState, revision: str) -> None:
        """Takes in what one operation did."""
        self._note_doubts(operation, before)
        if isinstance(operation, CreateTable) and operation.temporary:
            self.temporary.add(operation.table.name)
        if operation.site.conditional or before is after:
            return
        for name, old, new in changed(before.tables, after.tables):
            if new is None and old is not None:
                self._table_went(old, operation, revision)
            elif old is None and new is not None:
                self._table_came(new, operation)
            elif old is not None and new is not None:
                self._parts(name, old, new, operation, revision)
        for what, was, now in (
            ("type", before.enums, after.enums),
            ("view", before.views, after.views),
            ("sequence", before.sequences, after.sequences),
        ):
            self._objects(what, was, now, Departure(revision, operation, str(getattr(operation, "new_name", ""))))
        self._named_objects(before, after, operation, revision)
        if isinstance(operation, CreateView):
            self.reads[operation.view.name] = frozenset(columns_read(operation.view, before))

    def _objects(self, what: str, was: Mapping[Name, object], now: Mapping[Name, object], departure: Departure) -> None:
        for name, old, new in changed(was, now):
            if new is None:
                self.gone[what, name, ""] = departure
                self.reads.pop(name, None)
            elif old is None:
                self.gone.pop((what, name, ""), None)

    def _named_objects(self, before: SchemaState, after: SchemaState, operation: Operation, revision: str) -> None:
        for key, old, new in changed(before.others, after.others):
            if new is None:
                self.objects.discard(key)
                new_name = operation.new_name if isinstance(operation, AlterObject) else None
                self.gone[key_of(key)] = Departure(revision, operation, str(new_name or ""))
            elif old is None or isinstance(operation, MakeObject):
                self.gone.pop(key_of(key), None)
                self.objects.add(key)

    def _table_came(self, table: Table, operation: Operation) -> None:
        self.gone.pop(("table", table.name, ""), None)
        for key in [key for key in self.gone if key[0] == "column" and key[1] == table.name]:
            del self.gone[key]
        for index in table.indexes:
            self.gone.pop(_index(table.name, index), None)
        if isinstance(operation, CreateTable):
            self.made.add(table.name)
            self.sure.add(table.name)
            self.doubted.discard(table.name)
            if operation.if_not_exists:  # another one may be there, with other columns
                self.doubted.add(table.name)
            self.doubted_keys -= {one for one in self.doubted_keys if one[0] == table.name}
        elif isinstance(operation, RenameTable):
            for names in (self.made, self.sure, self.doubted):
                if operation.table in names:
                    names.remove(operation.table)
                    names.add(table.name)
            for key in [key for key in self.gone if key[0] == "column" and key[1] == operation.table]:
                self.gone["column", table.name, key[2]] = self.gone.pop(key)
            self.reads = {
                view: frozenset((table.name if one == operation.table else one, column) for one, column in used)
                for view, used in self.reads.items()
            }

    def _table_went(self, table: Table, operation: Operation, revision: str) -> None:
        new_name = operation.new_name if isinstance(operation, RenameTable) else None
        departure = Departure(revision, operation, str(new_name or ""))
        self.gone["table", table.name, ""] = departure
        if new_name is None:
            self.made.discard(table.name)
            self.sure.discard(table.name)
            for index in table.indexes:
                self.gone[_index(table.name, index)] = departure

    def _parts(self, name: Name, old: Table, new: Table, operation: Operation, revision: str) -> None:
        renamed = operation.new_name if isinstance(operation, RenameColumn | RenameIndex) else ""
        departure = Departure(revision, operation, renamed)
        for column, was, now in changed(old.columns, new.columns):
            if was is None:
                self.gone.pop(("column", name, column), None)
            elif now is None:
                self.gone["column", name, column] = departure
        for index, had, has in changed(old.indexes, new.indexes):
            if had is None:
                self.gone.pop(_index(name, index), None)
            elif has is None:
                self.gone[_index(name, index)] = departure
        if isinstance(operation, RenameColumn):
            moved = (name, operation.column), (name, operation.new_name)
            self.reads = {
                view: frozenset(moved[1] if one == moved[0] else one for one in used)
                for view, used in self.reads.items()
            }

    # --- doubt ------------------------------------------------------------------------------------------------------

    def _note_doubts(self, operation: Operation, before: SchemaState) -> None:
        match operation:
            case Opaque(rows_only=False, tables=()):
                self.objects.clear()
                self.gone.clear()
                self.sure.clear()
                self.reads.clear()
            case Opaque(rows_only=False, tables=tables):
                self._doubt(tables)
            case RunSql(literals=literals):
                if runs_anything(operation):
                    self.objects.clear()
                    self.gone = {key: how for key, how in self.gone.items() if key[0] in _KEPT}
                self.extensions |= extensions_made(operation)
                self._doubt(_mentioned(literals, before.tables))
                if re.search(r"\b(?:IDENTITY|EXPRESSION|INHERIT|ATTACH|DETACH)\b", operation.kind):
                    words = set(re.findall(r"\w+", operation.site.sql or ""))
                    self._doubt([*operation.tables, *(name for name in before.tables if name.name in words)])
                said = (operation.site.sql or "").lower()
                self.unchecked |= "foreign_key_checks" in said or "session_replication_role" in said
                self.astray |= "search_path" in said or operation.kind.startswith("USE")
            case DropConstraint(table=table):
                known = before.table(table)
                named = known is not None and any(one.name == operation.name for one in known.constraints)
                if operation.site.conditional or not named:
                    self.doubted_keys.add((table, operation.kind))
        # What hangs on a table that goes goes too, or the server would have refused.
        if isinstance(operation, DropTable) or getattr(operation, "cascade", False):
            self._doubt_dependants(getattr(operation, "table", None), before)

    def _doubt(self, tables: Iterable[Name]) -> None:
        for table in tables:
            self.doubted.add(table)
            self.gone = {key: how for key, how in self.gone.items() if key[1] != table}

    def _doubt_dependants(self, table: Name | None, state: SchemaState) -> None:
        for each in state.tables.values():
            if table is None or any(one.references == table for one in each.constraints):
                self.doubted_keys.add((each.name, ConstraintKind.FOREIGN_KEY))
        self.reads = {
            view: used
            for view, used in self.reads.items()
            if table is not None and table not in {one for one, _ in used}
        }

    def is_known(self, table: Table | None, state: SchemaState) -> bool:
        """Whether the table is there as the history shows it, to the last column."""
        return table is not None and table.complete and self.is_there(table, state)

    def is_there(self, table: Table, state: SchemaState) -> bool:
        """Whether the table is certainly there, and what is shown of it."""
        seen = not state.clouded or table.name in self.sure
        return table.certain and seen and table.name not in self.doubted and not self.is_astray(table.name)

    def is_astray(self, name: Name) -> bool:
        """Whether the name may mean something in another schema."""
        return name in self.temporary or (self.astray and name.schema is None)

    def has_constraint(self, table: Name, kind: ConstraintKind) -> bool:
        """Whether what the history shows of the table's constraints of this kind is certain."""
        return not any((table, one) in self.doubted_keys for one in (kind, None))


_KEPT = ("table", "column", "index", "type", "view", "sequence")
# Of these nobody sees what they make and drop: a function may run DDL.
_RUNS_ANYTHING = re.compile(r"\s*(?:SELECT|WITH|CALL|DO|EXECUTE)\b|.*\bCASCADE\b", re.IGNORECASE | re.DOTALL)


def runs_anything(operation: RunSql) -> bool:
    """Whether the statement may make or drop objects that it does not name."""
    return _RUNS_ANYTHING.match(show_holes(operation.site.sql or "")) is not None


def key_of(key: ObjectKey) -> Key:
    """What goes by its kind and its name, by the table that it is on, if it is."""
    return key.kind, key.table or key.name, key.name.name if key.table is not None else ""


_EXTENSION = re.compile(r"\s*CREATE\s+EXTENSION\s+(?:IF\s+NOT\s+EXISTS\s+)?\"?([\w-]+)", re.IGNORECASE)


def extensions_made(operation: Operation) -> frozenset[str]:
    """The extension of PostgreSQL that the operation makes."""
    found = _EXTENSION.match(operation.site.sql or "") if isinstance(operation, RunSql) else None
    return frozenset({found[1].lower()} if found else ())


def _index(table: Name, index: str) -> Key:
    """PostgreSQL finds an index by its name in the schema of its table."""
    return "index", Name(index, table.schema), ""


def _mentioned(literals: Collection[str], tables: Mapping[Name, Table]) -> Iterator[Name]:
    """The tables whose names are handed to a function as text: it may change them."""
    words = {literal.rpartition(".")[2].strip('"') for literal in literals if len(literal) < 130}
    if words:
        yield from (name for name in tables if name.name in words)


def columns_read(view: View, state: SchemaState) -> Iterator[tuple[Name, str]]:
    """
    The columns that the view's query surely reads: each that is named there and is one of exactly one of its tables;
    and the tables themselves, as a column without a name.
    """
    tables = [state.table(name) for name in view.reads]
    yield from ((name, "") for name in view.reads)
    if any(table is None or not table.complete for table in tables):
        return
    for column in view.read_columns:
        owners = [one.name for one in tables if one is not None and column in one.columns]
        if len(owners) == 1:
            yield owners[0], column
    if "*" in view.read_columns:
        yield from ((one.name, column) for one in tables if one is not None for column in one.columns)
