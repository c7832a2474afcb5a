"""
Foreign keys, also those that a column only has by its name: in which order tables are filled, and which rows of other
tables a row names. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from migration_guard.roundtripping.rows.tables import ColumnInfo, ForeignKey, Kind, TableInfo, TableName

Row = dict[str, str | None]
Values = tuple[str | None, ...]

MOST_TRIES = 500
PERSON = re.compile(r"(^|_)(user|owner|author|creator|assignee|member)(_?id)?$|_by(_?id)?$")
PEOPLE = ("users", "user", "accounts", "account")


def with_implied(tables: Sequence[TableInfo]) -> tuple[TableInfo, ...]:
    """
    The tables, with foreign keys where a column's name implies one: `customer_id` where there is a table `customers`.
    The next migration may add that key, and its rows had better fit.
    """
    known = {table.name: table for table in tables}
    return tuple(replace(table, foreign_keys=(*table.foreign_keys, *_implied(table, known))) for table in tables)


def _implied(table: TableInfo, known: Mapping[TableName, TableInfo]) -> Iterator[ForeignKey]:
    taken = {name for key in table.foreign_keys for name in key.columns}
    for column in table.written:
        if column.name in taken or column.array or column.kind not in (Kind.INTEGER, Kind.TEXT, Kind.OTHER):
            continue
        for name in _tables_named_by(column.name.lower(), table.name.name):
            other = known.get(TableName(table.name.schema, name))
            if other and len(other.primary) == 1 and _fits(column, other.column(other.primary[0])):
                if other.name != table.name or table.primary != (column.name,):
                    yield ForeignKey((column.name,), other.name, other.primary, implied=True)
                break


def _tables_named_by(column: str, table: str) -> Iterator[str]:
    """The tables whose rows a column of this name may name."""
    found = re.fullmatch(r"(.+?)_?(id|uuid|code|key)", column)
    if found:
        words = found[1].split("_")
        if found[1] == "parent":
            yield table
        for start in range(len(words)):
            stem = "_".join(words[start:])
            yield from (f"{stem}s", stem, f"{stem}es", f"{stem[:-1]}ies")
    if PERSON.search(column):
        yield from PEOPLE


def _fits(column: ColumnInfo, key: ColumnInfo) -> bool:
    if column.kind is Kind.OTHER:
        return column.type == key.type
    return column.kind is key.kind and (column.size or 1_000) >= (key.size or 1_000)


def in_order(tables: Sequence[TableInfo]) -> Iterator[tuple[TableInfo, ...]]:
    """
    Tables in an order in which their foreign keys find rows: one by one, together where they cannot do without each
    other.
    """
    waiting = {table.name: table for table in tables}
    while waiting:
        ready = [table for table in waiting.values() if not _waits(table, waiting)]
        if not ready:
            # A circle: its optional keys are written when all of the tables have rows.
            ready = [table for table in waiting.values() if not _waits(table, waiting, needed_only=True)][:1]
        groups = [(table,) for table in ready] if ready else [_smallest_circle(waiting)]
        for group in groups:
            for table in group:
                del waiting[table.name]
            yield group


def _waits(table: TableInfo, waiting: Mapping[TableName, TableInfo], *, needed_only: bool = False) -> bool:
    return any(
        key.table in waiting and key.table != table.name and not (needed_only and table.optional(key))
        for key in table.foreign_keys
    )


def _smallest_circle(waiting: Mapping[TableName, TableInfo]) -> tuple[TableInfo, ...]:
    def reached(table: TableInfo) -> dict[TableName, TableInfo]:
        found: dict[TableName, TableInfo] = {table.name: table}
        coming = [table]
        while coming:
            one = coming.pop()
            for key in one.foreign_keys:
                if key.table in waiting and key.table not in found and not one.optional(key):
                    found[key.table] = waiting[key.table]
                    coming.append(waiting[key.table])
        return found

    return tuple(min((reached(table) for table in waiting.values()), key=len).values())


def point(
    table: TableInfo, rows: Iterable[Row], parents: Mapping[ForeignKey, Sequence[Values]], given: frozenset[str]
) -> list[Row]:
    """
    Let the rows name rows of other tables: `parents` are those that there are. `given` are columns that keep their
    values. Where a row finds none, its optional keys become NULL; rows that would repeat a unique key are left out.
    """
    keys = sorted(
        (key for key in table.foreign_keys if key in parents), key=lambda key: (key.implied, -len(key.columns))
    )
    named = {name for key in keys for name in key.columns} | given
    uniques = [unique for unique in table.uniques if keys and named.issuperset(unique)]
    taken: set[tuple[int, Values]] = set()
    found: list[Row] = []
    for number, row in enumerate(rows):
        start = {name: row[name] for name in given if row.get(name) is not None}
        for choice in islice(_choices(table, keys, parents, start, number), MOST_TRIES):
            whole = row | choice
            marks = [(place, tuple(whole[name] for name in unique)) for place, unique in enumerate(uniques)]
            if not any(mark in taken and None not in mark[1] for mark in marks):
                taken.update(marks)
                found.append(whole)
                break
    return found


def _choices(
    table: TableInfo,
    keys: Sequence[ForeignKey],
    parents: Mapping[ForeignKey, Sequence[Values]],
    chosen: Row,
    number: int,
) -> Iterator[Row]:
    """All the ways to satisfy the keys, those first that use other parents than the row before."""
    if not keys:
        yield chosen
        return
    key, *rest = keys
    options = parents[key]
    start = number % len(options) if options else 0
    # What names two rows of one table had better name different ones.
    others = [other for other in table.foreign_keys if other.table == key.table and other != key]
    named = {tuple(chosen.get(name) for name in other.columns) for other in others}
    for option in sorted((*options[start:], *options[:start]), key=named.__contains__):
        pairs = dict(zip(key.columns, option, strict=True))
        if all(chosen.get(name, one) == one for name, one in pairs.items()):
            yield from _choices(table, rest, parents, chosen | pairs, number)
    if key.implied:
        yield from _choices(table, rest, parents, chosen, number)
        return
    free = [name for name in key.columns if table.column(name).nullable and name not in chosen]
    if free:
        yield from _choices(table, rest, parents, chosen | dict.fromkeys(free, None), number)


def point_to_itself(table: TableInfo, rows: Sequence[Row], given: frozenset[str]) -> None:
    """Let rows name earlier rows of their own table: a tree; a chain where no two may name the same."""
    for key in table.foreign_keys:
        if key.table != table.name:
            continue
        fixed = [name for name in key.columns if name in given or _named_otherwise(table, key, name)]
        free = [name for name in key.columns if name not in fixed]
        chain = any(set(unique) <= set(key.columns) for unique in table.uniques)
        roots_allowed = all(table.column(name).nullable for name in free)
        for number, row in enumerate(rows):
            if any(name in given and row[name] is not None for name in free):
                continue
            before = rows[:number] if roots_allowed else rows[: number + 1]
            pairs = dict(zip(key.columns, key.referred, strict=True))
            fitting = [one for one in before if all(one.get(pairs[name]) == row[name] for name in fixed)]
            at = len(fitting) - 1 if chain else (len(fitting) - 1) // 2
            own = fitting[at] if 0 <= at < len(fitting) else fitting[-1] if fitting else None
            row.update({name: own.get(pairs[name]) if own else None for name in free})


def names_one_of(table: TableInfo, row: Row, others: Iterable[Row]) -> bool:
    """Whether a row names one of these rows of its own table."""
    return any(
        all(row[name] is not None and row[name] == other.get(referred) for name, referred in pairs)
        for pairs in (
            tuple(zip(key.columns, key.referred, strict=True)) for key in table.foreign_keys if key.table == table.name
        )
        for other in others
    )


def _named_otherwise(table: TableInfo, key: ForeignKey, name: str) -> bool:
    """Whether a column belongs to the row's own key, or to another foreign key."""
    return name in table.primary or any(name in other.columns for other in table.foreign_keys if other != key)
