"""MySQL's and MariaDB's catalogue as a snapshot, from SHOW CREATE and information_schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from migration_guard.roundtripping.catalogues.mysql.create_table import read_table
from migration_guard.roundtripping.catalogues.snapshot import CatalogueObject, Definition, Reader, Snapshot

_TABLES = "select table_name, table_type from information_schema.tables where table_schema = database()"
_VIEWS = """select table_name, view_definition, check_option, security_type from information_schema.views
    where table_schema = database()"""
_TRIGGERS = """select trigger_name, event_object_table, action_timing, event_manipulation, action_statement,
    action_order from information_schema.triggers where trigger_schema = database()"""
_ROUTINES = """select routine_name, routine_type from information_schema.routines where routine_schema = database()
    and routine_type in ('FUNCTION', 'PROCEDURE')"""
# Where nobody said when an event starts, it starts when it is made.
_EVENTS = """select event_name, event_definition, event_type, execute_at,
    interval_value, interval_field, nullif(starts, created), ends,
    status, on_completion, event_comment from information_schema.events where event_schema = database()"""
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
        self._database = _word(self._access.query("select database()")[0][0])
        for name, kind in self._pairs(_TABLES):
            if kind == "SEQUENCE":
                found[CatalogueObject("sequence", name)] = Definition(
                    None, {"definition": self._created("sequence", name)}
                )
            elif kind in ("BASE TABLE", "SYSTEM VERSIONED") and name.lower() != self._version_table:
                key = name, self._created("table", name)
                kept[key] = self._read[key] if key in self._read else read_table(*key)
                found.update(kept[key])
        self._read = kept
        for part in (self._views, self._triggers, self._routines, self._events):
            found.update(part())
        return found

    def _pairs(self, sql: str) -> list[tuple[str, str]]:
        return sorted((_word(first), _word(second)) for first, second in self._access.query(sql))

    def _created(self, kind: str, name: str) -> str:
        """The statement that makes it."""
        quoted = name.replace("`", "``")
        row = self._access.query(f"show create {kind} `{quoted}`")[0]
        return _word(row[2 if kind in ("function", "procedure") else 1])

    def _views(self) -> Iterator[tuple[CatalogueObject, Definition]]:
        for name, definition, check, security in self._access.query(_VIEWS):
            properties = {"definition": self._local(_word(definition)), "check option": _word(check)}
            yield CatalogueObject("view", _word(name)), Definition(None, {**properties, "security": _word(security)})

    def _triggers(self) -> Iterator[tuple[CatalogueObject, Definition]]:
        for name, table, timing, event, statement, order in self._access.query(_TRIGGERS):
            properties = {
                "when": f"{_word(timing)} {_word(event)}".lower(),
                "order": str(order),
                "body": _word(statement),
            }
            yield CatalogueObject("trigger", _word(name)), Definition(_word(table), properties)

    def _routines(self) -> Iterator[tuple[CatalogueObject, Definition]]:
        for name, kind in self._pairs(_ROUTINES):
            body = _DEFINER.sub("", self._created(kind.lower(), name))
            yield CatalogueObject(kind.lower(), name), Definition(None, {"body": body})

    def _events(self) -> Iterator[tuple[CatalogueObject, Definition]]:
        words = ("body", "type", "at", "every", "unit", "starts", "ends", "status", "on completion", "comment")
        for name, *values in self._access.query(_EVENTS):
            properties = {word: _word(value) for word, value in zip(words, values, strict=True) if value is not None}
            yield CatalogueObject("event", _word(name)), Definition(None, properties)

    def _local(self, text: str) -> str:
        """A definition without the name of the database, which is ours."""
        return text.replace(f"`{self._database}`.", "")


def _word(value: object) -> str:
    """Text, which some drivers give as bytes."""
    return value.decode() if isinstance(value, bytes) else str(value)
