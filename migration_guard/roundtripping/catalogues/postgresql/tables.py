"""PostgreSQL's tables, views, columns, constraints and indexes, as things. Asks nothing: it is given rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from migration_guard.roundtripping.catalogues.postgresql.names import is_chosen
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
    Rows,
    index_properties,
    own_sequence,
    texts,
    yes,
)
from migration_guard.roundtripping.catalogues.snapshot import CatalogueObject, Definition

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
        for row in rows["relations"]:
            self.relations[row[0]] = f"{row[1]}.{row[2]}"
            self.tables[row[0]] = row[2]
            self.kinds[row[0]] = row[3]
        for row in rows["constraints"]:
            if row[3] in CONSTRAINTS:
                self.constraints[row[1]] = CatalogueObject(CONSTRAINTS[row[3]], f"{self.relations[row[0]]}.{row[2]}")
        self.indexes.update({row[1]: CatalogueObject("index", f"{row[2]}.{row[3]}") for row in rows["indexes"]})

    def visible(self, relation: int) -> bool:
        """Whether it is a table or view, and not the version table."""
        return self.relations.get(relation, self.version_table) != self.version_table


class TableObjects:
    """Builds the things of some tables from their rows."""

    def __init__(self, rows: Rows, directory: Directory, comments: Comments) -> None:
        self.rows = rows
        self.directory = directory
        self.comments = comments
        self.columns = {(row[0], row[1]): row[2] for row in rows["columns"]}

    def build(self) -> dict[int, dict[CatalogueObject, Definition]]:
        """The things of each table, by its number."""
        found: dict[int, dict[CatalogueObject, Definition]] = {row[0]: {} for row in self._visible("relations")}
        for part in (self._relations, self._columns, self._constraints, self._indexes):
            for relation, thing, definition in part():
                found[relation][thing] = definition
        return found

    def _comment(self, source: str, oid: int, number: int = 0) -> str | None:
        return self.comments.get((source, oid, number))

    def _visible(self, part: str) -> Iterator[list[Any]]:
        return (row for row in self.rows[part] if self.directory.visible(row[0]))

    def _relations(self) -> Found:
        definitions = {row[0]: row[1] for row in self.rows["views"]}
        extras: dict[int, dict[str, object]] = {}
        for row in self.rows["columns"]:
            if self.directory.kinds.get(row[0]) in VIEWS:
                special = {"default": row[8], "comment": self._comment("pg_class", row[0], row[1]), "grants": row[12]}
                special |= {"statistics": row[11], "options": row[13]}
                extras.setdefault(row[0], {}).update(
                    {f"{word} of {row[2]}": value for word, value in special.items() if value is not None}
                )
        for row in self._visible("relations"):
            oid, schema, name, kind, persistence, owner, grants, secured, forced, replica, options, toast, *rest = row
            key, bound, parents, of, method, space, foreign = rest
            inherited = [f"{parent_schema}.{parent}" for _, parent_schema, parent in parents or ()]
            yield (
                oid,
                CatalogueObject(TABLES[kind], f"{schema}.{name}"),
                Definition(
                    None,
                    texts(
                        {
                            "definition": definitions.get(oid),
                            "partitioned by": key,
                            "partition": bound,
                            "parents": ", ".join(inherited) or None,
                            "of type": of,
                            "unlogged": PERSISTENCE.get(persistence),
                            "row security": yes(secured),
                            "row security forced": yes(forced),
                            "replica identity": REPLICA.get(replica) if kind in "rp" else None,
                            "access method": None if method == "heap" else method,
                            "tablespace": space,
                            "options": options,
                            "toast options": toast,
                            "server": foreign,
                            **extras.get(oid, {}),
                            "owner": owner,
                            "grants": grants,
                            "comment": self._comment("pg_class", oid),
                        }
                    ),
                ),
            )

    def _columns(self) -> Found:
        parents = {row[0]: [f"{schema}.{name}" for _, schema, name in row[14] or ()] for row in self.rows["relations"]}
        required_by = [row for row in self._visible("constraints") if row[3] == "n" and row[6]]
        named = {
            (row[0], row[6][0]): row[2]
            for row in required_by
            # The name of a table or column that is called otherwise by now says as little as the present one's.
            if not _NOT_NULL.search(row[2]) or self._comment("pg_constraint", row[1]) is not None
        }
        unproven = {(row[0], row[6][0]) for row in required_by if not row[5]}
        own = {(row[0], row[6][0]) for row in required_by if "NO INHERIT" in row[4]}
        for row in self._visible("columns"):
            oid, number, name, type_, required, identity, generated, collation, default, *rest = row
            storage, compression, statistics, grants, options, foreign = rest
            if self.directory.kinds[oid] in VIEWS:
                continue
            table = self.directory.relations[oid]
            expression = own_sequence(default, self.directory.tables[oid], name)
            yield (
                oid,
                CatalogueObject("column", f"{table}.{name}"),
                Definition(
                    table,
                    texts(
                        {
                            "type": type_,
                            "nullable": "no" if required else "yes",
                            "not null constraint": named.get((oid, number)),
                            "not null inherited": "no" if (oid, number) in own else None,
                            "not null validated": "no" if (oid, number) in unproven else None,
                            "default": None if generated else expression,
                            "generated": f"{GENERATED[generated]}: {expression}" if generated else None,
                            "identity": IDENTITY.get(identity),
                            "collation": collation,
                            "storage": STORAGE.get(storage, storage),
                            "compression": COMPRESSION.get(compression, compression),
                            "statistics": statistics,
                            "options": options,
                            "foreign options": foreign,
                            "grants": grants,
                            "comment": self._comment("pg_class", oid, number),
                        }
                    ),
                    part_of=tuple(CatalogueObject("column", f"{parent}.{name}") for parent in parents[oid]),
                ),
            )

    def _names(self, relation: int, numbers: Iterable[int]) -> list[str]:
        return [self.columns.get((relation, number), "") for number in numbers]

    def _constraints(self) -> Found:
        rows = [row for row in self._visible("constraints") if row[3] in CONSTRAINTS and row[3] != "n"]
        indexes = {row[1]: row for row in self.rows["indexes"]}
        for row in rows:
            relation, oid, name, kind, text, valid, key, index, parent, _local, target = row
            columns = self._names(relation, key or ())
            middle = [] if kind == "p" or (kind == "c" and len(columns) != 1) else columns
            backing = index_properties(indexes[index]) if kind in "pux" and index in indexes else {}
            part_of = [self.directory.constraints[parent]] if parent in self.directory.constraints else []
            if target is not None:
                part_of.append(CatalogueObject("table", target))
            yield (
                relation,
                self.directory.constraints[oid],
                Definition(
                    self.directory.relations[relation],
                    texts(
                        {
                            "definition": text.removesuffix(" NOT VALID"),
                            "validated": ("yes" if valid else "no") if kind in "cf" else None,
                            **backing,
                            "comment": self._comment("pg_constraint", oid),
                        }
                    ),
                    system_named=is_chosen(name, self.directory.tables[relation], middle, LABELS[kind]),
                    part_of=tuple(part_of),
                ),
            )

    def _indexes(self) -> Found:
        backing = {row[7] for row in self.rows["constraints"] if row[3] in "pux"}
        rows = [row for row in self._visible("indexes") if row[1] not in backing]
        for row in rows:
            relation, oid, schema, name, definition, unique, _valid, _clustered, _replica, key, parent, *_ = row
            numbers = [int(number) for number in key.split()]
            columns = None if 0 in numbers else self._names(relation, numbers)
            yield (
                relation,
                CatalogueObject("index", f"{schema}.{name}"),
                Definition(
                    self.directory.relations[relation],
                    texts(
                        {
                            "unique": "yes" if unique else "no",
                            "definition": definition.partition(" USING ")[2],
                            **index_properties(row),
                            "statistics": row[13],
                            "comment": self._comment("pg_class", oid),
                        }
                    ),
                    system_named=is_chosen(name, self.directory.tables[relation], columns, "idx"),
                    part_of=(self.directory.indexes[parent],) if parent in self.directory.indexes else (),
                ),
            )
