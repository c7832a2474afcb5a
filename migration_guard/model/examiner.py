"""Follows a replay with what is certain of it, and says of each operation what the database refuses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migration_guard.model.absences import absences
from migration_guard.model.certainty import Certainty
from migration_guard.model.clashes import clashes
from migration_guard.model.dependants import dependants
from migration_guard.model.join import join
from migration_guard.model.migration import Migration, RevisionGraph
from migration_guard.model.operations import Operation
from migration_guard.model.outlook import Outlook
from migration_guard.model.prohibitions import prohibitions
from migration_guard.model.refusals import Encounter, Refusal
from migration_guard.model.schema import Name, SchemaState
from migration_guard.model.target import Target


def applied(operation: Operation, state: SchemaState) -> SchemaState:
    """The schema after an operation, which may not run where it is conditional."""
    after = operation.apply(state)
    return join(state, after) if operation.site.conditional and after is not state else after


class Examiner:
    """
    Judges the revisions of a history one after the other, for one database. What is refused is judged from then on as
    if it had worked: of one cause one refusal is said, not all that follows. `names_itself` as for encounters.
    """

    def __init__(self, graph: RevisionGraph, target: Target, *, names_itself: bool = False) -> None:
        self._outlook = Outlook(graph)
        self._names_itself = names_itself
        self._target = target
        self._certainty = Certainty()

    def refusals(
        self, migration: Migration, before: SchemaState, after: SchemaState, forgotten: frozenset[Name]
    ) -> tuple[Refusal, ...]:
        """
        What of the next revision is refused: upgrade upon the state `before`, in which nothing is taken for granted,
        and downgrade upon the state `after`. `forgotten` are the names whose schema it leaves out by mistake.
        """
        self._certainty.begin()
        found = list(self._examine(migration, migration.upgrade.operations, before, self._certainty, forgotten))
        back = self._certainty.copy()
        found += self._examine(migration, migration.downgrade.operations, after, back, forgotten)
        return tuple(found) if self._outlook.is_straight(migration.revision) else ()

    def _examine(
        self,
        migration: Migration,
        operations: Sequence[Operation],
        state: SchemaState,
        certainty: Certainty,
        forgotten: frozenset[Name],
    ) -> Iterator[Refusal]:
        for operation in operations:
            if not (operation.site.conditional or operation.site.repeated):
                encounter = Encounter(
                    state,
                    certainty,
                    self._target,
                    migration.revision,
                    tuple(operations),
                    self._outlook,
                    forgotten,
                    self._names_itself,
                )
                yield from absences(operation, encounter)
                yield from clashes(operation, encounter)
                yield from dependants(operation, encounter)
                yield from prohibitions(operation, encounter)
            met = operation.require(state)
            state = applied(operation, met)
            certainty.follow(operation, met, state, migration.revision)
