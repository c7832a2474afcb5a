"""
How PostgreSQL tells about its tables, and how it writes values: every value is a quoted text, which it reads as the
column's type (https://www.postgresql.org/docs/current/typeconv-query.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from migration_guard.roundtrip.access import Access
from migration_guard.roundtrip.rows.facts import Check, Column, ForeignKey, Kind, Table, TableFacts, place

KINDS = {
    **dict.fromkeys(("int2", "int4", "int8"), Kind.INTEGER),
    "numeric": Kind.NUMERIC,
    **dict.fromkeys(("float4", "float8"), Kind.FLOAT),
    **dict.fromkeys(("text", "varchar", "bpchar", "citext", "name"), Kind.TEXT),
    "bool": Kind.BOOLEAN,
    "date": Kind.DATE,
    **dict.fromkeys(("time", "timetz"), Kind.TIME),
    **dict.fromkeys(("timestamp", "timestamptz"), Kind.TIMESTAMP),
    "bytea": Kind.BYTES,
}
BITS = {"int2": 16, "int4": 32, "int8": 64}
HEADER = 4  # bytes that atttypmod counts on top of a length
VALUE = re.compile(r"\bVALUE\b")
# How many tables one query reads: planning a UNION of hundreds takes longer than a few queries.
TOGETHER = 100

TABLES = """
select c.oid::bigint, n.nspname::text, c.relname::text from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
and n.nspname <> 'information_schema' and n.nspname !~ '^pg_'
and not exists (select from pg_catalog.pg_depend d where d.deptype = 'e' and d.objid = c.oid
  and d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass)
"""
COLUMNS = f"""
with tables as ({TABLES})
select tables.oid, a.attname::text, coalesce(element.typname, base.typname, t.typname)::text,
  case when t.typtype = 'd' then pg_catalog.format_type(t.typbasetype, t.typtypmod)
    else pg_catalog.format_type(a.atttypid, a.atttypmod) end,
  case when t.typtype = 'd' then t.typtypmod else a.atttypmod end,
  not (a.attnotnull or t.typnotnull), a.attgenerated::text <> '', a.attidentity::text = 'a',
  element.oid is not null,
  (select array_agg(e.enumlabel::text order by e.enumsortorder) from pg_catalog.pg_enum e
    where e.enumtypid = coalesce(element.oid, base.oid, t.oid)),
  (select array_agg(pg_catalog.pg_get_expr(k.conbin, 0)) from pg_catalog.pg_constraint k
    where k.contypid = t.oid and k.contype = 'c')
from tables join pg_catalog.pg_attribute a on a.attrelid = tables.oid and a.attnum > 0 and not a.attisdropped
join pg_catalog.pg_type t on t.oid = a.atttypid
left join pg_catalog.pg_type base on base.oid = t.typbasetype and t.typtype = 'd'
left join pg_catalog.pg_type element on element.oid = coalesce(base.typelem, t.typelem)
  and coalesce(base.typcategory, t.typcategory) = 'A'
order by tables.oid, a.attnum
"""
NAMES = """(select array_agg(a.attname::text order by u.position)
  from unnest({keys}) with ordinality as u(number, position)
  join pg_catalog.pg_attribute a on a.attrelid = {relation} and a.attnum = u.number)"""
CONSTRAINTS = f"""
with tables as ({TABLES})
select tables.oid, k.contype::text, {NAMES.format(keys="k.conkey", relation="k.conrelid")},
  pg_catalog.pg_get_expr(k.conbin, k.conrelid), k.confrelid::bigint,
  {NAMES.format(keys="k.confkey", relation="k.confrelid")}
