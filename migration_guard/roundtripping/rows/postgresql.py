"""
How PostgreSQL tells about its tables, and how it writes values: every value is a quoted text, which it reads as the
column's type (https://www.postgresql.org/docs/current/typeconv-query.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

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

TABLES = """
select c.oid::bigint, n.nspname::text, c.relname::text, c.relkind = 'p' from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
and not exists (select from pg_catalog.pg_depend d where d.deptype = 'e' and d.objid = c.oid
  and d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass)
"""
COLUMNS = """
select a.attrelid::bigint, a.attnum::int, a.attname::text, a.atttypid::bigint, a.atttypmod,
  pg_catalog.format_type(a.atttypid, a.atttypmod), not a.attnotnull, a.attgenerated::text <> '',
  a.attidentity::text = 'a', pg_catalog.pg_get_expr(d.adbin, d.adrelid)
from pg_catalog.pg_attribute a
left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid in ({tables}) and a.attnum > 0 and not a.attisdropped order by a.attrelid, a.attnum
"""
TYPES = """
select t.oid::bigint, t.typname::text, t.typtype::text,
  (case when t.typcategory = 'A' and t.typtype = 'b' then t.typelem else 0 end)::bigint, t.typbasetype::bigint,
  t.typtypmod, t.typnotnull, case t.typtype when 'd' then pg_catalog.format_type(t.typbasetype, t.typtypmod) end,
  case t.typtype when 'e' then
    (select array_agg(e.enumlabel::text order by e.enumsortorder) from pg_catalog.pg_enum e where e.enumtypid = t.oid)
  end,
  case t.typtype when 'd' then
    (select array_agg(pg_catalog.pg_get_expr(k.conbin, 0)) from pg_catalog.pg_constraint k
      where k.contypid = t.oid and k.contype = 'c')
  end
from pg_catalog.pg_type t where t.oid {} {}
  and (t.typtype in ('d', 'e', 'r', 'm') or t.typtype = 'b' and t.typrelid = 0
    and not exists (select from pg_catalog.pg_type e where e.oid = t.typelem and e.typtype = 'c'))
"""
CONSTRAINTS = """
select k.conrelid::bigint, k.contype::text, k.conkey::int[], pg_catalog.pg_get_expr(k.conbin, k.conrelid),
  k.confrelid::bigint, k.confkey::int[]
from pg_catalog.pg_constraint k
where k.conrelid in ({tables}) and k.contype in ('c', 'f') order by k.conrelid, k.conname
"""
KEYS = """
select i.indrelid::bigint, i.indisprimary, i.indkey::int2[]::int[]
from pg_catalog.pg_index i where i.indrelid in ({tables}) and i.indisunique order by i.indexrelid
"""
# What the leaves of a partitioned table take: https://www.postgresql.org/docs/current/functions-info.html
PARTITIONS = """
with recursive leaves(top, oid) as (
  select oid, oid from pg_catalog.pg_class where oid in ({tables})
  union all select leaves.top, i.inhrelid from leaves join pg_catalog.pg_inherits i on i.inhparent = leaves.oid)
