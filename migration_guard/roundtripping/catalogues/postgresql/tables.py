"""PostgreSQL's tables, views, columns, constraints and indexes, as objects. Asks nothing: it is given rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from migration_guard.roundtripping.catalogues.definitions import CatalogueObject, Definition
from migration_guard.roundtripping.catalogues.postgresql.names import is_chosen
from migration_guard.roundtripping.catalogues.postgresql.queries import OfRelation, Rows
from migration_guard.roundtripping.catalogues.postgresql.spelling import (
    COMPRESSION,
    CONSTRAINTS,
    GENERATED,
    IDENTITY,
    LABELS,
    PERSISTENCE,
    REPLICA,
    STORAGE,
    TABLES,
    Comments,
    own_sequence,
    texts,
    yes,
)
from migration_guard.roundtripping.catalogues.postgresql.table_queries import (
    ColumnRow,
    ConstraintRow,
    IndexRow,
    RelationRow,
    ViewRow,
)

R = TypeVar("R", bound=OfRelation)
Found = Iterator[tuple[int, CatalogueObject, Definition]]
VIEWS = ("v", "m")
_NOT_NULL = re.compile(r"_not_null\d*$")


@dataclass(slots=True)
class Directory:
    """Which number is which table, constraint or index, for all of them."""

    version_table: str
    relations: dict[int, str] = field(default_factory=dict)
    tables: dict[int, str] = field(default_factory=dict)
    kinds: dict[int, str] = field(default_factory=dict)
    constraints: dict[int, CatalogueObject] = field(default_factory=dict)
    indexes: dict[int, CatalogueObject] = field(default_factory=dict)

    def enter(self, rows: Rows) -> None:
        """Take in tables with what they hold."""
        for relation in rows.of(RelationRow):
            self.relations[relation.relation] = f"{relation.schema}.{relation.name}"
            self.tables[relation.relation] = relation.name
            self.kinds[relation.relation] = relation.kind
        for row in rows.of(ConstraintRow):
            if row.kind in CONSTRAINTS:
                name = f"{self.relations[row.relation]}.{row.name}"
                self.constraints[row.oid] = CatalogueObject(CONSTRAINTS[row.kind], name)
        self.indexes.update(
            {row.oid: CatalogueObject("index", f"{row.schema}.{row.name}") for row in rows.of(IndexRow)}
        )

    def visible(self, rows: Iterable[R]) -> Iterator[R]:
        """Those of the rows that belong to a table or view, but for the version table's."""
        return (row for row in rows if self.relations.get(row.relation, self.version_table) != self.version_table)