from tables join pg_catalog.pg_constraint k on k.conrelid = tables.oid and k.contype in ('c', 'f')
"""
KEYS = f"""
with tables as ({TABLES})
select tables.oid, i.indisprimary, {NAMES.format(keys="i.indkey::int2[]", relation="i.indrelid")}
from tables join pg_catalog.pg_index i on i.indrelid = tables.oid and i.indisunique
"""


class PostgreSQL:
    """The tables of one PostgreSQL database."""

    def __init__(self, access: Access, version_table: str) -> None:
        self._access = access
        self._version_table = version_table

    def facts(self) -> tuple[TableFacts, ...]:
        """All tables but Alembic's own. Partitions are filled through their parents."""
        tables: dict[Any, Table] = {}
        for oid, schema, name in self._access.query(TABLES):
            if name != self._version_table:
                tables[oid] = Table(str(schema), str(name))
        columns: dict[Any, list[Column]] = {oid: [] for oid in tables}
        checks: dict[Any, list[Check]] = {oid: [] for oid in tables}
        for oid, *row in self._access.query(COLUMNS):
            if oid in tables:
                column, conditions = _column(row)
                columns[oid].append(column)
                checks[oid] += [Check(_about(condition, column.name), (column.name,)) for condition in conditions]
        foreign: dict[Any, list[ForeignKey]] = {oid: [] for oid in tables}
        for oid, kind, names, condition, referred, others in self._access.query(CONSTRAINTS):
            if oid not in tables:
                continue
            if kind == "c":
                checks[oid].append(Check(str(condition), _texts(names)))
            elif referred in tables:
                foreign[oid].append(ForeignKey(_texts(names), tables[referred], _texts(others)))
        primary: dict[Any, tuple[str, ...]] = {}
        uniques: dict[Any, list[tuple[str, ...]]] = {oid: [] for oid in tables}
        for oid, is_primary, names in self._access.query(KEYS):
            if oid in tables and names:
                uniques[oid].append(_texts(names))
                if is_primary:
                    primary[oid] = _texts(names)
        return tuple(
            TableFacts(
                table=table,
                columns=tuple(columns[oid]),
                primary=primary.get(oid, ()),
                uniques=tuple(uniques[oid]),
                foreign_keys=tuple(foreign[oid]),
                checks=tuple(checks[oid]),
            )
            for oid, table in tables.items()
        )

    def quoted(self, name: str) -> str:
        """A name as it stands in SQL."""
        return '"' + name.replace('"', '""') + '"'

    def literal(self, value: str | None, column: Column) -> str:
        """A value as it stands in an INSERT."""
        if value is None:
            return "NULL"
        if column.kind is Kind.BYTES and not column.array:
            return f"'\\x{value}'"
        text = value.replace("'", "''")
        return f" E'{text.replace(chr(92), chr(92) * 2)}'" if "\\" in text else f"'{text}'"

    def typed(self, value: str | None, column: Column) -> str:
        """A value as it stands in a SELECT, with the type of its column."""
        return f"CAST({self.literal(value, column)} AS {column.type})"

    def contents(self, tables: Iterable[TableFacts]) -> dict[Table, tuple[str, ...]]:
        """Every row of these tables as a JSON object of texts, sorted."""
        found: dict[Table, list[str]] = {facts.table: [] for facts in tables}
        numbered = list(found)
        parts = [
            f"select {number}, pg_catalog.row_to_json(t)::text from {place(self, table)} t"
            for number, table in enumerate(numbered)
        ]
        for start in range(0, len(parts), TOGETHER):
            for number, text in self._access.query(" union all ".join(parts[start : start + TOGETHER])):
                found[numbered[int(str(number))]].append(str(text))
        return {table: tuple(sorted(rows)) for table, rows in found.items()}


def _column(row: Sequence[Any]) -> tuple[Column, Sequence[str]]:
    """A column from its row of the catalogue, and the conditions of its domain."""
    name, base, type_, modifier, nullable, generated, always, array, labels, conditions = row
    kind = Kind.ENUM if labels else KINDS.get(base, Kind.OTHER)
    size, scale = None, None
    if kind is Kind.TEXT and modifier > HEADER:
        size = modifier - HEADER
    elif kind is Kind.INTEGER:
        size = BITS[base]
    elif kind is Kind.NUMERIC and modifier > HEADER:
        # https://github.com/postgres/postgres/blob/master/src/backend/utils/adt/numeric.c: precision << 16 | scale
        size, scale = (modifier - HEADER) >> 16, (modifier - HEADER) & 0x7FF
    elif kind is Kind.OTHER and modifier > 0:
        size = modifier
    column = Column(
        name=name,
        type=type_,
        kind=kind,
        size=size,
        scale=scale,
        nullable=nullable,
        written=not generated,
        always=always,
        array=array,
        labels=_texts(labels),
    )
    return column, _texts(conditions)


def _about(condition: str, name: str) -> str:
    """A domain's condition as one on the column. PostgreSQL prints VALUE in capitals, as no name is without quotes."""
    quoted = '"' + name.replace('"', '""') + '"'
    parts = condition.split("'")  # what stands at odd places is inside a literal
    return "'".join(part if number % 2 else VALUE.sub(lambda _: quoted, part) for number, part in enumerate(parts))


def _texts(names: Any) -> tuple[str, ...]:
    return tuple(str(name) for name in names or ())