select leaves.top::bigint, pg_catalog.pg_get_partition_constraintdef(c.oid)
from leaves join pg_catalog.pg_class c on c.oid = leaves.oid and c.relkind <> 'p'
"""


@dataclass(frozen=True, slots=True)
class _Type:
    name: str
    category: str
    element: int
    base: int
    modifier: int
    needed: bool
    printed_base: str | None
    labels: Sequence[str] | None
    conditions: Sequence[str] | None


class PostgreSQLRows:
    """The tables of one PostgreSQL database."""

    identity: str | None = "tableoid::text || ctid::text"
    deferring: tuple[str, ...] = ("set constraints all deferred",)

    def __init__(self, access: Access, version_table: str) -> None:
        self._access = access
        self._version_table = version_table
        self._types: dict[int, _Type] = {}

    def tables(self) -> tuple[TableInfo, ...]:
        """All tables but Alembic's own. Partitions are filled through their parents."""
        tables: dict[int, TableName] = {}
        partitioned: list[int] = []
        for oid, schema, name, has_partitions in self._query(TABLES):
            if name != self._version_table:
                tables[oid] = TableName(schema, name)
                partitioned += [oid] if has_partitions else []
        if not tables:
            return ()
        self._read_types()
        oids = ", ".join(map(str, tables))
        columns: dict[int, dict[int, ColumnInfo]] = {oid: {} for oid in tables}
        checks: dict[int, list[Check]] = {oid: [] for oid in tables}
        for oid, number, *row in self._query(COLUMNS, oids):
            column, conditions = self._column(row)
            columns[oid][number] = replace(column, table=tables[oid].name)
            checks[oid] += [Check(_about(condition, column.name), (column.name,)) for condition in conditions]
        foreign: dict[int, list[ForeignKey]] = {oid: [] for oid in tables}
        for oid, kind, keys, condition, referred, others in self._query(CONSTRAINTS, oids):
            names = _names(columns[oid], keys)
            if kind == "c":
                checks[oid].append(Check(condition, names))
            elif referred in tables:
                foreign[oid].append(ForeignKey(names, tables[referred], _names(columns[referred], others)))
        primary: dict[int, tuple[str, ...]] = {}
        uniques: dict[int, list[tuple[str, ...]]] = {oid: [] for oid in tables}
        for oid, is_primary, keys in self._query(KEYS, oids):
            names = _names(columns[oid], keys)
            uniques[oid] += [names] if names else []
            if is_primary:
                primary[oid] = names
        for oid in partitioned:
            checks[oid] += self._of_partitions(oid, columns[oid])
        return tuple(
            TableInfo(
                table=table,
                columns=tuple(columns[oid].values()),
                primary=primary.get(oid, ()),
                uniques=tuple(uniques[oid]),
                foreign_keys=tuple(dict.fromkeys(foreign[oid])),
                checks=tuple(checks[oid]),
                partitioned=oid in partitioned,
            )
            for oid, table in tables.items()
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
            f" from {'' if facts.partitioned else 'only '}{place(self, facts.table)} migration_guard_row"
            for number, facts in enumerate(numbered)
        ]
        for start in range(0, len(parts), TOGETHER):
            for number, texts in self._access.query(" union all ".join(parts[start : start + TOGETHER])):
                yield numbered[int(str(number))].table, tuple(sorted(str(texts).split(SEPARATOR))) if texts else ()

    def _query(self, sql: str, oids: str = "") -> list[tuple[Any, ...]]:
        return self._access.query(sql.format(tables=oids))

    def _read_types(self) -> None:
        """PostgreSQL's own types stay; those of the project are read each time."""
        questions = [("<", USERS_TYPES)] if not self._types else []
        self._types = {oid: one for oid, one in self._types.items() if oid < USERS_TYPES}
        for comparison, limit in (*questions, (">=", USERS_TYPES)):
            for oid, *words in self._query(TYPES.format(comparison, limit)):
                self._types[oid] = _Type(*words)

    def _of_partitions(self, oid: int, columns: dict[int, ColumnInfo]) -> list[Check]:
        """Some partition has to take each row; one without a condition takes all."""
        conditions = [condition for _, condition in self._query(PARTITIONS, str(oid))]
        if not conditions or not all(conditions):
            return []
        words = " ".join(conditions)
        names = tuple(one.name for one in columns.values() if re.search(rf"\b{re.escape(one.name)}\b", words))
        return [Check(" or ".join(f"({condition})" for condition in conditions), names)]

    def _column(self, row: Sequence[Any]) -> tuple[ColumnInfo, list[str]]:
        """A column from its row of the catalogue, and the conditions of its domains."""
        name, oid, modifier, printed, nullable, generated, always, default = row
        conditions: list[str] = []
        kind_of = self._types.get(oid)
        array = False
        while kind_of and (kind_of.category == "d" or kind_of.element):
            if kind_of.category == "d":
                nullable = nullable and not kind_of.needed
                if not array:
                    conditions += kind_of.conditions or ()
                    printed = kind_of.printed_base
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
        plain = TEXT.fullmatch(default) if default and kind is Kind.TEXT and not array else None
        column = ColumnInfo(
            name=name,
            type=printed,
            kind=kind,
            size=size,
            scale=scale,
            nullable=nullable,
            written=not generated,
            always=always,
            array=array,
            labels=labels,
            default=plain[1].replace("''", "'") if plain else None,
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
        # https://github.com/postgres/postgres/blob/master/src/backend/utils/adt/numeric.c: precision << 16 | scale
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
