"""SQLite: a folder of our own, and a file in it for each database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from migration_guard.roundtripping.servers import folders, owned_names
from migration_guard.roundtripping.servers.access import DatabaseError
from migration_guard.roundtripping.servers.destination import Destination


@dataclass(slots=True)
class SQLiteServer:
    """The files that we made in one folder."""

    folder: Path
    version: tuple[int, ...] = sqlite3.sqlite_version_info
    description: str = f"SQLite {sqlite3.sqlite_version}, a file"
    made: set[str] = field(default_factory=set)

    dialect = "sqlite"

    def create(self) -> Destination:
        """A new empty file."""
        file = self.folder / f"{owned_names.name()}.db"
        file.touch(mode=0o600, exist_ok=False)
        self.made.add(str(file))
        return Destination(dialect="sqlite", database=str(file))

    def copy(self, source: Destination) -> Destination:
        """A new file like `source`, without what is still in a transaction there."""
        copy = self.create()
        with closing(sqlite3.connect(source.database)) as old, closing(sqlite3.connect(copy.database)) as new:
            old.backup(new)
        return copy

    def drop(self, destination: Destination) -> None:
        """Removes a file of ours, with what SQLite keeps beside it."""
        if destination.database not in self.made:
            raise DatabaseError(f"{destination.database} is no file that this run made, so it is not removed.")
        for beside in ("", "-journal", "-wal", "-shm"):
            Path(destination.database + beside).unlink(missing_ok=True)
        self.made.discard(destination.database)

    def client(self) -> Path | None:
        """None: what psql is for, Python does here."""
        return None


@contextmanager
def private() -> Iterator[SQLiteServer]:
    """A folder for files of ours; nothing of it is left afterwards."""
    with folders.temporary() as folder:
        yield SQLiteServer(folder)
