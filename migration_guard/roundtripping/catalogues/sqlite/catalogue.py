"""SQLite's catalogue as a snapshot: sqlite_master, and the statements it keeps. Knows their parts."""

from __future__ import annotations

import re
from typing import Annotated, NamedTuple

from migration_guard.roundtripping.catalogues.definitions import CatalogueObject, Definition, Reader, Snapshot
from migration_guard.roundtripping.catalogues.named_rows import scalar, select
from migration_guard.roundtripping.catalogues.sqlite.create_table import TableText, after, read_table, spelled, tokens


class _MasterRow(NamedTuple):
    """A row of sqlite_master (https://www.sqlite.org/schematab.html)."""

    kind: Annotated[str, "type"]
    name: Annotated[str, "name"]
    table: Annotated[str, "tbl_name"]
    sql: Annotated[str, "sql"]


class SQLiteCatalogue:
    """The catalogue of the file that a reader has open. Statements that have not changed are not read again."""

    def __init__(self, access: Reader, version_table: str) -> None:
        self._access = access
        self._version_table = version_table.lower()
        self._version: object = None
        self._snapshot: dict[CatalogueObject, Definition] = {}
        # What was read from each row, and from the name of the virtual table that it serves.
        self._read: dict[tuple[_MasterRow, str], dict[CatalogueObject, Definition]] = {}

    def take(self) -> Snapshot:
        """Everything but the version table and what SQLite keeps for itself."""
        version = scalar(self._access, "pragma schema_version")
        if self._snapshot and version == self._version:
            return self._snapshot
        rows = [
            row
            for row in select(self._access, _MasterRow, "from sqlite_master where sql is not null")
            if not row.name.lower().startswith("sqlite_") and row.table.lower() != self._version_table
        ]
        virtual = tuple(row.name for row in rows if row.kind == "table" and _is_virtual(row.sql))
        keys = [(row, _owner(row.name, virtual)) for row in rows]
        self._read = {key: self._read[key] if key in self._read else _objects(*key) for key in keys}
        self._snapshot = {object_: one for found in self._read.values() for object_, one in found.items()}
        self._version = version
        return self._snapshot


def _objects(row: _MasterRow, owner: str) -> dict[CatalogueObject, Definition]:
    if row.kind == "index":
        return {CatalogueObject("index", row.name): Definition(row.table, _index(row.sql))}
    if row.kind == "trigger":
        definition = _behind_name(row.sql, "trigger")
        return {CatalogueObject("trigger", row.name): Definition(row.table, {"definition": definition})}
    if row.kind == "view":
        return {CatalogueObject("view", row.name): Definition(None, {"definition": _behind_name(row.sql, "view")})}
    if _is_virtual(row.sql):
        using = spelled(after(row.sql, "using"))
        return {CatalogueObject("virtual table", row.name): Definition(None, {"using": using})}
    return dict(_table(row.name, read_table(row.sql), owner))


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
        object_ = CatalogueObject(constraint.kind, f"{name}.{called}")
        found[object_] = Definition(name, {"definition": constraint.definition}, system_named=constraint.name is None)
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
