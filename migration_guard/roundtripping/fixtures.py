"""
What people's own tests get: an empty database, and their migrations on it, one call after the other. Judges nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

import sqlalchemy
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, NoSuchTableError
from sqlalchemy.pool import NullPool

from migration_guard.config.selection import nearest
from migration_guard.model.finding import Direction
from migration_guard.model.trip import Cause, Failure
from migration_guard.reading.discovery.project import ProjectError
from migration_guard.roundtripping.servers.access import Access, DatabaseError, available, database_message, url
from migration_guard.roundtripping.servers.destination import Destination
from migration_guard.roundtripping.servers.find import Server
from migration_guard.roundtripping.session import Running
from migration_guard.roundtripping.trips.plan import WORDS_FOR_HEADS, RevisionSelection, lineage, needs, plan
from migration_guard.roundtripping.trips.preparation import preparation
from migration_guard.roundtripping.worker.child.failures import sentence_of
from migration_guard.roundtripping.worker.client import ChildError

UP, DOWN = Direction.UPGRADE, Direction.DOWNGRADE
Row = dict[str, object]
T = TypeVar("T")
__tracebackhide__ = True  # pytest shows the line of the test, not ours


class MigrationFailed(Exception):
    """
    A migration, or env.py, did not do what a test has asked for. The message says which revision, which line, and what
    the database answered.

    `revision` is None where it was no single revision that failed.
    """

    def __init__(self, message: str, revision: str | None = None) -> None:
        super().__init__(message)
        self.revision = revision


class ThrowawayDatabase:
    """A database that was made for one test, empty, and is dropped after it."""

    def __init__(self, server: Server, destination: Destination) -> None:
        self.destination = destination
        self._server = server
        self._engine: Engine | None = None

    @property
    def dialect(self) -> str:
        """postgresql, mysql, mariadb or sqlite."""
        return self.destination.dialect

    @property
    def url(self) -> str:
        """
        Its address for SQLAlchemy, with a synchronous driver that is installed.

        Raises DatabaseError where there is none; `url_for` names an asynchronous one.
        """
        driver = available(self.destination.family)
        if driver.asynchronous:
            raise DatabaseError(
                f"Only an asynchronous driver for {self.dialect} is installed here. Take"
                f' url_for("{driver.name}"), or install a synchronous one beside it.'
            )
        return self.url_for(driver.name)

    def url_for(self, driver: str) -> str:
        """Its address for this driver, by SQLAlchemy's name: `asyncpg`, `psycopg2`, `pymysql`, `aiosqlite`."""
        return url(self.destination, driver).render_as_string(hide_password=False)

    @property
    def engine(self) -> Engine:
        """
        An engine for it, which opens a connection whenever it is asked for one and keeps none open. Raises what `url`
        does.
        """
        if self._engine is None:
            self._engine = sqlalchemy.create_engine(self.url, poolclass=NullPool, future=True)
        return self._engine

    def close(self) -> None:
        """Drop it, with connections open or not."""
        if self._engine is not None:
            self._engine.dispose()
        self._server.drop(self.destination)


