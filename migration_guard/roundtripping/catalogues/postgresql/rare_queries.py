"""The kinds of objects that few PostgreSQL databases have, as one question. Knows SQL and versions."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from migration_guard.roundtripping.catalogues.postgresql.queries import CatalogueQuery, grants_on, role_name, unowned


class RareKind(NamedTuple):
    """
    A kind of objects, which `catalogue` has as `o`. `name` and `properties` are SQL; `join` is what they need besides.
    """

    catalogue: str
    kind: str
    name: str
    properties: dict[str, str]
    join: str = ""


class RareRow(NamedTuple):
    """An object of such a kind. `catalogue` is the one that has its number."""

    catalogue: Annotated[str, "o.catalogue"]
    oid: Annotated[int, "o.oid"]
    kind: Annotated[str, "o.kind"]
    name: Annotated[str, "o.name"]
    properties: Annotated[dict[str, str | int | bool | None], "o.properties"]


def rare(version: int) -> CatalogueQuery:
    """All these kinds, for a server of this `server_version_num`."""
    found = []
    for one in _kinds(version):
        pairs = ", ".join(f"'{word}', {expression}" for word, expression in one.properties.items())
        # Whose number not everybody may read is told by its name alone.
        oid = {"user mapping": "o.umid", "subscription": "16384"}.get(one.kind, "o.oid")
        found.append(
            f"select '{one.catalogue}' as catalogue, {oid}::int8 as oid, '{one.kind}' as kind,"
            f" ({one.name})::text as name, json_build_object({pairs}) as properties"
            f" from {one.catalogue} o {one.join} where {oid} >= 16384 and {unowned(oid, one.catalogue)}"
        )
    return CatalogueQuery(RareRow, f"from ({' union all '.join(found)}) o", ("rare",))


def _kinds(version: int) -> tuple[RareKind, ...]:
    def in_schema(column: str) -> str:
        return f"join u n on n.oid = o.{column}"

    options = "array_to_string(o.{}, ', ')"
    locale = "o.colllocale" if version >= 170000 else "o.colliculocale" if version >= 150000 else "null"
    published = "pn.nspname || '.' || pc.relname"
    if version >= 150000:
        published += (
            " || coalesce(' (' || (select string_agg(a.attname, ', ' order by a.attnum) from pg_attribute a"
            " where a.attrelid = m.prrelid and a.attnum = any(m.prattrs)) || ')', '')"
            " || coalesce(' where ' || pg_get_expr(m.prqual, m.prrelid), '')"
        )
    operations = ", ".join(
        f"case when o.pub{word} then '{word}' end" for word in ("insert", "update", "delete", "truncate")
    )
    publication = {
        "owner": role_name("o.pubowner"),
        "all tables": "o.puballtables",
        "operations": f"concat_ws(', ', {operations})",
        "tables": f"(select string_agg({published}, ', ' order by {published}) from pg_publication_rel m"
        " join pg_class pc on pc.oid = m.prrelid join pg_namespace pn on pn.oid = pc.relnamespace"
        " where m.prpubid = o.oid)",
    }
    if version >= 130000:
        publication["via root"] = "o.pubviaroot"
    if version >= 150000:
        publication["schemas"] = (
            "(select string_agg(n.nspname, ', ' order by n.nspname) from pg_publication_namespace m"
            " join pg_namespace n on n.oid = m.pnnspid where m.pnpubid = o.oid)"
        )
    return (
        RareKind(
            "pg_collation",
            "collation",
            "n.nspname || '.' || o.collname",
            {
                "owner": role_name("o.collowner"),
                "provider": "o.collprovider",
                "locale": f"coalesce({locale}, o.collcollate)",
                "ctype": "o.collctype",
                "deterministic": "o.collisdeterministic",
                "encoding": "o.collencoding",
                "rules": "o.collicurules" if version >= 160000 else "null",
            },
            in_schema("collnamespace"),
        ),
        RareKind(
            "pg_cast",
            "cast",
            "format_type(o.castsource, null) || ' as ' || format_type(o.casttarget, null)",
            {
                "function": "nullif(o.castfunc, 0)::regprocedure::text",
                "context": "o.castcontext",
                "method": "o.castmethod",
            },
        ),
        RareKind(
            "pg_operator",
            "operator",
            "n.nspname || '.' || o.oprname || '(' || concat_ws(', ', format_type(nullif(o.oprleft, 0), null),"
            " format_type(nullif(o.oprright, 0), null)) || ')'",
            {
                "owner": role_name("o.oprowner"),
                "function": "nullif(o.oprcode, 0)::oid::regprocedure::text",
                "result": "format_type(o.oprresult, null)",
                "commutator": "nullif(o.oprcom, 0)::regoperator::text",
                "negator": "nullif(o.oprnegate, 0)::regoperator::text",
                "restrict": "nullif(o.oprrest, 0)::regproc::text",
                "join": "nullif(o.oprjoin, 0)::regproc::text",
                "hashes": "o.oprcanhash",
                "merges": "o.oprcanmerge",
            },
            in_schema("oprnamespace"),
        ),
        RareKind(
            "pg_opclass",
            "operator class",
            "n.nspname || '.' || o.opcname || ' using ' || (select amname from pg_am where oid = o.opcmethod)",
            {
                "owner": role_name("o.opcowner"),
                "type": "format_type(o.opcintype, null)",
                "default": "o.opcdefault",
                "storage": "format_type(nullif(o.opckeytype, 0), null)",
                "family": "(select opfname from pg_opfamily where oid = o.opcfamily)",
            },
            in_schema("opcnamespace"),
        ),
        RareKind(
            "pg_opfamily",
            "operator family",
            "n.nspname || '.' || o.opfname || ' using ' || (select amname from pg_am where oid = o.opfmethod)",
            {
                "owner": role_name("o.opfowner"),
                "operators": "(select string_agg(w, ', ' order by w) from (select amopstrategy || ' ' ||"
                " amopopr::regoperator::text as w from pg_amop where amopfamily = o.oid) g)",
                "functions": "(select string_agg(w, ', ' order by w) from (select amprocnum || ' ' ||"
                " amproc::oid::regprocedure::text as w from pg_amproc where amprocfamily = o.oid) g)",
            },
            in_schema("opfnamespace"),
        ),
        RareKind(
            "pg_ts_config",
            "text search configuration",
            "n.nspname || '.' || o.cfgname",
            {
                "owner": role_name("o.cfgowner"),
                "parser": "(select prsname from pg_ts_parser where oid = o.cfgparser)",
                "mappings": "(select string_agg(maptokentype || ' ' || mapdict::regdictionary::text, ', '"
                " order by maptokentype, mapseqno) from pg_ts_config_map where mapcfg = o.oid)",
            },
            in_schema("cfgnamespace"),
        ),
        RareKind(
            "pg_ts_dict",
            "text search dictionary",
            "n.nspname || '.' || o.dictname",
            {
                "owner": role_name("o.dictowner"),
                "template": "(select tmplname from pg_ts_template where oid = o.dicttemplate)",
                "options": "o.dictinitoption",
            },
            in_schema("dictnamespace"),
        ),
        RareKind(
            "pg_foreign_data_wrapper",
            "foreign data wrapper",
            "o.fdwname",
            {
                "owner": role_name("o.fdwowner"),
                "handler": "nullif(o.fdwhandler, 0)::regproc::text",
                "validator": "nullif(o.fdwvalidator, 0)::regproc::text",
                "options": options.format("fdwoptions"),
                "grants": grants_on("o.fdwacl", "F", "o.fdwowner"),
            },
        ),
        RareKind(
            "pg_foreign_server",
            "server",
            "o.srvname",
            {
                "owner": role_name("o.srvowner"),
                "wrapper": "(select fdwname from pg_foreign_data_wrapper where oid = o.srvfdw)",
                "type": "o.srvtype",
                "version": "o.srvversion",
                "options": options.format("srvoptions"),
                "grants": grants_on("o.srvacl", "S", "o.srvowner"),
            },
        ),
        RareKind("pg_publication", "publication", "o.pubname", publication),
        RareKind(
            "pg_language",
            "language",
            "o.lanname",
            {
                "owner": role_name("o.lanowner"),
                "trusted": "o.lanpltrusted",
                "handler": "nullif(o.lanplcallfoid, 0)::regproc::text",
                "grants": grants_on("o.lanacl", "l", "o.lanowner"),
            },
        ),
        RareKind(
            "pg_am",
            "access method",
            "o.amname",
            {"handler": "o.amhandler::text", "type": "o.amtype"},
        ),
        RareKind(
            "pg_transform",
            "transform",
            "format_type(o.trftype, null) || ' for ' || (select lanname from pg_language where oid = o.trflang)",
            {"from": "o.trffromsql::text", "to": "o.trftosql::text"},
        ),
        RareKind(
            "pg_conversion",
            "conversion",
            "n.nspname || '.' || o.conname",
            {
                "owner": role_name("o.conowner"),
                "from": "pg_encoding_to_char(o.conforencoding)",
                "to": "pg_encoding_to_char(o.contoencoding)",
                "function": "o.conproc::text",
                "default": "o.condefault",
            },
            in_schema("connamespace"),
        ),
        RareKind(
            "pg_subscription",
            "subscription",
            "o.subname",
            {
                "owner": role_name("o.subowner"),
                "enabled": "o.subenabled",
                "publications": "array_to_string(o.subpublications, ', ')",
                "slot": "o.subslotname",
            },
            "join pg_database b on b.oid = o.subdbid and b.datname = current_database()",
        ),
        RareKind(
            "pg_user_mappings",
            "user mapping",
            "o.usename || ' for ' || o.srvname",
            {"options": "array_to_string(o.umoptions, ', ')"},
        ),
    )
