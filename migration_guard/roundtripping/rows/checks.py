"""
Values that satisfy CHECK constraints: candidates are taken from the words of the condition, and the database itself
says which of them pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import islice, pairwise, product

from migration_guard.roundtripping.rows.references import Row
from migration_guard.roundtripping.rows.tables import Check, ColumnInfo, Kind, TableInfo
from migration_guard.roundtripping.rows.values import array, value

# Whether each of these rows satisfies all of the conditions; None where the database cannot say.
Judge = Callable[[Sequence[Check], Sequence[Row]], list[bool] | None]

MOST_COMBINATIONS = 2_000
MOST_VALUES = 60
LONGEST = 500
STRING = re.compile(r"'((?:[^']|'')*)'")
NUMBER = re.compile(r"(?<![\w.'])-?\d+(?:\.\d+)?(?![\w'])")
TEXTS = (
    *("a", "A", "abc", "ABC", "AB", "a-b", "a_b", "abc-123", "ABC-123", "AB123", "Abc 123", "1", "00000", "12345"),
    *("person@example.com", "https://example.com/a", "example.com", "#a1b2c3", "+15551234567", "555-123-4567", "en-US"),
    *("2021-06-01", "12:00", "1.2.3", "10.0.0.1", "{}", "[]", "a" * 32, "0" * 32, "0" * 40, "0" * 64, ""),
    "6ba7b810-9dad-41d1-80b4-00c04fd430c8",
)
MOMENTS = ("2000-01-01", "2021-06-01", "2021-06-02", "2099-12-31")
SPECIAL: Mapping[Kind, tuple[str, ...]] = {
    Kind.INTEGER: ("0", "1", "2", "-1", "50"),
    Kind.NUMERIC: ("0", "1", "0.5", "-1", "50"),
    Kind.FLOAT: ("0", "1", "0.5", "-1", "50"),
    Kind.BOOLEAN: ("0", "1"),
    Kind.DATE: MOMENTS,
    Kind.TIMESTAMP: MOMENTS,
    Kind.TIME: ("00:00:00", "12:00:00", "23:59:59"),
    Kind.BYTES: ("", "00", "00" * 16, "00" * 20, "00" * 32),
}


def satisfy(table: TableInfo, rows: Sequence[Row], free: frozenset[str], given: frozenset[str], judge: Judge) -> None:
    """
    Change the rows in place until their checks hold, as far as values can be found. `free` are the columns that may
    have any value, `given` those that stay; what is in neither is a foreign key, which may be NULL at most.
    """
    for group in _groups(table.checks):
        names = {name for check in group for name in check.columns}
        columns = [column for column in table.written if column.name in names - given]
        # What a row has already is likelier, and more different from row to row, than what conditions tell.
        for keeping in (True, False) if len(columns) > 1 else (False,):
            verdicts = judge(group, rows) if columns else None
            if verdicts is None or all(verdicts):
                break
            failing = [row for row, passes in zip(rows, verdicts, strict=True) if not passes]
            found = _solutions(group, columns, free, failing[0], judge, len(rows), keeping=keeping)
            for number, row in enumerate(failing):
                if found:
                    row.update(found[number % len(found)])


def _groups(checks: Iterable[Check]) -> list[list[Check]]:
    """Checks that share a column have to be satisfied together."""
    groups: list[tuple[set[str], list[Check]]] = []
    for check in checks:
        columns, together = set(check.columns), [check]
        for other in [group for group in groups if group[0] & columns]:
            groups.remove(other)
            columns |= other[0]
            together = other[1] + together
        groups.append((columns, together))
    return [together for _, together in groups]


def _solutions(
    group: Sequence[Check],
    columns: Sequence[ColumnInfo],
    free: frozenset[str],
    example: Row,
    judge: Judge,
    wanted: int,
    *,
    keeping: bool,
) -> list[Row]:
    """What to change with which the conditions hold, as different as can be."""
    words = " ".join(check.condition for check in group)
    # A change to one column: its new value, or () where it keeps the one it has.
    pools: dict[str, list[tuple[str | None, ...]]] = {}
    for column in columns:
        own: list[tuple[str | None, ...]] = [()] if keeping or column.name not in free else []
        found = [(one,) for one in _candidates(column, words)] if column.name in free else []
        pools[column.name] = [*own, *found, (None,)] if column.nullable else [*own, *found]
    while len(pools) > 1 and _count(pools) > MOST_COMBINATIONS:
        longest = max(pools.values(), key=lambda pool: len(pool) + (pool[-1] == (None,)))
        longest.pop(-2 if longest[-1] == (None,) else -1)
    combinations = [
        {name: one[0] for name, one in zip(pools, changes, strict=True) if one}
        for changes in islice(product(*pools.values()), MOST_COMBINATIONS)
    ]
    verdicts = judge(group, [example | combination for combination in combinations])
    if verdicts is None:
        return []
    passing = [one for one, passes in zip(combinations, verdicts, strict=True) if passes]
    # Values are better than NULLs, which satisfy most conditions; and each column has a value in some row, if it can.
    passing.sort(key=lambda one: _nulls(example | one))
    best = [one for one in passing if _nulls(example | one) == _nulls(example | passing[0])]
    step = max(len(best) / wanted, 1)
    chosen = [best[int(number * step)] for number in range(min(wanted, len(best)))]
    for name in pools:
        if all((example | one)[name] is None for one in chosen):
            chosen[1:1] = [one for one in passing if (example | one)[name] is not None][:1]
    return chosen


def _nulls(row: Row) -> int:
    return sum(value is None for value in row.values())


def _count(pools: Mapping[str, Sequence[object]]) -> int:
    count = 1
    for pool in pools.values():
        count *= len(pool)
    return count


def _candidates(column: ColumnInfo, words: str) -> Iterator[str]:
    """What may satisfy a condition, the most likely first."""
    found = _elements(replace(column, array=False), words)
    if column.array:
        pairs = [f"{{{one[1:-1]},{other[1:-1]}}}" for one, other in pairwise(map(array, found))]
        found = [*map(array, found[: MOST_VALUES // 2]), "{}", *pairs]
    yield from list(dict.fromkeys(found))[:MOST_VALUES]


def _elements(column: ColumnInfo, words: str) -> list[str]:
    """The literals in a condition and their neighbours, and the usual suspects."""
    strings = [found.replace("''", "'") for found in STRING.findall(words)]
    numbers = [Decimal(found) for found in NUMBER.findall(STRING.sub(" ", words))]
    numbers += [Decimal(one) for one in strings if NUMBER.fullmatch(one)]  # PostgreSQL prints '-1'::integer
    near = [f"{number + step:f}" for number in dict.fromkeys(numbers) for step in (0, 1, -1)]
    usual = [one for one in (value(column, row, key=key) for key in (False, True) for row in (2, 3, 4)) if one]
    found: list[str] = []
    match column.kind:
        case Kind.ENUM:
            found = [*column.labels]
        case Kind.TEXT:
            sizes = {
                int(digits) for digits in re.findall(r"\d{1,3}", words)
            }  # also those in {2} of a regular expression
            lengths = sorted({size + step for size in sizes for step in (0, 1, -1) if 0 < size + step < LONGEST})
            likes = [one.replace("%", "a").replace("_", "a") for one in strings]
            found = [*strings, *likes, *usual, *("a" * length for length in lengths), *TEXTS]
            found += ["7" * length for length in lengths] + ["A" * length for length in lengths]
            found = [one for one in found if len(one) <= (column.size or 1_000)]
        case Kind.INTEGER:
            found = [one for one in (*near, *usual, *SPECIAL[column.kind]) if _is_integer(one, column.size or 64)]
        case Kind.NUMERIC | Kind.FLOAT:
            found = [*near, *usual, *SPECIAL[column.kind]]
        case Kind.DATE | Kind.TIMESTAMP | Kind.TIME:
            found = [*(one for one in strings if one[:1].isdigit()), *usual, *SPECIAL[column.kind]]
        case Kind.OTHER if "json" in column.type:
            found = [*usual, "{}", "[]", "[1]", '"a"', *(f'{{"{one}": 1}}' for one in strings if one.isidentifier())]
        case Kind.OTHER:
            found = usual or strings
        case _:
            found = [*usual, *SPECIAL.get(column.kind, ())]
    return found


def _is_integer(text: str, bits: int) -> bool:
    return "." not in text and -(2 ** (bits - 1)) <= int(text) < 2 ** (bits - 1)
