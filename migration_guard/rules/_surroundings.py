"""Where an operation stands among those of its function, found out once for all of them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Protocol

from migration_guard.model.finding import Span
from migration_guard.model.migration import Migration
from migration_guard.model.objects import RunSql
from migration_guard.model.operations import Operation

Kinds = tuple[type[Operation], ...]


class OfMigration(Protocol):
    """What knows the migration that is being judged."""

    @property
    def migration(self) -> Migration:
        """The migration."""


class Surroundings:
    """The operations of one function, in their order. What is asked of each does not go through all the rest."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = operations
        self._places: dict[int, int] = {}
        for place, one in enumerate(operations):
            self._places.setdefault(id(one), place)
        self._by_kind: dict[Kinds, tuple[list[int], Sequence[Operation]]] = {}
        self._begun: tuple[list[int], list[bool]] | None = None
        self._asked: dict[Span, set[tuple[type[Operation], Span]]] | None = None

    def place(self, operation: Operation) -> int:
        """How many come before it; all of them, where it is none of them."""
        return self._places.get(id(operation), len(self.operations))

    def earlier(self, operation: Operation, kinds: Kinds) -> Sequence[Operation]:
        """Those before the operation; of these kinds, where any are named."""
        places, found = self._of(kinds)
        return found[: bisect_left(places, self.place(operation))]

    def later(self, operation: Operation, kinds: Kinds) -> Sequence[Operation]:
        """Those behind the operation; of these kinds, where any are named."""
        places, found = self._of(kinds)
        return found[bisect_left(places, self.place(operation) + 1) :]

    def is_alone(self, operation: Operation) -> bool:
        """Whether its statement asks for nothing else (a loop may ask for the same several times)."""
        if self._asked is None:
            self._asked = {}
            for one in self.operations:
                self._asked.setdefault(one.site.statement, set()).add((type(one), one.site.span))
        return self._asked.get(operation.site.statement, set()) <= {(type(operation), operation.site.span)}

    def has_transaction(self, operation: Operation) -> bool:
        """Whether the SQL before the operation leaves a transaction open: it does, where it says nothing of one."""
        if self._begun is None:
            kept = [
                (self.place(one), not one.kind.startswith("COMMIT"))
                for one in self._of((RunSql,))[1]
                if isinstance(one, RunSql) and one.kind.startswith(("BEGIN", "START TRANSACTION", "COMMIT"))
            ]
            self._begun = [place for place, _ in kept], [open for _, open in kept]
        places, open = self._begun
        before = bisect_left(places, self.place(operation))
        return open[before - 1] if before else True

    def _of(self, kinds: Kinds) -> tuple[list[int], Sequence[Operation]]:
        if kinds not in self._by_kind:
            chosen = [(at, one) for at, one in enumerate(self.operations) if not kinds or isinstance(one, kinds)]
            self._by_kind[kinds] = [at for at, _ in chosen], tuple(one for _, one in chosen)
        return self._by_kind[kinds]


def both(context: OfMigration) -> tuple[Surroundings, Surroundings]:
    """Those of upgrade() and of downgrade()."""
    migration = context.migration
    return Surroundings(migration.upgrade.operations), Surroundings(migration.downgrade.operations)
