"""Which values that were there before are others, or gone, afterwards. Pure: compares what was read."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from migration_guard.model.trip import Loss

LONGEST_EXAMPLE = 60
# What triggers set when a row is updated: a data migration there and back leaves another moment, which is no loss.
TOUCHED = re.compile(
    r"(updated|modified|changed|last_(update|change|modification))(_?(at|on|time|date))?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class TableRows:
    """All rows of one table, each a JSON object of its columns, and the columns of its primary key."""

    key: tuple[str, ...]
    rows: tuple[str, ...]


Rows = Mapping[str, TableRows]
Row = Mapping[str, object]


def losses(before: Rows, after: Rows) -> tuple[Loss, ...]:
    """
    What has been lost in tables and columns that are there both before and after: one Loss for each column, or one for
    the rows that are gone. Rows and columns that have come are no loss.
    """
    found: list[Loss] = []
    for table, were in before.items():
        if table in after and were.rows != after[table].rows:
            found += _of_table(table, were, after[table])
    return tuple(found)


def _of_table(table: str, before: TableRows, after: TableRows) -> Iterator[Loss]:
    old, new = _read(before.rows), _read(after.rows)
    if not old:
        return
    shared = [name for name in old[0] if not new or name in new[0]]
    if before.key and before.key == after.key:
        yield from _by_key(table, before.key, old, new, shared)
    else:
        yield from _by_values(table, old, new, shared)


def _by_key(
    table: str, key: Sequence[str], old: Sequence[Row], new: Sequence[Row], shared: Sequence[str]
) -> Iterator[Loss]:
    now = {_identity(row, key): row for row in new}
    gone = [row for row in old if _identity(row, key) not in now]
    pairs = [(row, now[_identity(row, key)]) for row in old if _identity(row, key) in now]
    if (gone and len(gone) < len(old)) or (gone and not new):
        yield _rows_gone(table, gone)
    elif gone:
        # All keys are others: the key itself has changed.
        yield from _by_values(table, old, new, shared)
        return
    for name in shared:
        changed = [(row[name], other[name]) for row, other in pairs if row[name] != other[name]]
        if changed and not _only_touched(name, [now for _, now in changed]):
            yield Loss(table, name, _shown(changed[0][0]), _shown(changed[0][1]), len(changed))


def _by_values(table: str, old: Sequence[Row], new: Sequence[Row], shared: Sequence[str]) -> Iterator[Loss]:
    """Without a key nobody can say which row is which: the values of each column are compared as a whole."""
    if len(new) < len(old):
        yield _rows_gone(table, old[: len(old) - len(new)])
        return
    for name in shared:
        lost = Counter(json.dumps(row[name]) for row in old) - Counter(json.dumps(row[name]) for row in new)
        come = Counter(json.dumps(row[name]) for row in new) - Counter(json.dumps(row[name]) for row in old)
        if lost and not _only_touched(name, [json.loads(one) for one in come]):
            was, now = next(iter(lost)), next(iter(come), "null")
            yield Loss(table, name, _shown(json.loads(was)), _shown(json.loads(now)), lost.total())


def _only_touched(name: str, now: Sequence[object]) -> bool:
    return TOUCHED.fullmatch(name) is not None and None not in now


def _rows_gone(table: str, gone: Sequence[Row]) -> Loss:
    example = ", ".join(f"{name}={value}" for name, value in gone[0].items())
    return Loss(table, None, _shown(example), "nothing", len(gone))


def _read(rows: Sequence[str]) -> list[Row]:
    # Numbers stay as they are written: 1.10 is not 1.1.
    return [json.loads(row, parse_float=_Number, parse_int=_Number) for row in rows]


class _Number(str):
    """A number as it was written."""

    __slots__ = ()


def _identity(row: Row, key: Sequence[str]) -> str:
    return json.dumps([row[name] for name in key])


def _shown(value: object) -> str:
    if value is None:
        return "NULL"
    text = str(value) if isinstance(value, str) else json.dumps(value)
    cut = text if len(text) <= LONGEST_EXAMPLE else f"{text[:LONGEST_EXAMPLE]}... ({len(text)} characters)"
    return cut if isinstance(value, _Number) else repr(cut)
