"""
How MariaDB and MySQL tell about their tables, and how they write values
(https://mariadb.com/kb/en/information-schema-tables/).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Annotated, NamedTuple

from sqlalchemy.exc import DBAPIError

from migration_guard.reading.sql.tokens import scan
from migration_guard.roundtripping.catalogues.named_rows import R, decoded, select
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


class _MySQLColumn(NamedTuple):
    table: Annotated[str, "c.table_name"]
    name: Annotated[str, "c.column_name"]
    data_type: Annotated[str, "c.data_type"]
    column_type: Annotated[str, "c.column_type"]
    length: Annotated[int | None, "c.character_maximum_length"]
    precision: Annotated[int | None, "c.numeric_precision"]
    scale: Annotated[int | None, "c.numeric_scale"]
    nullable: Annotated[str, "c.is_nullable"]
    extra: Annotated[str | None, "c.extra"]
    generated: Annotated[str | None, "c.generation_expression"]
    default: Annotated[str | None, "c.column_default"]


class _MySQLKey(NamedTuple):
    """A column of a unique key; None for an expression."""

    table: Annotated[str, "table_name"]
    key: Annotated[str, "index_name"]
    column: Annotated[str | None, "column_name"]


class _MySQLReference(NamedTuple):
    """A column of a foreign key."""

    table: Annotated[str, "table_name"]
    constraint: Annotated[str, "constraint_name"]
    column: Annotated[str, "column_name"]
    referred_table: Annotated[str, "referenced_table_name"]
    referred_column: Annotated[str, "referenced_column_name"]


class _MySQLCheck(NamedTuple):
    table: Annotated[str, "table_name"]
    clause: Annotated[str, "check_clause"]


COLUMNS = """
from information_schema.columns c join information_schema.tables t
  on t.table_schema = c.table_schema and t.table_name = c.table_name
  and t.table_type in ('BASE TABLE', 'SYSTEM VERSIONED')
where c.table_schema = database() order by c.table_name, c.ordinal_position
"""
KEYS = """
from information_schema.statistics
where table_schema = database() and non_unique = 0 order by table_name, index_name, seq_in_index
"""
FOREIGN_KEYS = """
from information_schema.key_column_usage
where table_schema = database() and referenced_table_name is not null
order by table_name, constraint_name, ordinal_position
"""
# MariaDB says which table a condition is of; MySQL does so elsewhere.
CHECKS = (
    "from information_schema.check_constraints where constraint_schema = database()",
    """from information_schema.check_constraints
    join information_schema.table_constraints using (constraint_schema, constraint_name)
    where constraint_schema = database()""",
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
        documents = {(row.table, found[1]) for row in checks if (found := VALID.fullmatch(row.clause))}
        columns: dict[str, list[ColumnInfo]] = {}
        for row in self._rows(_MySQLColumn, COLUMNS):
            if row.table != self._version_table:
                column = _column(row)
                if (row.table, row.name) in documents:
                    column = replace(column, kind=Kind.OTHER, type="json", size=None)
                columns.setdefault(row.table, []).append(column)
        keys: dict[tuple[str, str], list[str | None]] = {}
        for key in self._rows(_MySQLKey, KEYS):
            keys.setdefault((key.table, key.key), []).append(key.column)
        foreign: dict[tuple[str, str], list[_MySQLReference]] = {}
        for reference in self._rows(_MySQLReference, FOREIGN_KEYS):
            foreign.setdefault((reference.table, reference.constraint), []).append(reference)
        return tuple(
            TableInfo(
                name=TableName(None, table),
                columns=tuple(its),
                primary=_whole(keys.get((table, "PRIMARY"), ())),
                uniques=tuple(
                    whole for (owner, _), names in keys.items() if owner == table and (whole := _whole(names))
                ),
                foreign_keys=tuple(_foreign_key(rows) for (owner, _), rows in foreign.items() if owner == table),
                checks=tuple(_check(row.clause, its) for row in checks if row.table == table),
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
        for table in tables:
            # What a row's last change sets is no value that a migration could lose.
            columns = [one for one in table.columns if not one.touched]
            selected = ", ".join(self.text(column) for column in columns)
            rows = self._access.query(f"select {selected} from {place(self, table.name)}")
            names = [column.name for column in columns]
            texts = [{name: _text(value) for name, value in zip(names, row, strict=True)} for row in rows]
            yield table.name, tuple(sorted(map(json.dumps, texts)))

    def _checks(self) -> list[_MySQLCheck]:
        for rest in CHECKS:
            try:
                return self._rows(_MySQLCheck, rest)
            except DBAPIError:  # the other of the two knows it otherwise
                continue
        return []

    def _rows(self, row: type[R], rest: str) -> list[R]:
        return [decoded(one) for one in select(self._access, row, rest)]


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _whole(names: Sequence[str | None]) -> tuple[str, ...]:
    """The columns of a key; none where there is an expression among them."""
    known = tuple(name for name in names if name is not None)
    return known if len(known) == len(names) else ()


def _foreign_key(rows: Sequence[_MySQLReference]) -> ForeignKey:
    return ForeignKey(
        columns=tuple(row.column for row in rows),
        table=TableName(None, rows[0].referred_table),
        referred=tuple(row.referred_column for row in rows),
    )


def _check(clause: str, columns: Iterable[ColumnInfo]) -> Check:
    clause = clause.replace("\\'", "''")  # as everybody else writes it
    words = {token.word.lower() for token in scan(clause, "mysql")}
    return Check(clause, tuple(column.name for column in columns if column.name.lower() in words))


def _column(row: _MySQLColumn) -> ColumnInfo:
    kind = Kind.ENUM if row.data_type in SPATIAL else KINDS.get(row.data_type, Kind.OTHER)
    labels = SPATIAL.get(row.data_type, ())
    if row.data_type in ("enum", "set"):
        labels = tuple(one.replace("''", "'") for one in re.findall(r"'((?:[^']|'')*)'", row.column_type))
    size: int | None = None
    if row.column_type.startswith("tinyint(1)"):
        kind = Kind.BOOLEAN
    elif kind is Kind.INTEGER:
        size = BITS[row.data_type]
    elif (row.data_type == "bit" or kind is Kind.NUMERIC) and row.precision is not None:
        size = int(row.precision)
    elif kind in (Kind.TEXT, Kind.BYTES) and row.length is not None:
        size = int(row.length) // (4 if row.data_type in BYTE_COUNTED else 1)
    plain = re.fullmatch(r"'((?:[^']|'')*)'", str(row.default)) if kind is Kind.TEXT else None
    extra = str(row.extra)
    return ColumnInfo(
        name=row.name,
        type=row.data_type,
        kind=kind,
        size=size,
        scale=int(row.scale) if kind is Kind.NUMERIC and row.scale is not None else None,
        nullable=row.nullable == "YES",
        written=not row.generated and "GENERATED" not in extra.upper().replace("DEFAULT_GENERATED", ""),
        labels=labels,
        touched="on update" in extra.lower(),
        default=plain[1].replace("''", "'") if plain else None,
        table=row.table,
    )
