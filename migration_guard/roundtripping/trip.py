"""
The round trip itself: each revision up, down and up again, then the whole way down and up. Knows the order of things
and what to do after a failure; what it sees is judged elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from migration_guard.model.finding import Direction
from migration_guard.model.migration import Migration
from migration_guard.model.trip import Cause, Difference, Failure, Step, Trip
from migration_guard.roundtripping.catalogues import Snapshot, differences
from migration_guard.roundtripping.process import ChildError
from migration_guard.roundtripping.rows import losses
from migration_guard.roundtripping.stage import Moment, Stage, StepError
from migration_guard.roundtripping.steps import Lineage, Plan, needs

UP, DOWN = Direction.UPGRADE, Direction.DOWNGRADE
UNCOMMITTED = """\
env.py comes to its end without an error, and this revision is not in the database: nobody has committed it."""
LESSONS = 8  # how often an upgrade is tried with better rows: one for each column that it casts
Progress = Callable[[str, int, int], None]  # the revision, its number, how many there are


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a user asks of the trip beside the revisions."""

    rows: int = 20
    models: bool = False
    whole_way: bool = True
    stop_at_first: bool = False


@dataclass(slots=True)
class Travels:
    """
    All that was seen.

    `not_reached` maps a revision to the one whose failure is in its way. `one_way` are those declared irreversible.
    `unrepeatable` worked once and could not be repeated in a new database.
    `whole_way` is how many revisions went down and up again in one go; None where that was not tried.
    """

    trips: dict[str, Trip] = field(default_factory=dict)
    not_reached: dict[str, str] = field(default_factory=dict)
    one_way: list[str] = field(default_factory=list)
    whole_way: int | None = None
    notes: list[str] = field(default_factory=list)
    unrepeatable: set[str] = field(default_factory=set)


def travel(
    stage: Stage,
    graph: Lineage,
    plan: Plan,
    migrations: Mapping[str, Migration],
    wishes: Wishes,
    progress: Progress = lambda revision, number, count: None,
) -> Travels:
    """
    Make the trip.

    Raises ChildError where env.py itself fails.
    """
    seen = Travels()
    start = stage.snapshot()
    trips = set(plan.trips)
    number = 0
    for revision in graph.ordered({*plan.before, *plan.trips}):
        in_the_way = next((one for one in needs(graph.revisions[revision]) if one in _stopped(seen)), None)
        if in_the_way is not None:
            seen.not_reached[revision] = seen.not_reached.get(in_the_way, in_the_way)
            continue
        migration = migrations[revision]
        if revision not in trips:
            _go_up(stage, migration, seen)
            continue
        number += 1
        progress(revision, number, len(plan.trips))
        seen.trips[revision] = _up_down_up(stage, migration, seen)
        _take_fallen(stage, migrations, seen)
        trip = seen.trips[revision]
        if wishes.stop_at_first and trip.troubled:
            seen.notes.append(f"Stopped at the first revision with a finding, {revision}, as asked.")
            return seen
    if wishes.models:
        _compare_models(stage, graph, plan, seen)
    if wishes.whole_way:
        _WholeWay(stage, graph, plan, seen, start).go(wishes)
        _take_fallen(stage, migrations, seen)
    return seen


def _stopped(seen: Travels) -> set[str]:
    """The revisions behind which nothing can be tried."""
    failed = {one for one, trip in seen.trips.items() if _upgrade(trip) is None}
    return failed | set(seen.not_reached) | seen.unrepeatable


def _upgrade(trip: Trip) -> Step | None:
    """The upgrade that worked: where it was tried on empty tables, there."""
    step = trip.on_empty or trip.upgrade
    return step if step is not None and step.failure is None else None


