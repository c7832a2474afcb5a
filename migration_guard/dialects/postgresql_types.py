"""
Which of PostgreSQL's type changes leave the table as it is, and which it refuses without USING: measured, not guessed.

https://www.postgresql.org/docs/18/sql-altertable.html and pg_cast; the tests ask a real server.
"""

from __future__ import annotations

import re
from dataclasses import replace
from enum import Enum, auto

from migration_guard.dialects.postgresql_functions import names
from migration_guard.model.schema import ColumnType
from migration_guard.model.unknown import Unknown


class TypeChange(Enum):
    """What PostgreSQL does with the rows when a column changes its type."""

    SAME = auto()
    FREE = auto()
    TIME_ZONE = auto()
    """Free where the session's TimeZone is UTC, a rewrite everywhere else."""
    REWRITE = auto()
    UNKNOWN = auto()


ALIASES = {
    "int": "integer", "int4": "integer", "int8": "bigint", "int2": "smallint", "bool": "boolean",
    "character varying": "varchar", "character": "char", "bpchar": "char", "decimal": "numeric",
    "float8": "double precision", "double": "double precision", "float4": "real", "bit varying": "varbit",
    "timestamp with time zone": "timestamptz", "timestamp without time zone": "timestamp",
    "time with time zone": "timetz", "time without time zone": "time",
}  # fmt: skip

NUMBERS = frozenset(("smallint", "integer", "bigint", "real", "double precision", "numeric", "money", "oid"))
STRINGS = frozenset(("varchar", "text", "char", "citext"))
TIMES = frozenset(("timestamp", "timestamptz", "time", "timetz", "interval"))
OTHERS = names(
    """
    boolean date uuid json jsonb bytea inet cidr macaddr macaddr8 xml bit varbit tsvector tsquery point line lseg box
    path polygon circle int4range int8range numrange tsrange tstzrange daterange hstore
    """
)
BUILT_IN = NUMBERS | STRINGS | TIMES | OTHERS

# Pairs stored alike (pg_cast.castmethod = 'b'): free as long as the new type sets no length of its own.
STORED_ALIKE = frozenset(
    {
        ("varchar", "text"), ("text", "varchar"), ("cidr", "inet"), ("xml", "text"), ("xml", "varchar"),
        ("bit", "varbit"), ("integer", "oid"), ("oid", "integer"),
        ("citext", "text"), ("text", "citext"), ("citext", "varchar"), ("varchar", "citext"),
    }
)  # fmt: skip

# What is stored alike with nothing else (an oid aside): whatever the column held before, it is rewritten.
NEVER_FREE = names(
    """
    smallint bigint integer real money boolean date uuid json jsonb bytea cidr macaddr macaddr8 char bit point line lseg
    box path polygon circle hstore
    """
) | {"double precision"}

# Casts that PostgreSQL applies by itself on assignment (pg_cast.castcontext 'a' or 'i'); every type also turns into a
# string by itself. https://www.postgresql.org/docs/18/sql-createcast.html
_INTEGERS = ("smallint", "integer", "bigint", "real", "numeric", "double precision")
ASSIGNMENT = frozenset(
    {(old, new) for old in _INTEGERS for new in _INTEGERS}
    | {("integer", "money"), ("bigint", "money"), ("numeric", "money"), ("money", "numeric")}
    | {(number, "oid") for number in ("smallint", "integer", "bigint")}
    | {("oid", "integer"), ("oid", "bigint")}
    | {
        ("date", "timestamp"), ("date", "timestamptz"), ("timestamp", "date"), ("timestamp", "time"),
        ("timestamp", "timestamptz"), ("timestamptz", "date"), ("timestamptz", "time"), ("timestamptz", "timestamp"),
        ("timestamptz", "timetz"), ("time", "interval"), ("time", "timetz"), ("timetz", "time"), ("interval", "time"),
        ("cidr", "inet"), ("inet", "cidr"), ("json", "jsonb"), ("jsonb", "json"), ("macaddr", "macaddr8"),
        ("macaddr8", "macaddr"), ("bit", "varbit"), ("varbit", "bit"), ("box", "polygon"), ("path", "polygon"),
        ("point", "box"), ("polygon", "path"),
        ("int4range", "int4multirange"), ("int8range", "int8multirange"), ("numrange", "nummultirange"),
    }
)  # fmt: skip


def name_of(type: ColumnType) -> str:
    """The one name under which this module knows the type; an enum kept in a character column is that column."""
    name = ALIASES.get(type.name.lower(), type.name.lower())
    if not type.native and (type.is_enum or name == "uuid"):
        return name if name in STRINGS else ("varchar" if type.is_enum else "char")
    return name


def is_enum(type: ColumnType) -> bool:
    """Whether the type is an enumerated type of the database's own."""
    return type.is_enum and type.native


