"""What a snapshot of PostgreSQL costs, in full and after one small change: python -m tests.benchmarks.snapshots"""

from __future__ import annotations

import time
from statistics import median

import psycopg

from tests.catalogues import of_postgresql
from tests.postgres import installations, throwaway

TABLE = """create table t{0} (id serial primary key, a text not null, b varchar(30) default 'x',
    c int references t0 (id), d timestamptz default now(), e numeric(10, 2), check (e > 0));
    create index on t{0} (a); create index on t{0} (b, c)"""


def main() -> None:
    for folder in installations():
        print(folder)
        with (
            throwaway(folder) as info,
            psycopg.connect(info, autocommit=True) as theirs,
            psycopg.connect(info, autocommit=True) as connection,
        ):
            there = 0
            for tables in (10, 100, 500):
                for number in range(there, tables):
                    theirs.execute(TABLE.format(number))
                there = tables
                ours = of_postgresql(connection)
                full, changed, same = [], [], []
                for turn in range(15):
                    full.append(timed(lambda: of_postgresql(connection).take()))
                    ours.take()
                    theirs.execute(f"alter table t{turn % 9} add column n{tables}_{turn} text default 'q'")
                    changed.append(timed(ours.take))
                    same.append(timed(ours.take))
                words = ((full, "in full"), (changed, "after a change"), (same, "after none"))
                print(f"{tables:4} tables:", ", ".join(f"{median(one):.1f} ms {word}" for one, word in words))


def timed(work: object) -> float:
    """Milliseconds."""
    assert callable(work)
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


if __name__ == "__main__":
    main()
