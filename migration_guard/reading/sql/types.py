"""The names of column types: every spelling to the one the model uses. Knows types as text, and no grammar."""

from __future__ import annotations

import re

from migration_guard.model.schema import ColumnType
from migration_guard.model.target import without_default
from migration_guard.model.unknown import UNKNOWN, has_hole

# PostgreSQL's own spellings mean the same in MySQL and SQLite, or do not occur there.
_SPELLINGS = {
    "int": "integer",
    "int4": "integer",
    "int2": "smallint",
    "int8": "bigint",
    "bool": "boolean",
    "character varying": "varchar",
    "char varying": "varchar",
    "national character varying": "varchar",
    "national char varying": "varchar",
    "nvarchar": "varchar",
    "character": "char",
    "national character": "char",
    "national char": "char",
    "nchar": "char",
    "bpchar": "char",
    "decimal": "numeric",
    "dec": "numeric",
    "fixed": "numeric",
    "float4": "real",
    "float8": "double precision",
    "double": "double precision",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
    "time without time zone": "time",
    "time with time zone": "timetz",
    "bit varying": "varbit",
}

SERIALS = {
    "serial": "integer",
    "serial4": "integer",
    "bigserial": "bigint",
    "serial8": "bigint",
    "smallserial": "smallint",
    "serial2": "smallint",
}

# What stands in parentheses behind these in MySQL is a display width, and means nothing.
_WHOLE_NUMBERS = ("tinyint", "smallint", "mediumint", "integer", "bigint")

_TYPE = re.compile(
    r"""
    \s* (?:(?P<schema>"[^"]+"|\w+)\s*\.\s*)?
    (?P<name>
        "[^"]+" | `[^`]+`
      | [^\W\d]\w*(?:\s+(?!(?:unsigned|signed|zerofill|collate|character\s+set|charset|array)\b)[^\W\d]\w*)*
    )
    \s* (?:\((?P<modifiers>[^()]*)\))?
    (?P<zone> \s+with(?:out)?\s+time\s+zone)?
    (?P<rest> .*)
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_QUOTED = re.compile(r"'((?:[^'\\]|''|\\.)*)'")
_COLLATION = re.compile(r"\bcollate\s+[\"`']?([\w.-]+)", re.IGNORECASE)


def canonical_type(name: str) -> str:
    """The model's name of a type: `int4` is `integer`, `character varying` is `varchar`; others in lower case."""
    plain = " ".join(name.lower().split())
    return _SPELLINGS.get(plain, plain)


def type_from_text(text: str, dialect: str) -> ColumnType:
    """The type written in `text`, read without a parser."""
    found = _TYPE.fullmatch(text)
    if found is None or has_hole(text):
        return ColumnType(" ".join(text.split()), known=False)
    rest = found["rest"].lower()
    quoted = found["name"][0] in '"`'
    name = found["name"].strip('"`')
    if not quoted:
        name = canonical_type(name + (found["zone"] or ""))
    modifiers = found["modifiers"] or ""
    if name in ("enum", "set") and dialect in ("mysql", "mariadb"):
        labels = tuple(label.replace("''", "'") for label in _QUOTED.findall(modifiers))
        return ColumnType(name, labels=labels or UNKNOWN, is_enum=name == "enum")
    if dialect in ("mysql", "mariadb") and name in _WHOLE_NUMBERS:
        name, modifiers = ("boolean", "") if (name, modifiers.strip()) == ("tinyint", "1") else (name, "")
    if "unsigned" in rest.split():
        name += " unsigned"
    collation = _COLLATION.search(found["rest"])
    schema = found["schema"]
    return ColumnType(
        name,
        tuple(int(part) for part in modifiers.split(",") if part.strip().isdecimal()),
        rest.count("["),
        without_default(schema.strip('"'), dialect) if schema and schema != "pg_catalog" else None,
        collation=collation[1] if collation else None,
    )
