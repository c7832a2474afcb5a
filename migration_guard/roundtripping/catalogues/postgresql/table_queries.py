"""The questions about PostgreSQL's tables and what belongs to them, with the rows of their answers. Knows SQL."""

from __future__ import annotations

from typing import Annotated, NamedTuple, TypedDict

from migration_guard.roundtripping.catalogues.named_rows import FromVersion
from migration_guard.roundtripping.catalogues.postgresql.queries import CatalogueQuery, grants_on, role_name, unowned


class ParentTable(TypedDict):
    """A table that another one inherits from, or is a partition of."""

    schema: str
    name: str


class RelationRow(NamedTuple):
    """A table or a view. `relation`, here and below, is its number."""

    relation: Annotated[int, "r.oid::int8"]
    schema: Annotated[str, "r.nspname"]
    name: Annotated[str, "r.relname"]
    kind: Annotated[str, "r.relkind"]
    persistence: Annotated[str, "r.relpersistence"]
    owner: Annotated[str, role_name("r.relowner")]
    grants: Annotated[str | None, grants_on("r.relacl", "r", "r.relowner")]
    row_security: Annotated[bool, "r.relrowsecurity"]
    forced_row_security: Annotated[bool, "r.relforcerowsecurity"]
    replica_identity: Annotated[str, "r.relreplident"]
    options: Annotated[str | None, "array_to_string(r.reloptions, ', ')"]
    toast_options: Annotated[
        str | None, "(select array_to_string(t.reloptions, ', ') from pg_class t where t.oid = r.reltoastrelid)"
    ]
    partition_key: Annotated[str | None, "case when r.relkind = 'p' then pg_get_partkeydef(r.oid) end"]
    partition_bound: Annotated[str | None, "pg_get_expr(r.relpartbound, r.oid)"]
    parents: Annotated[
        list[ParentTable] | None,
        "(select json_agg(json_build_object('schema', pn.nspname, 'name', p.relname) order by i.inhseqno)"
        " from pg_inherits i join pg_class p on p.oid = i.inhparent join pg_namespace pn on"
        " pn.oid = p.relnamespace where i.inhrelid = r.oid)",
    ]
    of_type: Annotated[str | None, "case when r.reloftype <> 0 then format_type(r.reloftype, null) end"]
    access_method: Annotated[str | None, "(select amname from pg_am where oid = r.relam)"]
    tablespace: Annotated[str | None, "(select spcname from pg_tablespace where oid = r.reltablespace)"]
    server: Annotated[
        str | None,
        "case when r.relkind = 'f' then (select concat_ws(' ', s.srvname, array_to_string(f.ftoptions, ', '))"
        " from pg_foreign_table f join pg_foreign_server s on s.oid = f.ftserver where f.ftrelid = r.oid) end",
    ]


RELATIONS = CatalogueQuery(RelationRow, "from r", ("relations",))


class ColumnRow(NamedTuple):
    """A column of a table or a view."""

    relation: Annotated[int, "a.attrelid::int8"]
    number: Annotated[int, "a.attnum"]
    name: Annotated[str, "a.attname"]
    type: Annotated[str, "format_type(a.atttypid, a.atttypmod)"]
    required: Annotated[bool, "a.attnotnull"]
    identity: Annotated[str, "a.attidentity"]
    generated: Annotated[str, "a.attgenerated"]
    collation: Annotated[
        str | None,
        "case when a.attcollation <> t.typcollation then"
        " (select collname from pg_collation where oid = a.attcollation) end",
    ]
    default: Annotated[str | None, "case when a.atthasdef then pg_get_expr(d.adbin, d.adrelid) end"]
    storage: Annotated[str | None, "case when a.attstorage <> t.typstorage then a.attstorage end"]
    compression: Annotated[str | None, FromVersion(140000, "nullif(a.attcompression, '')")]
    statistics: Annotated[int | None, "nullif(a.attstattarget, -1)"]
    grants: Annotated[str | None, grants_on("a.attacl", "c", "r.relowner")]
    options: Annotated[str | None, "array_to_string(a.attoptions, ', ')"]
    foreign_options: Annotated[str | None, "array_to_string(a.attfdwoptions, ', ')"]


