"""
Values for columns: valid, varied, and told apart by the number of their row. Always the same ones for the same column
and row, so that a finding can be found again. Knows no database.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from zlib import crc32

from migration_guard.roundtripping.rows.names import (
    WORDS,
    Maker,
    bounds_of,
    document,
    few_of,
    ip,
    moment,
    text_of,
    uuid_of,
)
from migration_guard.roundtripping.rows.tables import ColumnInfo, Kind

# Keys begin here, in what their type can hold: far from those that migrations write themselves, and from sequences.
FIRST_KEYS = {8: 90, 16: 20_003}
FIRST_KEY = 1_000_003
# A little more than the next narrower type holds, so that narrowing is seen and a multiplication by 100 fits.
WIDE = {16: 300, 24: 70_000, 32: 70_000, 64: 5_000_000_000}
LONGEST_TEXT = 300
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def _moments(row: int, cut: int) -> str:
    return f"[{moment(row)[:cut]},{moment(row + 1)[:cut]})"


# Types that have a form of their own, by their names.
FORMS: Mapping[str, Maker] = {
    "jsonpath": lambda row: f"$.number{row}",
    "interval": lambda row: f"{row + 1} days",
    "inet": ip,
    "inet4": ip,
    "inet6": lambda row: f"fd00::{row + 1:x}",
    "cidr": lambda row: f"10.{row % 250}.0.0/16",
    "macaddr8": lambda row: f"08:00:2b:01:02:03:{row // 256 % 256:02x}:{row % 256:02x}",
    "macaddr": lambda row: f"08:00:2b:01:{row // 256 % 256:02x}:{row % 256:02x}",
    "tsvector": lambda row: f"'{row}' '{WORDS[row % len(WORDS)]}'",
    "tsquery": lambda row: f"'{WORDS[row % len(WORDS)]}'",
    "xml": lambda row: f"<number>{row}</number>",
    "money": lambda row: f"{row + 1}.25",
    "hstore": lambda row: f'"number"=>"{row}"',
    "ltree": lambda row: f"{WORDS[row % len(WORDS)]}.n{row}",
    "lquery": lambda row: WORDS[row % len(WORDS)],
    "oid": lambda row: str(FIRST_KEY + row),
    "xid": lambda row: str(FIRST_KEY + row),
    "xid8": lambda row: str(FIRST_KEY + row),
    "cid": lambda row: str(FIRST_KEY + row),
    "tid": lambda row: f"({row},1)",
    "regclass": lambda row: "pg_class",
    "regtype": lambda row: "integer",
    "pg_lsn": lambda row: f"0/{row + 1:X}",
    "pg_snapshot": lambda row: f"{row + 1}:{row + 2}:",
    "txid_snapshot": lambda row: f"{row + 1}:{row + 2}:",
    "int4range": lambda row: f"[{row * 10},{row * 10 + 5})",
    "int8range": lambda row: f"[{row * 10},{row * 10 + 5})",
    "numrange": lambda row: f"[{row * 10},{row * 10 + 5})",
    "tsrange": lambda row: _moments(row, 19),
    "tstzrange": lambda row: _moments(row, 19),
    "daterange": lambda row: _moments(row, 10),
    "int4multirange": lambda row: f"{{[{row * 10},{row * 10 + 5})}}",
    "int8multirange": lambda row: f"{{[{row * 10},{row * 10 + 5})}}",
    "nummultirange": lambda row: f"{{[{row * 10},{row * 10 + 5})}}",
    "tsmultirange": lambda row: f"{{{_moments(row, 19)}}}",
    "tstzmultirange": lambda row: f"{{{_moments(row, 19)}}}",
    "datemultirange": lambda row: f"{{{_moments(row, 10)}}}",
    "point": lambda row: f"({row},{row + 1})",
    "line": lambda row: f"{{1,-1,{row}}}",
    "lseg": lambda row: f"[({row},0),({row + 1},1)]",
    "box": lambda row: f"({row + 1},1),({row},0)",
    "path": lambda row: f"[({row},0),({row + 1},1)]",
    "polygon": lambda row: f"(({row},0),({row + 1},1),({row},1))",
    "circle": lambda row: f"<({row},0),1>",
    "geometry": lambda row: f"POINT({row % 90} {row % 90})",
    "geography": lambda row: f"POINT({row % 90} {row % 90})",
    "year": lambda row: str(2000 + row % 100),
}
# More types whose values texts may look like, and the bits of integers.
LIKE: Mapping[str, tuple[Kind, int | None]] = {
    "smallint": (Kind.INTEGER, 16),
    "integer": (Kind.INTEGER, 32),
    "bigint": (Kind.INTEGER, 64),
    "numeric": (Kind.NUMERIC, None),
    "real": (Kind.FLOAT, None),
    "double precision": (Kind.FLOAT, None),
    "boolean": (Kind.BOOLEAN, None),
    "date": (Kind.DATE, None),
    "time": (Kind.TIME, None),
    "time with time zone": (Kind.TIME, None),
    "timestamp": (Kind.TIMESTAMP, None),
    "timestamp with time zone": (Kind.TIMESTAMP, None),
}
NUMBERS = (Kind.INTEGER, Kind.NUMERIC, Kind.FLOAT)
VECTORS = ("vector", "halfvec")
BITS = ("bit", "bit varying", "varbit")


def value(column: ColumnInfo, row: int, *, key: bool = False) -> str | None:
    """
    The column's value in this row (counted from 0), as text; None where no value of its type is known.

    `key`: the column is part of a unique key, so each row needs another one.
    """
    found = _scalar(column, row, key=key)
    return array(found) if column.array and found is not None else found


def array(element: str) -> str:
    """PostgreSQL's array of one (https://www.postgresql.org/docs/18/arrays.html#ARRAYS-IO)."""
    escaped = element.replace("\\", "\\\\").replace('"', '\\"')
    return f'{{"{escaped}"}}'


