"""Runs env.py once, and inside it one step after the other as the parent asks for them. Decides on no order."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import wraps
from typing import Any

from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, MigrationStep, StampStep
from alembic.script import Script
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection
from sqlalchemy.pool import NullPool

from migration_guard.model.finding import Direction
from migration_guard.model.trip import TripStep
from migration_guard.roundtripping.servers.access import available, url
from migration_guard.roundtripping.worker.child.failures import Uncommitted, describe, first_of
from migration_guard.roundtripping.worker.child.models import differences, metadatas
from migration_guard.roundtripping.worker.child.project import LoadedProject
from migration_guard.roundtripping.worker.child.tracer import Tracer
from migration_guard.roundtripping.worker.fence import Fence
from migration_guard.roundtripping.worker.protocol import Entered, Plain


class ParentGone(BaseException):
    """Nobody asks for steps any more: env.py ends here, and so does the process."""


@dataclass(slots=True)
class _Running:
    """The step on its way."""

    revision: str
    direction: Direction
    scripts: frozenset[str]
    started: float


class _Attributes(dict[str, Any]):
    """What an application hands over to env.py. `missed`: env.py has looked for its connection in vain."""

    missed = False

    def get(self, key: str, default: Any = None) -> Any:
        self._look(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        self._look(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self._look(key)
        return super().__contains__(key)

    def _look(self, key: object) -> None:
        self.missed = self.missed or (key == "connection" and key not in self.keys())


@dataclass(slots=True, kw_only=True)
class Visit:
    """
    One run of env.py.

    `say` sends an answer; `hear` waits for the next command and gives None when the parent is gone. `pending` is the
    command that nobody has answered yet. The migrations of `engine_name` get the steps, those of the first
    run_migrations() where that is None.
    """

    project: LoadedProject
    fence: Fence
    tracer: Tracer
    say: Callable[[Plain], None]
    hear: Callable[[], Plain | None]
    pending: Plain | None
    engine_name: str | None = None
    own_transactions: bool = False
    entered: bool = False
    calls: list[str | None] = field(default_factory=list)
    _environment: EnvironmentContext | None = None
    _per_migration: bool = False
    _external: bool = False
    _running: _Running | None = None
    _failure: BaseException | None = None

    def run(self) -> BaseException | None:
        """
        Run env.py to its end. What stopped it, or else the first exception within the migrations; `sys.exit(0)` behind
        them is an end like any other.

        An env.py that cannot do without the connection that its application hands over gets one of ours
        (Alembic 1.20, https://alembic.sqlalchemy.org/en/latest/cookbook.html#connection-sharing).
        """
        attributes = _Attributes()
        failure = self._run(attributes)
        if failure is None or self.entered or self.fence.refusals or not attributes.missed:
            return failure
        assert self.fence.destination is not None
        driver = available(self.fence.destination.family)
        if driver.asynchronous:
            return failure
        engine = create_engine(url(self.fence.destination, driver.name), poolclass=NullPool)
        with engine.connect() as connection:
            return self._run(_Attributes(connection=connection))

    def _run(self, attributes: _Attributes) -> BaseException | None:
        assert self.fence.destination is not None
        try:
            with self.project.context():
                config = self.project.config(self.fence.destination)
                attributes.update(config.attributes)
                config.attributes = attributes
                # As `alembic upgrade heads` has it: env.py may ask.
                options = {"as_sql": False, "starting_rev": None, "destination_rev": "heads", "tag": None}
                self._environment = EnvironmentContext(config, self.project.script, fn=self._steps, **options)
                _wrap(self._environment, "configure", self._configure)
                _wrap(self._environment, "run_migrations", self._run_migrations)
                with self._environment:
                    self.project.script.run_env()
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            if isinstance(error, SystemExit) and error.code in (None, 0) and not self._running:
                return self._failure
            return self._failure or error
        return self._failure

    def failed_step(self, failure: BaseException) -> TripStep:
        """What became of the step on its way."""
        running = self._running
        assert running is not None
        return self._seen(running, failure)

    def _configure(self, original: Callable[..., None], *arguments: Any, **keywords: Any) -> None:
        bound = inspect.signature(original).bind(*arguments, **keywords)
        self._per_migration = bool(bound.arguments.get("transaction_per_migration"))
        if not self.own_transactions:
            bound.arguments["transaction_per_migration"] = True
        original(*bound.args, **bound.kwargs)

    def _run_migrations(self, original: Callable[..., None], **keywords: Any) -> None:
        name = keywords.get("engine_name")
        self.calls.append(name)
        if self.entered or (self.engine_name is not None and name != self.engine_name):
            return
        self.entered = True
        assert self._environment is not None
        context = self._environment.get_context()
        try:
            self.fence.check_dialect(context.dialect.name)
            self.fence.raise_swallowed()
            self._external = context._in_external_transaction
            if not self.own_transactions and context.connection is not None and context.connection.in_transaction():
                _hand_over(context, context.connection)
            original(**keywords)
        except BaseException as error:
            self._failure = error
            raise

    def _steps(self, heads: tuple[str, ...], context: MigrationContext) -> Iterator[MigrationStep]:
        """What Alembic runs: each step that the parent asks for. It comes back here once the step is committed."""
        self._end_transaction(context)
        self._answer(asdict(self._report(heads, context)))
        while True:
            self.pending = command = self.hear()
            if command is None:
                raise ParentGone
            match command["command"]:
                case "step":
                    if not self.own_transactions:
                        # Alembic's memory of the enums that it has made, which would skip the CREATE TYPE of a second
                        # upgrade. Each revision is tried as if it were deployed alone.
                        context.impl.memo.clear()
                    yield self._step(command["revision"], Direction(command["direction"]))
                    assert self._running is not None
                    self._check_committed(context)
                    if not self.own_transactions:
                        self.fence.close_younger()
                    self._forget(context, self._running.direction)
                    self._answer({"step": asdict(self._seen(self._running))})
                    self._running = None
                case "stamp":
                    yield from self._stamps(context, command["revisions"])
                    self._answer({})
                case "models":
                    found = differences(context) if metadatas(context) else ()
                    self._end_transaction(context)
                    self._answer({"differences": found})
                case "leave":
                    return
                case other:
                    raise AssertionError(f"{other} is asked for within env.py.")

    def _answer(self, message: Plain) -> None:
        self.pending = None
        self.say(message)

    def _report(self, heads: tuple[str, ...], context: MigrationContext) -> Entered:
        config = context.config
        databases = config.get_main_option("databases", "") if config is not None else ""
        return Entered(
            heads=tuple(heads),
            version_table=context.version_table,
            version_table_schema=context.version_table_schema,
            dialect=context.dialect.name,
            driver=context.dialect.driver,
            transaction_per_migration=self._per_migration,
            transactional_ddl=bool(context.impl.transactional_ddl),
            external_transaction=self._external,
            has_models=any(one.tables for one in metadatas(context)),
            engine_name=self.calls[-1],
            databases=tuple(name.strip() for name in (databases or "").split(",") if name.strip()),
        )

    def _end_transaction(self, context: MigrationContext) -> None:
        """End what reading the version table or the catalogue began, so that nothing is locked between the steps."""
        connection = context.connection
        if self.own_transactions or connection is None:
            return
        transaction = connection.get_transaction()
        if transaction is not None:
            transaction.commit()

    def _check_committed(self, context: MigrationContext) -> None:
        """Raise Uncommitted where the step has left a transaction open, which env.py's end would roll back."""
        connection = context.connection
        if not self.own_transactions and connection is not None and connection.in_transaction():
            raise Uncommitted(self.tracer.ended)

    def _forget(self, context: MigrationContext, direction: Direction) -> None:
        """Who upgrades again after a downgrade does so in another session, which has no temporary tables."""
        temporary = direction is Direction.DOWNGRADE and context.dialect.name == "postgresql"
        if temporary and not self.own_transactions and context.connection is not None:
            context.connection.exec_driver_sql("DISCARD TEMP")
            self._end_transaction(context)

    def _step(self, revision: str, direction: Direction) -> MigrationStep:
        script = self.project.script.get_revision(revision)
        self._running = _Running(revision, direction, _names(script), time.perf_counter())
        upgrade = direction is Direction.UPGRADE
        make = MigrationStep.upgrade_from_script if upgrade else MigrationStep.downgrade_from_script
        step = make(self.project.script.revision_map, script)
        step.migration_fn = self._traced(step.migration_fn, self._running.scripts)
        return step

    def _traced(self, function: Callable[..., object], scripts: frozenset[str]) -> Callable[..., None]:
        @wraps(function)
        def run(**keywords: Any) -> None:
            self.tracer.start(scripts)
            self.fence.remember()
            try:
                function(**keywords)
            finally:
                self.tracer.stop()
            self.fence.raise_swallowed()

        return run

    def _seen(self, running: _Running, failure: BaseException | None = None) -> TripStep:
        seconds = time.perf_counter() - running.started
        folder = str(self.project.job.folder)
        told = describe(self.fence.blamed(failure), running.scripts, folder) if failure is not None else None
        if told is not None and told.place is not None and told.place.path == self.project.environment:
            told = replace(told, place=None)  # There it only calls run_migrations().
        if told is not None and self.tracer.refused is not None:
            told = first_of(told, *self.tracer.refused)
        if told is not None and self.fence.destination is not None:
            # MySQL names the database before the table: our random name tells nobody anything.
            told = replace(told, message=told.message.replace(f"{self.fence.destination.database}.", ""))
        statements = self.tracer.statements
        return TripStep(running.revision, running.direction, statements, told, self.tracer.autocommit, seconds)

    def _stamps(self, context: MigrationContext, revisions: Sequence[str]) -> Iterator[MigrationStep]:
        """Out with each head, in with each of the revisions."""
        map = self.project.script.revision_map
        for head in context.get_current_heads():
            yield StampStep(head, None, False, True, map)
        for revision in revisions:
            yield StampStep(None, revision, True, True, map)


def _wrap(environment: EnvironmentContext, name: str, around: Callable[..., None]) -> None:
    """On the instance: Alembic's `context` hands every call to it, and a subclass would break `context.config`."""
    original = getattr(environment, name)
    setattr(environment, name, lambda *arguments, **keywords: around(original, *arguments, **keywords))


def _hand_over(context: MigrationContext, connection: Connection) -> None:
    """
    Commit, and let the migrations have another Connection on the same session.

    env.py may end its own transaction later: it finds it as it left it. What it has set for the session (search_path,
    a role) stays.
    """
    connection.dialect.do_commit(connection.connection)
    other = type(connection)(connection.engine, connection=connection.connection)
    options = connection.get_execution_options()
    context.connection = context.impl.connection = other.execution_options(**options)
    context._in_external_transaction = False


def _names(script: Script) -> frozenset[str]:
    """Under which names the interpreter may know the file."""
    return frozenset(name for name in (script.path, getattr(script.module, "__file__", None)) if name)
