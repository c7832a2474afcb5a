"""A database for the tests of rows: what looks at it, and what fills it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from migration_guard.roundtripping.catalogues import Catalogue, catalogue
from migration_guard.roundtripping.rows import Filler, Rows
from migration_guard.roundtripping.servers.access import Access
from migration_guard.roundtripping.servers.find import Server
from tests.servers import INSTALLED

POSTGRESQL = [one for one in INSTALLED if one.dialect == "postgresql"]
MYSQL = [one for one in INSTALLED if one.dialect != "postgresql"]


@dataclass
class Place:
    """A database that is as good as new for each test."""

    access: Access
    dialect: str
    looking: Catalogue
    filler: Filler

    def run(self, *statements: str) -> None:
        for statement in statements:
            self.access.execute(statement)

    def fill(self) -> None:
        self.filler.fill(self.looking.take())

    def capture(self) -> Rows:
        return self.filler.capture(self.looking.take())

    def count(self, table: str) -> int:
        return int(str(self.access.query(f"select count(*) from {table}")[0][0]))

    def values(self, column: str, table: str) -> list[Any]:
        return [one for (one,) in self.access.query(f"select {column} from {table}")]


@contextmanager
def new_place(server: Server, rows: int = 20) -> Iterator[Place]:
    """A new database on this server."""
    destination = server.create()
    try:
        with Access.open(destination) as access:
            looking = catalogue(access, server.dialect, version_table="alembic_version", version_schema=None)
            filler = Filler(access, server.dialect, rows=rows, version_table="alembic_version")
            yield Place(access, server.dialect, looking, filler)
    finally:
        server.drop(destination)
