"""
PostgreSQL's catalogue, 12 and later, as a snapshot. Asks the database, and asks again only for what may have changed;
what the answers mean is told elsewhere.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from migration_guard.roundtripping.catalogues.postgresql import fingerprints
from migration_guard.roundtripping.catalogues.postgresql.fingerprints import Fingerprints
from migration_guard.roundtripping.catalogues.postgresql.objects import OtherObjects
from migration_guard.roundtripping.catalogues.postgresql.queries import CatalogueQuery, parts, statement
from migration_guard.roundtripping.catalogues.postgresql.rare_queries import rare
from migration_guard.roundtripping.catalogues.postgresql.tables import Directory, TableObjects
from migration_guard.roundtripping.catalogues.snapshot import CatalogueObject, Definition, Reader, Snapshot

Rows = dict[str, list[list[Any]]]
Objects = dict[CatalogueObject, Definition]
# Where these change, definitions of other things may read differently though nothing of their own has changed.
EVERYWHERE = {"extensions", "rare", "roles"}
OF_TABLES = ("relations", "columns", "constraints", "indexes")
NAMED = ("relations", "sequences", "enums", "domains", "composites", "ranges", "base types", "functions", "aggregates")
_PIN = """select current_setting('search_path'), current_schema(), current_setting('plan_cache_mode'),
    (select count(*) from pg_prepared_statements where name in ('prints_{0}', 'tables_{0}')),
    set_config('search_path', 'pg_catalog', false), set_config('plan_cache_mode', 'force_generic_plan', false)"""
_UNPIN = """select pg_catalog.set_config('search_path', '{}', false),
    pg_catalog.set_config('plan_cache_mode', '{}', false)"""


class PostgreSQLCatalogue:
    """The catalogue of the database that a reader is connected to."""

    def __init__(self, access: Reader, version_table: str, version_schema: str | None) -> None:
        self._access = access
        self._version_table = version_table
        self._version_schema = version_schema
        self._parts: dict[str, CatalogueQuery] = {}
        self._prepared = secrets.token_hex(8)
        self._prints = Fingerprints()
        self._known: KnownRows | None = None
        self._snapshot: Objects = {}

    def take(self) -> Snapshot:
        """Everything but the version table, temporary objects and what belongs to extensions."""
        with self._pinned() as schema:
            prints = fingerprints.take(self._access, f"execute prints_{self._prepared}")
            if self._known is None or prints != self._prints:
                if self._known is None or not self._refresh(self._known, prints):
                    self._known = KnownRows(f"{self._version_schema or schema}.{self._version_table}")
                    self._known.learn(self._asked(self._parts), None)
                self._prints = prints
                self._snapshot = self._known.snapshot()
        return self._snapshot

    def _prepare(self) -> None:
        """What is asked again and again is planned once: planning takes longer than answering."""
        version = int(self._access.query("select current_setting('server_version_num')")[0][0])
        self._parts = {part.name: part for part in (*parts(version), *rare(version))}
        self._access.execute(f"prepare prints_{self._prepared} as {fingerprints.question(version)}")
        of_tables = statement([self._parts[name] for name in OF_TABLES], only="and c.oid = any($1)")
        self._access.execute(f"prepare tables_{self._prepared} (oid[]) as {of_tables}")

    def _asked(self, names: Iterable[str]) -> Rows:
        wanted = [self._parts[name] for name in names]
        return self._read(statement(wanted)) if wanted else {}

    def _asked_of(self, tables: Iterable[int]) -> Rows:
        numbers = ",".join(map(str, sorted(tables)))
        return self._read(f"execute tables_{self._prepared} ('{{{numbers}}}')")

    def _read(self, sql: str) -> Rows:
        return {str(name): json.loads(text) for name, text in self._access.query(sql)}

    def _refresh(self, known: KnownRows, prints: Fingerprints) -> bool:
        """Ask again where a fingerprint changed. False: everything has to be asked again."""
        old, new = self._prints, prints
        changed = {name for name, value in new.sources.items() if old.sources.get(name) != value}
        if changed & EVERYWHERE:
            return False
        keys = old.relations.keys() | new.relations.keys()
        touched = {known.home.get(key, key) for key in keys if old.relations.get(key) != new.relations.get(key)}
        if touched:
            changed.add("relations")
        needed = [name for name, part in self._parts.items() if name not in OF_TABLES and known.rests(part, changed)]
        answer = self._asked(needed)
        if touched:
            answer |= self._asked_of(touched)
        if known.is_renamed(answer, touched):
            return False
        known.learn(answer, touched)
        return True

    @contextmanager
    def _pinned(self) -> Iterator[str]:
        """With names written in full, whatever the search path: definitions depend on it. Yields the current schema."""
        path, schema, mode, there, *_ = self._access.query(_PIN.format(self._prepared))[0]
        try:
            # psycopg, for one, drops all prepared statements after some DDL.
            if there != 2:
                self._prepare()
            yield schema or "public"
        finally:
            self._access.query(_UNPIN.format(path.replace("'", "''"), mode))


class KnownRows:
    """The rows that we have, and the things that were built from them."""

    def __init__(self, version_table: str) -> None:
        self.rows: Rows = {}
        self.tables: dict[int, Rows] = {}
        self.home: dict[int, int] = {}
        self._directory = Directory(version_table)
        self._built: dict[int, Objects] = {}
        self._others: dict[tuple[str, ...], Objects] = {}

    def snapshot(self) -> Objects:
        """All things together."""
        found: Objects = {}
        for built in (*self._built.values(), *self._others.values()):
            found.update(built)
        return found

    def rests(self, part: CatalogueQuery, changed: set[str]) -> bool:
        """Whether the answer to this question may be another one now."""
        if part.name == "functions" and "routines" not in changed:
            # A body in quotes is text; one that is not is written anew from what it refers to.
            return "relations" in changed and any("\nAS $" not in row[-1] for row in self.rows["functions"])
        if part.name in ("views", "rules", "composites") and changed == {"relations"} and not self.rows[part.name]:
            return False
        return bool(changed & set(part.sources))

    def learn(self, answer: Rows, touched: set[int] | None) -> None:
        """Take in new rows; `touched` are the tables that changed or are gone, None where all is new."""
        views = {row[0]: row for row in self.rows.get("views", ())}
        self.rows |= {name: rows for name, rows in answer.items() if name not in OF_TABLES}
        fresh = {row[0] for row in self.rows["views"] if views.get(row[0]) != row}
        if "relations" in answer:
            for oid in touched or ():
                self.tables.pop(oid, None)
                self._built.pop(oid, None)
                self._directory.relations.pop(oid, None)
            for name in OF_TABLES:
                for row in answer[name]:
                    self.tables.setdefault(row[0], {part: [] for part in OF_TABLES})[name].append(row)
            self._directory.enter(answer)
            self.home.update({row[1]: row[0] for row in answer["indexes"]})
            fresh |= {row[0] for row in answer["relations"]}
        if "comments" in answer:
            fresh = set(self.tables)
        self._build(fresh & self.tables.keys(), set(answer))

    def _build(self, relations: set[int], answered: set[str]) -> None:
        comments = {(source, oid, number): text for source, oid, number, text in self.rows["comments"]}
        rows: Rows = {name: [row for oid in relations for row in self.tables[oid][name]] for name in OF_TABLES}
        rows["views"] = [row for row in self.rows["views"] if row[0] in relations]
        self._built.update(TableObjects(rows, self._directory, comments).build())
        for needs, build in OtherObjects(self.rows, self._directory, comments).sections().items():
            if answered & {*needs, "comments"}:
                self._others[needs] = dict(build())

    def is_renamed(self, answer: Rows, touched: set[int]) -> bool:
        """Whether something kept its number and changed its name: then whatever mentions it reads differently."""
        before: Rows = {name: self.rows[name] for name in answer if name not in OF_TABLES}
        before |= {
            name: [row for oid in touched if oid in self.tables for row in self.tables[oid][name]] for name in OF_TABLES
        }
        old = _names(before)
        return any(old.get(key, name) != name for key, name in _names(answer).items())


def _names(rows: Rows) -> dict[object, object]:
    found: dict[object, object] = {}
    for part in NAMED:
        found.update({(part, row[0]): (row[1], row[2]) for row in rows.get(part, ())})
    found.update({("column", row[0], row[1]): row[2] for row in rows.get("columns", ())})
    found.update({("schema", row[0]): row[1] for row in rows.get("schemas", ())})
    found.update({("attribute", row[0], one[0]): one[1] for row in rows.get("composites", ()) for one in row[6] or ()})
    found.update({("label", number): label for row in rows.get("enums", ()) for number, label in row[5] or ()})
    return found