class MigrationGuard:
    """
    The project's own migrations, on a throwaway database, through its own env.py.

    After each call env.py has come to its end, and no connection is left open: nothing is locked. Each revision gets a
    transaction of its own.
    """

    def __init__(self, running: Running, database: ThrowawayDatabase) -> None:
        self.database = database
        self._running = running
        options, child = running.options, running.child
        self._graph = _asked(lambda: lineage(child.revisions()))
        present = plan(self._graph, RevisionSelection(start=options.start)).there
        self._preparation = preparation(options.prepare, options.folder, self._graph.tops(present))
        _asked(lambda: self._preparation.apply(database.destination, running.server, child))

    @property
    def engine(self) -> Engine:
        """An engine for the database, as `ThrowawayDatabase.engine`."""
        return self.database.engine

    @property
    def heads(self) -> tuple[str, ...]:
        """The revisions that the version table names; none before the first one."""
        with self._inside() as heads:
            return heads

    @property
    def current(self) -> str:
        """Where the database stands: one revision, several with commas between them, or "base"."""
        return ", ".join(self.heads) or "base"

    def upgrade(self, revision: str = "head") -> None:
        """
        Upgrade to a revision (its id or the beginning of it, a branch label), to "head", or by "+1".

        Raises MigrationFailed.
        """
        with self._inside() as heads:
            there = self._graph.ancestors(heads)
            if revision.startswith("+"):
                for _ in range(_count(revision)):
                    one = self._only(self._followers(there), f"upgrade({revision!r})")
                    self._step(UP, one)
                    there.add(one)
                return
            every = revision in (*WORDS_FOR_HEADS, "head", "heads")
            goal = set(self._graph.revisions) if every else self._graph.ancestors([self._find(revision, "upgrade")])
            for one in self._graph.ordered(goal - there):
                self._step(UP, one)

    def upgrade_before(self, revision: str) -> None:
        """
        Upgrade to all that a revision needs, and not to the revision itself.

        Raises MigrationFailed.
        """
        with self._inside() as heads:
            goal = self._find(revision, "upgrade_before")
            there = self._graph.ancestors(heads)
            if goal in there:
                raise MigrationFailed(f"upgrade_before({revision!r}): the database has come to {goal} already.")
            for one in self._graph.ordered(self._graph.ancestors([goal]) - {goal} - there):
                self._step(UP, one)

    def downgrade(self, revision: str) -> None:
        """
        Undo what comes after a revision, everything with "base", or the newest ones with "-1".

        Raises MigrationFailed.
        """
        with self._inside() as heads:
            there = self._graph.ancestors(heads)
            if revision.startswith("-"):
                for _ in range(_count(revision)):
                    one = self._only(self._graph.tops(there), f"downgrade({revision!r})")
                    self._step(DOWN, one)
                    there.remove(one)
                return
            going = there
            if revision != "base":
                goal = self._find(revision, "downgrade")
                if goal not in there:
                    raise MigrationFailed(f"downgrade({revision!r}): the database has not come to {goal} yet.")
                going = there & self._graph.descendants([goal]) - {goal}
            for one in reversed(self._graph.ordered(going)):
                self._step(DOWN, one)

    def insert(self, table: str, rows: Mapping[str, object] | Sequence[Mapping[str, object]]) -> None:
        """
        Write one row, or several, into a table as it is now ("users", "sales.orders").

        Values are what SQLAlchemy takes for the type of the column. Raises MigrationFailed where the database refuses
        them.
        """
        given = [dict(rows)] if isinstance(rows, Mapping) else [dict(row) for row in rows]

        def work(connection: Connection) -> None:
            found = _reflected(connection, table)
            for row in given:
                unknown = next((name for name in row if name not in found.c), None)
                if unknown is not None:
                    hint = nearest(unknown, list(found.c.keys()))
                    raise MigrationFailed(f"The table {table} has no column {unknown!r} now.{hint}")
                connection.execute(found.insert().values(**row))

        self._run(work, f"The row could not be written into {table}")

    def rows(self, table: str) -> list[Row]:
        """All rows of a table as it is now, in the order of its primary key."""

        def work(connection: Connection) -> list[Row]:
            found = _reflected(connection, table)
            query = sqlalchemy.select(found).order_by(*found.primary_key.columns)
            return [dict(row._mapping) for row in connection.execute(query)]

        return self._run(work, f"The rows of {table} could not be read")

    def execute(self, sql: str) -> list[Row]:
        """Run one statement, as it is, and commit. The rows that it gives, if it gives any."""

        def work(connection: Connection) -> list[Row]:
            result = connection.execution_options(no_parameters=True).exec_driver_sql(sql)
            return [dict(row._mapping) for row in result] if result.returns_rows else []

        return self._run(work, "The statement was refused")

    @contextmanager
    def _inside(self) -> Iterator[tuple[str, ...]]:
        """Within env.py; the heads that the version table names."""
        child, name = self._running.child, self._running.project.database
        entered = _asked(lambda: child.enter(self.database.destination, engine_name=name))
        heads = entered.heads
        if self._preparation.start and not heads:
            heads = self._preparation.start
            _asked(lambda: child.stamp(heads))
        failed = True
        try:
            yield heads
            failed = False
        except MigrationFailed as error:
            failed = error.revision is not None  # Then env.py has been left by itself.
            if not failed:
                child.leave()
                failed = True
            raise
        finally:
            if not failed:
                _asked(child.leave)

    def _step(self, direction: Direction, revision: str) -> None:
        step = self._running.child.step(direction, revision)
        if step.failure is not None:
            raise MigrationFailed(_sentence(step.failure, direction, revision), revision)

    def _find(self, word: str, call: str) -> str:
        try:
            return plan(self._graph, RevisionSelection(only=word)).trips[0]
        except ProjectError as error:
            sentence = str(error).partition(": ")[2]
            raise MigrationFailed(f"{call}({word!r}): {sentence}") from None

    def _followers(self, there: set[str]) -> list[str]:
        """The revisions that could be next."""
        ready = (one for one in self._graph.revisions.values() if one.id not in there)
        return [one.id for one in ready if there.issuperset(needs(one))]

    @staticmethod
    def _only(candidates: Sequence[str], call: str) -> str:
        if not candidates:
            raise MigrationFailed(f"{call}: there is no revision left to go to.")
        if len(candidates) > 1:
            raise MigrationFailed(f"{call} could be any of {', '.join(candidates)}. Name one of them.")
        return candidates[0]

    def _run(self, work: Callable[[Connection], T], what: str) -> T:
        # A connection of its own each time: no plan of a statement is remembered from before a migration.
        with Access.open(self.database.destination) as access:
            try:
                return access.run(work)
            except DBAPIError as error:
                raise MigrationFailed(f"{what}: {database_message(error)}") from None
            except MigrationFailed as error:
                raise error.with_traceback(None) from None  # our ways to the database tell a test nothing


def _asked(ask: Callable[[], T]) -> T:
    """What the project's process answers, its refusal as a sentence."""
    try:
        return ask()
    except ChildError as error:
        raise MigrationFailed(sentence_of(error.failure, "env.py could not be run")) from None


def _sentence(failure: Failure, direction: Direction, revision: str) -> str:
    place = failure.place
    near = os.path.relpath(place.path) if place else ""
    where = f", {near if not near.startswith('..') else place.path}:{place.line}" if place else ""
    lines = [f"Revision {revision} fails in {direction}(){where}:", f"  {failure.message}"]
    if failure.statement:
        lines += ["", *(f"    {line}" for line in failure.statement.strip().splitlines())]
    if failure.cause is Cause.TIMEOUT:
        lines.append("  A connection of the test may hold a lock that it waits for: commit and close those first.")
    return "\n".join(lines)


def _count(word: str) -> int:
    try:
        return abs(int(word))
    except ValueError:
        raise MigrationFailed(f'{word!r} is no number of revisions. Write "+1" or "-1", or name a revision.') from None


def _reflected(connection: Connection, name: str) -> sqlalchemy.Table:
    schema, _, table = name.rpartition(".")
    try:
        return sqlalchemy.Table(
            table, sqlalchemy.MetaData(), schema=schema or None, autoload_with=connection, resolve_fks=False
        )
    except NoSuchTableError:
        names = sqlalchemy.inspect(connection).get_table_names(schema=schema or None)
        raise MigrationFailed(f"There is no table {name} in the database now.{nearest(table, names)}") from None
