"""
PostgreSQL's catalogue, 12 and later, as a snapshot. Asks the database, and asks again only for what may have changed;
what the answers mean is told elsewhere.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Annotated, NamedTuple

from migration_guard.roundtripping.catalogues.definitions import CatalogueObject, Definition, Reader, Snapshot
from migration_guard.roundtripping.catalogues.named_rows import answers, scalar, select
from migration_guard.roundtripping.catalogues.postgresql import fingerprints
from migration_guard.roundtripping.catalogues.postgresql.fingerprints import Fingerprints
from migration_guard.roundtripping.catalogues.postgresql.objects import OtherObjects
from migration_guard.roundtripping.catalogues.postgresql.other_queries import (
    OTHER_QUERIES,
    AggregateRow,
    BaseTypeRow,
    CommentRow,
    CompositeRow,
    DomainRow,
    EnumRow,
    FunctionRow,
    RangeRow,
    SchemaRow,
)
from migration_guard.roundtripping.catalogues.postgresql.queries import (
    CatalogueQuery,
    NamedRow,
    OfRelation,
    Rows,
    statement,
)
from migration_guard.roundtripping.catalogues.postgresql.rare_queries import rare
from migration_guard.roundtripping.catalogues.postgresql.table_queries import (
    OF_ALL_TABLES,
    OF_SOME_TABLES,
    ColumnRow,
    ConstraintRow,
    IndexRow,
    RelationRow,
    RuleRow,
    SequenceRow,
    ViewRow,
)
from migration_guard.roundtripping.catalogues.postgresql.tables import Directory, TableObjects

Objects = dict[CatalogueObject, Definition]
# Where these change, definitions of other objects may read differently though nothing of their own has changed.
EVERYWHERE = {"extensions", "rare", "roles"}
OF_TABLES: tuple[type[OfRelation], ...] = (RelationRow, ColumnRow, ConstraintRow, IndexRow)
NAMED: tuple[type[NamedRow], ...] = (
    *(SequenceRow, EnumRow, DomainRow, CompositeRow, RangeRow, BaseTypeRow),
    *(FunctionRow, AggregateRow),
)


class _Answer(NamedTuple):
    """The answer to a `CatalogueQuery`: the name of its class, and JSON."""

    name: str
    rows: str


class _Settings(NamedTuple):
    """What our session had set before we pin it, and how many of our statements are prepared."""

    path: Annotated[str, "current_setting('search_path')"]
    schema: Annotated[str | None, "current_schema()"]
    mode: Annotated[str, "current_setting('plan_cache_mode')"]
    prepared: Annotated[int, "count(*)"]
    pinned_path: Annotated[str, "set_config('search_path', 'pg_catalog', false)"]
    pinned_mode: Annotated[str, "set_config('plan_cache_mode', 'force_generic_plan', false)"]


_PREPARED = "from pg_prepared_statements where name in ('prints_{0}', 'tables_{0}')"
_UNPIN = """select pg_catalog.set_config('search_path', '{}', false),
    pg_catalog.set_config('plan_cache_mode', '{}', false)"""


class PostgreSQLCatalogue:
    """The catalogue of the database that a reader is connected to."""

    def __init__(self, access: Reader, version_table: str, version_schema: str | None) -> None:
        self._access = access
        self._version_table = version_table
        self._version_schema = version_schema
        self._version = 0
        self._queries: dict[str, CatalogueQuery] = {}
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
                    self._known.learn(self._asked(self._queries.values()), None)
                self._prints = prints
                self._snapshot = self._known.snapshot()
        return self._snapshot

    def _prepare(self) -> None:
        """What is asked again and again is planned once: planning takes longer than answering."""
        self._version = int(str(scalar(self._access, "select current_setting('server_version_num')")))
        queries = (*OF_SOME_TABLES, *OF_ALL_TABLES, *OTHER_QUERIES, rare(self._version))
        self._queries = {query.row.__name__: query for query in queries}
        self._access.execute(f"prepare prints_{self._prepared} as {fingerprints.question(self._version)}")
        of_tables = statement(OF_SOME_TABLES, self._version, only="and c.oid = any($1)")
        self._access.execute(f"prepare tables_{self._prepared} (oid[]) as {of_tables}")

    def _asked(self, queries: Iterable[CatalogueQuery]) -> Rows:
        wanted = [*queries]
        return self._read(statement(wanted, self._version)) if wanted else Rows()

    def _asked_of(self, tables: Iterable[int]) -> Rows:
        numbers = ",".join(map(str, sorted(tables)))
        return self._read(f"execute tables_{self._prepared} ('{{{numbers}}}')")

    def _read(self, sql: str) -> Rows:
        found = Rows()
        for answer in answers(self._access, _Answer, sql):
            row = self._queries[answer.name].row
            found[row] = list(map(row._make, json.loads(answer.rows)))
        return found

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
        answer = self._asked(
            query for query in self._queries.values() if query not in OF_SOME_TABLES and known.rests(query, changed)
        )
        if touched:
            answer |= self._asked_of(touched)
        if known.is_renamed(answer, touched):
            return False
        known.learn(answer, touched)
        return True

    @contextmanager
    def _pinned(self) -> Iterator[str]:
        """With names written in full, whatever the search path: definitions depend on it. Yields the current schema."""
        (settings,) = select(self._access, _Settings, _PREPARED.format(self._prepared))
        try:
            # psycopg, for one, drops all prepared statements after some DDL.
            if settings.prepared != 2:
                self._prepare()
            yield settings.schema or "public"
        finally:
            self._access.query(_UNPIN.format(settings.path.replace("'", "''"), settings.mode))


class KnownRows:
    """The rows that we have, and the objects that were built from them."""

    def __init__(self, version_table: str) -> None:
        self.rows = Rows()
        self.tables: dict[int, Rows] = {}
        self.home: dict[int, int] = {}
        self._directory = Directory(version_table)
        self._built: dict[int, Objects] = {}
        self._others: dict[tuple[type, ...], Objects] = {}

    def snapshot(self) -> Objects:
        """All objects together."""
        found: Objects = {}
        for built in (*self._built.values(), *self._others.values()):
            found.update(built)
        return found

    def rests(self, query: CatalogueQuery, changed: set[str]) -> bool:
        """Whether the answer to this question may be another one now."""
        if query.row is FunctionRow and "routines" not in changed:
            # A body in quotes is text; one that is not is written anew from what it refers to.
            return "relations" in changed and any("\nAS $" not in row.definition for row in self.rows.of(FunctionRow))
        if query.row in (ViewRow, RuleRow, CompositeRow) and changed == {"relations"} and not self.rows.of(query.row):
            return False
        return bool(changed & set(query.sources))

    def learn(self, answer: Rows, touched: set[int] | None) -> None:
        """Take in new rows; `touched` are the tables that changed or are gone, None where all is new."""
        views = {row.relation: row for row in self.rows.of(ViewRow)}
        self.rows.update({kind: rows for kind, rows in answer.items() if kind not in OF_TABLES})
        fresh = {row.relation for row in self.rows.of(ViewRow) if views.get(row.relation) != row}
        if RelationRow in answer:
            for oid in touched or ():
                self.tables.pop(oid, None)
                self._built.pop(oid, None)
                self._directory.relations.pop(oid, None)
            for relation in answer.of(RelationRow):
                self.tables[relation.relation] = Rows({kind: [] for kind in OF_TABLES})
            for kind in OF_TABLES:
                for row in answer.of(kind):
                    self.tables[row.relation][kind].append(row)
            self._directory.enter(answer)
            self.home.update({index.oid: index.relation for index in answer.of(IndexRow)})
            fresh |= {relation.relation for relation in answer.of(RelationRow)}
        if CommentRow in answer:
            fresh = set(self.tables)
        self._build(fresh & self.tables.keys(), set(answer))

    def _build(self, relations: set[int], answered: set[type]) -> None:
        comments = {(row.catalogue, row.oid, row.number): row.text for row in self.rows.of(CommentRow)}
        rows = self._of_tables(relations)
        rows[ViewRow] = [row for row in self.rows.of(ViewRow) if row.relation in relations]
        self._built.update(TableObjects(rows, self._directory, comments).build())
        for needs, build in OtherObjects(self.rows, self._directory, comments).sections().items():
            if answered & {*needs, CommentRow}:
                self._others[needs] = dict(build())

    def _of_tables(self, relations: Iterable[int]) -> Rows:
        tables = [self.tables[oid] for oid in relations if oid in self.tables]
        return Rows({kind: [row for table in tables for row in table[kind]] for kind in OF_TABLES})

    def is_renamed(self, answer: Rows, touched: set[int]) -> bool:
        """Whether something kept its number and changed its name: then whatever mentions it reads differently."""
        before = self._of_tables(touched)
        before.update({kind: self.rows[kind] for kind in answer if kind not in OF_TABLES})
        old = _names(before)
        return any(old.get(key, name) != name for key, name in _names(answer).items())


def _names(rows: Rows) -> dict[object, object]:
    found: dict[object, object] = {}
    for kind in NAMED:
        found.update({(kind, row.oid): (row.schema, row.name) for row in rows.of(kind)})
    found.update({(RelationRow, row.relation): (row.schema, row.name) for row in rows.of(RelationRow)})
    found.update({("column", row.relation, row.number): row.name for row in rows.of(ColumnRow)})
    found.update({("schema", row.oid): row.name for row in rows.of(SchemaRow)})
    for composite in rows.of(CompositeRow):
        found.update({("attribute", composite.oid, one["number"]): one["name"] for one in composite.attributes or ()})
    for enum in rows.of(EnumRow):
        found.update({("label", one["oid"]): one["label"] for one in enum.labels or ()})
    return found
