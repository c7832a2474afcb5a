"""What a database's catalogue holds, in plain words: objects and their definitions. Knows no dialect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol


class CatalogueObject(NamedTuple):
    """
    One object of a catalogue. `kind` is the database's word for it. `name` is unique within its kind: `public.users`,
    `public.users.email`; what belongs to a table and has no name of its own in the schema stands behind its table.
    """

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Definition:
    """
    What there is to know of an object, in words for people and in their order: `{"type": "text", "nullable": "no"}`.

    `table` is the table that it belongs to, as that table's `CatalogueObject.name`. `system_named`: its name is one
    that the database itself would have chosen. `part_of` are objects that bring it along: a serial's column its
    sequence, a partitioned table's index those of the partitions.
    """

    table: str | None
    properties: Mapping[str, str]
    system_named: bool = False
    part_of: tuple[CatalogueObject, ...] = ()


Snapshot = Mapping[CatalogueObject, Definition]


class Reader(Protocol):
    """Who asks the database for us."""

    def query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """The rows that a statement returns."""

    def execute(self, sql: str) -> None:
        """Sends a statement that returns none."""


class Catalogue(Protocol):
    """One database whose catalogue is read again and again."""

    def take(self) -> Snapshot:
        """Everything a user of the database can see of its schema, now."""
