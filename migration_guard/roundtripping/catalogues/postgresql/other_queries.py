"""
The questions about what PostgreSQL has beside tables: types, routines, schemas and more, with the rows of their
answers. Knows SQL.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple, TypedDict

from migration_guard.roundtripping.catalogues.named_rows import FromVersion
from migration_guard.roundtripping.catalogues.postgresql.queries import CatalogueQuery, grants_on, role_name, unowned

_OF_USERS = f"join u n on n.oid = t.typnamespace where {unowned('t.oid', 'pg_type')} and"
_TYPE_GRANTS = grants_on("t.typacl", "T", "t.typowner")


class EnumLabel(TypedDict):
    """A value of an enum."""

    oid: int
    label: str


class EnumRow(NamedTuple):
    """An enum."""

    oid: Annotated[int, "t.oid::int8"]
    schema: Annotated[str, "n.nspname"]
    name: Annotated[str, "t.typname"]
    owner: Annotated[str, role_name("t.typowner")]
    grants: Annotated[str | None, _TYPE_GRANTS]
    labels: Annotated[
        list[EnumLabel] | None,
        "(select json_agg(json_build_object('oid', e.oid::int8, 'label', e.enumlabel)"
        " order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid)",
    ]


ENUMS = CatalogueQuery(EnumRow, f"from pg_type t {_OF_USERS} t.typtype = 'e'", ("types",))


class DomainConstraint(TypedDict):
    """A constraint of a domain."""

    oid: int
    name: str
    kind: str
    definition: str


class DomainRow(NamedTuple):
    """A domain."""

    oid: Annotated[int, "t.oid::int8"]
    schema: Annotated[str, "n.nspname"]
    name: Annotated[str, "t.typname"]
    owner: Annotated[str, role_name("t.typowner")]
    grants: Annotated[str | None, _TYPE_GRANTS]
    type: Annotated[str, "format_type(t.typbasetype, t.typtypmod)"]
    required: Annotated[bool, "t.typnotnull"]
    default: Annotated[str | None, "t.typdefault"]
    collation: Annotated[
        str | None,
        "(select c.collname from pg_collation c, pg_type b where b.oid = t.typbasetype"
        " and c.oid = t.typcollation and t.typcollation <> b.typcollation)",
    ]
    constraints: Annotated[
        list[DomainConstraint] | None,
        "(select json_agg(json_build_object('oid', k.oid::int8, 'name', k.conname, 'kind', k.contype,"
        " 'definition', pg_get_constraintdef(k.oid)) order by k.conname) from pg_constraint k"
        " where k.contypid = t.oid)",
    ]


DOMAINS = CatalogueQuery(DomainRow, f"from pg_type t {_OF_USERS} t.typtype = 'd'", ("types",))


class CompositeAttribute(TypedDict):
    """An attribute of a composite type."""

    number: int
    name: str
    type: str
    collation: str | None


class CompositeRow(NamedTuple):
    """A composite type. Comments on its attributes are comments on columns of `relation`."""

    oid: Annotated[int, "t.oid::int8"]
    schema: Annotated[str, "n.nspname"]
    name: Annotated[str, "t.typname"]
    owner: Annotated[str, role_name("t.typowner")]
    grants: Annotated[str | None, _TYPE_GRANTS]
    relation: Annotated[int, "c.oid::int8"]
    attributes: Annotated[
        list[CompositeAttribute] | None,
        "(select json_agg(json_build_object('number', a.attnum, 'name', a.attname, 'type',"
        " format_type(a.atttypid, a.atttypmod), 'collation',"
        " case when a.attcollation <> b.typcollation then (select collname from pg_collation"
        " where oid = a.attcollation) end) order by a.attname) from pg_attribute a join pg_type b"
        " on b.oid = a.atttypid where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped)",
    ]


COMPOSITES = CatalogueQuery(
    CompositeRow,
    f"from pg_type t join pg_class c on c.oid = t.typrelid {_OF_USERS} t.typtype = 'c' and c.relkind = 'c'",
    ("relations", "types"),
)


class RangeRow(NamedTuple):
    """A range type."""

    oid: Annotated[int, "t.oid::int8"]
    schema: Annotated[str, "n.nspname"]
    name: Annotated[str, "t.typname"]
    owner: Annotated[str, role_name("t.typowner")]
    grants: Annotated[str | None, _TYPE_GRANTS]
    subtype: Annotated[str, "format_type(g.rngsubtype, null)"]
    operator_class: Annotated[str, "(select opcname from pg_opclass where oid = g.rngsubopc)"]
    collation: Annotated[str | None, "(select collname from pg_collation where oid = nullif(g.rngcollation, 0))"]
    canonical: Annotated[str | None, "nullif(g.rngcanonical, 0)::regproc::text"]
    difference: Annotated[str | None, "nullif(g.rngsubdiff, 0)::regproc::text"]
    multirange: Annotated[str | None, FromVersion(140000, "g.rngmultitypid::regtype::text")]


RANGES = CatalogueQuery(
    RangeRow, f"from pg_type t join pg_range g on g.rngtypid = t.oid {_OF_USERS} t.typtype = 'r'", ("types",)
)


class BaseTypeRow(NamedTuple):
    """A type that is made of functions."""

    oid: Annotated[int, "t.oid::int8"]
    schema: Annotated[str, "n.nspname"]
    name: Annotated[str, "t.typname"]
    owner: Annotated[str, role_name("t.typowner")]
    grants: Annotated[str | None, _TYPE_GRANTS]
    length: Annotated[int, "t.typlen"]
    input: Annotated[str, "t.typinput::text"]
    output: Annotated[str, "t.typoutput::text"]
    default: Annotated[str | None, "t.typdefault"]
    storage: Annotated[str, "t.typstorage"]


BASE_TYPES = CatalogueQuery(
    BaseTypeRow,
    f"from pg_type t {_OF_USERS} t.typtype in ('b', 'p') and (t.typelem = 0 or t.typlen <> -1)",
    ("types",),
)


class FunctionRow(NamedTuple):
    """A function or a procedure. `arguments` are their types."""

    oid: Annotated[int, "p.oid::int8"]
    schema: Annotated[str, "n.nspname"]
    name: Annotated[str, "p.proname"]
    arguments: Annotated[str, "oidvectortypes(p.proargtypes)"]
    owner: Annotated[str, role_name("p.proowner")]
    grants: Annotated[str | None, grants_on("p.proacl", "f", "p.proowner")]
    kind: Annotated[str, "p.prokind"]
    definition: Annotated[str, "pg_get_functiondef(p.oid)"]


FUNCTIONS = CatalogueQuery(
    FunctionRow,
    f"from pg_proc p join u n on n.oid = p.pronamespace where {unowned('p.oid', 'pg_proc')} and p.prokind <> 'a'",
    ("routines", "relations"),
)


class AggregateRow(NamedTuple):
    """An aggregate function. `arguments` are their types, `signature` also says their names."""

    oid: Annotated[int, "p.oid::int8"]
    schema: Annotated[str, "n.nspname"]
    name: Annotated[str, "p.proname"]
    arguments: Annotated[str, "oidvectortypes(p.proargtypes)"]
    owner: Annotated[str, role_name("p.proowner")]
    grants: Annotated[str | None, grants_on("p.proacl", "f", "p.proowner")]
    signature: Annotated[str, "pg_get_function_arguments(p.oid)"]
    result: Annotated[str, "pg_get_function_result(p.oid)"]
    details: Annotated[str, "(to_jsonb(a) - 'aggfnoid' - 'aggtranstype' - 'aggmtranstype' - 'aggsortop')::text"]
    state: Annotated[str, "format_type(a.aggtranstype, null)"]
    order: Annotated[str | None, "nullif(a.aggsortop, 0)::regoperator::text"]
    parallel: Annotated[str, "p.proparallel"]


AGGREGATES = CatalogueQuery(
    AggregateRow,
    "from pg_proc p join pg_aggregate a on a.aggfnoid = p.oid join u n on n.oid = p.pronamespace"
    f" where {unowned('p.oid', 'pg_proc')} and p.prokind = 'a'",
    ("routines",),
)


class SchemaRow(NamedTuple):
    """A schema."""

    oid: Annotated[int, "n.oid::int8"]
    name: Annotated[str, "n.nspname"]
    owner: Annotated[str, role_name("p.nspowner")]
    grants: Annotated[str | None, grants_on("p.nspacl", "n", "p.nspowner")]


SCHEMAS = CatalogueQuery(
    SchemaRow,
    f"from u n join pg_namespace p on p.oid = n.oid where {unowned('n.oid', 'pg_namespace')}",
    ("schemas",),
)


class ExtensionRow(NamedTuple):
    """An extension."""

    oid: Annotated[int, "e.oid::int8"]
    name: Annotated[str, "e.extname"]
    version: Annotated[str, "e.extversion"]
    schema: Annotated[str, "n.nspname"]


EXTENSIONS = CatalogueQuery(
    ExtensionRow, "from pg_extension e join pg_namespace n on n.oid = e.extnamespace", ("extensions",)
)


class CommentRow(NamedTuple):
    """A comment on the object that has this number in this catalogue; `number` is that of a column, or 0."""

    catalogue: Annotated[str, "classoid::regclass::text"]
    oid: Annotated[int, "objoid::int8"]
    number: Annotated[int, "objsubid"]
    text: Annotated[str, "description"]


COMMENTS = CatalogueQuery(
    CommentRow, "from pg_description where objoid >= 16384 or classoid = 'pg_namespace'::regclass", ("comments",)
)


class DefaultGrantsRow(NamedTuple):
    """What is granted on objects that a role will make."""

    role: Annotated[str, role_name("d.defaclrole")]
    schema: Annotated[str | None, "nullif(d.defaclnamespace, 0)::regnamespace::text"]
    kind: Annotated[str, "d.defaclobjtype"]
    grants: Annotated[
        str | None,
        "(select string_agg(w, ', ' order by w) from (select privilege_type || ' to ' || case grantee when 0"
        " then 'public' else pg_get_userbyid(grantee)::text end || case when is_grantable then"
        " ' with grant option' else '' end as w from aclexplode(d.defaclacl)) g)",
    ]


DEFAULT_GRANTS = CatalogueQuery(DefaultGrantsRow, "from pg_default_acl d", ("default grants",))


class EventTriggerRow(NamedTuple):
    """An event trigger."""

    oid: Annotated[int, "e.oid::int8"]
    name: Annotated[str, "e.evtname"]
    event: Annotated[str, "e.evtevent"]
    enabled: Annotated[str, "e.evtenabled"]
    function: Annotated[str, "e.evtfoid::regproc::text"]
    tags: Annotated[str | None, "array_to_string(e.evttags, ', ')"]
    owner: Annotated[str, role_name("e.evtowner")]


EVENT_TRIGGERS = CatalogueQuery(
    EventTriggerRow,
    f"from pg_event_trigger e where {unowned('e.oid', 'pg_event_trigger')}",
    ("event triggers",),
)

OTHER_QUERIES = (
    *(ENUMS, DOMAINS, COMPOSITES, RANGES, BASE_TYPES),
    *(FUNCTIONS, AGGREGATES),
    *(SCHEMAS, EXTENSIONS, COMMENTS, DEFAULT_GRANTS, EVENT_TRIGGERS),
)
