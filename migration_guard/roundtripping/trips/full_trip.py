"""
From the heads all the way down and up again, in one go and without rows. Knows what has been seen of each revision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from migration_guard.model.finding import Direction
from migration_guard.model.trip import CatalogueDifference, Cause, Failure, Trip, TripStep
from migration_guard.roundtripping.catalogues import differences
from migration_guard.roundtripping.trips.round_trip import DOWN, UP, RoundTrip
from migration_guard.roundtripping.trips.stage import StepError
from migration_guard.roundtripping.worker.client import ChildError

UNCOMMITTED = """\
env.py comes to its end without an error, and this revision is not in the database: nobody has committed it."""


@dataclass(frozen=True, slots=True)
class FullTrip:
    """From the heads down to where the round trip began, and up again, in one go and without rows."""

    round_trip: RoundTrip

    def go(self) -> None:
        """Go as far down as the revisions allow, and up again."""
        stage, seen = self.round_trip.stage, self.round_trip.seen
        tried = [one for one in stage.applied if one in seen.trips]
        stuck = {one for one in stage.applied if one not in seen.trips or not _returns(seen.trips[one])}
        going = self.round_trip.graph.returnable(stage.applied, stuck)
        seen.full_trip = 0
        if not going:
            return
        self._begin()
        going = tuple(one for one in going if one in stage.applied)
        top = stage.snapshot()
        for revision in going:
            if not self._step(DOWN, revision):
                return
        if len(going) == len(tried) and not self.round_trip.plan.before:
            self._tell(differences(self.round_trip.start, stage.snapshot()), "left", going)
        for revision in reversed(going):
            if not self._step(UP, revision):
                return
        self._tell(differences(top, stage.snapshot()), "differs", going)
        seen.full_trip = len(going)

    def _begin(self) -> None:
        """Stand at the heads, without rows, and as env.py itself would have brought us there."""
        stage = self.round_trip.stage
        applied = list(stage.applied)
        entered = stage.entered
        joined = entered.external_transaction or (entered.transactional_ddl and not entered.transaction_per_migration)
        if joined:
            try:
                stage.rebuild(applied, own_transactions=True)
                there = self.round_trip.graph.ancestors(stage.entered.heads)
                lost = [one for one in applied if one not in there]
                if not lost:
                    return
                self._note_own(TripStep(lost[0], UP, failure=Failure(Cause.DATABASE, UNCOMMITTED)))
            except StepError as error:
                self._note_own(error.step)
            except ChildError as error:
                if error.failure.cause is Cause.DATABASE:  # A constraint that is checked when all is committed.
                    self._note_own(TripStep(applied[-1], UP, failure=error.failure))
                else:
                    stage.troubles.append(error)
        if joined or stage.written:
            stage.rebuild(applied)

    def _note_own(self, step: TripStep) -> None:
        trips = self.round_trip.seen.trips
        if step.revision in trips:
            trips[step.revision] = replace(trips[step.revision], own_transactions=step)

    def _step(self, direction: Direction, revision: str) -> bool:
        step, trips = self.round_trip.stage.step(direction, revision), self.round_trip.seen.trips
        if step.failure is not None:
            trip = trips[revision]
            told = direction is UP and trip.again is not None and trip.again.failure is not None
            if not told:
                trips[revision] = replace(trip, full_trip=(*trip.full_trip, step))
        return step.failure is None

    def _tell(self, found: Sequence[CatalogueDifference], field_name: str, going: Sequence[str]) -> None:
        """Give each difference to the revision that names the object, unless some revision has told it already."""
        trips = self.round_trip.seen.trips
        told = {(one.kind, one.name) for trip in trips.values() for one in (*trip.left, *trip.differs)}
        for difference in found:
            if (difference.kind, difference.name) in told:
                continue
            revision = next((one for one in going if _names(trips[one], difference)), going[-1])
            trip = trips[revision]
            if field_name == "left":
                trips[revision] = replace(trip, left=(*trip.left, difference))
            else:
                trips[revision] = replace(trip, differs=(*trip.differs, difference))


def _returns(trip: Trip) -> bool:
    """Whether the revision's own way down has worked."""
    return trip.downgrade is not None and trip.downgrade.failure is None


def _names(trip: Trip, difference: CatalogueDifference) -> bool:
    name = difference.name.rpartition(".")[2]
    return any(name in statement.sql for step in (UP, DOWN) for statement in trip.statements(step))
