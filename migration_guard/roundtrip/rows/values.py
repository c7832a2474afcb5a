"""
Values for columns: valid, varied, and told apart by the number of their row. Always the same ones for the same column
and row, so that a finding can be found again. Knows no database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zlib import crc32

from migration_guard.roundtrip.rows.facts import Column, Kind

# Keys begin here, in what their type can hold: far from those that migrations write themselves, and from sequences.
FIRST_KEYS = {8: 90, 16: 20_003}
FIRST_KEY = 1_000_003
LONGEST_TEXT = 300
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
WORDS = (
    *("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "haven", "iris", "jade", "karma", "lotus"),
    *("maple", "north", "ocean", "pearl", "quartz", "river", "stone", "tulip", "umber", "violet", "willow", "zenith"),
)
BEGIN = datetime(2021, 3, 4, 5, 6, 7, 123456, tzinfo=UTC)

Maker = Callable[[int], str]

# What a text is like, by the name of its column.
NAMED: tuple[tuple[re.Pattern[str], Maker], ...] = (
    (re.compile(r"e_?mail"), lambda row: f"person{row}@example.com"),
    (re.compile(r"ur[li]$|link$|website|href"), lambda row: f"https://example.com/{row}"),
    (re.compile(r"uuid|guid"), lambda row: str(UUID(int=(0xABCD << 96) + row))),
    (re.compile(r"json"), lambda row: f'{{"number": {row}}}'),
    (re.compile(r"(^|_)ip(_|$)|ip_?addr"), lambda row: f"10.0.{row // 250}.{row % 250 + 1}"),
    (re.compile(r"phone|mobile"), lambda row: f"+1555{row:07d}"),
    (re.compile(r"path$|file_?name$"), lambda row: f"/data/{WORDS[row % len(WORDS)]}/{row}"),
    (re.compile(r"time_?zone"), lambda row: "UTC"),
)
# Types that have a form of their own, by the beginning of their names.
FORMS: Mapping[str, Maker] = {
    "uuid": lambda row: str(UUID(int=(0xABCD << 96) + row)),
    "jsonpath": lambda row: f"$.number{row}",
    "json": lambda row: f'{{"number": {row}}}',
    "interval": lambda row: f"{row + 1} days",
    "inet": lambda row: f"10.0.{row // 250}.{row % 250 + 1}",
    "cidr": lambda row: f"10.{row % 250}.0.0/16",
    "macaddr8": lambda row: f"08:00:2b:01:02:03:{row // 256 % 256:02x}:{row % 256:02x}",
    "macaddr": lambda row: f"08:00:2b:01:{row // 256 % 256:02x}:{row % 256:02x}",
    "tsvector": lambda row: f"{WORDS[row % len(WORDS)]} {row}",
    "tsquery": lambda row: WORDS[row % len(WORDS)],
    "xml": lambda row: f"<number>{row}</number>",
    "money": lambda row: f"{row + 1}.25",
    "hstore": lambda row: f'"number"=>"{row}"',
    "ltree": lambda row: f"{WORDS[row % len(WORDS)]}.n{row}",
    "oid": lambda row: str(FIRST_KEY + row),
    "pg_lsn": lambda row: f"0/{row + 1:X}",
    "int4range": lambda row: f"[{row * 10},{row * 10 + 5})",
    "int8range": lambda row: f"[{row * 10},{row * 10 + 5})",
    "numrange": lambda row: f"[{row * 10},{row * 10 + 5})",
    "tsrange": lambda row: f"[{_moment(row):%Y-%m-%d},{_moment(row) + timedelta(days=5):%Y-%m-%d})",
    "tstzrange": lambda row: f"[{_moment(row):%Y-%m-%d},{_moment(row) + timedelta(days=5):%Y-%m-%d})",
    "daterange": lambda row: f"[{_moment(row):%Y-%m-%d},{_moment(row) + timedelta(days=5):%Y-%m-%d})",
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


def value(column: Column, row: int, *, key: bool = False) -> str | None:
    """
    The column's value in this row (counted from 0), as text; None where no value of its type is known.

    `key`: the column is part of a unique key, so each row needs another one.
    """
    if column.array:
        inner = _scalar(column, row, key=key)
        return None if inner is None else _array(inner)
    return _scalar(column, row, key=key)


def _array(element: str) -> str:
    escaped = element.replace("\\", "\\\\").replace('"', '\\"')
    return f'{{"{escaped}"}}'


def _scalar(column: Column, row: int, *, key: bool) -> str | None:
    match column.kind:
        case Kind.INTEGER:
            return str(_integer(column, row, key=key))
        case Kind.NUMERIC:
            return _numeric(column, row, key=key)
        case Kind.FLOAT:
            return f"{row + 1}.25"
        case Kind.TEXT:
            return _text(column, row)
        case Kind.BOOLEAN:
            return str(row % 2)
        case Kind.DATE:
            return f"{_moment(row):%Y-%m-%d}"
        case Kind.TIME:
            return f"{row % 24:02d}:{row % 60:02d}:07"
        case Kind.TIMESTAMP:
            return f"{_moment(row):%Y-%m-%d %H:%M:%S.%f}"
        case Kind.BYTES:
            return f"{_salt(column) % 256:02x}{row:06x}"[: 2 * (column.size or 4)]
        case Kind.ENUM:
            return column.labels[row % len(column.labels)] if column.labels else None
    return _other(column, row)


def _salt(column: Column) -> int:
    return crc32(column.name.encode())


def _moment(row: int) -> datetime:
    return BEGIN + timedelta(days=37 * row, minutes=row)


def _integer(column: Column, row: int, *, key: bool) -> int:
    bits = column.size or 32
    if key:
        return FIRST_KEYS.get(bits, FIRST_KEY) + row
    # One of them needs all the room that the type has: a narrower one will not do.
    return 2 ** (bits - 2) if row == 1 and bits > 8 else _salt(column) % 50 + row


def _numeric(column: Column, row: int, *, key: bool) -> str:
    scale = column.scale or 0
    whole = (column.size or 12) - scale
    fraction = "." + "25".ljust(scale, "5")[:scale] if scale else "" if column.size else ".125"
    if row == 1 and not key:
        return ("9" * whole if whole > 0 else "0") + fraction
    return str((row + 1) % 10 ** max(whole, 0) if whole < 6 else row + 1) + fraction


def _text(column: Column, row: int) -> str:
    size = column.size
    named = next((maker for pattern, maker in NAMED if pattern.search(column.name.lower())), None)
    text = named(row) if named else f"{WORDS[(_salt(column) + row) % len(WORDS)]} {row}"
    if size is not None and len(text) > size:
        return _short(_salt(column) % 7 + row, size)
    if row == 0 and named is None:
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
    return digits[-size:].rjust(size, "a")


def _other(column: Column, row: int) -> str | None:
    name = re.sub(r"\(.*|\[\]$", "", column.type.rpartition(".")[2].strip('"')).strip().lower()
    if name in ("bit", "bit varying"):
        size = column.size or 1
        return f"{row % 2**size:b}".rjust(size, "0")
    if name in ("vector", "halfvec"):
        return "[" + ",".join(f"{(row + one) % 7}.5" for one in range(column.size or 3)) + "]"
    maker = FORMS.get(name) or (FORMS["interval"] if name.startswith("interval") else None)
    return maker(row) if maker else None
