"""MySQL's and MariaDB's catalogue as a snapshot, from SHOW CREATE and information_schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, NamedTuple

from migration_guard.roundtripping.catalogues.definitions import CatalogueObject, Definition, Reader, Snapshot
from migration_guard.roundtripping.catalogues.mysql.create_table import read_table
from migration_guard.roundtripping.catalogues.named_rows import R, answers, decoded, select


class _DatabaseRow(NamedTuple):
    name: Annotated[str, "database()"]


class _TableRow(NamedTuple):
    name: Annotated[str, "table_name"]
    kind: Annotated[str, "table_type"]


class _ViewRow(NamedTuple):
    name: Annotated[str, "table_name"]
    definition: Annotated[str, "view_definition"]
    check: Annotated[str, "check_option"]
    security: Annotated[str, "security_type"]


class _TriggerRow(NamedTuple):
    name: Annotated[str, "trigger_name"]
    table: Annotated[str, "event_object_table"]
    timing: Annotated[str, "action_timing"]
    event: Annotated[str, "event_manipulation"]
    statement: Annotated[str, "action_statement"]
    order: Annotated[int, "action_order"]


class _RoutineRow(NamedTuple):
    name: Annotated[str, "routine_name"]
    kind: Annotated[str, "routine_type"]


class _EventRow(NamedTuple):
    name: Annotated[str, "event_name"]
    body: Annotated[str, "event_definition"]
    type: Annotated[str, "event_type"]
    at: Annotated[object, "execute_at"]
    every: Annotated[str | None, "interval_value"]
    unit: Annotated[str | None, "interval_field"]
    # Where nobody said when an event starts, it starts when it is made.
    starts: Annotated[object, "nullif(starts, created)"]
    ends: Annotated[object, "ends"]
    status: Annotated[str, "status"]
    completion: Annotated[str, "on_completion"]
    comment: Annotated[str, "event_comment"]


class _CreateTable(NamedTuple):
    """What SHOW CREATE TABLE returns, and SHOW CREATE SEQUENCE."""

    name: str
    statement: str


class _CreateRoutine(NamedTuple):
    """
    What SHOW CREATE FUNCTION and SHOW CREATE PROCEDURE return
    (https://dev.mysql.com/doc/refman/8.4/en/show-create-procedure.html).
    """

    name: str
    mode: str
    statement: str
    charset: str
    collation: str
    database_collation: str


_TABLES = "from information_schema.tables where table_schema = database()"
_VIEWS = "from information_schema.views where table_schema = database()"
_TRIGGERS = "from information_schema.triggers where trigger_schema = database()"
_ROUTINES = """from information_schema.routines where routine_schema = database()
    and routine_type in ('FUNCTION', 'PROCEDURE')"""
_EVENTS = "from information_schema.events where event_schema = database()"
_DEFINER = re.compile(r"\sDEFINER=`(?:[^`]|``)*`@`(?:[^`]|``)*`")


class MySQLCatalogue:
    """The catalogue of the database that a reader is connected to. What has not changed is not parsed again."""

    def __init__(self, access: Reader, version_table: str) -> None:
        self._access = access
        self._version_table = version_table.lower()
        self._database = ""
        self._read: dict[tuple[str, str], Mapping[CatalogueObject, Definition]] = {}

    def take(self) -> Snapshot:
        """Everything but the version table, temporary tables, and rights, which belong to the server."""
        found: dict[CatalogueObject, Definition] = {}
        kept: dict[tuple[str, str], Mapping[CatalogueObject, Definition]] = {}
        (database,) = self._rows(_DatabaseRow, "")
        self._database = database.name
        for table in sorted(self._rows(_TableRow, _TABLES)):
            name = table.name
            if table.kind == "SEQUENCE":
                definition = self._created(_CreateTable, "sequence", name)
                found[CatalogueObject("sequence", name)] = Definition(None, {"definition": definition})
            elif table.kind in ("BASE TABLE", "SYSTEM VERSIONED") and name.lower() != self._version_table:
                key = name, self._created(_CreateTable, "table", name)
                kept[key] = self._read[key] if key in self._read else read_table(*key)
                found.update(kept[key])
        self._read = kept
        for part in (self._views, self._triggers, self._routines, self._events):
            found.update(part())
        return found

    def _rows(self, row: type[R], rest: str) -> list[R]:
        return [decoded(one) for one in select(self._access, row, rest)]

    def _created(self, row: type[_CreateTable] | type[_CreateRoutine], kind: str, name: str) -> str:
        """The statement that makes it."""
        quoted = name.replace("`", "``")
        (created,) = answers(self._access, row, f"show create {kind} `{quoted}`")
        return decoded(created).statement

    def _views(self) -> Iterator[tuple[CatalogueObject, Definition]]:
        for row in self._rows(_ViewRow, _VIEWS):
            properties = {
                "definition": self._local(row.definition),
                "check option": row.check,
                "security": row.security,
            }
            yield CatalogueObject("view", row.name), Definition(None, properties)

    def _triggers(self) -> Iterator[tuple[CatalogueObject, Definition]]:
        for row in self._rows(_TriggerRow, _TRIGGERS):
            properties = {
                "when": f"{row.timing} {row.event}".lower(),
                "order": str(row.order),
                "body": row.statement,
            }
            yield CatalogueObject("trigger", row.name), Definition(row.table, properties)

    def _routines(self) -> Iterator[tuple[CatalogueObject, Definition]]:
        for row in sorted(self._rows(_RoutineRow, _ROUTINES)):
            kind = row.kind.lower()
            body = _DEFINER.sub("", self._created(_CreateRoutine, kind, row.name))
            yield CatalogueObject(kind, row.name), Definition(None, {"body": body})

    def _events(self) -> Iterator[tuple[CatalogueObject, Definition]]:
        for row in self._rows(_EventRow, _EVENTS):
            properties = {
                "body": row.body,
                "type": row.type,
                "at": row.at,
                "every": row.every,
                "unit": row.unit,
                "starts": row.starts,
                "ends": row.ends,
                "status": row.status,
                "on completion": row.completion,
                "comment": row.comment,
            }
            set_ones = {name: str(value) for name, value in properties.items() if value is not None}
            yield CatalogueObject("event", row.name), Definition(None, set_ones)

    def _local(self, text: str) -> str:
        """A definition without the name of the database, which is ours."""
        return text.replace(f"`{self._database}`.", "")