def _take_fallen(stage: Stage, migrations: Mapping[str, Migration], seen: Travels) -> None:
    """Write down which upgrades have worked on rows only. Those that never work a second time have said so already."""
    for step in stage.fallen:
        trip = seen.trips.get(step.revision) or Trip(migrations[step.revision])
        again = trip.again.failure if trip.again else None
        if step.failure and again and again.message == step.failure.message:
            seen.unrepeatable.add(step.revision)
        else:
            seen.trips[step.revision] = replace(trip, on_empty=step)
    stage.fallen.clear()


def _go_up(stage: Stage, migration: Migration, seen: Travels) -> None:
    """Upgrade once what only comes before the revisions that were asked for, without looking at what it does."""
    step = stage.step(UP, migration.revision)
    if step.failure is not None:
        seen.trips[migration.revision] = Trip(migration, step)
        stage.rebuild(stage.applied)


def _up_down_up(stage: Stage, migration: Migration, seen: Travels) -> Trip:
    """One revision up, down and up again. The stage is left as its upgrade leaves it, or as it was where that fails."""
    revision = migration.revision
    first, before = _up_on_rows(stage, revision)
    trip = Trip(migration, first)
    if first.failure is not None:
        trip = replace(trip, on_empty=_up_on_empty_tables(stage, first, before))
        if _upgrade(trip) is None:
            return trip
        before = replace(before, rows=None)
    after = Moment(stage.snapshot())
    if migration.irreversible is not None and migration.irreversible.reason:
        seen.one_way.append(revision)
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


def _up_on_rows(stage: Stage, revision: str) -> tuple[Step, Moment]:
    """The first upgrade, and what it met. Where its failure says what our rows should be like, with such rows."""
    stage.fill()
    before = stage.moment()
    step = stage.step(UP, revision)
    for _ in range(LESSONS):
        if step.failure is None or not _is_about_rows(step.failure, before) or not stage.learn(step):
            break
        stage.rebuild(stage.applied)
        if stage.fallen:
            break
        stage.fill()
        before = stage.moment()
        step = stage.step(UP, revision)
    return step, before


def _up_on_empty_tables(stage: Stage, failed: Step, before: Moment) -> Step | None:
    """
    After an upgrade that failed: is it the rows? The upgrade without any, None where that would not tell. The stage is
    left as it was where it fails on empty tables too.
    """
    assert failed.failure is not None
    if not _is_about_rows(failed.failure, before):
        stage.recover(before, failed)
        return None
    stage.rebuild(stage.applied)
    if stage.fallen:  # What this one needs may be among them.
        return None
    empty = stage.moment()
    step = stage.step(UP, failed.revision)
    if step.failure is not None:
        stage.recover(empty, step)
    return step


def _is_about_rows(failure: Failure, before: Moment) -> bool:
    """Whether there were rows that may have brought the failure about."""
    there = before.rows is not None and any(one.rows for one in before.rows.values())
    return there and failure.cause not in (Cause.EXIT, Cause.TIMEOUT, Cause.REFUSED)


def _compared(stage: Stage, trip: Trip, before: Moment) -> Trip:
    """What the downgrade has not brought back."""
    left = differences(before.catalogue, stage.snapshot())
    lost = losses(before.rows, stage.rows()) if before.rows is not None else ()
    gone = {one.name for one in left}
    lost = tuple(one for one in lost if not {one.table, f"{one.table}.{one.column}"} & gone)
    return replace(trip, left=left, lost=lost)


def _compare_models(stage: Stage, graph: Lineage, plan: Plan, seen: Travels) -> None:
    """Compare the application's models with the database, where all of the history is in it."""
    if seen.not_reached or _stopped(seen):
        seen.notes.append("The models were not compared: not all of the history could be upgraded.")
    elif not stage.entered.has_models:
        seen.notes.append("The models were not compared: env.py hands over no target_metadata, or an empty one.")
    elif graph.revisions.keys() - set(plan.there) - set(stage.applied):
        seen.notes.append("The models were not compared: the revisions that were asked for do not lead to the heads.")
    else:
        found = stage.models()
        newest = next(reversed(seen.trips), None)
        if newest is not None:
            seen.trips[newest] = replace(seen.trips[newest], models=found)
        else:
            seen.notes += [f"The models and the database differ: {one}" for one in found]


