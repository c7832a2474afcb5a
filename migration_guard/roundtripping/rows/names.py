"""
What the values of a column are like, by its name: what the application most likely keeps there, and what its next
migrations (a cast, a CHECK, an enum) will take without complaint. Knows no database.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from uuid import UUID
from zlib import crc32

from migration_guard.roundtripping.rows.tables import ColumnInfo

Maker = Callable[[int], str]

WORDS = (
    *("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "haven", "iris", "jade", "karma", "lotus"),
    *("maple", "north", "ocean", "pearl", "quartz", "river", "stone", "tulip", "umber", "violet", "willow", "zenith"),
)


def uuid(row: int, of: str = "") -> str:
    """Another one for each row and each text, and always the same ones."""
    return str(UUID(int=(crc32(of.encode()) << 96) + (4 << 76) + (8 << 60) + row))


def uuid_of(column: ColumnInfo) -> Maker:
    """Those of a column: in no application do two tables have the same ones."""
    return partial(uuid, of=f"{column.table}.{column.name}")


def json(row: int) -> str:
    """As PostgreSQL prints jsonb: what is cast to and fro looks the same."""
    return f'{{"number": {row}}}'


def document(column: ColumnInfo, row: int) -> str:
    """JSON where there is room for an id, of which the database may make a column of its own."""
    return f'{{"id": "{uuid_of(column)(row)}", "number": {row}}}'


def ip(row: int) -> str:
    """A private address."""
    return f"10.0.{row // 250}.{row % 250 + 1}"


def moment(row: int) -> str:
    """A moment that no change of clocks touches, with all the digits that are kept."""
    day = 37 * row
    return f"{2021 + day // 336}-{day % 336 // 28 + 1:02d}-{day % 28 + 1:02d} 05:{row % 60:02d}:07.123456"


def _digits(first: int, count: int) -> Maker:
    return lambda row: str(first + row % count)


def _few(*words: str) -> Maker:
    return lambda row: words[row % len(words)]


FLAG = r"^(is|has|can|should|allow|enable|show|use)_|(^|_)(enabled|disabled|active|deleted|verified|archived)$"

# Texts. The first that fits.
TEXTS: tuple[tuple[re.Pattern[str], Maker], ...] = (
    (re.compile(r"e_?mail"), lambda row: f"person{row}@example.com"),
    (re.compile(r"ur[li]$|link$|website|href|webhook"), lambda row: f"https://example.com/{row}"),
    (re.compile(r"uuid|guid"), uuid),
    (
        re.compile(
            r"json|(^|_)(settings|config|configuration|metadata|payload|attributes|options|params|preferences)$"
        ),
        json,
    ),
    (re.compile(r"(^|_)ip(_|$)|ip_?addr"), ip),
    (re.compile(r"phone|mobile"), lambda row: f"+1555{row:07d}"),
    (re.compile(r"path$|file_?name$"), lambda row: f"/data/{WORDS[row % len(WORDS)]}/{row}"),
    (re.compile(r"slug$"), lambda row: f"{WORDS[row % len(WORDS)]}-{row}"),
    (re.compile(r"time_?zone"), _few("UTC")),
    (re.compile(r"colou?r$"), lambda row: f"#{row:06x}"),
    (re.compile(r"version$"), lambda row: f"1.{row}.0"),
    (re.compile(r"zip|postal|postcode"), lambda row: str(10_000 + row)),
    (re.compile(FLAG), _few("0", "1")),
    (re.compile(r"_at$|_on$|timestamp|date_?time"), lambda row: moment(row)[:19]),
    (re.compile(r"(^|_)date$"), lambda row: moment(row)[:10]),
    (re.compile(r"(^|_)year$"), _digits(2000, 30)),
    (
        re.compile(r"(^|_)(count|amount|price|total|cost|quantity|qty|age|size|weight|height|width|score|balance)$"),
        lambda row: str(row + 1),
    ),
    (
        re.compile(r"(^|_)(num|nr|no|number|position|order|rank|priority|level|duration|port)$"),
        lambda row: str(row + 1),
    ),
)
# Texts that repeat a few words; the application knows which, and its own default is one of them.
FEW = re.compile(r"(^|_)(status|state|type|kind|role|category|mode|gender|visibility)$")
FEW_WORDS = ("active", "inactive", "pending")

# Numbers that have bounds of their own: the smallest and how many there are.
NUMBERS: tuple[tuple[re.Pattern[str], int, int], ...] = (
    (re.compile(r"(^|_)(is|has|can)_|_flag$|(^|_)(enabled|active|deleted|verified|archived)$"), 0, 2),
    (re.compile(r"rating|stars|(^|_)(priority|level|severity)$"), 1, 5),
    (re.compile(r"probability|ratio|confidence|fraction|opacity"), 0, 1),
    (re.compile(r"percent|progress|score|discount|latitude|longitude|(^|_)(lat|lng|lon|long|rate|tax)$"), 1, 85),
    (re.compile(r"(^|_)month$"), 1, 12),
    (re.compile(r"(^|_)(day|hour)$"), 1, 23),
    (re.compile(r"(^|_)(minute|second)$"), 1, 59),
    (re.compile(r"(^|_)year$"), 2000, 30),
    (re.compile(r"(^|_)(age|port|order|position|rank|quantity|qty|version)$|count$|sort"), 1, 1000),
    (re.compile(r"amount|price|cost|total|balance|cents|fee|salary|weight|height|width|length|duration"), 1, 1000),
    (re.compile(r"epoch|timestamp|_ts$|_at$"), 1_614_834_367, 100_000),
)


def text_of(column: ColumnInfo) -> Maker | None:
    """What its texts are like."""
    name = column.name.lower()
    found = next((maker for pattern, maker in TEXTS if pattern.search(name)), None)
    if found is uuid or (found is None and column.size == 36):
        return uuid_of(column)
    if found is None and column.size == 32 and re.search(r"(^|_)(id|hash|token|key)$", name):
        return lambda row: uuid_of(column)(row).replace("-", "")
    return found


def few_of(column: ColumnInfo) -> tuple[str, ...]:
    """The words that its texts repeat, if they do."""
    if not FEW.search(column.name.lower()):
        return ()
    return (column.default,) if column.default else FEW_WORDS


def bounds_of(column: ColumnInfo) -> tuple[int, int] | None:
    """The smallest of its numbers, and how many there are."""
    name = column.name.lower()
    return next(((first, count) for pattern, first, count in NUMBERS if pattern.search(name)), None)