COLUMNS = CatalogueQuery(
    ColumnRow,
    "from r join pg_attribute a on a.attrelid = r.oid join pg_type t on t.oid = a.atttypid"
    " left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum"
    " where a.attnum > 0 and not a.attisdropped",
    ("relations",),
)


class ConstraintRow(NamedTuple):
    """A constraint of a table. `columns` are their numbers; `target` is the table that a foreign key refers to."""

    relation: Annotated[int, "k.conrelid::int8"]
    oid: Annotated[int, "k.oid::int8"]
    name: Annotated[str, "k.conname"]
    kind: Annotated[str, "k.contype"]
    definition: Annotated[str, "pg_get_constraintdef(k.oid)"]
    validated: Annotated[bool, "k.convalidated"]
    columns: Annotated[list[int] | None, "k.conkey"]
    backing_index: Annotated[int, "k.conindid::int8"]
    parent: Annotated[int, "k.conparentid::int8"]
    target: Annotated[
        str | None,
        "case when k.contype = 'f' then (select n.nspname || '.' || f.relname from pg_class f"
        " join pg_namespace n on n.oid = f.relnamespace where f.oid = k.confrelid) end",
    ]


CONSTRAINTS = CatalogueQuery(
    ConstraintRow, "from r join pg_constraint k on k.conrelid = r.oid where k.contype <> 't'", ("relations",)
)


class IndexRow(NamedTuple):
    """An index. `columns` are their numbers with blanks between them, 0 for an expression."""

    relation: Annotated[int, "i.indrelid::int8"]
    oid: Annotated[int, "i.indexrelid::int8"]
    schema: Annotated[str, "n.nspname"]
    name: Annotated[str, "c.relname"]
    definition: Annotated[str, "pg_get_indexdef(i.indexrelid)"]
    unique: Annotated[bool, "i.indisunique"]
    valid: Annotated[bool, "i.indisvalid"]
    clustered: Annotated[bool, "i.indisclustered"]
    replica_identity: Annotated[bool, "i.indisreplident"]
    columns: Annotated[str, "i.indkey::text"]
    parent: Annotated[int | None, "(select inhparent::int8 from pg_inherits where inhrelid = i.indexrelid limit 1)"]
    options: Annotated[str | None, "array_to_string(c.reloptions, ', ')"]
    tablespace: Annotated[str | None, "(select spcname from pg_tablespace where oid = c.reltablespace)"]
    statistics: Annotated[
        str | None,
        "case when i.indexprs is not null then (select string_agg(attnum || ' ' || attstattarget, ', '"
        " order by attnum) from pg_attribute where attrelid = i.indexrelid and attstattarget >= 0) end",
    ]


INDEXES = CatalogueQuery(
    IndexRow,
    "from r join pg_index i on i.indrelid = r.oid join pg_class c on c.oid = i.indexrelid"
    " join pg_namespace n on n.oid = c.relnamespace",
    ("relations",),
)


class ViewRow(NamedTuple):
    """What a view selects."""

    relation: Annotated[int, "r.oid::int8"]
    definition: Annotated[str, "pg_get_viewdef(r.oid)"]


VIEWS = CatalogueQuery(ViewRow, "from r where r.relkind in ('v', 'm')", ("relations", "rules", "routines", "types"))


class TriggerRow(NamedTuple):
    """A trigger. `parent` is that of the partitioned table."""

    relation: Annotated[int, "r.oid::int8"]
    oid: Annotated[int, "g.oid::int8"]
    name: Annotated[str, "g.tgname"]
    definition: Annotated[str, "pg_get_triggerdef(g.oid)"]
    enabled: Annotated[str, "g.tgenabled"]
    parent: Annotated[int | None, FromVersion(130000, "g.tgparentid::int8")]


TRIGGERS = CatalogueQuery(
    TriggerRow, "from r join pg_trigger g on g.tgrelid = r.oid where not g.tgisinternal", ("triggers",)
)


class RuleRow(NamedTuple):
    """A rule that rewrites queries."""

    relation: Annotated[int, "r.oid::int8"]
    oid: Annotated[int, "w.oid::int8"]
    name: Annotated[str, "w.rulename"]
    definition: Annotated[str, "pg_get_ruledef(w.oid)"]
    enabled: Annotated[str, "w.ev_enabled"]


