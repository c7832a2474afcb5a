"""
How PostgreSQL tells about its tables, and how it writes values: every value is a quoted text, which it reads as the
column's type (https://www.postgresql.org/docs/18/typeconv-query.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, NamedTuple

from migration_guard.roundtripping.catalogues.named_rows import R, select
from migration_guard.roundtripping.rows.tables import Check, ColumnInfo, ForeignKey, Kind, TableInfo, TableName, place
from migration_guard.roundtripping.rows.values import FORMS
from migration_guard.roundtripping.servers.access import Access

KINDS = {
    **dict.fromkeys(("int2", "int4", "int8"), Kind.INTEGER),
    "numeric": Kind.NUMERIC,
    **dict.fromkeys(("float4", "float8"), Kind.FLOAT),
    **dict.fromkeys(("text", "varchar", "bpchar", "char", "citext", "name"), Kind.TEXT),
    "bool": Kind.BOOLEAN,
    "date": Kind.DATE,
    **dict.fromkeys(("time", "timetz"), Kind.TIME),
    **dict.fromkeys(("timestamp", "timestamptz"), Kind.TIMESTAMP),
    "bytea": Kind.BYTES,
}
BITS = {"int2": 16, "int4": 32, "int8": 64}
HEADER = 4  # bytes that atttypmod counts on top of a length
VALUE = re.compile(r"\bVALUE\b")
# A plain text as a default, as PostgreSQL prints it.
TEXT = re.compile(r"'((?:[^']|'')*)'::[\w \"]+(?:\(\d+\))?")
USERS_TYPES = 16384  # types below are PostgreSQL's own: FirstNormalObjectId in access/transam.h
SEPARATOR = "\x1e"  # JSON has no such character
# How many tables one query reads: planning a UNION of hundreds takes longer than a few queries.
TOGETHER = 100


class _PostgreSQLTable(NamedTuple):
    oid: Annotated[int, "c.oid::bigint"]
    schema: Annotated[str, "n.nspname::text"]
    name: Annotated[str, "c.relname::text"]
    partitioned: Annotated[bool, "c.relkind = 'p'"]


class _PostgreSQLColumn(NamedTuple):
    """A column. `table` and `type` are their numbers."""

    table: Annotated[int, "a.attrelid::bigint"]
    number: Annotated[int, "a.attnum::int"]
    name: Annotated[str, "a.attname::text"]
    type: Annotated[int, "a.atttypid::bigint"]
    modifier: Annotated[int, "a.atttypmod"]
    printed: Annotated[str, "pg_catalog.format_type(a.atttypid, a.atttypmod)"]
    nullable: Annotated[bool, "not a.attnotnull"]
    generated: Annotated[bool, "a.attgenerated::text <> ''"]
    always: Annotated[bool, "a.attidentity::text = 'a'"]
    default: Annotated[str | None, "pg_catalog.pg_get_expr(d.adbin, d.adrelid)"]


class _PostgreSQLType(NamedTuple):
    """A type. `element` is the number of an array's, `base` of a domain's type; 0 where it is neither."""

    oid: Annotated[int, "t.oid::bigint"]
    name: Annotated[str, "t.typname::text"]
    category: Annotated[str, "t.typtype::text"]
    element: Annotated[int, "(case when t.typcategory = 'A' and t.typtype = 'b' then t.typelem else 0 end)::bigint"]
    base: Annotated[int, "t.typbasetype::bigint"]
    modifier: Annotated[int, "t.typtypmod"]
    required: Annotated[bool, "t.typnotnull"]
    printed_base: Annotated[
        str | None, "case t.typtype when 'd' then pg_catalog.format_type(t.typbasetype, t.typtypmod) end"
    ]
    labels: Annotated[
        Sequence[str] | None,
        "case t.typtype when 'e' then (select array_agg(e.enumlabel::text order by e.enumsortorder)"
        " from pg_catalog.pg_enum e where e.enumtypid = t.oid) end",
    ]
    conditions: Annotated[
        Sequence[str] | None,
        "case t.typtype when 'd' then (select array_agg(pg_catalog.pg_get_expr(k.conbin, 0))"
        " from pg_catalog.pg_constraint k where k.contypid = t.oid and k.contype = 'c') end",
    ]


class _PostgreSQLConstraint(NamedTuple):
    """A condition or a foreign key. `columns` and `referred_columns` are their numbers."""

    table: Annotated[int, "k.conrelid::bigint"]
    kind: Annotated[str, "k.contype::text"]
    columns: Annotated[Sequence[int] | None, "k.conkey::int[]"]
    condition: Annotated[str, "pg_catalog.pg_get_expr(k.conbin, k.conrelid)"]
    referred: Annotated[int, "k.confrelid::bigint"]
    referred_columns: Annotated[Sequence[int] | None, "k.confkey::int[]"]


class _PostgreSQLKey(NamedTuple):
    """A unique index. `columns` are their numbers, 0 for an expression."""

    table: Annotated[int, "i.indrelid::bigint"]
    primary: Annotated[bool, "i.indisprimary"]
    columns: Annotated[Sequence[int], "i.indkey::int2[]::int[]"]


class _PostgreSQLPartition(NamedTuple):
    """A partition that holds rows: what it takes, None for everything."""

    condition: Annotated[str | None, "pg_catalog.pg_get_partition_constraintdef(c.oid)"]


TABLES = """
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
and not exists (select from pg_catalog.pg_depend d where d.deptype = 'e' and d.objid = c.oid
  and d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass)
