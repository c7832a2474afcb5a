"""What two snapshots of a database do not share, one difference for each object and cause. Pure: knows no database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from migration_guard.model.differences import Fate
from migration_guard.model.trip import CatalogueDifference, PropertyChange
from migration_guard.roundtripping.catalogues.definitions import CatalogueObject, Definition, Snapshot

TABLES = ("table", "foreign table", "virtual table", "view", "materialized view")
# What was unproven and is proven now: whoever relied on the weaker one has it still.
PROVEN = ("validated", "not null validated", "valid")
SOURCES = ("default", "identity")
MENTIONED = (*TABLES, "column", "enum", "domain", "composite type", "sequence", "schema")
_SPACE = re.compile(r"(?P<value>'[^']*')|\s+")
_DEFAULT_SCHEMA = re.compile(r"(?<![\w.'\"])public\.(?=[\w\"])")


def differences(should: Snapshot, found: Snapshot) -> tuple[CatalogueDifference, ...]:
    """
    Every object of `found` that is not as in `should`, the state it should be in: tables first, then what belongs to
    them, then the rest.

    What a missing or left table brings along is not told again, nor a sequence with its column. White space is no
    difference, nor another name for what the database had named, nor a constraint that has been validated meanwhile.
    """
    return tuple(sorted(Comparison(should, found).unexplained(), key=_order))


class Comparison:
    """One comparison: what is missing, what is left behind, and what both sides have."""

    def __init__(self, should: Snapshot, found: Snapshot) -> None:
        self.should = should
        self.found = found
        self.altered = [
            object_
            for object_, was in should.items()
            if object_ in found and was is not found[object_] and was != found[object_]
        ]
        self.moved = {object_ for object_ in self.altered if should[object_].table != found[object_].table}
        self.missing = {object_ for object_ in should if object_ not in found} | self.moved
        self.left = {object_ for object_ in found if object_ not in should} | self.moved
        self.renamed = list(self._twins())
        self.missing -= {was for was, _ in self.renamed}
        self.left -= {now for _, now in self.renamed}
        self.missing = {object_ for object_ in self.missing if not _explained(object_, self.should, self.missing)}
        self.left = {object_ for object_ in self.left if not _explained(object_, self.found, self.left)}

    def unexplained(self) -> Iterator[CatalogueDifference]:
        """The differences that no other one explains."""
        stayed = self.moved & self.missing & self.left
        changes = {
            object_: _changes(self.should[object_], self.found[object_])
            for object_ in self.altered
            if object_ not in self.moved or object_ in stayed
        }
        # A column that takes its values from elsewhere, or nowhere, brings its sequence, or leaves it.
        sources = {object_ for object_, found in changes.items() if any(one.property in SOURCES for one in found)}
        for fate, objects, snapshot in (
            (Fate.MISSING, self.missing, self.should),
            (Fate.LEFT_BEHIND, self.left, self.found),
        ):
            for object_ in objects - stayed:
                definition = snapshot[object_]
                if object_.kind != "sequence" or not sources.intersection(definition.part_of):
                    yield _difference(object_, definition, fate)
        for object_, twin in self.renamed:
            properties = [*self._renaming(object_, twin), *_changes(self.should[object_], self.found[twin])]
            if properties:
                yield _difference(object_, self.should[object_], Fate.CHANGED, tuple(map(_for_people, properties)))
        for object_, properties in changes.items():
            if properties and not self._follows(object_, properties, changes):
                yield _difference(object_, self.found[object_], Fate.CHANGED, tuple(map(_for_people, properties)))

    def _twins(self) -> Iterator[tuple[CatalogueObject, CatalogueObject]]:
        """What is missing, with what stands in its place: the same of the same table, but for its name."""
        candidates: dict[object, list[CatalogueObject]] = {}
        for object_ in sorted(self.left - self.moved, key=lambda one: (not self.found[one].system_named, one)):
            candidates.setdefault(_content(object_, self.found[object_]), []).append(object_)
        for object_ in sorted(self.missing - self.moved, key=lambda one: (not self.should[one].system_named, one)):
            definition = self.should[object_]
            twins = candidates.get(_content(object_, definition))
            if twins and definition.table is not None and object_.kind != "column":
                yield object_, twins.pop(0)

    def _renaming(self, object_: CatalogueObject, twin: CatalogueObject) -> list[PropertyChange]:
        """Another name, where somebody could rely on the one that was."""
        definition = self.should[object_]
        if definition.system_named:
            return []
        return [PropertyChange("name", _own_name(object_, definition), _own_name(twin, self.found[twin]))]

    def _follows(
        self,
        object_: CatalogueObject,
        changes: list[PropertyChange],
        every: Mapping[CatalogueObject, list[PropertyChange]],
    ) -> bool:
        """Whether another difference explains these: the same change of a parent, a name or a type that is told."""
        if any(every.get(parent) == changes for parent in self.found[object_].part_of):
            return True
        types = self._types(every)
        was, now = _Neutral(_names(self.missing), types), _Neutral(_names(self.left), types)
        return object_.kind != "column" and all(was(one.was) == now(one.now) for one in changes)

    def _types(self, every: Mapping[CatalogueObject, list[PropertyChange]]) -> set[str]:
        """The types that a column had or has now: texts are cast to them, or no longer."""
        return {
            type_
            for object_, changes in every.items()
            if object_.kind == "column"
            for change in changes
            if change.property == "type"
            for type_ in (change.was, change.now)
        }


class _Neutral:
    """A text without the names, the casts and the brackets that follow from differences told elsewhere."""

    def __init__(self, names: set[str], types: set[str]) -> None:
        words = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
        self._names = re.compile(rf"(?<!\w)(?:{words})(?!\w)") if words else None
        bare = {re.sub(r"\(.*?\)", "", type_) for type_ in types}
        casts = "|".join(re.escape(type_) for type_ in sorted(types | bare, key=len, reverse=True))
        self._casts = re.compile(rf"::(?:{casts})(?:\[\])*") if casts else None

    def __call__(self, text: str) -> str:
        if self._names:
            text = self._names.sub("\0", text)
        if self._casts:
            text = re.sub(r"[()]", "", self._casts.sub("", text))
        return _spaced(text)


def shown(object_: CatalogueObject, definition: Definition) -> str:
    """How people call it: without the default schema, and without its table unless it is a column."""
    name = object_.name
    if definition.table is not None and object_.kind != "column":
        name = name.removeprefix(f"{definition.table}.")
    return name.removeprefix("public.") if "." in name else name


def _difference(
    object_: CatalogueObject, definition: Definition, fate: Fate, changes: tuple[PropertyChange, ...] = ()
) -> CatalogueDifference:
    table = definition.table
    return CatalogueDifference(
        object_.kind, shown(object_, definition), fate, table and table.removeprefix("public."), changes
    )


def _changes(should: Definition, found: Definition) -> list[PropertyChange]:
    """The properties that differ by more than white space. A default's cast follows its column's type."""
    was, now = should.properties, found.properties
    changes = [
        PropertyChange(name, was.get(name, ""), now.get(name, ""))
        for name in dict.fromkeys((*was, *now))
        if _spaced(was.get(name, "")) != _spaced(now.get(name, "")) and not _harmless(name, was)
    ]
    types = [change for change in changes if change.property == "type"]
    return [change for change in changes if not types or change.property != "default" or not _same(change, types[0])]


def _harmless(name: str, was: Mapping[str, str]) -> bool:
    """Whether nobody could rely on this property as it was: something unproven, or a name that the database chose."""
    return (name in PROVEN and was.get(name) == "no") or (name == "not null constraint" and name not in was)


def _own_name(object_: CatalogueObject, definition: Definition) -> str:
    """Its name, empty where it has none and is called after its definition, as SQLite's constraints are."""
    name = shown(object_, definition)
    return "" if name == definition.properties.get("definition") else name


