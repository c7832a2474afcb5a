"""What it costs to fill tables and to read what is in them: python -m tests.benchmarks.rows"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from statistics import median

from migration_guard.roundtripping.servers import sqlite
from tests.rows import POSTGRESQL, Place, new_place
from tests.servers import private

COLUMNS = """a varchar(200) not null, b varchar(30) default 'x', c integer references t0 (id), d timestamp,
    e numeric(10, 2), f text, g boolean, check (e > 0)"""
KEYS = {"postgresql": "serial primary key", "sqlite": "integer primary key"}
SIZES = (10, 100, 500)


def main() -> None:
    with ExitStack() as stack:
        servers = [stack.enter_context(sqlite.private()), *(stack.enter_context(private(one)) for one in POSTGRESQL)]
        for server in servers:
            print(server.description)
            with new_place(server) as place:
                measure(place)


def measure(place: Place) -> None:
    there = 0
    for size in SIZES:
        for number in range(there, size):
            place.run(f"create table t{number} (id {KEYS[place.dialect]}, {COLUMNS})")
        new, there = size - there, size
        snapshot = place.looking.take()
        first = timed(lambda: place.filler.fill(snapshot))  # noqa: B023
        one, nothing, captured = [], [], []
        for turn in range(9):
            place.run(f"create table n{size}_{turn} (id {KEYS[place.dialect]}, {COLUMNS})")
            snapshot = place.looking.take()
            one.append(timed(lambda: place.filler.fill(snapshot)))  # noqa: B023
            captured.append(timed(lambda: place.filler.capture(snapshot)))  # noqa: B023
            nothing.append(timed(lambda: place.filler.fill(snapshot)))  # noqa: B023
            place.run(f"drop table n{size}_{turn}")
        print(
            f"{size:4} tables: {first / new:.1f} ms to fill a table at first, {median(one):.1f} ms for one more,"
            f" {median(nothing):.2f} ms when nothing changed, {median(captured):.1f} ms to capture"
        )


def timed(work: Callable[[], object]) -> float:
    """Milliseconds."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


if __name__ == "__main__":
    main()