"""
COLUMNS = """
from pg_catalog.pg_attribute a
left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid in ({tables}) and a.attnum > 0 and not a.attisdropped order by a.attrelid, a.attnum
"""
TYPES = """
from pg_catalog.pg_type t where t.oid {} {}
  and (t.typtype in ('d', 'e', 'r', 'm') or t.typtype = 'b' and t.typrelid = 0
    and not exists (select from pg_catalog.pg_type e where e.oid = t.typelem and e.typtype = 'c'))
"""
CONSTRAINTS = """
from pg_catalog.pg_constraint k
where k.conrelid in ({tables}) and k.contype in ('c', 'f') order by k.conrelid, k.conname
"""
KEYS = "from pg_catalog.pg_index i where i.indrelid in ({tables}) and i.indisunique order by i.indexrelid"
# What the leaves of a partitioned table take: https://www.postgresql.org/docs/18/functions-info.html
PARTITIONS = """
from (with recursive leaves(oid) as (
  select oid from pg_catalog.pg_class where oid in ({tables})
  union all select i.inhrelid from leaves join pg_catalog.pg_inherits i on i.inhparent = leaves.oid)
  select oid from leaves) leaves
join pg_catalog.pg_class c on c.oid = leaves.oid and c.relkind <> 'p'
"""


class PostgreSQLRows:
    """The tables of one PostgreSQL database."""

    identity: str | None = "tableoid::text || ctid::text"
    deferring: tuple[str, ...] = ("set constraints all deferred",)

    def __init__(self, access: Access, version_table: str) -> None:
        self._access = access
        self._version_table = version_table
        self._types: dict[int, _PostgreSQLType] = {}

    def tables(self) -> tuple[TableInfo, ...]:
        """All tables but Alembic's own. Partitions are filled through their parents."""
        found = {row.oid: row for row in self._rows(_PostgreSQLTable, TABLES) if row.name != self._version_table}
        names = {oid: TableName(row.schema, row.name) for oid, row in found.items()}
        if not found:
            return ()
        self._read_types()
        oids = ", ".join(map(str, found))
        columns: dict[int, dict[int, ColumnInfo]] = {oid: {} for oid in found}
        checks: dict[int, list[Check]] = {oid: [] for oid in found}
        for row in self._rows(_PostgreSQLColumn, COLUMNS, oids):
            column, conditions = self._column(row, found[row.table].name)
            columns[row.table][row.number] = column
            checks[row.table] += [Check(_about(condition, column.name), (column.name,)) for condition in conditions]
        foreign: dict[int, list[ForeignKey]] = {oid: [] for oid in found}
        for constraint in self._rows(_PostgreSQLConstraint, CONSTRAINTS, oids):
            own = _names(columns[constraint.table], constraint.columns)
            if constraint.kind == "c":
                checks[constraint.table].append(Check(constraint.condition, own))
            elif constraint.referred in names:
                referred = _names(columns[constraint.referred], constraint.referred_columns)
                foreign[constraint.table].append(ForeignKey(own, names[constraint.referred], referred))
        primary: dict[int, tuple[str, ...]] = {}
        uniques: dict[int, list[tuple[str, ...]]] = {oid: [] for oid in found}
        for key in self._rows(_PostgreSQLKey, KEYS, oids):
            own = _names(columns[key.table], key.columns)
            uniques[key.table] += [own] if own else []
            if key.primary:
                primary[key.table] = own
        for oid, table in found.items():
            if table.partitioned:
                checks[oid] += self._of_partitions(oid, columns[oid])
        return tuple(
            TableInfo(
                name=names[oid],
                columns=tuple(columns[oid].values()),
                primary=primary.get(oid, ()),
                uniques=tuple(uniques[oid]),
                foreign_keys=tuple(dict.fromkeys(foreign[oid])),
                checks=tuple(checks[oid]),
                partitioned=table.partitioned,
            )
            for oid, table in found.items()
        )

    def quoted(self, name: str) -> str:
        """A name as it stands in SQL."""
        return '"' + name.replace('"', '""') + '"'

    def literal(self, value: str | None, column: ColumnInfo) -> str:
        """A value as it stands in an INSERT."""
        if value is None:
            return "NULL"
        if column.kind is Kind.BYTES and not column.array:
            return f"'\\x{value}'"
        text = value.replace("'", "''")
        return f" E'{text.replace(chr(92), chr(92) * 2)}'" if "\\" in text else f"'{text}'"

    def typed(self, value: str | None, column: ColumnInfo) -> str:
        """A value as it stands in a SELECT, with the type of its column."""
        return f"CAST({self.literal(value, column)} AS {column.type})"

    def text(self, column: ColumnInfo) -> str:
        """SQL that reads a column as the text from which `literal` writes it again."""
        name = self.quoted(column.name)
        return f"encode({name}, 'hex')" if column.kind is Kind.BYTES and not column.array else f"{name}::text"

    def contents(self, tables: Iterable[TableInfo]) -> Iterator[tuple[TableName, tuple[str, ...]]]:
        """Every row of these tables as a JSON object, sorted."""
        numbered = list(tables)
        parts = [
            f"select {number}, string_agg(row_to_json(migration_guard_row.*)::text, chr(30))"
            f" from {'' if table.partitioned else 'only '}{place(self, table.name)} migration_guard_row"
            for number, table in enumerate(numbered)
        ]
        for start in range(0, len(parts), TOGETHER):
            for number, texts in self._access.query(" union all ".join(parts[start : start + TOGETHER])):
                yield numbered[int(str(number))].name, tuple(sorted(str(texts).split(SEPARATOR))) if texts else ()

    def _rows(self, row: type[R], rest: str, oids: str = "") -> list[R]:
        return select(self._access, row, rest.format(tables=oids))

    def _read_types(self) -> None:
        """PostgreSQL's own types stay; those of the project are read each time."""
        questions = [("<", USERS_TYPES)] if not self._types else []
        self._types = {oid: one for oid, one in self._types.items() if oid < USERS_TYPES}
        for comparison, limit in (*questions, (">=", USERS_TYPES)):
            self._types.update({row.oid: row for row in self._rows(_PostgreSQLType, TYPES.format(comparison, limit))})

    def _of_partitions(self, oid: int, columns: dict[int, ColumnInfo]) -> list[Check]:
        """Some partition has to take each row; one without a condition takes all."""
        partitions = self._rows(_PostgreSQLPartition, PARTITIONS, str(oid))
        conditions = [row.condition for row in partitions if row.condition]
        if not conditions or len(conditions) < len(partitions):
            return []
        words = " ".join(conditions)
        names = tuple(one.name for one in columns.values() if re.search(rf"\b{re.escape(one.name)}\b", words))
        return [Check(" or ".join(f"({condition})" for condition in conditions), names)]

    def _column(self, row: _PostgreSQLColumn, table: str) -> tuple[ColumnInfo, list[str]]:
        """A column from its row of the catalogue, and the conditions of its domains."""
        modifier, printed, nullable = row.modifier, row.printed, row.nullable
        conditions: list[str] = []
        kind_of = self._types.get(row.type)
        array = False
        while kind_of and (kind_of.category == "d" or kind_of.element):
            if kind_of.category == "d":
                nullable = nullable and not kind_of.required
                if not array:
                    conditions += kind_of.conditions or ()
                    printed = kind_of.printed_base or printed
                modifier, kind_of = kind_of.modifier, self._types.get(kind_of.base)
            else:
                # Arrays of arrays, which a domain makes possible, are known to nobody.
                array, kind_of = True, None if array else self._types.get(kind_of.element)
        base = kind_of.name if kind_of else ""
        labels = tuple(kind_of.labels or ()) if kind_of else ()
        if kind_of and kind_of.category in "rm" and base not in FORMS:
            labels = ("empty" if kind_of.category == "r" else "{}",)  # true of every range
        kind = Kind.ENUM if labels else KINDS.get(base, Kind.OTHER)
        size, scale = _size(kind, base, modifier)
        plain = TEXT.fullmatch(row.default) if row.default and kind is Kind.TEXT and not array else None
        column = ColumnInfo(
            name=row.name,
            type=printed,
            kind=kind,
            size=size,
            scale=scale,
            nullable=nullable,
            written=not row.generated,
            always=row.always,
            array=array,
            labels=labels,
            default=plain[1].replace("''", "'") if plain else None,
            table=table,
        )
        return column, conditions