def _explained(object_: CatalogueObject, snapshot: Snapshot, same: set[CatalogueObject]) -> bool:
    """Whether an object with the same fate brings it along."""
    definition = snapshot[object_]
    if any(part in same for part in definition.part_of):
        return True
    return definition.table is not None and any(CatalogueObject(kind, definition.table) in same for kind in TABLES)


def _content(object_: CatalogueObject, definition: Definition) -> object:
    properties = {name: text for name, text in definition.properties.items() if name not in PROVEN}
    return object_.kind, definition.table, tuple((name, _spaced(text)) for name, text in properties.items())


def _same(default: PropertyChange, type_: PropertyChange) -> bool:
    neutral = _Neutral(set(), {type_.was, type_.now})
    return neutral(default.was) == neutral(default.now)


def _for_people(change: PropertyChange) -> PropertyChange:
    return PropertyChange(change.property, *(_DEFAULT_SCHEMA.sub("", text) for text in (change.was, change.now)))


def _spaced(text: str) -> str:
    """White space as one blank; what stands between quotes is a value."""
    return _SPACE.sub(lambda match: match["value"] or " ", text.strip())


def _names(objects: Iterable[CatalogueObject]) -> set[str]:
    """What is called in the definitions of others, which change with it."""
    return {object_.name.rpartition(".")[2] for object_ in objects if object_.kind in MENTIONED}


def _order(one: CatalogueDifference) -> tuple[int, str, str, str, str]:
    if one.kind in TABLES:
        return 0, "", one.name, one.kind, one.fate.value
    return 1 if one.table else 2, one.table or "", one.kind, one.name, one.fate.value
