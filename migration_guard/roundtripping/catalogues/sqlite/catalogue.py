"""SQLite's catalogue as a snapshot: sqlite_master, and the statements it keeps. Knows their parts."""

from __future__ import annotations

import re

from migration_guard.roundtripping.catalogues.snapshot import CatalogueObject, Definition, Reader, Snapshot
from migration_guard.roundtripping.catalogues.sqlite.create_table import TableText, after, read_table, spelled, tokens


class SQLiteCatalogue:
    """The catalogue of the file that a reader has open. Statements that have not changed are not read again."""

    def __init__(self, access: Reader, version_table: str) -> None:
        self._access = access
        self._version_table = version_table.lower()
        self._version: object = None
        self._snapshot: dict[CatalogueObject, Definition] = {}
        self._read: dict[tuple[str, ...], dict[CatalogueObject, Definition]] = {}

    def take(self) -> Snapshot:
        """Everything but the version table and what SQLite keeps for itself."""
        version = self._access.query("pragma schema_version")[0][0]
        if self._snapshot and version == self._version:
            return self._snapshot
        rows = self._access.query("select type, name, tbl_name, sql from sqlite_master where sql is not null")
        kept = [
            (str(kind), str(name), str(table), str(sql))
            for kind, name, table, sql in rows
            if not name.lower().startswith("sqlite_") and table.lower() != self._version_table
        ]
        virtual = tuple(name for kind, name, _, sql in kept if kind == "table" and _is_virtual(sql))
        shadows = {row: _owner(row[1], virtual) for row in kept}
        read = {(*row, shadows[row]): self._read.get((*row, shadows[row])) for row in kept}
        self._read = {key: found if found is not None else _things(*key) for key, found in read.items()}
        self._snapshot = {thing: one for found in self._read.values() for thing, one in found.items()}
        self._version = version
        return self._snapshot


def _things(kind: str, name: str, table: str, sql: str, owner: str) -> dict[CatalogueObject, Definition]:
    if kind == "index":
        return {CatalogueObject("index", name): Definition(table, _index(sql))}
    if kind == "trigger":
        return {CatalogueObject("trigger", name): Definition(table, {"definition": _behind_name(sql, "trigger")})}
    if kind == "view":
        return {CatalogueObject("view", name): Definition(None, {"definition": _behind_name(sql, "view")})}
    if _is_virtual(sql):
        return {CatalogueObject("virtual table", name): Definition(None, {"using": spelled(after(sql, "using"))})}
    return dict(_table(name, read_table(sql), owner))


def _table(name: str, text: TableText, owner: str) -> dict[CatalogueObject, Definition]:
    part_of = (CatalogueObject("virtual table", owner),) if owner else ()
    options = {"options": ", ".join(sorted(part.strip() for part in text.options.split(",")))} if text.options else {}
    found = {CatalogueObject("table", name): Definition(None, options, part_of=part_of)}
    for column in text.columns:
        properties = {
            "type": column.type,
            "nullable": "no" if column.required else "yes",
            "default": column.default,
            "generated": column.generated,
            "collation": column.collation,
            "autoincrement": "yes" if column.autoincrement else None,
        }
        set_ones = {word: value for word, value in properties.items() if value is not None}
        found[CatalogueObject("column", f"{name}.{column.name}")] = Definition(name, set_ones)
    for constraint in text.constraints:
        called = constraint.name or constraint.definition
        thing = CatalogueObject(constraint.kind, f"{name}.{called}")
        found[thing] = Definition(name, {"definition": constraint.definition}, system_named=constraint.name is None)
    return found


def _index(sql: str) -> dict[str, str]:
    words = [token.word for token in tokens(sql)[:3]]
    on = after(sql, "on")
    definition = re.sub(r" ASC(?=[,)])", "", spelled(on[1:]))
    return {"unique": "yes" if "unique" in words else "no", "definition": definition}


def _behind_name(sql: str, word: str) -> str:
    """A statement behind the name of what it makes."""
    rest = after(sql, word)
    if [token.word for token in rest[:3]] == ["if", "not", "exists"]:
        rest = rest[3:]
    return spelled(rest[3:] if len(rest) > 1 and rest[1].spelled == "." else rest[1:])


def _is_virtual(sql: str) -> bool:
    return [token.word for token in tokens(sql[:200])[1:2]] == ["virtual"]


def _owner(name: str, virtual: tuple[str, ...]) -> str:
    """The virtual table that keeps its rows in this table: `search` has `search_data`."""
    return next((one for one in virtual if name.startswith(f"{one}_")), "")
