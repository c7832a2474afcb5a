"""How SQLite tells about its tables, and how it writes values (https://www.sqlite.org/datatype3.html)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.engine import Connection, Row

from migration_guard.reading.sql.tokens import WORD, scan
from migration_guard.roundtripping.rows.tables import Check, ColumnInfo, ForeignKey, Kind, TableInfo, TableName, place
from migration_guard.roundtripping.servers.access import Access

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
VIRTUAL = "CREATE VIRTUAL"
REFUSES = "it is a virtual table: what it takes is up to its module."
MOST_PAIRS = 50  # a function takes 127 arguments: https://www.sqlite.org/limits.html
SEAM = "}\x1e{"  # JSON escapes that character
NAME = ColumnInfo(name="", type="TEXT", kind=Kind.TEXT)
NUMBERS = (Kind.INTEGER, Kind.NUMERIC, Kind.FLOAT, Kind.BOOLEAN)

TABLES = """
select name, sql from sqlite_master where type = 'table' and name not like 'sqlite\\_%' escape '\\' order by rowid
"""
# https://www.sqlite.org/pragma.html#pragfunc. Virtual tables are not asked: their module may be missing.
ORDINARY = "(select name from sqlite_master where type = 'table' and sql not like 'create virtual%') m"
COLUMNS = f"""
select m.name, c.name, c.type, c."notnull", c.dflt_value, c.pk, c.hidden
from {ORDINARY}, pragma_table_xinfo(m.name) c where c.hidden <> 1 order by m.name, c.cid
"""
UNIQUES = f"""
select m.name, i.name, c.name from {ORDINARY}, pragma_index_list(m.name) i, pragma_index_info(i.name) c
where i."unique" and c.name is not null order by m.name, i.seq, c.seqno
"""
FOREIGN_KEYS = f"""
select m.name, k.id, k."table", k."from", k."to" from {ORDINARY}, pragma_foreign_key_list(m.name) k
order by m.name, k.id, k.seq
"""


class SQLiteRows:
    """The tables of one SQLite file."""

    identity: str | None = "rowid"
    deferring: tuple[str, ...] = ()  # our own connection does not enforce foreign keys

    def __init__(self, access: Access, version_table: str) -> None:
        self._access = access
        self._version_table = version_table

    def tables(self) -> tuple[TableInfo, ...]:
        """All tables but Alembic's own, SQLite's, and those in which virtual tables keep what they hold."""
        found = [(str(name), str(sql)) for name, sql in self._access.query(TABLES) if name != self._version_table]
        virtual = [name for name, sql in found if sql[: len(VIRTUAL)].upper() == VIRTUAL]
        hidden = tuple(f"{name}_" for name in virtual)
        described = self._grouped(COLUMNS)
        uniques = self._grouped(UNIQUES)
        tables = {name.lower(): _Names(name, described[name]) for name, _ in found if name in described}
        foreign = self._grouped(FOREIGN_KEYS)
        return tuple(
            TableInfo(table=TableName(None, name), columns=(), refuses=REFUSES)
            if name in virtual
            else _table(name, sql, described.get(name, []), uniques.get(name, []), foreign.get(name, []), tables)
            for name, sql in found
            if not name.startswith(hidden)
        )

    def quoted(self, name: str) -> str:
        """A name as it stands in SQL."""
        return '"' + name.replace('"', '""') + '"'

    def literal(self, value: str | None, column: ColumnInfo) -> str:
        """A value as it stands in an INSERT."""
        if value is None:
            return "NULL"
        if column.kind is Kind.BYTES:
            return f"X'{value}'"
        return value if column.kind in NUMBERS else "'" + value.replace("'", "''") + "'"

    def typed(self, value: str | None, column: ColumnInfo) -> str:
        """A value as it stands in a SELECT: literals have the types that they are stored with."""
        return self.literal(value, column)

    def text(self, column: ColumnInfo) -> str:
        """SQL that reads a column as the text from which `literal` writes it again."""
        name = self.quoted(column.name)
        return f"hex({name})" if column.kind is Kind.BYTES else name

    def contents(self, tables: Iterable[TableInfo]) -> Iterator[tuple[TableName, tuple[str, ...]]]:
        """Every row of these tables as a JSON object of texts, sorted."""
        every = list(tables)

        def read(connection: Connection) -> list[Sequence[Row[Any]]]:
            run = connection.execution_options(no_parameters=True).exec_driver_sql
            return [run(self._reading(facts)).fetchall() for facts in every]

        for facts, rows in zip(every, self._access.run(read), strict=True):
            # Several objects are one when what is between them goes.
            yield facts.table, tuple(sorted("\x1e".join(row).replace(SEAM, ",") for row in rows))

    def _reading(self, facts: TableInfo) -> str:
        # https://www.sqlite.org/lang_corefunc.html#quote keeps all the digits of a number, and shows bytes.
        pairs = [
            f"{self.literal(one.name, NAME)}, case when typeof({name}) in ('text', 'null') then {name}"
            f" else quote({name}) end"
            for one, name in ((one, self.quoted(one.name)) for one in facts.columns)
        ]
        groups = [", ".join(pairs[at : at + MOST_PAIRS]) for at in range(0, len(pairs), MOST_PAIRS)]
        objects = ", ".join(f"json_object({group})" for group in groups)
        return f"select {objects} from {place(self, facts.table)}"

    def _grouped(self, sql: str) -> dict[str, list[Sequence[Any]]]:
        found: dict[str, list[Sequence[Any]]] = {}
        for table, *row in self._access.query(sql):
            found.setdefault(str(table), []).append(row)
        return found


class _Names:
    """How a table and its columns are written: SQLite does not care whether in capitals."""

    def __init__(self, name: str, described: Sequence[Sequence[Any]]) -> None:
        self.table = name
        self.columns = {str(row[0]).lower(): str(row[0]) for row in described}
        self.primary = _primary(described)


def _primary(described: Sequence[Sequence[Any]]) -> tuple[str, ...]:
    keys = sorted((int(key), str(name)) for name, _, _, _, key, _ in described if key)
    return tuple(name for _, name in keys)


def _table(
    name: str,
    sql: str,
    described: Sequence[Sequence[Any]],
    uniques: Sequence[Sequence[Any]],
    foreign: Sequence[Sequence[Any]],
    tables: Mapping[str, _Names],
) -> TableInfo:
    columns = tuple(replace(_column(*row), table=name) for row in described)
    primary = _primary(described)
    keys: dict[str, list[str]] = {}
    for index, column in uniques:
        keys.setdefault(str(index), []).append(str(column))
    return TableInfo(
        table=TableName(None, name),
        columns=columns,
        primary=primary,
        uniques=tuple(dict.fromkeys(one for one in (primary, *map(tuple, keys.values())) if one)),
        foreign_keys=tuple(dict.fromkeys(_foreign_keys(name, foreign, tables))),
        checks=tuple(_checks(sql, [column.name for column in columns])),
    )


def _foreign_keys(name: str, foreign: Sequence[Sequence[Any]], tables: Mapping[str, _Names]) -> Iterator[ForeignKey]:
    found: dict[int, list[Sequence[Any]]] = {}
    for number, *row in foreign:
        found.setdefault(int(number), []).append(row)
    for rows in found.values():
        other = tables.get(str(rows[0][0]).lower())
        if other is None:
            continue  # SQLite lets a foreign key name a table that is not there
        columns = tuple(tables[name.lower()].columns[str(column).lower()] for _, column, _ in rows)
        named = tuple(other.columns.get(str(referred).lower()) for _, _, referred in rows if referred is not None)
        referred = tuple(one for one in named if one is not None) if named else other.primary
        if len(referred) == len(columns):
            yield ForeignKey(columns, TableName(None, other.table), referred)


def _column(name: str, type_: str, notnull: int, default: str | None, key: int, hidden: int) -> ColumnInfo:
    upper = (type_ or "").upper()
    kind = next((kind for pattern, kind in KINDS if re.search(pattern, upper)), Kind.TEXT)
    numbers = [int(one) for one in re.findall(r"\d+", upper)]
    size = numbers[0] if numbers and kind is not Kind.INTEGER else None
    if kind is Kind.INTEGER:
        size = next((bits for word, bits in BITS if word in upper), 32)
    return ColumnInfo(
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
