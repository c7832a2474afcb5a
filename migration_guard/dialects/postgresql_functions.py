"""
Which of PostgreSQL's functions give another value for each row: a column default that calls one rewrites the table.

The names are those of pg_proc in PostgreSQL 15 and 18 (`provolatile`), less what no default would call; a test compares
them with a server. https://www.postgresql.org/docs/18/xfunc-volatility.html
"""

from __future__ import annotations

from enum import Enum, auto

from migration_guard.model.unknown import Unknown


class Volatility(Enum):
    """What is known of a function, or of all functions of an expression."""

    STEADY = auto()
    """The same value for the whole statement: IMMUTABLE or STABLE."""
    VOLATILE = auto()
    """Another value for every row."""
    UNKNOWN = auto()
    """Not one of PostgreSQL's own."""


def names(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


VOLATILE_BUILT_INS = names(
    """
    array_sample array_shuffle clock_timestamp current_query currval cursor_to_xml cursor_to_xmlschema
    gen_random_uuid lastval loread lowrite nextval query_to_xml query_to_xml_and_xmlschema query_to_xmlschema
    random random_normal set_config setseed setval timeofday ts_rewrite ts_stat txid_status uuidv4 uuidv7
    """
)

# uuid-ossp and pgcrypto: https://www.postgresql.org/docs/18/uuid-ossp.html .../pgcrypto.html
VOLATILE_IN_EXTENSIONS = names("uuid_generate_v1 uuid_generate_v1mc uuid_generate_v4 gen_random_bytes gen_salt")
STEADY_IN_EXTENSIONS = names("uuid_generate_v3 uuid_generate_v5 uuid_nil uuid_ns_dns uuid_ns_url crypt digest hmac")

# The grammar has these without a function of that name in pg_proc.
STEADY_SYNTAX = names(
    """
    array case coalesce cast collate current_catalog current_date current_role current_time current_timestamp greatest
    least localtime localtimestamp nullif row session_user user xmlconcat xmlelement xmlforest xmlparse
    """
)

STEADY_BUILT_INS = names(
    """
    abbrev abs acos acosd acosh age area array_dims array_fill array_length array_lower array_ndims
    array_position array_positions array_remove array_replace array_reverse array_sort array_to_json
    array_to_string array_to_tsvector array_upper ascii asin asind asinh atan atan2 atan2d atand atanh bit
    bit_count bit_length bool box bpchar broadcast btrim bytea cardinality casefold cbrt ceil ceiling center
    char char_length character_length chr cidr circle concat concat_ws convert convert_from convert_to cos cosd
    cosh cot cotd crc32 crc32c current_database current_schema current_schemas current_setting current_user date
    date_add date_bin date_cmp_timestamp date_cmp_timestamptz date_part date_subtract date_trunc datemultirange
    daterange decode degrees diagonal diameter div encode enum_first enum_last enum_range erf erfc exp extract
    factorial family float4 float8 floor format format_type gamma gcd generate_series generate_subscripts
    get_bit get_byte get_current_ts_config getdatabaseencoding height host hostmask inet_client_addr
    inet_client_port inet_merge inet_same_family inet_server_addr inet_server_port initcap int2 int4
    int4multirange int4range int8 int8multirange int8range interval is_normalized isclosed isempty isfinite
    ishorizontal isopen isparallel isperp isvertical json_array_elements json_array_elements_text
    json_array_length json_build_array json_build_object json_each json_each_text json_object json_object_keys
    json_populate_record json_populate_recordset json_strip_nulls json_to_record json_to_recordset
    json_to_tsvector json_typeof jsonb_array_elements jsonb_array_elements_text jsonb_array_length
    jsonb_build_array jsonb_build_object jsonb_each jsonb_each_text jsonb_insert jsonb_object jsonb_object_keys
    jsonb_path_exists jsonb_path_exists_tz jsonb_path_match jsonb_path_match_tz jsonb_path_query
    jsonb_path_query_array jsonb_path_query_array_tz jsonb_path_query_first jsonb_path_query_first_tz
    jsonb_path_query_tz jsonb_populate_record jsonb_populate_record_valid jsonb_populate_recordset jsonb_pretty
    jsonb_set jsonb_set_lax jsonb_strip_nulls jsonb_to_record jsonb_to_recordset jsonb_to_tsvector jsonb_typeof
    justify_days justify_hours justify_interval lcm left length lgamma like_escape line ln log log10 lower
    lower_inc lower_inf lpad ltrim macaddr macaddr8 macaddr8_set7bit make_date make_interval make_time
    make_timestamp make_timestamptz masklen md5 min_scale mod money multirange mxid_age name netmask network
    normalize now npoints num_nonnulls num_nulls numeric numeric_div_trunc numeric_exp numeric_inc numeric_ln
    numeric_log numeric_sqrt nummultirange numnode numrange octet_length oid oidvectortypes overlaps overlay
    parse_ident path phraseto_tsquery pi plainto_tsquery point position pow power querytree quote_ident
    quote_literal quote_nullable radians radius range_merge regclass regexp_count regexp_instr regexp_like
    regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr repeat
    replace reverse right round row_security_active row_to_json rpad rtrim scale session_user set_bit set_byte
    set_masklen setweight sha224 sha256 sha384 sha512 sign sin sind sinh slope split_part sqrt
    statement_timestamp string_to_array string_to_table strip strpos substr substring system_user tan tand tanh
    text time timestamp timestamptz timetz timezone to_ascii to_bin to_char to_date to_hex to_json to_jsonb
    to_number to_oct to_timestamp to_tsquery to_tsvector transaction_timestamp translate trim_array trim_scale
    trunc ts_delete ts_filter ts_headline ts_rank ts_rank_cd tsmultirange tsrange tstzmultirange tstzrange
    tsvector_to_array txid_current txid_current_if_assigned txid_current_snapshot unicode_assigned
    unicode_version unistr unnest upper upper_inc upper_inf uuid_extract_timestamp uuid_extract_version varbit
    varchar version websearch_to_tsquery width width_bucket xid xml xml_is_well_formed
    xml_is_well_formed_content xml_is_well_formed_document xmlcomment xmlconcat2 xmlexists xmltext xmlvalidate
    xpath xpath_exists
    """
)


def volatility_of(functions: tuple[str, ...] | Unknown) -> Volatility:
    """The worst that is known of these functions; they are Unknown where an expression could not be read."""
    if isinstance(functions, Unknown):
        return Volatility.UNKNOWN
    called = {name.rpartition(".")[2] if name.startswith(("pg_catalog.", "public.")) else name for name in functions}
    if called & (VOLATILE_BUILT_INS | VOLATILE_IN_EXTENSIONS):
        return Volatility.VOLATILE
    if called <= STEADY_BUILT_INS | STEADY_SYNTAX | STEADY_IN_EXTENSIONS:
        return Volatility.STEADY
    return Volatility.UNKNOWN