@dataclass(frozen=True, slots=True)
class _WholeWay:
    """From the heads down to where the trip began, and up again, in one go and without rows."""

    stage: Stage
    graph: Lineage
    plan: Plan
    seen: Travels
    start: Snapshot

    def go(self, wishes: Wishes) -> None:
        """Go as far down as the revisions allow, and up again."""
        stage, seen = self.stage, self.seen
        tried = [one for one in stage.applied if one in seen.trips]
        stuck = {one for one in stage.applied if one not in seen.trips or not _returns(seen.trips[one])}
        going = self.graph.returnable(stage.applied, stuck)
        self.seen.whole_way = 0
        if not going:
            return
        self._begin(wishes)
        going = tuple(one for one in going if one in stage.applied)
        top = stage.snapshot()
        for revision in going:
            if not self._step(DOWN, revision):
                return
        if len(going) == len(tried) and not self.plan.before:
            self._tell(differences(self.start, stage.snapshot()), "left", going)
        for revision in reversed(going):
            if not self._step(UP, revision):
                return
        self._tell(differences(top, stage.snapshot()), "differs", going)
        seen.whole_way = len(going)

    def _begin(self, wishes: Wishes) -> None:
        """Stand at the heads, without rows, and as env.py itself would have brought us there."""
        stage = self.stage
        applied = list(stage.applied)
        entered = stage.entered
        joined = entered.external_transaction or (entered.transactional_ddl and not entered.transaction_per_migration)
        if joined:
            try:
                stage.rebuild(applied, own_transactions=True)
                there = self.graph.ancestors(stage.entered.heads)
                lost = [one for one in applied if one not in there]
                if not lost:
                    return
                self._note_own(Step(lost[0], UP, failure=Failure(Cause.DATABASE, UNCOMMITTED)))
            except StepError as error:
                self._note_own(error.step)
            except ChildError as error:
                if error.failure.cause is Cause.DATABASE:  # A constraint that is checked when all is committed.
                    self._note_own(Step(applied[-1], UP, failure=error.failure))
                else:
                    stage.troubles.append(error)
        if joined or wishes.rows:
            stage.rebuild(applied)

    def _note_own(self, step: Step) -> None:
        if step.revision in self.seen.trips:
            trip = self.seen.trips[step.revision]
            self.seen.trips[step.revision] = replace(trip, own_transactions=step)

    def _step(self, direction: Direction, revision: str) -> bool:
        step = self.stage.step(direction, revision)
        if step.failure is not None:
            trip = self.seen.trips[revision]
            told = direction is UP and trip.again is not None and trip.again.failure is not None
            if not told:
                self.seen.trips[revision] = replace(trip, whole_way=(*trip.whole_way, step))
        return step.failure is None

    def _tell(self, found: Sequence[Difference], field_name: str, going: Sequence[str]) -> None:
        """Give each difference to the revision that names the object, unless some revision has told it already."""
        told = {(one.kind, one.name) for trip in self.seen.trips.values() for one in (*trip.left, *trip.differs)}
        for difference in found:
            if (difference.kind, difference.name) in told:
                continue
            revision = next((one for one in going if _names(self.seen.trips[one], difference)), going[-1])
            trip = self.seen.trips[revision]
            if field_name == "left":
                self.seen.trips[revision] = replace(trip, left=(*trip.left, difference))
            else:
                self.seen.trips[revision] = replace(trip, differs=(*trip.differs, difference))


def _returns(trip: Trip) -> bool:
    """Whether the revision's own way down has worked."""
    return trip.downgrade is not None and trip.downgrade.failure is None


def _names(trip: Trip, difference: Difference) -> bool:
    name = difference.name.rpartition(".")[2]
    return any(name in statement.sql for step in (UP, DOWN) for statement in trip.statements(step))
