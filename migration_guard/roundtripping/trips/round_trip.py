"""
The round trip itself: a revision up, down and up again. Knows what comes before it, and what to do after a failure;
what it sees is judged elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from migration_guard.model.finding import Direction
from migration_guard.model.migration import Migration
from migration_guard.model.trip import Cause, Failure, Trip, TripStep
from migration_guard.roundtripping.catalogues import differences
from migration_guard.roundtripping.rows import losses
from migration_guard.roundtripping.trips.plan import Lineage, Plan
from migration_guard.roundtripping.trips.stage import DatabaseState, Stage

UP, DOWN = Direction.UPGRADE, Direction.DOWNGRADE
LESSONS = 8  # how often an upgrade is tried with better rows: one for each column that it casts


@dataclass(slots=True)
class TripLog:
    """
    All that was seen.

    `not_reached` maps a revision to the one whose failure is in its way. `one_way` are those declared irreversible.
    `unrepeatable` worked once and could not be repeated in a new database.
    `full_trip` is how many revisions went down and up again in one go; None where that was not tried.
    """

    trips: dict[str, Trip] = field(default_factory=dict)
    not_reached: dict[str, str] = field(default_factory=dict)
    one_way: list[str] = field(default_factory=list)
    full_trip: int | None = None
    notes: list[str] = field(default_factory=list)
    unrepeatable: set[str] = field(default_factory=set)

    @property
    def stopped(self) -> set[str]:
        """The revisions behind which nothing can be tried."""
        return {one for one, trip in self.trips.items() if _upgrade(trip) is None} | self.unrepeatable


class RoundTrip:
    """
    What is seen of the revisions of one project on one stage, visited in any order, each once.

    `plan` says what is there already, and which revisions are asked for. `start` is the catalogue before the first of
    them, and `seen` all that was seen so far.
    """

    def __init__(self, stage: Stage, graph: Lineage, plan: Plan, migrations: Mapping[str, Migration]) -> None:
        self.stage = stage
        self.graph = graph
        self.plan = plan
        self.migrations = migrations
        self.start = stage.snapshot()
        self.seen = TripLog()
        self._visited: set[str] = set()

    def visit(self, revision: str) -> Trip | None:
        """
        Let a revision go up, down and up again. None where the failure of another one is in the way, see `reach`.

        Raises ChildError where env.py itself fails.
        """
        if revision not in self._visited and self.reach(revision):
            self._visited.add(revision)
            self.seen.trips[revision] = self._up_down_up(self.migrations[revision])
            self.note_failed_on_empty()
        return self.seen.trips.get(revision)

    def reach(self, revision: str) -> bool:
        """
        Stand right before a revision: what it needs is upgraded at full speed, and where it is applied already, the
        database is made anew without it. False where the failure of another one is in the way: `not_reached` names it.
        """
        if revision not in self._visited:
            self.seen.trips.pop(revision, None)  # It was only passed, on the way to another one.
        if revision in self.stage.applied:
            self.stage.rebuild(self.graph.without(self.stage.applied, revision))
            self.note_failed_on_empty()
        blocker = self._bring_up(self.graph.ancestors([revision]) - {revision})
        if blocker is not None:
            self.seen.not_reached[revision] = blocker
            return False
        self.seen.not_reached.pop(revision, None)
        return True

    def reach_heads(self) -> str | None:
        """Bring the whole history up. The revision whose failure is in the way, if there is one."""
        return self._bring_up(set(self.graph.revisions))

    def models(self) -> tuple[str, ...]:
        """
        What the application's models and the database do not share, in words; where all of the history is in it.

        Raises NotCompared where that is not so, or where there are no models.
        """
        if self.seen.not_reached or self.seen.stopped:
            raise NotCompared("not all of the history could be upgraded")
        if not self.stage.entered.has_models:
            raise NotCompared("env.py hands over no target_metadata, or an empty one")
        if self.graph.revisions.keys() - set(self.plan.there) - set(self.stage.applied):
            raise NotCompared("the revisions that were asked for do not lead to the heads")
        return self.stage.models()

    def _bring_up(self, needed: set[str]) -> str | None:
        """Upgrade those of these revisions that are not in the database. The first whose failure is in the way."""
        for one in self.graph.ordered(needed - set(self.plan.there) - set(self.stage.applied)):
            stopped = self.seen.stopped
            before = self.graph.ordered(self.graph.ancestors([one]) & stopped) if stopped else ()
            if before:
                return before[0]
            self._pass(one)
            if one not in self.stage.applied:
                return one
        return None

    def _pass(self, revision: str) -> None:
        """Upgrade what only comes before another one, once and without looking at what it does."""
        stage = self.stage
        step = stage.step(UP, revision)
        if step.failure is not None and stage.written:
            stage.rebuild(stage.applied)  # Our rows may be at fault, whoever they were made for.
            self.note_failed_on_empty()
            step = stage.step(UP, revision)
        if step.failure is not None:
            trip = self.seen.trips.get(revision)
            self.seen.trips[revision] = replace(trip, on_empty=step) if trip else Trip(self.migrations[revision], step)
            stage.rebuild(stage.applied)
            self.note_failed_on_empty()

    def note_failed_on_empty(self) -> None:
        """
        Write down which upgrades have worked on rows only. Those that never work a second time have said so already.
        """
        for step in self.stage.failed_on_empty:
            trip = self.seen.trips.get(step.revision) or Trip(self.migrations[step.revision])
            again = trip.again.failure if trip.again else None
            if step.failure and again and again.message == step.failure.message:
                self.seen.unrepeatable.add(step.revision)
            else:
                self.seen.trips[step.revision] = replace(trip, on_empty=step)
        self.stage.failed_on_empty.clear()

    def _up_down_up(self, migration: Migration) -> Trip:
        """
        One revision up, down and up again. The stage is left as its upgrade leaves it, or as it was where that fails.
        """
        stage, revision = self.stage, migration.revision
        first, before = _up_on_rows(stage, revision)
        trip = Trip(migration, first)
        if first.failure is not None:
            trip = replace(trip, on_empty=_up_on_empty_tables(stage, first, before))
            if _upgrade(trip) is None:
                return trip
            before = replace(before, rows=None)
        after = DatabaseState(stage.snapshot())
        if migration.irreversible is not None and migration.irreversible.reason:
            self.seen.one_way.append(revision)
            return trip
        trip = replace(trip, downgrade=stage.step(DOWN, revision))
        if trip.downgrade and trip.downgrade.failure is not None:
            stage.recover(after, trip.downgrade)
            return trip
        trip = _compared(stage, trip, before)
        trip = replace(trip, again=stage.step(UP, revision))
        if trip.again and trip.again.failure is not None:
            stage.rebuild((*stage.applied, revision))
            return trip
        found = differences(after.catalogue, stage.snapshot())
        if found:
            stage.rebuild(stage.applied)
        return replace(trip, differs=found)


class NotCompared(Exception):
    """The models could not be compared with the database; the message is why, without a full stop."""


def _upgrade(trip: Trip) -> TripStep | None:
    """The upgrade that worked: where it was tried on empty tables, there."""
    step = trip.on_empty or trip.upgrade
    return step if step is not None and step.failure is None else None


def _up_on_rows(stage: Stage, revision: str) -> tuple[TripStep, DatabaseState]:
    """The first upgrade, and what it met. Where its failure says what our rows should be like, with such rows."""
    stage.fill()
    before = stage.state()
    step = stage.step(UP, revision)
    for _ in range(LESSONS):
        if step.failure is None or not _is_about_rows(step.failure, before) or not stage.learn(step):
            break
        stage.rebuild(stage.applied)
        if stage.failed_on_empty:
            break
        stage.fill()
        before = stage.state()
        step = stage.step(UP, revision)
    return step, before


def _up_on_empty_tables(stage: Stage, failed: TripStep, before: DatabaseState) -> TripStep | None:
    """
    After an upgrade that failed: is it the rows? The upgrade without any, None where that would not tell. The stage is
    left as it was where it fails on empty tables too.
    """
    assert failed.failure is not None
    if not _is_about_rows(failed.failure, before):
        stage.recover(before, failed)
        return None
    stage.rebuild(stage.applied)
    if stage.failed_on_empty:  # What this one needs may be among them.
        return None
    empty = stage.state()
    step = stage.step(UP, failed.revision)
    if step.failure is not None:
        stage.recover(empty, step)
    return step


def _is_about_rows(failure: Failure, before: DatabaseState) -> bool:
    """Whether there were rows that may have brought the failure about."""
    there = before.rows is not None and any(one.rows for one in before.rows.values())
    return there and failure.cause not in (Cause.EXIT, Cause.TIMEOUT, Cause.REFUSED)


def _compared(stage: Stage, trip: Trip, before: DatabaseState) -> Trip:
    """What the downgrade has not brought back."""
    left = differences(before.catalogue, stage.snapshot())
    lost = losses(before.rows, stage.rows()) if before.rows is not None else ()
    gone = {one.name for one in left}
    lost = tuple(one for one in lost if not {one.table, f"{one.table}.{one.column}"} & gone)
    return replace(trip, left=left, lost=lost)