def _size(kind: Kind, base: str, modifier: int) -> tuple[int | None, int | None]:
    """What a type's modifier says: length or precision, and scale."""
    if kind is Kind.INTEGER:
        return BITS[base], None
    if base == "char":
        return 1, None
    if base == "name":
        return 63, None
    if kind is Kind.TEXT and modifier > HEADER:
        return modifier - HEADER, None
    if kind is Kind.NUMERIC and modifier > HEADER:
        # precision << 16 | scale: https://github.com/postgres/postgres/blob/REL_18_STABLE/src/backend/utils/adt/numeric.c
        scale = (modifier - HEADER) & 0x7FF
        return (modifier - HEADER) >> 16, scale if scale < 1024 else scale - 2048
    return (modifier, None) if kind is Kind.OTHER and modifier > 0 else (None, None)


def _about(condition: str, name: str) -> str:
    """A domain's condition as one on the column. PostgreSQL prints VALUE in capitals, as no name is without quotes."""
    quoted = '"' + name.replace('"', '""') + '"'
    parts = condition.split("'")  # what stands at odd places is inside a literal
    return "'".join(part if number % 2 else VALUE.sub(lambda _: quoted, part) for number, part in enumerate(parts))


def _names(columns: dict[int, ColumnInfo], numbers: Sequence[int] | None) -> tuple[str, ...]:
    return tuple(columns[number].name for number in numbers or () if number in columns)
