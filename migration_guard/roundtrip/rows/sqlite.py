"""How SQLite tells about its tables, and how it writes values (https://www.sqlite.org/datatype3.html)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy.engine import Connection, Row

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
VIRTUAL = "it is a virtual table: what it takes is up to its module."
NUMBERS = (Kind.INTEGER, Kind.NUMERIC, Kind.FLOAT, Kind.BOOLEAN)


class SQLite:
    """The tables of one SQLite file."""

    identity: str | None = "rowid"
    deferring: tuple[str, ...] = ()  # our own connection does not enforce foreign keys

    def __init__(self, access: Access, version_table: str) -> None:
        self._access = access
        self._version_table = version_table
        self._names: dict[str, str] = {}  # as they are written, by their lower case: SQLite does not care

    def facts(self) -> tuple[TableFacts, ...]:
        """All tables but Alembic's own, SQLite's, and those in which virtual tables keep what they hold."""
        found = [
            (str(name), str(sql))
            for name, sql in self._access.query(
                "select name, sql from sqlite_master where type = 'table' and name not like 'sqlite\\_%' escape '\\'"
            )
            if name != self._version_table
        ]
        virtual = [name for name, sql in found if sql[:14].upper() == "CREATE VIRTUAL"]
        hidden = tuple(f"{name}_" for name in virtual)
        self._names = {name.lower(): name for name, _ in found}
        return tuple(
            TableFacts(table=Table(None, name), columns=(), refuses=VIRTUAL)
            if name in virtual
            else self._table(name, sql)
            for name, sql in found
            if not name.startswith(hidden)
        )

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

    def text(self, column: Column) -> str:
        """SQL that reads a column as the text from which `literal` writes it again."""
        name = self.quoted(column.name)
        return f"hex({name})" if column.kind is Kind.BYTES else name

    def contents(self, tables: Iterable[TableFacts]) -> Iterator[tuple[Table, tuple[str, ...]]]:
        """Every row of these tables as a JSON object of texts, sorted."""
        every = list(tables)

        def read(connection: Connection) -> list[Sequence[Row[Any]]]:
            run = connection.execution_options(no_parameters=True).exec_driver_sql
            return [run(self._reading(facts)).fetchall() for facts in every]

        for facts, rows in zip(every, self._access.run(read), strict=True):
            names = [column.name for column in facts.columns]
            texts = [dict(zip(names, map(_unquoted, row), strict=True)) for row in rows]
            yield facts.table, tuple(sorted(map(json.dumps, texts)))

    def _reading(self, facts: TableFacts) -> str:
        # https://www.sqlite.org/lang_corefunc.html#quote tells 1, '1' and x'31' apart, and keeps floats whole.
        columns = ", ".join(f"quote({self.quoted(column.name)})" for column in facts.columns)
        return f"select {columns} from {place(self, facts.table)}"

    def _table(self, name: str, sql: str) -> TableFacts:
        described = [row for row in self._rows("table_xinfo", name) if row[6] != 1]
        columns = tuple(_column(*row) for row in described)
        names = {column.name.lower(): column.name for column in columns}
        primary = tuple(str(row[1]) for row in sorted(described, key=lambda row: int(row[5])) if row[5])
        uniques = [primary] if primary else []
        for _, index, unique, *_ in self._rows("index_list", name):
            if unique:
                found = [row[2] for row in self._rows("index_info", str(index)) if row[2] is not None]
                uniques.append(tuple(str(one) for one in found))
        return TableFacts(
            table=Table(None, name),
            columns=columns,
            primary=primary,
            uniques=tuple(dict.fromkeys(one for one in uniques if one)),
            foreign_keys=tuple(dict.fromkeys(self._foreign_keys(name, names))),
            checks=tuple(_checks(sql, [column.name for column in columns])),
        )

    def _foreign_keys(self, name: str, names: Mapping[str, str]) -> Iterator[ForeignKey]:
        found: dict[Any, list[tuple[str, str | None, str]]] = {}
        for number, _, table, column, referred, *_ in self._rows("foreign_key_list", name):
            found.setdefault(number, []).append((names[str(column).lower()], referred, str(table)))
        for columns in found.values():
            table = self._names.get(columns[0][2].lower())
            if table is None:
                continue  # SQLite lets a foreign key name a table that is not there
            others = {str(row[1]).lower(): (int(row[5]), str(row[1])) for row in self._rows("table_xinfo", table)}
            referred = [others[str(one).lower()][1] for _, one, _ in columns if str(one).lower() in others]
            if not referred:
                referred = [other for place, other in sorted(others.values()) if place]
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


def _column(cid: object, name: str, type_: str, notnull: int, default: str | None, key: int, hidden: int) -> Column:
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
        default=str(default)[1:-1].replace("''", "'") if re.fullmatch(r"'([^']|'')*'", str(default)) else None,
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