class TableObjects:
    """Builds the objects of some tables from their rows."""

    def __init__(self, rows: Rows, directory: Directory, comments: Comments) -> None:
        self.rows = rows
        self.directory = directory
        self.comments = comments
        self.columns = {(row.relation, row.number): row.name for row in rows.of(ColumnRow)}

    def build(self) -> dict[int, dict[CatalogueObject, Definition]]:
        """The objects of each table, by its number."""
        found: dict[int, dict[CatalogueObject, Definition]] = {row.relation: {} for row in self._visible(RelationRow)}
        for part in (self._relations, self._columns, self._constraints, self._indexes):
            for relation, object_, definition in part():
                found[relation][object_] = definition
        return found

    def _comment(self, catalogue: str, oid: int, number: int = 0) -> str | None:
        return self.comments.get((catalogue, oid, number))

    def _visible(self, row: type[R]) -> Iterator[R]:
        return self.directory.visible(self.rows.of(row))

    def _relations(self) -> Found:
        definitions = {row.relation: row.definition for row in self.rows.of(ViewRow)}
        extras = self._columns_of_views()
        for row in self._visible(RelationRow):
            yield (
                row.relation,
                CatalogueObject(TABLES[row.kind], f"{row.schema}.{row.name}"),
                Definition(
                    None,
                    texts(
                        {
                            "definition": definitions.get(row.relation),
                            "partitioned by": row.partition_key,
                            "partition": row.partition_bound,
                            "parents": ", ".join(_parents(row)) or None,
                            "of type": row.of_type,
                            "unlogged": PERSISTENCE.get(row.persistence),
                            "row security": yes(row.row_security),
                            "row security forced": yes(row.forced_row_security),
                            "replica identity": REPLICA.get(row.replica_identity) if row.kind in "rp" else None,
                            "access method": None if row.access_method == "heap" else row.access_method,
                            "tablespace": row.tablespace,
                            "options": row.options,
                            "toast options": row.toast_options,
                            "server": row.server,
                            **extras.get(row.relation, {}),
                            "owner": row.owner,
                            "grants": row.grants,
                            "comment": self._comment("pg_class", row.relation),
                        }
                    ),
                ),
            )

    def _columns_of_views(self) -> dict[int, dict[str, object]]:
        """What is said of a view's columns beside its definition, as properties of the view."""
        found: dict[int, dict[str, object]] = {}
        for row in self.rows.of(ColumnRow):
            if self.directory.kinds.get(row.relation) in VIEWS:
                special = {
                    "default": row.default,
                    "comment": self._comment("pg_class", row.relation, row.number),
                    "grants": row.grants,
                    "statistics": row.statistics,
                    "options": row.options,
                }
                found.setdefault(row.relation, {}).update(
                    {f"{word} of {row.name}": value for word, value in special.items() if value is not None}
                )
        return found

    def _columns(self) -> Found:
        parents = {row.relation: _parents(row) for row in self.rows.of(RelationRow)}
        required_by = [
            (row, row.relation, row.columns[0])
            for row in self._visible(ConstraintRow)
            if row.kind == "n" and row.columns
        ]
        named = {
            (relation, number): row.name
            for row, relation, number in required_by
            # The name of a table or column that is called otherwise by now says as little as the present one's.
            if not _NOT_NULL.search(row.name) or self._comment("pg_constraint", row.oid) is not None
        }
        unproven = {(relation, number) for row, relation, number in required_by if not row.validated}
        own = {(relation, number) for row, relation, number in required_by if "NO INHERIT" in row.definition}
        for row in self._visible(ColumnRow):
            if self.directory.kinds[row.relation] in VIEWS:
                continue
            key = row.relation, row.number
            table = self.directory.relations[row.relation]
            expression = own_sequence(row.default, self.directory.tables[row.relation], row.name)
            yield (
                row.relation,
                CatalogueObject("column", f"{table}.{row.name}"),
                Definition(
                    table,
                    texts(
                        {
                            "type": row.type,
                            "nullable": "no" if row.required else "yes",
                            "not null constraint": named.get(key),
                            "not null inherited": "no" if key in own else None,
                            "not null validated": "no" if key in unproven else None,
                            "default": None if row.generated else expression,
                            "generated": f"{GENERATED[row.generated]}: {expression}" if row.generated else None,
                            "identity": IDENTITY.get(row.identity),
                            "collation": row.collation,
                            "storage": row.storage and STORAGE.get(row.storage, row.storage),
                            "compression": row.compression and COMPRESSION.get(row.compression, row.compression),
                            "statistics": row.statistics,
                            "options": row.options,
                            "foreign options": row.foreign_options,
                            "grants": row.grants,
                            "comment": self._comment("pg_class", row.relation, row.number),
                        }
                    ),
                    part_of=tuple(
                        CatalogueObject("column", f"{parent}.{row.name}") for parent in parents[row.relation]
                    ),
                ),
            )

    def _names(self, relation: int, numbers: Iterable[int]) -> list[str]:
        return [self.columns.get((relation, number), "") for number in numbers]

    def _constraints(self) -> Found:
        indexes = {row.oid: row for row in self.rows.of(IndexRow)}
        for row in self._visible(ConstraintRow):
            if row.kind not in CONSTRAINTS or row.kind == "n":
                continue
            columns = self._names(row.relation, row.columns or ())
            middle = [] if row.kind == "p" or (row.kind == "c" and len(columns) != 1) else columns
            index = indexes.get(row.backing_index) if row.kind in "pux" else None
            part_of = [self.directory.constraints[row.parent]] if row.parent in self.directory.constraints else []
            if row.target is not None:
                part_of.append(CatalogueObject("table", row.target))
            yield (
                row.relation,
                self.directory.constraints[row.oid],
                Definition(
                    self.directory.relations[row.relation],
                    texts(
                        {
                            "definition": row.definition.removesuffix(" NOT VALID"),
                            "validated": ("yes" if row.validated else "no") if row.kind in "cf" else None,
                            **(_properties(index) if index else {}),
                            "comment": self._comment("pg_constraint", row.oid),
                        }
                    ),
                    system_named=is_chosen(row.name, self.directory.tables[row.relation], middle, LABELS[row.kind]),
                    part_of=tuple(part_of),
                ),
            )

    def _indexes(self) -> Found:
        backing = {row.backing_index for row in self.rows.of(ConstraintRow) if row.kind in "pux"}
        for row in self._visible(IndexRow):
            if row.oid in backing:
                continue
            numbers = [int(number) for number in row.columns.split()]
            columns = None if 0 in numbers else self._names(row.relation, numbers)
            parent = self.directory.indexes.get(row.parent) if row.parent else None
            yield (
                row.relation,
                self.directory.indexes[row.oid],
                Definition(
                    self.directory.relations[row.relation],
                    texts(
                        {
                            "unique": "yes" if row.unique else "no",
                            "definition": row.definition.partition(" USING ")[2],
                            **_properties(row),
                            "statistics": row.statistics,
                            "comment": self._comment("pg_class", row.oid),
                        }
                    ),
                    system_named=is_chosen(row.name, self.directory.tables[row.relation], columns, "idx"),
                    part_of=(parent,) if parent else (),
                ),
            )


def _parents(row: RelationRow) -> list[str]:
    """The tables that it inherits from, or is a partition of."""
    return [f"{parent['schema']}.{parent['name']}" for parent in row.parents or ()]


def _properties(index: IndexRow) -> dict[str, object]:
    """What an index has beside its definition, whether it backs a constraint or not."""
    return {
        "valid": "yes" if index.valid else "no",
        "clustered": yes(index.clustered),
        "replica identity": yes(index.replica_identity),
        "options": index.options,
        "tablespace": index.tablespace,
    }
