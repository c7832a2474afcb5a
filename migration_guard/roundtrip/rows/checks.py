"""
Values that satisfy CHECK constraints: candidates are taken from the words of the condition, and the database itself
says which of them pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice, product

from migration_guard.roundtrip.rows.facts import Check, Column, Kind, TableFacts
from migration_guard.roundtrip.rows.values import value

Row = dict[str, str | None]
# Whether each of these rows satisfies all of the conditions; None where the database cannot say.
Judge = Callable[[Sequence[Check], Sequence[Row]], list[bool] | None]

MOST_COMBINATIONS = 2_000
MOST_VALUES = 40
STRING = re.compile(r"'((?:[^']|'')*)'")
NUMBER = re.compile(r"(?<![\w.'])-?\d+(?:\.\d+)?(?![\w'])")
TEXTS = ("a", "A", "abc", "abc-123", "Abc 123", "person@example.com", "https://example.com/a", "1", "00000", "")
MOMENTS = ("2000-01-01", "2021-06-01", "2021-06-02", "2099-12-31")
SPECIAL: Mapping[Kind, tuple[str, ...]] = {
    Kind.INTEGER: ("0", "1", "2", "-1", "50"),
    Kind.NUMERIC: ("0", "1", "0.5", "-1", "50"),
    Kind.FLOAT: ("0", "1", "0.5", "-1", "50"),
    Kind.BOOLEAN: ("0", "1"),
    Kind.DATE: MOMENTS,
    Kind.TIMESTAMP: MOMENTS,
    Kind.TIME: ("00:00:00", "12:00:00", "23:59:59"),
    Kind.BYTES: ("", "00", "00" * 16, "00" * 32),
}


def satisfy(facts: TableFacts, rows: list[Row], fixed: frozenset[str], judge: Judge) -> None:
    """
    Change the rows in place until their checks hold, as far as values can be found. `fixed` are columns whose values
    are given by others: foreign keys.
    """
    for group in _groups(facts.checks):
        verdicts = judge(group, rows)
        if verdicts is None or all(verdicts):
            continue
        names = dict.fromkeys(name for check in group for name in check.columns if name not in fixed)
        columns = [column for column in facts.columns if column.name in names and column.written]
        failing = [row for row, passes in zip(rows, verdicts, strict=True) if not passes]
        if not columns or not failing:
            continue
        found = _solutions(group, columns, failing[0], judge, len(rows))
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


def _solutions(group: Sequence[Check], columns: Sequence[Column], example: Row, judge: Judge, wanted: int) -> list[Row]:
    """Values for these columns with which the conditions hold, as different as they can be."""
    words = " ".join(check.condition for check in group)
    pools = {column.name: list(_candidates(column, words)) for column in columns}
    while len(pools) > 1 and _count(pools) > MOST_COMBINATIONS:
        longest = max(pools, key=lambda name: len(pools[name]))
        pools[longest].pop()
    combinations = [
        dict(zip(pools, values, strict=True)) for values in islice(product(*pools.values()), MOST_COMBINATIONS)
    ]
    verdicts = judge(group, [example | combination for combination in combinations])
    if verdicts is None:
        return []
    passing = [one for one, passes in zip(combinations, verdicts, strict=True) if passes]
    # Values are better than NULLs, which satisfy every condition.
    passing.sort(key=lambda one: sum(value is None for value in one.values()))
    fewest = sum(value is None for value in passing[0].values()) if passing else 0
    return [one for one in passing if sum(value is None for value in one.values()) == fewest][:wanted]


def _count(pools: Mapping[str, Sequence[str | None]]) -> int:
    count = 1
    for pool in pools.values():
        count *= len(pool)
    return count


def _candidates(column: Column, words: str) -> Iterator[str | None]:
    """What may satisfy a condition: the literals in it and their neighbours, and the usual suspects."""
    strings = [found.replace("''", "'") for found in STRING.findall(words)]
    numbers = [float(found) for found in NUMBER.findall(STRING.sub(" ", words))]
    near = [f"{number + step:g}" for number in numbers for step in (0, 1, -1)]
    usual = [value(column, row) for row in (2, 3, 4)]
    found: list[str | None] = []
    match column.kind:
        case Kind.ENUM:
            found = [*column.labels]
        case Kind.TEXT:
            lengths = [int(number) + step for number in numbers for step in (0, 1, -1) if 0 < number < 500]
            found = [*strings, *usual, *TEXTS, *("a" * length for length in lengths)]
            found += ["7" * length for length in lengths] + ["a" * 32, "0" * 64]
            found = [one for one in found if one is not None and len(one) <= (column.size or 1_000)]
        case Kind.INTEGER | Kind.NUMERIC | Kind.FLOAT:
            found = [*near, *usual, *SPECIAL[column.kind]]
            found = [one for one in found if one is not None and (column.kind is not Kind.INTEGER or "." not in one)]
        case Kind.OTHER:
            found = [*usual, "{}", "[]", '{"number": 1}'] if "json" in column.type else [*usual]
        case _:
            found = [*usual, *SPECIAL.get(column.kind, ())]
            found += strings if column.kind in (Kind.DATE, Kind.TIMESTAMP, Kind.TIME) else []
    if column.array:
        found = ["{}", *(f'{{"{one}"}}' for one in found if one is not None and '"' not in one)]
    if column.nullable:
        found = [*found[: MOST_VALUES - 1], None]
    yield from dict.fromkeys(found[:MOST_VALUES])
