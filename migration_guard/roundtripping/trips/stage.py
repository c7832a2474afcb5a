"""
The throwaway database and the process that works on it, at one point of the history: goes a step on, looks, and finds
back to where it was. Judges nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.exc import OperationalError

from migration_guard.model.finding import Direction
from migration_guard.model.trip import TripStep
from migration_guard.roundtripping.catalogues import Catalogue, Snapshot, catalogue
from migration_guard.roundtripping.rows import Filler, Lessons, Rows
from migration_guard.roundtripping.servers.access import Access, DatabaseError, database_message
from migration_guard.roundtripping.servers.destination import Destination
from migration_guard.roundtripping.servers.find import Server
from migration_guard.roundtripping.trips.plan import Lineage
from migration_guard.roundtripping.trips.preparation import Preparation
from migration_guard.roundtripping.worker.client import Child, ChildError, Entered

# A copy of a database takes about as long as this many revisions (measured: 29 ms for 200 tables, 4 ms an upgrade).
WORTH_A_COPY = 25

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """What the database looked like at one time: its catalogue, and the rows where they are watched."""

    catalogue: Snapshot
    rows: Rows | None = None


class Stage:
    """
    A database in which a list of revisions is applied, and env.py waiting for the next step.

    `applied` are those that ran here, in their order; `there` are the heads that a preparation brought along.
    `failed_on_empty` are upgrades that had worked on rows of ours and failed without any.
    `troubles` are what env.py complained of after the migrations. `calls` are the names of its run_migrations().
    """

    def __init__(
        self,
        server: Server,
        child: Child,
        preparation: Preparation,
        graph: Lineage,
        *,
        engine_name: str | None,
        rows: int,
    ) -> None:
        self.applied: list[str] = []
        self.failed_on_empty: list[TripStep] = []
        self._graph = graph
        self.written = 0
        self.unfilled: dict[str, str] = {}
        self.troubles: list[ChildError] = []
        self.calls: tuple[str | None, ...] = ()
        self._server = server
        self._child = child
        self._preparation = preparation
        self._engine_name = engine_name
        self._rows = rows
        self._lessons: Lessons = {}
        self._checkpoint: tuple[Destination, tuple[str, ...]] | None = None
        self._snapshot: Snapshot | None = None
        self._destination = self._new_database()
        # What env.py makes by itself, be it after the migrations, is there from the start.
        self.entered = self._enter()
        self._leave_quietly()
        self.entered = self._enter()
        self.there = preparation.start or self.entered.heads
        self._access, self._catalogue, self._filler = self._observers()

    def state(self) -> DatabaseState:
        """The database as it is now."""
        return DatabaseState(self.snapshot(), self.rows() if self._rows else None)

    def snapshot(self) -> Snapshot:
        """Its catalogue as it is now: the one after a revision is the one before the next."""
        if self._snapshot is None:
            self._snapshot = self._looking(self._catalogue.take)
        return self._snapshot

    def rows(self) -> Rows:
        """Its rows as they are now."""
        snapshot = self.snapshot()
        return self._looking(lambda: self._filler.capture(snapshot))

    def fill(self) -> None:
        """Write rows into the tables that lack some."""
        if self._rows:
            before, unfilled = self._filler.written, set(self._filler.unfilled)
            snapshot = self.snapshot()
            self._looking(lambda: self._filler.fill(snapshot))
            self.written += self._filler.written - before
            for name in unfilled - self._filler.unfilled.keys():  # it has got rows after all
                self.unfilled.pop(name, None)
            self.unfilled |= self._filler.unfilled

    def learn(self, failed: TripStep) -> bool:
        """Whether a failed upgrade has taught what our rows should be like, those of the next database."""
        assert failed.failure is not None
        statements = [statement.sql for statement in failed.statements]
        return self._filler.learn(failed.failure.message, statements)

    def step(self, direction: Direction, revision: str) -> TripStep:
        """Run one function of one revision. After a failure the database has to be brought back, see `recover`."""
        # Until it has answered, env.py cannot be asked to end: somebody may press Ctrl-C.
        self._snapshot, self._inside = None, False
        step = self._child.step(direction, revision)
        self._inside = step.failure is None
        if step.failure is None:
            if direction is Direction.UPGRADE:
                self.applied.append(revision)
            else:
                self.applied.remove(revision)
        return step

    def recover(self, should: DatabaseState, failed: TripStep) -> None:
        """
        After a failed step: enter again where it left no trace, else make the database anew.

        Where the rows of that moment are not known, the database's own rollback is trusted, if it has made one.
        """
        rolled_back = self.entered.transactional_ddl and not failed.autocommit
        if should.rows is not None or not self._rows or rolled_back:
            rows = self.rows() if should.rows is not None else None
            if DatabaseState(self.snapshot(), rows) == should:
                self.entered = self._enter()
                return
        self.rebuild(self.applied)

    def rebuild(self, applied: Sequence[str], *, own_transactions: bool = False) -> None:
        """
        Another database with these revisions applied, and no rows of ours: a copy of an earlier one, or from nothing.
        What fails without rows is left out, with what needs it, and told in `failed_on_empty`.

        Raises StepError where one fails within env.py's own transactions.
        """
        self._leave_quietly()
        done = self._start_over(applied)
        self.entered = self._enter(own_transactions=own_transactions)
        for revision in applied[len(done) :]:
            step = self._child.step(Direction.UPGRADE, revision)
            if step.failure is not None:
                self.applied, self._inside = list(done), False
                if own_transactions:
                    raise StepError(step)
                self.failed_on_empty.append(step)
                self.rebuild(self._graph.without(applied, revision))
                return
        self.applied = list(applied)
        if own_transactions:
            self._leave()
            self.entered = self._enter()
        elif len(applied) - len(done) >= WORTH_A_COPY:
            self._leave()
            self._keep_copy()
            self.entered = self._enter()
        self._access, self._catalogue, self._filler = self._observers()

    def models(self) -> tuple[str, ...]:
        """What the application's models and the database do not share, in words."""
        return self._child.models()

    def close(self) -> None:
        """Let env.py end, and the database go."""
        self._leave_quietly()
        self._access.close()

    def _enter(self, *, own_transactions: bool = False) -> Entered:
        entered = self._child.enter(self._destination, engine_name=self._engine_name, own_transactions=own_transactions)
        if self._preparation.start and not entered.heads:
            self._child.stamp(self._preparation.start)
        self._inside = True
        return entered

    def _leave(self) -> None:
        """Let env.py run to its end, where it is still there. Raises ChildError where it fails there."""
        if self._inside:
            self._inside = False
            self.calls = self._child.leave()

    def _leave_quietly(self) -> None:
        """Let env.py run to its end. What it complains of there does not matter to what comes next."""
        try:
            self._leave()
        except ChildError as error:
            self.troubles.append(error)

    def _looking(self, look: Callable[[], T]) -> T:
        """
        What we see or write over our own connection. Where the project still holds a lock, in a connection that it has
        left open, it has to let go: what it would do at its end.
        """
        try:
            return look()
        except OperationalError as error:
            if not self._inside:
                raise
            self._leave_quietly()
            self.entered = self._enter()
            try:
                return look()
            except OperationalError:
                raise DatabaseError(f"The throwaway database cannot be looked at: {database_message(error)}") from error

    def _start_over(self, applied: Sequence[str]) -> tuple[str, ...]:
        """A new database; the revisions that it has already, because it is a copy."""
        old = self._destination
        self._access.close()
        done: tuple[str, ...] = ()
        copied = None
        if self._checkpoint is not None and tuple(applied[: len(self._checkpoint[1])]) == self._checkpoint[1]:
            source, done = self._checkpoint
            copied = self._server.copy(source)
        if copied is None:
            copied, done = self._new_database(), ()
        self._destination = copied
        self._server.drop(old)
        return done

    def _keep_copy(self) -> None:
        """Remember this state of the database, so that the next one need not start from nothing."""
        copied = self._server.copy(self._destination)
        if copied is None:
            return
        if self._checkpoint is not None:
            self._server.drop(self._checkpoint[0])
        self._checkpoint = copied, tuple(self.applied)

    def _new_database(self) -> Destination:
        destination = self._server.create()
        self._preparation.apply(destination, self._server, self._child)
        return destination

    def _observers(self) -> tuple[Access, Catalogue, Filler]:
        """What looks at the database from outside, over a connection of our own."""
        self._snapshot = None
        access, dialect = Access.open(self._destination), self._server.dialect
        table, schema = self.entered.version_table, self.entered.version_table_schema
        looking = catalogue(access, dialect, version_table=table, version_schema=schema)
        filler = Filler(access, dialect, rows=self._rows, version_table=table, lessons=self._lessons)
        return access, looking, filler


class StepError(Exception):
    """A step failed that had worked in a transaction of its own."""

    def __init__(self, step: TripStep) -> None:
        super().__init__(step.failure.message if step.failure else "")
        self.step = step