def same_type(old: ColumnType, new: ColumnType) -> bool:
    """Whether both are stored as one and the same type."""
    return (
        (name_of(old), sizes(old), old.dimensions) == (name_of(new), sizes(new), new.dimensions)
        and (old.schema == new.schema or None in (old.schema, new.schema))
        and is_enum(old) == is_enum(new)
        and old.collation == new.collation
    )


def sizes(type: ColumnType) -> tuple[int, ...]:
    """The modifiers; CHAR alone is CHAR(1), an unwritten scale is 0, an enum of text is as long as its labels."""
    name = name_of(type)
    if name in ("char", "bit") and not type.modifiers:
        return (1,)
    if name in NUMBERS and name != "numeric":
        return ()
    if name == "numeric" and len(type.modifiers) == 1:
        return (*type.modifiers, 0)
    if name == "varchar" and type.is_enum and not type.modifiers and not isinstance(type.labels, Unknown):
        return (max(map(len, type.labels), default=0),)
    if name in TIMES and type.modifiers == (6,):
        return ()
    return type.modifiers


def change_of(old: ColumnType, new: ColumnType) -> TypeChange:
    """What PostgreSQL does with the rows when a column of type `old` becomes `new`, without USING."""
    if same_type(old, new):
        return TypeChange.SAME
    if not (old.known and new.known):
        return TypeChange.UNKNOWN
    if old.dimensions or new.dimensions:
        return TypeChange.REWRITE
    before, after = name_of(old), name_of(new)
    if is_enum(old) or is_enum(new):
        known = all(is_enum(one) or name_of(one) in BUILT_IN for one in (old, new))
        return TypeChange.REWRITE if known and (before, old.schema) != (after, new.schema) else TypeChange.UNKNOWN
    if before not in BUILT_IN or after not in BUILT_IN:
        return TypeChange.UNKNOWN
    if before == after:
        return TypeChange.FREE if _grows(before, sizes(old), sizes(new)) else TypeChange.REWRITE
    if {before, after} == {"timestamp", "timestamptz"}:
        return TypeChange.REWRITE if sizes(new) else TypeChange.TIME_ZONE
    if (before, after) in STORED_ALIKE and not sizes(new):
        return TypeChange.FREE
    return TypeChange.REWRITE


def change_to(new: ColumnType) -> TypeChange:
    """The same where nothing is known of the old type."""
    if new.known and not new.dimensions and (name_of(new) in NEVER_FREE or is_enum(new)):
        return TypeChange.REWRITE
    return TypeChange.UNKNOWN


def _grows(name: str, old: tuple[int, ...], new: tuple[int, ...]) -> bool:
    """Whether everything that fits into the old size fits into the new one, in the eyes of PostgreSQL."""
    if name in ("varchar", "varbit", *TIMES):
        return not new or (bool(old) and new[0] >= old[0])
    if name == "numeric":
        return not new or (bool(old) and new[0] >= old[0] and new[1] == old[1])
    return old == new


def casts_by_itself(old: ColumnType, new: ColumnType) -> bool | None:
    """Whether PostgreSQL turns one into the other without USING; None where we do not know the types."""
    if not (old.known and new.known):
        return None
    before, after = name_of(old), name_of(new)
    if not all(is_enum(one) or name_of(one) in BUILT_IN for one in (old, new)):
        return None
    if old.dimensions and new.dimensions:
        return casts_by_itself(replace(old, dimensions=0), replace(new, dimensions=0))
    if new.dimensions:
        return False
    if after in STRINGS:
        return True
    if old.dimensions:
        return False
    if is_enum(old) or is_enum(new):
        return (before, old.schema) == (after, new.schema) or (before == after and None in (old.schema, new.schema))
    if after == "citext" or before == "citext" or after == "hstore" or before == "hstore":
        return None if before != after else True
    return before == after or (before, after) in ASSIGNMENT


_CAST = re.compile(r"(?P<column>[\w.]+) *:: *(?P<type>[\w ]+(?:\([\d, ]+\))?)|cast ?\( ?(?P<of>[\w.]+) as (?P<to>.+)\)")


def is_plain(using: str, column: str, new: ColumnType) -> bool:
    """Whether USING says nothing but what happens anyway: the column itself, or its cast to the new type."""
    text = re.sub(r"\s+", " ", using.replace('"', "")).strip().lower()
    while _is_wrapped(text):
        text = text[1:-1].strip()
    if text.rpartition(".")[2] == column.lower():
        return True
    cast = _CAST.fullmatch(text)
    if not cast or (cast["column"] or cast["of"]).rpartition(".")[2] != column.lower():
        return False
    return same_type(read_type(cast["type"] or cast["to"]), new)


def _is_wrapped(text: str) -> bool:
    """Whether the first parenthesis closes at the very end."""
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return letter == ")" and place == len(text) - 1
    return False


def read_type(text: str) -> ColumnType:
    """A plain built-in type from its SQL text, such as `varchar(100)`."""
    name, _, size = text.strip().lower().partition("(")
    modifiers = tuple(int(part) for part in re.findall(r"\d+", size))
    return ColumnType(ALIASES.get(name.strip(), name.strip()), modifiers)