RULES = CatalogueQuery(
    RuleRow,
    "from r join pg_rewrite w on w.ev_class = r.oid where w.rulename <> '_RETURN'",
    ("relations", "rules", "routines", "types"),
)


class PolicyRow(NamedTuple):
    """A policy of row level security."""

    relation: Annotated[int, "r.oid::int8"]
    oid: Annotated[int, "p.oid::int8"]
    name: Annotated[str, "p.polname"]
    command: Annotated[str, "p.polcmd"]
    permissive: Annotated[bool, "p.polpermissive"]
    roles: Annotated[
        str | None,
        "(select string_agg(case o when 0 then 'public' else pg_get_userbyid(o)::text end, ', ')"
        " from unnest(p.polroles) o)",
    ]
    using: Annotated[str | None, "pg_get_expr(p.polqual, p.polrelid)"]
    check: Annotated[str | None, "pg_get_expr(p.polwithcheck, p.polrelid)"]


POLICIES = CatalogueQuery(PolicyRow, "from r join pg_policy p on p.polrelid = r.oid", ("policies",))


class StatisticsRow(NamedTuple):
    """Extended statistics of a table."""

    relation: Annotated[int, "s.stxrelid::int8"]
    oid: Annotated[int, "s.oid::int8"]
    schema: Annotated[str, "n.nspname"]
    name: Annotated[str, "s.stxname"]
    definition: Annotated[str, "pg_get_statisticsobjdef(s.oid)"]
    owner: Annotated[str, role_name("s.stxowner")]
    target: Annotated[int | None, FromVersion(130000, "nullif(s.stxstattarget, -1)")]


STATISTICS = CatalogueQuery(
    StatisticsRow, "from pg_statistic_ext s join u n on n.oid = s.stxnamespace", ("statistics",)
)


class OwningColumn(TypedDict):
    """The column that a sequence belongs to. `dependency` is "i" where it is an identity column."""

    dependency: str
    schema: str
    table: str
    column: str


class SequenceRow(NamedTuple):
    """A sequence."""

    oid: Annotated[int, "c.oid::int8"]
    schema: Annotated[str, "n.nspname"]
    name: Annotated[str, "c.relname"]
    persistence: Annotated[str, "c.relpersistence"]
    owner: Annotated[str, role_name("c.relowner")]
    grants: Annotated[str | None, grants_on("c.relacl", "s", "c.relowner")]
    type: Annotated[str, "format_type(s.seqtypid, null)"]
    start: Annotated[int, "s.seqstart"]
    increment: Annotated[int, "s.seqincrement"]
    minimum: Annotated[int, "s.seqmin"]
    maximum: Annotated[int, "s.seqmax"]
    cache: Annotated[int, "s.seqcache"]
    cycle: Annotated[bool, "s.seqcycle"]
    column: Annotated[
        OwningColumn | None,
        "(select json_build_object('dependency', d.deptype, 'schema', tn.nspname, 'table', t.relname,"
        " 'column', a.attname) from pg_depend d join pg_class t"
        " on t.oid = d.refobjid join pg_namespace tn on tn.oid = t.relnamespace join pg_attribute a"
        " on a.attrelid = d.refobjid and a.attnum = d.refobjsubid where d.classid = 'pg_class'::regclass and"
        " d.objid = c.oid and d.objsubid = 0 and d.deptype in ('a', 'i') and"
        " d.refclassid = 'pg_class'::regclass limit 1)",
    ]


SEQUENCES = CatalogueQuery(
    SequenceRow,
    "from pg_class c join u n on n.oid = c.relnamespace join pg_sequence s on s.seqrelid = c.oid"
    f" where c.relkind = 'S' and {unowned('c.oid', 'pg_class')}",
    ("sequences",),
)

# Those that are asked again for some tables only.
OF_SOME_TABLES = (RELATIONS, COLUMNS, CONSTRAINTS, INDEXES)
OF_ALL_TABLES = (VIEWS, TRIGGERS, RULES, POLICIES, STATISTICS, SEQUENCES)
