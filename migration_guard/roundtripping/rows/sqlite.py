"""How SQLite tells about its tables, and how it writes values (https://www.sqlite.org/datatype3.html)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, NamedTuple, Protocol, TypeVar

from sqlalchemy.engine import Connection, Row

from migration_guard.reading.sql.tokens import WORD, scan
from migration_guard.roundtripping.catalogues.named_rows import select
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

# https://www.sqlite.org/pragma.html#pragfunc. Virtual tables are not asked: their module may be missing.
ORDINARY = "(select name from sqlite_master where type = 'table' and sql not like 'create virtual%') m"


class _SQLiteTable(NamedTuple):
    name: Annotated[str, "name"]
    sql: Annotated[str, "sql"]


class _SQLiteColumn(NamedTuple):
    """A column. `key` is its place in the primary key, or 0."""

    table: Annotated[str, "m.name"]
    name: Annotated[str, "c.name"]
    type: Annotated[str, "c.type"]
    required: Annotated[int, 'c."notnull"']
    default: Annotated[str | None, "c.dflt_value"]
    key: Annotated[int, "c.pk"]
    hidden: Annotated[int, "c.hidden"]


class _SQLiteUnique(NamedTuple):
    """A column of a unique index."""

    table: Annotated[str, "m.name"]
    key: Annotated[str, "i.name"]
    column: Annotated[str, "c.name"]


class _SQLiteReference(NamedTuple):
    """A column of a foreign key. `referred_column` is None where the key refers to a primary key."""

    table: Annotated[str, "m.name"]
    number: Annotated[int, "k.id"]
    referred_table: Annotated[str, 'k."table"']
    column: Annotated[str, 'k."from"']
    referred_column: Annotated[str | None, 'k."to"']


TABLES = "from sqlite_master where type = 'table' and name not like 'sqlite\\_%' escape '\\' order by rowid"
COLUMNS = f"from {ORDINARY}, pragma_table_xinfo(m.name) c where c.hidden <> 1 order by m.name, c.cid"
UNIQUES = f"""
from {ORDINARY}, pragma_index_list(m.name) i, pragma_index_info(i.name) c
where i."unique" and c.name is not null order by m.name, i.seq, c.seqno
"""
FOREIGN_KEYS = f"from {ORDINARY}, pragma_foreign_key_list(m.name) k order by m.name, k.id, k.seq"


class _OfTable(Protocol):
    @property
    def table(self) -> str: ...


T = TypeVar("T", bound=_OfTable)


class SQLiteRows:
    """The tables of one SQLite file."""

    identity: str | None = "rowid"
    deferring: tuple[str, ...] = ()  # our own connection does not enforce foreign keys

    def __init__(self, access: Access, version_table: str) -> None:
        self._access = access
        self._version_table = version_table

    def tables(self) -> tuple[TableInfo, ...]:
        """All tables but Alembic's own, SQLite's, and those in which virtual tables keep what they hold."""
        found = [row for row in select(self._access, _SQLiteTable, TABLES) if row.name != self._version_table]
        virtual = [row.name for row in found if row.sql[: len(VIRTUAL)].upper() == VIRTUAL]
        hidden = tuple(f"{name}_" for name in virtual)
        columns = _by_table(select(self._access, _SQLiteColumn, COLUMNS))
        uniques = _by_table(select(self._access, _SQLiteUnique, UNIQUES))
        references = _by_table(select(self._access, _SQLiteReference, FOREIGN_KEYS))
        names = {row.name.lower(): _Names(row.name, columns[row.name]) for row in found if row.name in columns}
        return tuple(
            TableInfo(name=TableName(None, row.name), columns=(), refuses=REFUSES)
            if row.name in virtual
            else _table(row, columns.get(row.name, []), uniques.get(row.name, []), references.get(row.name, []), names)
            for row in found
            if not row.name.startswith(hidden)
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
            return [run(self._reading(table)).fetchall() for table in every]

        for table, rows in zip(every, self._access.run(read), strict=True):
            # Several objects are one when what is between them goes.
            yield table.name, tuple(sorted("\x1e".join(row).replace(SEAM, ",") for row in rows))

    def _reading(self, table: TableInfo) -> str:
        # https://www.sqlite.org/lang_corefunc.html#quote keeps all the digits of a number, and shows bytes.
        pairs = [
            f"{self.literal(one.name, NAME)}, case when typeof({name}) in ('text', 'null') then {name}"
            f" else quote({name}) end"
            for one, name in ((one, self.quoted(one.name)) for one in table.columns)
        ]
        groups = [", ".join(pairs[at : at + MOST_PAIRS]) for at in range(0, len(pairs), MOST_PAIRS)]
        objects = ", ".join(f"json_object({group})" for group in groups)
        return f"select {objects} from {place(self, table.name)}"


def _by_table(rows: Iterable[T]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = {}
    for row in rows:
        found.setdefault(row.table, []).append(row)
    return found


class _Names:
    """How a table and its columns are written: SQLite does not care whether in capitals."""

    def __init__(self, name: str, columns: Sequence[_SQLiteColumn]) -> None:
        self.table = name
        self.columns = {row.name.lower(): row.name for row in columns}
        self.primary = _primary(columns)


def _primary(columns: Sequence[_SQLiteColumn]) -> tuple[str, ...]:
    return tuple(row.name for row in sorted(columns, key=lambda row: (row.key, row.name)) if row.key)


def _table(
    table: _SQLiteTable,
    columns: Sequence[_SQLiteColumn],
    uniques: Sequence[_SQLiteUnique],
    references: Sequence[_SQLiteReference],
    names: Mapping[str, _Names],
) -> TableInfo:
    primary = _primary(columns)
    keys: dict[str, list[str]] = {}
    for row in uniques:
        keys.setdefault(row.key, []).append(row.column)
    return TableInfo(
        name=TableName(None, table.name),
        columns=tuple(map(_column, columns)),
        primary=primary,
        uniques=tuple(dict.fromkeys(one for one in (primary, *map(tuple, keys.values())) if one)),
        foreign_keys=tuple(dict.fromkeys(_foreign_keys(table.name, references, names))),
        checks=tuple(_checks(table.sql, [row.name for row in columns])),
    )


def _foreign_keys(
    name: str, references: Sequence[_SQLiteReference], names: Mapping[str, _Names]
) -> Iterator[ForeignKey]:
    found: dict[int, list[_SQLiteReference]] = {}
    for row in references:
        found.setdefault(row.number, []).append(row)
    for rows in found.values():
        other = names.get(rows[0].referred_table.lower())
        if other is None:
            continue  # SQLite lets a foreign key name a table that is not there
        columns = tuple(names[name.lower()].columns[row.column.lower()] for row in rows)
        named = tuple(other.columns.get(row.referred_column.lower()) for row in rows if row.referred_column is not None)
        referred = tuple(one for one in named if one is not None) if named else other.primary
        if len(referred) == len(columns):
            yield ForeignKey(columns, TableName(None, other.table), referred)


def _column(row: _SQLiteColumn) -> ColumnInfo:
    upper = (row.type or "").upper()
    kind = next((kind for pattern, kind in KINDS if re.search(pattern, upper)), Kind.TEXT)
    numbers = [int(one) for one in re.findall(r"\d+", upper)]
    size = numbers[0] if numbers and kind is not Kind.INTEGER else None
    if kind is Kind.INTEGER:
        size = next((bits for word, bits in BITS if word in upper), 32)
    default = row.default or ""
    return ColumnInfo(
        name=row.name,
        type="json" if "JSON" in upper else "uuid" if "UUID" in upper else upper,
        kind=kind,
        size=size,
        scale=numbers[1] if len(numbers) > 1 else None,
        nullable=not row.required and not row.key,
        written=row.hidden == 0,
        default=default[1:-1].replace("''", "'") if re.fullmatch(r"'([^']|'')*'", default) else None,
        table=row.table,
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
