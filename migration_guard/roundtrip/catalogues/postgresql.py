"""PostgreSQL's catalogue, 12 and later, as a snapshot. Asks the database; what the answers mean is told elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from migration_guard.roundtrip.catalogues.postgresql_queries import parts, statement
from migration_guard.roundtrip.catalogues.postgresql_rare import rare
from migration_guard.roundtrip.catalogues.postgresql_things import Builder
from migration_guard.roundtrip.snapshot import Reader, Snapshot


class PostgreSQLCatalogue:
    """The catalogue of the database that a reader is connected to."""

    def __init__(self, access: Reader, version_table: str, version_schema: str | None) -> None:
        self._access = access
        self._version_table = version_table
        self._version_schema = version_schema
        self._sql = ""

    def take(self) -> Snapshot:
        """Everything but the version table, temporary objects and what belongs to extensions."""
        with self._pinned() as schema:
            if not self._sql:
                version = int(self._access.query("select current_setting('server_version_num')")[0][0])
                self._sql = statement((*parts(version), *rare(version)))
            rows = {name: json.loads(answer) for name, answer in self._access.query(self._sql)}
        return Builder(rows, f"{self._version_schema or schema}.{self._version_table}").build()

    @contextmanager
    def _pinned(self) -> Iterator[str]:
        """With names written in full, whatever the search path: definitions depend on it. Yields the current schema."""
        asked = (
            "select current_setting('search_path'), current_schema(), set_config('search_path', 'pg_catalog', false)"
        )
        path, schema, _ = self._access.query(asked)[0]
        try:
            yield schema or "public"
        finally:
            quoted = path.replace("'", "''")
            self._access.query(f"select pg_catalog.set_config('search_path', '{quoted}', false)")
