"""
How MariaDB and MySQL tell about their tables, and how they write values
(https://mariadb.com/kb/en/information-schema-tables/).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy.exc import DBAPIError

from migration_guard.reading.sql.tokens import scan
from migration_guard.roundtripping.rows.tables import Check, ColumnInfo, ForeignKey, Kind, TableInfo, TableName, place
from migration_guard.roundtripping.servers.access import Access

KINDS = {
    **dict.fromkeys(("tinyint", "smallint", "mediumint", "int", "bigint"), Kind.INTEGER),
    "decimal": Kind.NUMERIC,
    **dict.fromkeys(("float", "double"), Kind.FLOAT),
    **dict.fromkeys(("char", "varchar", "tinytext", "text", "mediumtext", "longtext"), Kind.TEXT),
    "date": Kind.DATE,
    "time": Kind.TIME,
    **dict.fromkeys(("datetime", "timestamp"), Kind.TIMESTAMP),
    **dict.fromkeys(("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"), Kind.BYTES),
    **dict.fromkeys(("enum", "set"), Kind.ENUM),
}
SPATIAL = {
    **dict.fromkeys(("geometry", "point"), ("POINT(1 1)", "POINT(2 1)", "POINT(3 1)")),
    "linestring": ("LINESTRING(0 0,1 1)", "LINESTRING(0 0,2 1)"),
    "polygon": ("POLYGON((0 0,1 0,1 1,0 0))", "POLYGON((0 0,2 0,2 2,0 0))"),
    "multipoint": ("MULTIPOINT(0 0,1 1)",),
    "multilinestring": ("MULTILINESTRING((0 0,1 1))",),
    "multipolygon": ("MULTIPOLYGON(((0 0,1 0,1 1,0 0)))",),
    **dict.fromkeys(("geometrycollection", "geomcollection"), ("GEOMETRYCOLLECTION(POINT(1 1))",)),
}
BITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
# Their lengths count bytes, not characters, which four bytes may take.
BYTE_COUNTED = ("tinytext", "text", "mediumtext", "longtext")
VALID = re.compile(r"json_valid\(`(.*)`\)")  # how MariaDB knows that a longtext is JSON
NUMBERS = (Kind.INTEGER, Kind.NUMERIC, Kind.FLOAT, Kind.BOOLEAN)

COLUMNS = """
select c.table_name, c.column_name, c.data_type, c.column_type, c.character_maximum_length, c.numeric_precision,
  c.numeric_scale, c.is_nullable, c.extra, c.generation_expression, c.column_default
from information_schema.columns c join information_schema.tables t
  on t.table_schema = c.table_schema and t.table_name = c.table_name
  and t.table_type in ('BASE TABLE', 'SYSTEM VERSIONED')
