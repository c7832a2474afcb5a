"""What the graph of a history tells of a table before its replay comes to it: who makes it, and who else names it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migration_guard.model.constraints import AddConstraint
from migration_guard.model.migration import Migration, RevisionGraph
from migration_guard.model.objects import Opaque, RunSql
from migration_guard.model.operations import CreateTable, DropTable, Operation, RenameTable
from migration_guard.model.schema import Name


class Outlook:
    """The tables of a whole history, by the places of the revisions that make, take away or name them."""

    def __init__(self, graph: RevisionGraph) -> None:
        self._places = {migration.revision: place for place, migration in enumerate(graph.order)}
        self._straight = set(_straight(graph)) if len(graph.heads) == 1 and not graph.cycles else set()
        self._events: dict[Name, list[tuple[int, bool]]] = {}
        self._named: dict[Name, set[int]] = {}
        first: Migration | None = None
        for place, migration in enumerate(graph.order):
            for operation in migration.upgrade.operations:
                self._note(operation, place)
            for operation in migration.operations:
                for name in names_of(operation):
                    self._named.setdefault(name, set()).add(place)
            first = first or (migration if migration.upgrade.operations else None)
        made = first is not None and any(isinstance(one, CreateTable) for one in first.upgrade.operations)
        self._revisions = [migration.revision for migration in graph.order]
        self._whole = made and not (graph.missing or graph.unplaced or graph.cycles)

    def _note(self, operation: Operation, place: int) -> None:
        match operation:
            case CreateTable(table=table, temporary=False):
                sure = not (operation.if_not_exists or operation.site.conditional)
                self._events.setdefault(table.name, []).append((place, sure))
            case DropTable():
                self._events.setdefault(operation.table, []).append((place, False))
            case RenameTable():
                self._events.setdefault(operation.table, []).append((place, False))
                self._events.setdefault(operation.new_name, []).append((place, not operation.site.conditional))

    def is_straight(self, revision: str) -> bool:
        """Whether all that stands before the revision in the replay surely ran before it."""
        return revision in self._straight

    def maker(self, name: Name, revision: str, *, own: bool) -> str:
        """
        The revision that makes the table from here on (`own`: or this one), before any takes it away; empty for none.
        A table that is made later is not there yet, or making it would be refused.
        """
        here = self._places[revision] + (not own)
        place, made = next((event for event in self._events.get(name, ()) if event[0] >= here), (0, False))
        return self._revisions[place] if made else ""

    def is_unheard_of(self, name: Name, revision: str) -> bool:
        """Whether no other revision names the table, in a history that begins by making tables."""
        return self._whole and name not in self._events and self._named.get(name) == {self._places[revision]}


def names_of(operation: Operation) -> Iterator[Name]:
    """The tables that an operation names."""
    match operation:
        case Opaque(tables=tables) | RunSql(tables=tables):
            yield from tables
        case CreateTable(table=table):
            yield from (one.references for one in table.constraints if one.references is not None)
        case AddConstraint(table=table, constraint=constraint):
            yield from (name for name in (table, constraint.references) if name is not None)
        case _:
            named = getattr(operation, "table", None)
            if isinstance(named, Name):
                yield named


def _straight(graph: RevisionGraph) -> Iterator[str]:
    """The revisions that come after all others before them in the order, by parents and dependencies."""
    places = {migration.revision: place for place, migration in enumerate(graph.order)}
    before: list[int] = []
    for place, migration in enumerate(graph.order):
        mask = 0
        for parent in _known(migration, places):
            mask |= before[parent] | (1 << parent) if parent < place else 0
        before.append(mask)
        if mask == (1 << place) - 1:
            yield migration.revision


def _known(migration: Migration, places: dict[str, int]) -> Sequence[int]:
    return [places[one] for one in (*migration.parents, *migration.depends_on) if one in places]
