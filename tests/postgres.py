"""A private PostgreSQL server for the tests, of each installation at hand: the one that a round trip runs on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from migration_guard.roundtripping.servers import binaries, postgresql


def installations() -> list[Path]:
    """The bin folders of every PostgreSQL found."""
    return [one.folder for one in binaries.postgresql()]


@contextmanager
def throwaway(folder: Path) -> Iterator[str]:
    """Run a server of our own and yield its connection string; nothing of it is left behind."""
    found = next(one for one in binaries.postgresql() if one.folder == folder)
    with postgresql.private(found) as server:
        yield f"host={server.maintenance.socket} user=postgres dbname=postgres"