where c.table_schema = database() order by c.table_name, c.ordinal_position
"""
KEYS = """
select table_name, index_name, column_name from information_schema.statistics
where table_schema = database() and non_unique = 0 order by table_name, index_name, seq_in_index
"""
FOREIGN_KEYS = """
select table_name, constraint_name, column_name, referenced_table_name, referenced_column_name
from information_schema.key_column_usage
where table_schema = database() and referenced_table_name is not null
order by table_name, constraint_name, ordinal_position
"""
# MariaDB says which table a condition is of; MySQL does so elsewhere.
CHECKS = (
    "select table_name, check_clause from information_schema.check_constraints where constraint_schema = database()",
    """select t.table_name, c.check_clause from information_schema.check_constraints c
    join information_schema.table_constraints t using (constraint_schema, constraint_name)
    where c.constraint_schema = database()""",
)


class MySQLRows:
    """The tables of one MariaDB or MySQL database."""

    identity: str | None = None
    deferring: tuple[str, ...] = ()

    def __init__(self, access: Access, version_table: str) -> None:
        self._access = access
        self._version_table = version_table

    def tables(self) -> tuple[TableInfo, ...]:
        """All tables but Alembic's own."""
        checks = self._checks()
        documents = {(table, found[1]) for table, clause in checks if (found := VALID.fullmatch(clause))}
        columns: dict[str, list[ColumnInfo]] = {}
        for table, *row in self._rows(COLUMNS):
            if table != self._version_table:
                column = replace(_column(row), table=table)
                if (table, column.name) in documents:
                    column = replace(column, kind=Kind.OTHER, type="json", size=None)
                columns.setdefault(table, []).append(column)
        keys: dict[tuple[str, str], list[str]] = {}
        for table, index, column in self._rows(KEYS):
            keys.setdefault((table, index), []).append(column)
        foreign: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
        for table, constraint, column, referred, other in self._rows(FOREIGN_KEYS):
            foreign.setdefault((table, constraint), []).append((column, referred, other))
        return tuple(
            TableInfo(
                table=TableName(None, table),
                columns=tuple(its),
                primary=tuple(keys.get((table, "PRIMARY"), ())),
                uniques=tuple(tuple(names) for (owner, _), names in keys.items() if owner == table and all(names)),
                foreign_keys=tuple(_foreign_key(rows) for (owner, _), rows in foreign.items() if owner == table),
                checks=tuple(_check(clause, its) for owner, clause in checks if owner == table),
            )
            for table, its in columns.items()
        )

    def quoted(self, name: str) -> str:
        """A name as it stands in SQL."""
        return "`" + name.replace("`", "``") + "`"

    def literal(self, value: str | None, column: ColumnInfo) -> str:
        """A value as it stands in an INSERT."""
        if value is None:
            return "NULL"
        if column.kind is Kind.BYTES:
            return f"X'{value}'"
        if column.type == "bit":
            return f"b'{value}'"
        if column.type in SPATIAL:
            return f"ST_GeomFromText('{value}')"
        if column.kind in NUMBERS:
            return value
        return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"

    def typed(self, value: str | None, column: ColumnInfo) -> str:
        """A value as it stands in a SELECT."""
        return self.literal(value, column)

    def text(self, column: ColumnInfo) -> str:
        """SQL that reads a column as the text from which `literal` writes it again."""
        name = self.quoted(column.name)
        if column.kind is Kind.BYTES:
            return f"hex({name})"
        if column.type in SPATIAL:
            return f"ST_AsText({name})"
        return f"bin({name})" if column.type == "bit" else f"cast({name} as char)"

    def contents(self, tables: Iterable[TableInfo]) -> Iterator[tuple[TableName, tuple[str, ...]]]:
        """Every row of these tables as a JSON object of texts, sorted."""
        for facts in tables:
            # What a row's last change sets is no value that a migration could lose.
            columns = [one for one in facts.columns if not one.touched]
            selected = ", ".join(self.text(column) for column in columns)
            rows = self._access.query(f"select {selected} from {place(self, facts.table)}")
            names = [column.name for column in columns]
            texts = [{name: _text(value) for name, value in zip(names, row, strict=True)} for row in rows]
            yield facts.table, tuple(sorted(map(json.dumps, texts)))

    def _checks(self) -> list[tuple[str, str]]:
        for sql in CHECKS:
            try:
                return [(str(table), str(clause)) for table, clause in self._access.query(sql)]
            except DBAPIError:  # the other of the two knows it otherwise
                continue
        return []

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return [
            tuple(value.decode() if isinstance(value, bytes) else value for value in row)
            for row in self._access.query(sql)
        ]


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _foreign_key(rows: list[tuple[str, str, str]]) -> ForeignKey:
    return ForeignKey(
        tuple(column for column, _, _ in rows), TableName(None, rows[0][1]), tuple(other for _, _, other in rows)
    )


def _check(clause: str, columns: Iterable[ColumnInfo]) -> Check:
    clause = clause.replace("\\'", "''")  # as everybody else writes it
    words = {token.word.lower() for token in scan(clause, "mysql")}
    return Check(clause, tuple(column.name for column in columns if column.name.lower() in words))


def _column(row: list[Any]) -> ColumnInfo:
    name, data_type, column_type, length, precision, scale, nullable, extra, generated, default = row
    kind = Kind.ENUM if data_type in SPATIAL else KINDS.get(data_type, Kind.OTHER)
    labels = SPATIAL.get(data_type, ())
    if data_type in ("enum", "set"):
        labels = tuple(one.replace("''", "'") for one in re.findall(r"'((?:[^']|'')*)'", column_type))
    size: int | None = None
    if column_type.startswith("tinyint(1)"):
        kind = Kind.BOOLEAN
    elif kind is Kind.INTEGER:
        size = BITS[data_type]
    elif data_type == "bit" or kind is Kind.NUMERIC:
        size = int(precision)
    elif kind in (Kind.TEXT, Kind.BYTES) and length is not None:
        size = int(length) // (4 if data_type in BYTE_COUNTED else 1)
    plain = re.fullmatch(r"'((?:[^']|'')*)'", str(default)) if kind is Kind.TEXT else None
    return ColumnInfo(
        name=name,
        type=data_type,
        kind=kind,
        size=size,
        scale=int(scale) if kind is Kind.NUMERIC and scale is not None else None,
        nullable=nullable == "YES",
        written=not generated and "GENERATED" not in str(extra).upper().replace("DEFAULT_GENERATED", ""),
        labels=labels,
        touched="on update" in str(extra).lower(),
        default=plain[1].replace("''", "'") if plain else None,
    )
