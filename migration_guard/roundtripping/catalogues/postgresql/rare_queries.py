"""The kinds of objects that few PostgreSQL databases have, as questions. Knows SQL and versions."""

from __future__ import annotations

from migration_guard.roundtripping.catalogues.postgresql.queries import CatalogueQuery, grants, owner, unowned


def rare(version: int) -> tuple[CatalogueQuery, ...]:
    """The kinds that few databases have: rows of (catalogue, oid, kind, name, table, {property: value})."""
    found = []
    for source, kind, name, properties, rest in _rare(version):
        pairs = ", ".join(f"'{word}', {expression}" for word, expression in properties.items())
        # Whose number not everybody may read is told by its name alone.
        oid = {"user mapping": "o.umid", "subscription": "16384"}.get(kind, "o.oid")
        fields = (f"'{source}'", f"{oid}::int8", f"'{kind}'", name, f"json_build_object({pairs})")
        condition = f"{oid} >= 16384 and {unowned(oid, source)}"
        found.append(CatalogueQuery(f"plain {kind}", fields, f"from {source} o {rest} where {condition}", ("rare",)))
    return tuple(found)


def _rare(version: int) -> tuple[tuple[str, str, str, dict[str, str], str], ...]:
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
        "owner": owner("o.pubowner"),
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
        (
            "pg_collation",
            "collation",
            "n.nspname || '.' || o.collname",
            {
                "owner": owner("o.collowner"),
                "provider": "o.collprovider",
                "locale": f"coalesce({locale}, o.collcollate)",
                "ctype": "o.collctype",
                "deterministic": "o.collisdeterministic",
                "encoding": "o.collencoding",
                "rules": "o.collicurules" if version >= 160000 else "null",
            },
            in_schema("collnamespace"),
        ),
        (
            "pg_cast",
            "cast",
            "format_type(o.castsource, null) || ' as ' || format_type(o.casttarget, null)",
            {
                "function": "nullif(o.castfunc, 0)::regprocedure::text",
                "context": "o.castcontext",
                "method": "o.castmethod",
            },
            "",
        ),
        (
            "pg_operator",
            "operator",
            "n.nspname || '.' || o.oprname || '(' || concat_ws(', ', format_type(nullif(o.oprleft, 0), null),"
            " format_type(nullif(o.oprright, 0), null)) || ')'",
            {
                "owner": owner("o.oprowner"),
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
        (
            "pg_opclass",
            "operator class",
            "n.nspname || '.' || o.opcname || ' using ' || (select amname from pg_am where oid = o.opcmethod)",
            {
                "owner": owner("o.opcowner"),
                "type": "format_type(o.opcintype, null)",
                "default": "o.opcdefault",
                "storage": "format_type(nullif(o.opckeytype, 0), null)",
                "family": "(select opfname from pg_opfamily where oid = o.opcfamily)",
            },
            in_schema("opcnamespace"),
        ),
        (
            "pg_opfamily",
            "operator family",
            "n.nspname || '.' || o.opfname || ' using ' || (select amname from pg_am where oid = o.opfmethod)",
            {
                "owner": owner("o.opfowner"),
                "operators": "(select string_agg(w, ', ' order by w) from (select amopstrategy || ' ' ||"
                " amopopr::regoperator::text as w from pg_amop where amopfamily = o.oid) g)",
                "functions": "(select string_agg(w, ', ' order by w) from (select amprocnum || ' ' ||"
                " amproc::oid::regprocedure::text as w from pg_amproc where amprocfamily = o.oid) g)",
            },
            in_schema("opfnamespace"),
        ),
        (
            "pg_ts_config",
            "text search configuration",
            "n.nspname || '.' || o.cfgname",
            {
                "owner": owner("o.cfgowner"),
                "parser": "(select prsname from pg_ts_parser where oid = o.cfgparser)",
                "mappings": "(select string_agg(maptokentype || ' ' || mapdict::regdictionary::text, ', '"
                " order by maptokentype, mapseqno) from pg_ts_config_map where mapcfg = o.oid)",
            },
            in_schema("cfgnamespace"),
        ),
        (
            "pg_ts_dict",
            "text search dictionary",
            "n.nspname || '.' || o.dictname",
            {
                "owner": owner("o.dictowner"),
                "template": "(select tmplname from pg_ts_template where oid = o.dicttemplate)",
                "options": "o.dictinitoption",
            },
            in_schema("dictnamespace"),
        ),
        (
            "pg_foreign_data_wrapper",
            "foreign data wrapper",
            "o.fdwname",
            {
                "owner": owner("o.fdwowner"),
                "handler": "nullif(o.fdwhandler, 0)::regproc::text",
                "validator": "nullif(o.fdwvalidator, 0)::regproc::text",
                "options": options.format("fdwoptions"),
                "grants": grants("o.fdwacl", "F", "o.fdwowner"),
            },
            "",
        ),
        (
            "pg_foreign_server",
            "server",
            "o.srvname",
            {
                "owner": owner("o.srvowner"),
                "wrapper": "(select fdwname from pg_foreign_data_wrapper where oid = o.srvfdw)",
                "type": "o.srvtype",
                "version": "o.srvversion",
                "options": options.format("srvoptions"),
                "grants": grants("o.srvacl", "S", "o.srvowner"),
            },
            "",
        ),
        ("pg_publication", "publication", "o.pubname", publication, ""),
        (
            "pg_language",
            "language",
            "o.lanname",
            {
                "owner": owner("o.lanowner"),
                "trusted": "o.lanpltrusted",
                "handler": "nullif(o.lanplcallfoid, 0)::regproc::text",
                "grants": grants("o.lanacl", "l", "o.lanowner"),
            },
            "",
        ),
        (
            "pg_am",
            "access method",
            "o.amname",
            {"handler": "o.amhandler::text", "type": "o.amtype"},
            "",
        ),
        (
            "pg_transform",
            "transform",
            "format_type(o.trftype, null) || ' for ' || (select lanname from pg_language where oid = o.trflang)",
            {"from": "o.trffromsql::text", "to": "o.trftosql::text"},
            "",
        ),
        (
            "pg_conversion",
            "conversion",
            "n.nspname || '.' || o.conname",
            {
                "owner": owner("o.conowner"),
                "from": "pg_encoding_to_char(o.conforencoding)",
                "to": "pg_encoding_to_char(o.contoencoding)",
                "function": "o.conproc::text",
                "default": "o.condefault",
            },
            in_schema("connamespace"),
        ),
        (
            "pg_subscription",
            "subscription",
            "o.subname",
            {
                "owner": owner("o.subowner"),
                "enabled": "o.subenabled",
                "publications": "array_to_string(o.subpublications, ', ')",
                "slot": "o.subslotname",
            },
            "join pg_database b on b.oid = o.subdbid and b.datname = current_database()",
        ),
        (
            "pg_user_mappings",
            "user mapping",
            "o.usename || ' for ' || o.srvname",
            {"options": "array_to_string(o.umoptions, ', ')"},
            "",
        ),
    )