def _scalar(column: ColumnInfo, row: int, *, key: bool) -> str | None:
    match column.kind:
        case Kind.INTEGER:
            return str(_integer(column, row, key=key))
        case Kind.NUMERIC:
            return _numeric(column, row, key=key)
        case Kind.FLOAT:
            return f"{_bounded(column, row, key=key) if bounds_of(column) else row + 1}.25"
        case Kind.TEXT:
            return _text(column, row, key=key)
        case Kind.BOOLEAN:
            return str(row % 2)
        case Kind.DATE:
            return moment(row)[:10]
        case Kind.TIME:
            return f"{row % 24:02d}:{row % 60:02d}:07"
        case Kind.TIMESTAMP:
            return moment(row)
        case Kind.BYTES:
            return _digits_of(column, row).encode().hex()
        case Kind.ENUM:
            return column.labels[row % len(column.labels)] if column.labels else None
    return _other(column, row)


def _salt(column: ColumnInfo) -> int:
    return crc32(column.name.encode())


def _digits_of(column: ColumnInfo, row: int) -> str:
    """Bytes that migrations can decode, cast, and read as JSON. A `binary` is filled, or else padded with zeros."""
    width = column.size or 4
    if not column.type.lower().startswith("binary"):
        width = min(width, 4)
    return f"{((_salt(column) % 7 + 1) * 10 ** (width - 1) + row) % 10**width:0{width}d}"


def _bounded(column: ColumnInfo, row: int, *, key: bool) -> int | None:
    """A number within the bounds that the column's name has, if it has some."""
    bounds = bounds_of(column)
    if key or bounds is None:
        return None
    first, count = bounds
    return first + (_salt(column) + row) % count


def _integer(column: ColumnInfo, row: int, *, key: bool) -> int:
    bits = column.size or 32
    if key:
        return FIRST_KEYS.get(bits, FIRST_KEY) + row
    bounded = _bounded(column, row, key=key)
    if bounded is not None and bounded < 2 ** (bits - 1):
        return bounded
    return WIDE[bits] + row if row == 1 and bits in WIDE else _salt(column) % 50 + row


def _numeric(column: ColumnInfo, row: int, *, key: bool) -> str:
    scale = column.scale or 0
    whole = (column.size or 12) - scale
    fraction = "." + "25".ljust(scale, "5")[:scale] if scale else "" if column.size else ".125"
    if key:
        return f"{(10 ** min(whole - 1, 6) if whole > 1 else 0) + 3 + row}{fraction}"
    bounded = _bounded(column, row, key=key)
    if bounded is not None:
        return str(bounded % 10 ** max(whole, 0)) + fraction
    if row == 1 and column.size:
        return ("9" * whole if whole > 0 else "0") + fraction
    return str((row + 1) % 10 ** max(whole, 0)) + fraction


def _text(column: ColumnInfo, row: int, *, key: bool) -> str | None:
    size = column.size
    if column.like:
        kind, bits = LIKE.get(column.like, (Kind.OTHER, None))
        alike = replace(column, kind=kind, type=column.like, size=bits, like="")
        found = _scalar(alike, row, key=key)
        return found and (found[-(size or 0) :] if kind in NUMBERS else found[:size])
    few = column.few or (() if key else few_of(column))
    if few:
        return few[row % len(few)][:size]
    maker = text_of(column)
    text = maker(row) if maker else f"{WORDS[(_salt(column) + row) % len(WORDS)]} {row}"
    if size is not None and len(text) > size:
        return _short(_salt(column) % 7 + row, size)
    if row == 0 and maker is None and not key:
        # One of them is as long as may be: a shorter type cuts it.
        longest = min(size or LONGEST_TEXT, LONGEST_TEXT)
        return (text + " long" * (longest // 5 + 1))[:longest].rstrip().ljust(longest, "g")
    return text


def _short(number: int, size: int) -> str:
    """A text of just this many characters that tells the number, as far as that fits."""
    digits = ""
    while number:
        number, digit = divmod(number, len(DIGITS))
        digits = DIGITS[digit] + digits
    return digits[-size:].rjust(size, "0") if size else ""


def _other(column: ColumnInfo, row: int) -> str | None:
    """A value of a type that has a form of its own."""
    name = re.sub(r"\(.*|\[\]$", "", column.type.rpartition(".")[2].strip('"')).strip().lower()
    if name in BITS:
        size = min(column.size or 1, 64)
        return f"{row % 2**size:b}".rjust(column.size or 1, "0")
    if name in VECTORS:
        return "[" + ",".join(f"{(row + one) % 7}.5" for one in range(column.size or 3)) + "]"
    if name == "uuid":
        return uuid_of(column)(row)
    if name in ("json", "jsonb"):
        return document(column, row)
    maker = FORMS.get(name) or (FORMS["interval"] if name.startswith("interval") else None)
    return maker(row) if maker else None
