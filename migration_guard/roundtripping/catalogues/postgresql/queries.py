"""The questions put to PostgreSQL's catalogue, one for each kind of object. Knows SQL and versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Schemas of the user; what an extension owns is the extension's, and the functions of a range type are the type's.
# https://www.postgresql.org/docs/current/catalogs.html
SHARED = """
with u as materialized (select oid, nspname from pg_namespace
    where nspname not in ('pg_catalog', 'information_schema') and nspname !~ '^pg_(toast|temp)'),
x as materialized (select classid, objid from pg_depend where refclassid = 'pg_extension'::regclass and deptype = 'e'
    union all select classid, objid from pg_depend where refclassid = 'pg_type'::regclass and deptype = 'i'
    and classid in ('pg_proc'::regclass, 'pg_cast'::regclass)),
r as materialized (select c.*, n.nspname from pg_class c join u n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f')
    and c.oid not in (select objid from x where classid = 'pg_class'::regclass)
    {only})
"""


@dataclass(frozen=True, slots=True)
class CatalogueQuery:
    """
    One question. `fields` are expressions; `rest` is the statement from `from` on; `sources` name the
    fingerprints that the answer rests on. `of_relations`: its first field is the table that the row belongs to.
    """

    name: str
    fields: tuple[str, ...]
    rest: str
    sources: tuple[str, ...]
    of_relations: bool = False

    def sql(self) -> str:
        """The part as one row: its name, and a JSON array of rows."""
        return (
            f"select '{self.name}', (select coalesce(json_agg(json_build_array({', '.join(self.fields)})), '[]')"
            f"::text {self.rest})"
        )


def statement(parts: Sequence[CatalogueQuery], *, only: str = "") -> str:
    """All these parts in one statement; `only` is a further condition on tables, which are called `c`."""
    return SHARED.format(only=only) + " union all ".join(part.sql() for part in parts)


def grants(acl: str, kind: str, owner: str) -> str:
    """What is granted beyond what the owner of such an object grants by default, and what of that is revoked."""
    who = "case grantee when 0 then 'public' else pg_get_userbyid(grantee)::text end"
    word = f"privilege_type || ' to ' || {who} || case when is_grantable then ' with grant option' else '' end"
    given = f"select grantee, privilege_type, is_grantable from aclexplode({acl})"
    usual = f"select grantee, privilege_type, is_grantable from aclexplode(acldefault('{kind}', {owner}))"
    return (
        f"case when {acl} is not null then (select string_agg(word, ', ' order by word) from ("
        f"select {word} as word from ({given} except {usual}) g "
        f"union all select 'no ' || {word} from ({usual} except {given}) g) w) end"
    )


def unowned(oid: str, catalogue: str) -> str:
    """The condition that no extension owns it."""
    return f"{oid} not in (select objid from x where classid = '{catalogue}'::regclass)"


def owner(column: str) -> str:
    """The name of an owner."""
    return f"pg_get_userbyid({column})"


def parts(version: int) -> tuple[CatalogueQuery, ...]:
    """Every question, for a server of this `server_version_num`."""
    return (*_relations(version), *_of_tables(version), *_types(version), *_routines(), *_others())


def _relations(version: int) -> tuple[CatalogueQuery, ...]:
    compression = "nullif(a.attcompression, '')" if version >= 140000 else "null"
    return (
        CatalogueQuery(
            "relations",
            (
                "r.oid::int8",
                "r.nspname",
                "r.relname",
                "r.relkind",
                "r.relpersistence",
                owner("r.relowner"),
                grants("r.relacl", "r", "r.relowner"),
                "r.relrowsecurity",
                "r.relforcerowsecurity",
                "r.relreplident",
                "array_to_string(r.reloptions, ', ')",
                "(select array_to_string(t.reloptions, ', ') from pg_class t where t.oid = r.reltoastrelid)",
                "case when r.relkind = 'p' then pg_get_partkeydef(r.oid) end",
                "pg_get_expr(r.relpartbound, r.oid)",
                "(select json_agg(json_build_array(i.inhparent::int8, pn.nspname, p.relname) order by i.inhseqno)"
                " from pg_inherits i join pg_class p on p.oid = i.inhparent join pg_namespace pn on"
                " pn.oid = p.relnamespace where i.inhrelid = r.oid)",
                "case when r.reloftype <> 0 then format_type(r.reloftype, null) end",
                "(select amname from pg_am where oid = r.relam)",
                "(select spcname from pg_tablespace where oid = r.reltablespace)",
                "case when r.relkind = 'f' then (select concat_ws(' ', s.srvname, array_to_string(f.ftoptions, ', '))"
                " from pg_foreign_table f join pg_foreign_server s on s.oid = f.ftserver where f.ftrelid = r.oid) end",
            ),
            "from r",
            ("relations",),
            of_relations=True,
        ),
        CatalogueQuery(
            "columns",
            (
                "a.attrelid::int8",
                "a.attnum",
                "a.attname",
                "format_type(a.atttypid, a.atttypmod)",
                "a.attnotnull",
                "a.attidentity",
                "a.attgenerated",
                "case when a.attcollation <> t.typcollation then"
                " (select collname from pg_collation where oid = a.attcollation) end",
                "case when a.atthasdef then pg_get_expr(d.adbin, d.adrelid) end",
                "case when a.attstorage <> t.typstorage then a.attstorage end",
                compression,
                "nullif(a.attstattarget, -1)",
                grants("a.attacl", "c", "r.relowner"),
                "array_to_string(a.attoptions, ', ')",
                "array_to_string(a.attfdwoptions, ', ')",
            ),
            "from r join pg_attribute a on a.attrelid = r.oid join pg_type t on t.oid = a.atttypid"
            " left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum"
            " where a.attnum > 0 and not a.attisdropped",
            ("relations",),
            of_relations=True,
        ),
        CatalogueQuery(
            "constraints",
            (
                "k.conrelid::int8",
                "k.oid::int8",
                "k.conname",
                "k.contype",
                "pg_get_constraintdef(k.oid)",
                "k.convalidated",
                "k.conkey",
                "k.conindid::int8",
                "k.conparentid::int8",
                "k.conislocal",
                "case when k.contype = 'f' then (select n.nspname || '.' || f.relname from pg_class f"
                " join pg_namespace n on n.oid = f.relnamespace where f.oid = k.confrelid) end",
            ),
            "from r join pg_constraint k on k.conrelid = r.oid where k.contype <> 't'",
            ("relations",),
            of_relations=True,
        ),
        CatalogueQuery(
            "indexes",
            (
                "i.indrelid::int8",
                "i.indexrelid::int8",
                "n.nspname",
                "c.relname",
                "pg_get_indexdef(i.indexrelid)",
                "i.indisunique",
                "i.indisvalid",
                "i.indisclustered",
                "i.indisreplident",
                "i.indkey::text",
                "(select inhparent::int8 from pg_inherits where inhrelid = i.indexrelid limit 1)",
                "array_to_string(c.reloptions, ', ')",
                "(select spcname from pg_tablespace where oid = c.reltablespace)",
                "case when i.indexprs is not null then (select string_agg(attnum || ' ' || attstattarget, ', '"
                " order by attnum) from pg_attribute where attrelid = i.indexrelid and attstattarget >= 0) end",
            ),
            "from r join pg_index i on i.indrelid = r.oid join pg_class c on c.oid = i.indexrelid"
            " join pg_namespace n on n.oid = c.relnamespace",
            ("relations",),
            of_relations=True,
        ),
    )


def _of_tables(version: int) -> tuple[CatalogueQuery, ...]:
    parent = "g.tgparentid::int8" if version >= 130000 else "0"
    return (
        CatalogueQuery(
            "views",
            ("r.oid::int8", "pg_get_viewdef(r.oid)"),
            "from r where r.relkind in ('v', 'm')",
            ("relations", "rules", "routines", "types"),
        ),
        CatalogueQuery(
            "triggers",
            ("r.oid::int8", "g.oid::int8", "g.tgname", "pg_get_triggerdef(g.oid)", "g.tgenabled", parent),
            "from r join pg_trigger g on g.tgrelid = r.oid where not g.tgisinternal",
            ("triggers",),
        ),
        CatalogueQuery(
            "rules",
            ("r.oid::int8", "w.oid::int8", "w.rulename", "pg_get_ruledef(w.oid)", "w.ev_enabled"),
            "from r join pg_rewrite w on w.ev_class = r.oid where w.rulename <> '_RETURN'",
            ("relations", "rules", "routines", "types"),
        ),
        CatalogueQuery(
            "policies",
            (
                "r.oid::int8",
                "p.oid::int8",
                "p.polname",
                "p.polcmd",
                "p.polpermissive",
                "(select string_agg(case o when 0 then 'public' else pg_get_userbyid(o)::text end, ', ')"
                " from unnest(p.polroles) o)",
                "pg_get_expr(p.polqual, p.polrelid)",
                "pg_get_expr(p.polwithcheck, p.polrelid)",
            ),
            "from r join pg_policy p on p.polrelid = r.oid",
            ("policies",),
        ),
        CatalogueQuery(
            "statistics",
            (
                "s.stxrelid::int8",
                "s.oid::int8",
                "n.nspname",
                "s.stxname",
                "pg_get_statisticsobjdef(s.oid)",
                owner("s.stxowner"),
                "nullif(s.stxstattarget, -1)" if version >= 130000 else "null",
            ),
            "from pg_statistic_ext s join u n on n.oid = s.stxnamespace",
            ("statistics",),
        ),
        CatalogueQuery(
            "sequences",
            (
                "c.oid::int8",
                "n.nspname",
                "c.relname",
                "c.relpersistence",
                owner("c.relowner"),
                grants("c.relacl", "s", "c.relowner"),
                "format_type(s.seqtypid, null)",
                "s.seqstart",
                "s.seqincrement",
                "s.seqmin",
                "s.seqmax",
                "s.seqcache",
                "s.seqcycle",
                "(select json_build_array(d.deptype, tn.nspname, t.relname, a.attname) from pg_depend d join pg_class t"
                " on t.oid = d.refobjid join pg_namespace tn on tn.oid = t.relnamespace join pg_attribute a"
                " on a.attrelid = d.refobjid and a.attnum = d.refobjsubid where d.classid = 'pg_class'::regclass and"
                " d.objid = c.oid and d.objsubid = 0 and d.deptype in ('a', 'i') and"
                " d.refclassid = 'pg_class'::regclass limit 1)",
            ),
            "from pg_class c join u n on n.oid = c.relnamespace join pg_sequence s on s.seqrelid = c.oid"
            f" where c.relkind = 'S' and {unowned('c.oid', 'pg_class')}",
            ("sequences",),
        ),
    )


def _types(version: int) -> tuple[CatalogueQuery, ...]:
    multirange = "g.rngmultitypid::regtype::text" if version >= 140000 else "null"
    free = f"join u n on n.oid = t.typnamespace where {unowned('t.oid', 'pg_type')} and"
    common = ("t.oid::int8", "n.nspname", "t.typname", owner("t.typowner"), grants("t.typacl", "T", "t.typowner"))
    types = ("types",)
    return (
        CatalogueQuery(
            "enums",
            (
                *common,
                "(select json_agg(json_build_array(e.oid::int8, e.enumlabel)"
                " order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid)",
            ),
            f"from pg_type t {free} t.typtype = 'e'",
            types,
        ),
        CatalogueQuery(
            "domains",
            (
                *common,
                "format_type(t.typbasetype, t.typtypmod)",
                "t.typnotnull",
                "t.typdefault",
                "(select c.collname from pg_collation c, pg_type b where b.oid = t.typbasetype"
                " and c.oid = t.typcollation and t.typcollation <> b.typcollation)",
                "(select json_agg(json_build_array(k.conname, pg_get_constraintdef(k.oid), k.contype, k.oid::int8)"
                " order by k.conname) from pg_constraint k where k.contypid = t.oid)",
            ),
            f"from pg_type t {free} t.typtype = 'd'",
            types,
        ),
        CatalogueQuery(
            "composites",
            (
                *common,
                "c.oid::int8",
                "(select json_agg(json_build_array(a.attnum, a.attname, format_type(a.atttypid, a.atttypmod),"
                " case when a.attcollation <> b.typcollation then (select collname from pg_collation"
                " where oid = a.attcollation) end) order by a.attname) from pg_attribute a join pg_type b"
                " on b.oid = a.atttypid where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped)",
            ),
            f"from pg_type t join pg_class c on c.oid = t.typrelid {free} t.typtype = 'c' and c.relkind = 'c'",
            ("relations", "types"),
        ),
        CatalogueQuery(
            "ranges",
            (
                *common,
                "format_type(g.rngsubtype, null)",
                "(select opcname from pg_opclass where oid = g.rngsubopc)",
                "(select collname from pg_collation where oid = nullif(g.rngcollation, 0))",
                "nullif(g.rngcanonical, 0)::regproc::text",
                "nullif(g.rngsubdiff, 0)::regproc::text",
                multirange,
            ),
            f"from pg_type t join pg_range g on g.rngtypid = t.oid {free} t.typtype = 'r'",
            types,
        ),
        CatalogueQuery(
            "base types",
            (*common, "t.typlen", "t.typinput::text", "t.typoutput::text", "t.typdefault", "t.typstorage"),
            f"from pg_type t {free} t.typtype in ('b', 'p') and (t.typelem = 0 or t.typlen <> -1)",
            types,
        ),
    )


def _routines() -> tuple[CatalogueQuery, ...]:
    common = (
        "p.oid::int8",
        "n.nspname",
        "p.proname",
        "oidvectortypes(p.proargtypes)",
        owner("p.proowner"),
        grants("p.proacl", "f", "p.proowner"),
    )
    free = f"join u n on n.oid = p.pronamespace where {unowned('p.oid', 'pg_proc')} and"
    return (
        CatalogueQuery(
            "functions",
            (*common, "p.prokind", "pg_get_functiondef(p.oid)"),
            f"from pg_proc p {free} p.prokind <> 'a'",
            ("routines", "relations"),
        ),
        CatalogueQuery(
            "aggregates",
            (
                *common,
                "pg_get_function_arguments(p.oid)",
                "pg_get_function_result(p.oid)",
                "(to_jsonb(a) - 'aggfnoid' - 'aggtranstype' - 'aggmtranstype' - 'aggsortop')::text",
                "format_type(a.aggtranstype, null)",
                "nullif(a.aggsortop, 0)::regoperator::text",
                "p.proparallel",
            ),
            f"from pg_proc p join pg_aggregate a on a.aggfnoid = p.oid {free} p.prokind = 'a'",
            ("routines",),
        ),
    )


def _others() -> tuple[CatalogueQuery, ...]:
    return (
        CatalogueQuery(
            "schemas",
            ("n.oid::int8", "n.nspname", owner("p.nspowner"), grants("p.nspacl", "n", "p.nspowner")),
            f"from u n join pg_namespace p on p.oid = n.oid where {unowned('n.oid', 'pg_namespace')}",
            ("schemas",),
        ),
        CatalogueQuery(
            "extensions",
            ("e.oid::int8", "e.extname", "e.extversion", "n.nspname"),
            "from pg_extension e join pg_namespace n on n.oid = e.extnamespace",
            ("extensions",),
        ),
        CatalogueQuery(
            "comments",
            ("classoid::regclass::text", "objoid::int8", "objsubid", "description"),
            "from pg_description where objoid >= 16384 or classoid = 'pg_namespace'::regclass",
            ("comments",),
        ),
        CatalogueQuery(
            "default grants",
            (
                "d.oid::int8",
                owner("d.defaclrole"),
                "nullif(d.defaclnamespace, 0)::regnamespace::text",
                "d.defaclobjtype",
                "(select string_agg(w, ', ' order by w) from (select privilege_type || ' to ' || case grantee when 0"
                " then 'public' else pg_get_userbyid(grantee)::text end || case when is_grantable then"
                " ' with grant option' else '' end as w from aclexplode(d.defaclacl)) g)",
            ),
            "from pg_default_acl d",
            ("default grants",),
        ),
        CatalogueQuery(
            "event triggers",
            (
                "e.oid::int8",
                "e.evtname",
                "e.evtevent",
                "e.evtenabled",
                "e.evtfoid::regproc::text",
                "array_to_string(e.evttags, ', ')",
                owner("e.evtowner"),
            ),
            f"from pg_event_trigger e where {unowned('e.oid', 'pg_event_trigger')}",
            ("event triggers",),
        ),
    )
