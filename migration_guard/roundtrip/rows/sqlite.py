"""How SQLite tells about its tables, and how it writes values (https://www.sqlite.org/datatype3.html)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from migration_guard.reading.sql_text import WORD, scan
from migration_guard.roundtrip.access import Access
from migration_guard.roundtrip.rows.facts import Check, Column, ForeignKey, Kind, Table, TableFacts, place

# The words of a declared type that say what its values are like, the first that fits.
KINDS: tuple[tuple[str, Kind], ...] = (
    (r"BOOL", Kind.BOOLEAN),
    (r"DATETIME|TIMESTAMP", Kind.TIMESTAMP),
    (r"DATE", Kind.DATE),
    (r"TIME", Kind.TIME),
    (r"INT", Kind.INTEGER),
    (r"JSON|UUID", Kind.OTHER),
    (r"CHAR|CLOB|TEXT|STRING|ENUM", Kind.TEXT),
    (r"BLOB|BINARY", Kind.BYTES),
    (r"REAL|FLOA|DOUB", Kind.FLOAT),
    (r"NUMERIC|DECIMAL", Kind.NUMERIC),
)
BITS = (("TINY", 8), ("SMALL", 16), ("BIG", 64))
NUMBERS = (Kind.INTEGER, Kind.NUMERIC, Kind.FLOAT, Kind.BOOLEAN)


class SQLite:
    """The tables of one SQLite file."""

    def __init__(self, access: Access, version_table: str) -> None:
        self._access = access
        self._version_table = version_table

    def facts(self) -> tuple[TableFacts, ...]:
        """All tables but Alembic's own and SQLite's."""
        found = self._access.query(
            "select name, sql from sqlite_master where type = 'table' and name not like 'sqlite\\_%' escape '\\'"
            " and sql not like 'CREATE VIRTUAL%'"
        )
        return tuple(self._table(str(name), str(sql)) for name, sql in found if name != self._version_table)

    def quoted(self, name: str) -> str:
        """A name as it stands in SQL."""
        return '"' + name.replace('"', '""') + '"'

    def literal(self, value: str | None, column: Column) -> str:
        """A value as it stands in an INSERT."""
        if value is None:
            return "NULL"
        if column.kind is Kind.BYTES:
            return f"X'{value}'"
        return value if column.kind in NUMBERS else "'" + value.replace("'", "''") + "'"

    def typed(self, value: str | None, column: Column) -> str:
        """A value as it stands in a SELECT: literals have the types that they are stored with."""
        return self.literal(value, column)

    def contents(self, tables: Iterable[TableFacts]) -> dict[Table, tuple[str, ...]]:
        """Every row of these tables as a JSON object of texts, sorted."""
        found = {}
        for facts in tables:
            names = [column.name for column in facts.columns]
            columns = ", ".join(f"quote({self.quoted(name)})" for name in names)
            rows = self._access.query(f"select {columns} from {place(self, facts.table)}")
            texts = [dict(zip(names, map(_unquoted, row), strict=True)) for row in rows]
            found[facts.table] = tuple(sorted(map(json.dumps, texts)))
        return found

    def _table(self, name: str, sql: str) -> TableFacts:
        columns = tuple(_column(*row) for row in self._rows("table_xinfo", name) if row[6] != 1)
        primary = sorted((int(row[5]), str(row[1])) for row in self._rows("table_xinfo", name) if row[5])
        uniques = []
        for _, index, unique, *_ in self._rows("index_list", name):
            if unique:
                names = [row[2] for row in self._rows("index_info", str(index))]
                uniques.append(tuple(str(one) for one in names if one is not None))
        keys = tuple(column for _, column in primary)
        if keys and keys not in uniques:
            uniques.append(keys)
        return TableFacts(
            table=Table(None, name),
            columns=columns,
            primary=keys,
            uniques=tuple(one for one in uniques if one),
            foreign_keys=tuple(self._foreign_keys(name)),
            checks=tuple(_checks(sql, [column.name for column in columns])),
        )

    def _foreign_keys(self, name: str) -> Iterator[ForeignKey]:
        found: dict[Any, list[tuple[str, str | None, str]]] = {}
        for number, _, table, column, referred, *_ in self._rows("foreign_key_list", name):
            found.setdefault(number, []).append((str(column), referred, str(table)))
        for columns in found.values():
            table = columns[0][2]
            referred = [one for _, one, _ in columns if one is not None]
            if not referred:
                keys = sorted((int(row[5]), str(row[1])) for row in self._rows("table_xinfo", table) if row[5])
                referred = [one for _, one in keys]
            if len(referred) == len(columns):
                yield ForeignKey(tuple(one for one, _, _ in columns), Table(None, table), tuple(referred))

    def _rows(self, pragma: str, name: str) -> list[tuple[Any, ...]]:
        return self._access.query(f"PRAGMA {pragma}({self.quoted(name)})")


def _unquoted(value: object) -> str | None:
    """What quote() gave (https://www.sqlite.org/lang_corefunc.html#quote), as people read it."""
    text = str(value)
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    return None if text == "NULL" else text


def _column(cid: object, name: str, type_: str, notnull: int, default: object, key: int, hidden: int) -> Column:
    upper = (type_ or "").upper()
    kind = next((kind for pattern, kind in KINDS if re.search(pattern, upper)), Kind.TEXT)
    numbers = [int(one) for one in re.findall(r"\d+", upper)]
    size = numbers[0] if numbers and kind is not Kind.INTEGER else None
    if kind is Kind.INTEGER:
        size = next((bits for word, bits in BITS if word in upper), 32)
    return Column(
        name=name,
        type="json" if "JSON" in upper else "uuid" if "UUID" in upper else upper,
        kind=kind,
        size=size,
        scale=numbers[1] if len(numbers) > 1 else None,
        nullable=not notnull and not key,
        written=hidden == 0,
    )


def _checks(sql: str, columns: list[str]) -> Iterator[Check]:
    """The conditions in a CREATE TABLE: each CHECK is followed by one pair of parentheses."""
    tokens = list(scan(sql, "sqlite"))
    for number, token in enumerate(tokens):
        if token.kind != WORD or token.word != "CHECK":
            continue
        depth = 0
        inside: set[str] = set()
        for other in tokens[number + 1 :]:
            depth += (other.raw == "(") - (other.raw == ")")
            if depth == 0:
                condition = sql[tokens[number + 1].start : other.end]
                yield Check(condition, tuple(name for name in columns if name.lower() in inside))
                break
            inside.add(other.word.lower())
