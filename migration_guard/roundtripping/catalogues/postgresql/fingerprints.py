"""
Whether PostgreSQL's catalogue has changed, and where, at the price of one small question. Knows row versions only.

A row of the catalogue is the same as before where its `xmin` and `ctid` are: no version of a row shares both with
another one (https://www.postgresql.org/docs/18/ddl-system-columns.html).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import NamedTuple

from migration_guard.roundtripping.catalogues.definitions import Reader
from migration_guard.roundtripping.catalogues.named_rows import answers

_HASH = "hashtext({0}.xmin::text || {0}.ctid::text)"
# What makes a table what it is, by the table's number; indexes have numbers of their own here and there.
_OF_RELATIONS = (
    ("pg_class", "oid", "o.relkind in ('r', 'p', 'v', 'm', 'f', 'c', 'i', 'I')"),
    ("pg_attribute", "attrelid", "o.attnum > 0"),
    ("pg_attrdef", "adrelid", "true"),
    ("pg_constraint", "conrelid", "o.contype <> 't'"),
    ("pg_index", "indrelid", "true"),
    ("pg_inherits", "inhrelid", "true"),
    ("pg_foreign_table", "ftrelid", "true"),
)
_RARE = (
    *("pg_collation", "pg_cast", "pg_operator", "pg_opclass", "pg_opfamily", "pg_amop", "pg_amproc", "pg_language"),
    *("pg_ts_config", "pg_ts_dict", "pg_foreign_data_wrapper", "pg_foreign_server", "pg_am", "pg_transform"),
    *("pg_conversion", "pg_publication", "pg_publication_rel"),
)
_SOURCES = {
    "types": (
        (
            "pg_type",
            "o.oid >= 16384 and (o.typtype in ('e', 'd', 'r') or o.typtype in ('b', 'p') and o.typelem = 0"
            " or o.typtype = 'c' and exists (select from pg_class c where c.oid = o.typrelid and c.relkind = 'c'))",
        ),
        ("pg_enum", "true"),
        ("pg_range", "o.rngtypid >= 16384"),
        ("pg_constraint", "o.contypid >= 16384"),
    ),
    "routines": (("pg_proc", "o.oid >= 16384"), ("pg_aggregate", "o.aggfnoid >= 16384")),
    "rules": (("pg_rewrite", "o.oid >= 16384"),),
    "triggers": (("pg_trigger", "o.tgconstraint = 0 or not o.tgisinternal"),),
    "policies": (("pg_policy", "true"),),
    "statistics": (("pg_statistic_ext", "true"),),
    "sequences": (
        ("pg_sequence", "true"),
        ("pg_class", "o.oid >= 16384 and o.relkind = 'S'"),
        (
            "pg_sequence s join pg_depend",
            "o.classid = 'pg_class'::regclass and o.objid = s.seqrelid and o.deptype in ('a', 'i')",
        ),
    ),
    "schemas": (("pg_namespace", "true"),),
    "comments": (("pg_description", "o.objoid >= 16384 or o.classoid = 'pg_namespace'::regclass"),),
    "default grants": (("pg_default_acl", "true"),),
    "event triggers": (("pg_event_trigger", "true"),),
    "extensions": (
        ("pg_extension", "true"),
        ("pg_depend", "o.refclassid = 'pg_extension'::regclass and o.deptype = 'e'"),
    ),
    "rare": (
        *((name, "o.oid >= 16384") for name in _RARE),
        ("pg_ts_config_map", "o.mapcfg >= 16384"),
    ),
}


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """`relations` has one for each table and index, `sources` one for each of the other kinds of objects."""

    relations: dict[int, int] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)


class _Sums(NamedTuple):
    """The fingerprints as they are asked for: two objects of JSON."""

    relations: str | None
    sources: str


def question(version: int) -> str:
    """What to ask a server of this `server_version_num`: one row, for `take`."""
    relations = " union all ".join(
        f"select o.{key} as k, {_HASH.format('o')}::int8 as h from {table} o where o.{key} >= 16384 and {condition}"
        for table, key, condition in _OF_RELATIONS
    )
    rows = []
    for name, tables in _SOURCES.items():
        found = [_sum(table, condition) for table, condition in tables]
        if name == "rare":
            found += _without_versions(version)
        rows.append(f"select '{name}' as k, concat_ws(' ', {', '.join(f'({one})' for one in found)}) as h")
    # Who may read pg_authid differs; the names in it are everybody's.
    rows.append("select 'roles', string_agg(oid || ' ' || rolname, ',' order by oid) from pg_roles where oid >= 16384")
    return (
        "select (select json_object_agg(k, h)::text"
        f" from (select k, sum(h) as h from ({relations}) a group by k) b) as relations,"
        f" (select json_object_agg(k, h)::text from ({' union all '.join(rows)}) c) as sources"
    )


def take(access: Reader, asked: str) -> Fingerprints:
    """The fingerprints of everything, now."""
    (sums,) = answers(access, _Sums, asked)
    relations = {int(key): value for key, value in json.loads(sums.relations or "{}").items()}
    return Fingerprints(relations, json.loads(sums.sources))


def _sum(table: str, condition: str) -> str:
    joined = f"{table} o on {condition}" if " join " in table else f"{table} o where {condition}"
    return f"select count(*) || ':' || coalesce(sum({_HASH.format('o')}::int8), 0) from {joined}"


def _without_versions(version: int) -> list[str]:
    """Some are views, or only in later servers, or readable in part."""
    mappings = "select string_agg(concat_ws(' ', umid, usename, umoptions), ',' order by umid)"
    columns = "subname, subowner, subenabled, subpublications, subslotname"
    subscriptions = f"select string_agg(row({columns})::text, ',' order by subname) from pg_subscription"
    found = [f"{mappings} from pg_user_mappings", subscriptions]
    if version >= 150000:
        found.append(_sum("pg_publication_namespace", "true"))
    return found
