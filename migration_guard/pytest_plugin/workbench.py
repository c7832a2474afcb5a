"""
What one process of a test run shares: the linter's report, the projects ready for their round trips, the servers. It is
loaded when somebody asks for one of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, suppress
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from migration_guard import configuration, engine, targets
from migration_guard.assembly import fingerprinted, sources, united
from migration_guard.baseline import without_known
from migration_guard.config import Config, ConfigError, Overrides
from migration_guard.config.roundtrip import TripConfig, TripOptions, load_trip
from migration_guard.model.finding import Finding, Report, Summary
from migration_guard.model.plugin import PluginError
from migration_guard.model.trip import Trip
from migration_guard.pytest_plugin.bench import REST, CannotJudge, Outcome, Subject
from migration_guard.pytest_plugin.options import Asked
from migration_guard.reading.discovery.project import Project, ProjectError, find
from migration_guard.report import text
from migration_guard.roundtripping.engine import hindrances, judged, troubles
from migration_guard.roundtripping.fixtures import MigrationFailed, MigrationGuard, ThrowawayDatabase
from migration_guard.roundtripping.project import choose
from migration_guard.roundtripping.servers.access import DatabaseError
from migration_guard.roundtripping.servers.find import ServerRequest
from migration_guard.roundtripping.servers.lender import Lender
from migration_guard.roundtripping.session import Ready, Running, ready, running, target_of
from migration_guard.roundtripping.trips.plan import RevisionSelection
from migration_guard.roundtripping.trips.round_trip import NotCompared
from migration_guard.roundtripping.worker.child.failures import sentence_of
from migration_guard.roundtripping.worker.client import ChildError

HEADS = "heads"
P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S")


def _in_a_sentence(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Whatever keeps us from doing the job becomes CannotJudge."""

    @wraps(method)
    def asked(self: S, /, *arguments: P.args, **options: P.kwargs) -> T:
        try:
            return method(self, *arguments, **options)
        except ChildError as error:
            raise CannotJudge(sentence_of(error.failure, "The project could not be run")) from None
        except (ProjectError, ConfigError, PluginError, DatabaseError, MigrationFailed) as error:
            raise CannotJudge(str(error)) from None

    return asked


class Workbench:
    """The Bench of a test run that has something to do."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self._lender = Lender()
        self._stack = ExitStack()
        self._stack.callback(self._lender.close)
        self._trips = self._stack.enter_context(ExitStack())
        self._projects: tuple[Project, ...] = ()
        self._settings = Config()
        self._report: Report | None = None
        self._open: list[Ready] = []
        self._refused: CannotJudge | None = None
        self._running: dict[str | None, Running] = {}
        # The revisions that were visited, and whether the upgrade failed then: their items have said so.
        self._spoken: dict[tuple[str | None, str], bool] = {}

    def close(self) -> None:
        """End all processes and servers."""
        self._stack.close()

    @_in_a_sentence
    def check(self) -> Path:
        """Find the project, and read the options. The folder of the project, or of all that are linted."""
        found = self._find()
        self._options(None)
        return Path(os.path.commonpath([one.root for one in found]))

    @_in_a_sentence
    def subjects(self) -> list[Subject]:
        """The revisions that are to be judged in each kind, in the order in which they run, and what is left over."""
        examined = self._examined()
        root = self._find()[0].root
        found: list[Subject] = []
        if "lint" in self.asked.kinds:
            found.append(Subject("lint", REST, root))
            found += [Subject("lint", revision, path) for revision, path in examined.items()]
        if "roundtrip" in self.asked.kinds:
            found += [Subject("roundtrip", revision, path) for revision, path in examined.items()]
            found.append(Subject("roundtrip", REST, root))
        if "models" in self.asked.kinds:
            found.append(Subject("models", HEADS, root))
        return found

    @_in_a_sentence
    def judge(self, subject: Subject) -> Outcome:
        """Judge."""
        if subject.kind == "lint":
            return self._linted(subject.revision)
        trips = self._ready()
        try:
            if subject.kind == "models":
                return _joined([self._compared(one) for one in trips])
            outcome = _joined([outcome for one in trips for outcome in self._tried(one, subject.revision)])
            told_elsewhere = subject.revision != REST or "lint" in self.asked.kinds
            return outcome if told_elsewhere else replace(outcome, notes=self._lint().summary.notes)
        except BaseException:
            self._open = []  # Nobody knows where it stands: the next one begins anew.
            self._trips.close()
            raise

    def throwaway(self, database: str | None) -> AbstractContextManager[ThrowawayDatabase]:
        """A new database of this dialect, by default that of the project, for as long as the block runs."""
        return closing(self._database(database))

    @_in_a_sentence
    def guard(self, database: str | None, throwaway: object) -> MigrationGuard:
        """The project's migrations on that database."""
        if not isinstance(throwaway, ThrowawayDatabase):
            raise CannotJudge(
                "The fixture throwaway_database is another one here, and migration_guard needs ours. Give yours another"
                " name, or let it return ours."
            )
        return MigrationGuard(self._run(database), throwaway)

    def _find(self) -> tuple[Project, ...]:
        """The project, once for each of its databases. Several may be linted, if that is all."""
        if not self._projects:
            try:
                found = self._found(self.asked.project)
            except ProjectError:
                # Tests are started from any folder; editors take that of the test.
                if self.asked.project is not None or self.asked.base not in self.asked.cwd.parents:
                    raise
                found = self._found(self.asked.base)
            self._settings = self._configured(found[0].root)
            self._projects = found
        return self._projects

    def _found(self, place: Path | None) -> tuple[Project, ...]:
        cwd = self.asked.cwd
        if self.asked.enabled and self.asked.kinds == ("lint",):
            return find((place or Path(),), cwd)
        if place is not None and place.is_file():
            return choose(None, cwd, config=place)
        return choose(place, cwd)

    def _single(self) -> Project:
        """The project of the fixtures: one, where several are linted, too. Raises ProjectError."""
        found = self._find()
        if len({(one.root, one.ini, one.section) for one in found}) == 1:
            return found[0]
        return choose(Path(os.path.commonpath([one.root for one in found])), self.asked.cwd)[0]

    def _configured(self, folder: Path) -> Config:
        return configuration.load(folder, overrides=self._overrides)

    @property
    def _overrides(self) -> Overrides:
        return Overrides(
            since=self.asked.since, plugins=self.asked.plugin or None, trust_plugins=self.asked.trust_plugins
        )

    def _options(self, database: str | None) -> TripConfig:
        """The options of the round trip; `database` is what a single test asks for."""
        wanted = TripOptions(database=database or self.asked.database)
        found = load_trip(self._settings.file, wanted, cwd=self.asked.cwd, url=self.asked.database_url)
        if database is not None and targets.dialect_of(found.database_url) != found.database:
            return replace(found, database_url=None)
        return found

    def _lint(self) -> Report:
        if self._report is None:
            paths = [path for one in self._find() for path in ((one.ini,) if one.ini else one.versions)]
            self._report = engine.lint(paths, self.asked.cwd, overrides=self._overrides)
        return self._report

    def _examined(self) -> dict[str, Path]:
        """The revisions to judge, and their files. alembic.ini may hold the histories of other sections, too."""
        files = {os.path.realpath(file) for project in self._find() for file in project.files}
        paths = {one.revision: self.asked.cwd / one.path for one in self._lint().summary.examined}
        return {revision: path for revision, path in paths.items() if os.path.realpath(path) in files}

    def _linted(self, revision: str) -> Outcome:
        report, known = self._lint(), self._examined()
        if revision != REST:
            return self._outcome([one for one in report.findings if one.revision == revision], report)
        rest = [one for one in report.findings if one.revision not in known]
        return replace(self._outcome(rest, report), notes=report.summary.notes)

    def _ready(self) -> list[Ready]:
        """The project ready for its round trips, on each of its databases. What has failed once is not tried again."""
        if self._refused is not None:
            raise self._refused
        if not self._open:
            try:
                self._begin()
            except BaseException as error:
                self._open = []
                self._trips.close()
                if isinstance(error, CannotJudge):
                    self._refused = error
                raise
        return self._open

    @_in_a_sentence
    def _begin(self) -> None:
        for project in self._find():
            first = self._begin_one(project)
            others = [*dict.fromkeys(first.round_trip.stage.calls)][1:] if project.database is None else []
            for name in others:
                self._begin_one(replace(project, database=name))

    def _begin_one(self, project: Project) -> Ready:
        settings, options = self._settings, self._options(None)
        begun = ready(project, settings, options, RevisionSelection(), servers=self._lender.lend)
        self._open.append(self._trips.enter_context(begun))
        return self._open[-1]

    def _tried(self, found: Ready, revision: str) -> Iterator[Outcome]:
        """What came of a revision; of all those that only Alembic knows where it is none in particular."""
        plan, known = found.round_trip.plan, self._examined()
        if revision == REST:
            for one in plan.trips:
                if one not in known:
                    yield self._visited(found, one)
        elif revision in plan.there:
            yield Outcome(skipped="The prepared database has it already.")
        elif revision not in found.round_trip.graph.revisions:
            yield Outcome(failures=(f"Alembic does not know the revision {revision}. Is its file where it looks?",))
        else:
            yield self._visited(found, revision)

    def _visited(self, found: Ready, revision: str) -> Outcome:
        run = found.round_trip

        def blocker() -> str | None:
            return run.seen.not_reached[revision] if run.visit(revision) is None else None

        stopped = self._after_visits(found, blocker)
        self._spoken.setdefault((found.running.project.database, revision), revision in run.seen.stopped)
        if stopped is not None:
            return self._blocked(found, stopped)
        return self._judged(found, run.seen.trips[revision])

    def _after_visits(self, found: Ready, blocker: Callable[[], str | None]) -> str | None:
        """
        What is in the way, once everything in the way has been visited as its own item does it: at full speed it met no
        rows, which it may need.
        """
        while (stopped := blocker()) is not None:
            if (found.running.project.database, stopped) in self._spoken:
                return stopped
            self._visited(found, stopped)
        return None

    def _blocked(self, found: Ready, blocker: str) -> Outcome:
        """
        Another revision is in the way. Where it has no item, or its item has passed and only later was seen to fail
        without rows, its failure is told here.
        """
        sentence = f"Revision {blocker} fails, which comes before this one"
        if blocker in self._examined() and self._spoken[found.running.project.database, blocker]:
            return Outcome(skipped=f"{sentence}: see roundtrip[{blocker}].")
        outcome = self._judged(found, found.round_trip.seen.trips[blocker])
        return replace(outcome, failures=outcome.failures or (f"{sentence}.",))

    def _compared(self, found: Ready) -> Outcome:
        run = found.round_trip
        blocker = self._after_visits(found, run.reach_heads)
        if blocker is not None:
            return self._blocked(found, blocker)
        try:
            differences = run.models()
        except NotCompared as why:
            return Outcome(skipped=f"The models were not compared: {why}.")
        newest = run.migrations[list(run.graph.revisions)[-1]]
        return self._judged(found, Trip(newest, models=differences))

    def _judged(self, found: Ready, trip: Trip) -> Outcome:
        """What the rules say, and what could not be proven."""
        running = found.running
        every = fingerprinted(judged(running, [trip], models=bool(trip.models)))
        kept, _ = without_known(every, running.settings, running.project, rules=(), whole=False, cwd=self.asked.cwd)
        report = united([Report(kept, Summary(), sources(kept, running.contents))], self.asked.cwd, 0, 0.0)
        outcome = self._outcome(report.findings, report)
        unproven = [f"Not proven: {one}" for one in (*hindrances(found, trip), *troubles(found))]
        return replace(outcome, failures=(*outcome.failures, *unproven))

    def _outcome(self, findings: Iterable[Finding], report: Report) -> Outcome:
        """What fails an item, as the command line would print it, and what does not."""
        bad = tuple(one for one in findings if self._settings.counts(one))
        rendered = text.render(Report(bad, Summary(), report.sources), summary=False).rstrip()
        return Outcome((rendered,) if bad else (), tuple(one for one in findings if one not in bad))

    @_in_a_sentence
    def _database(self, database: str | None) -> ThrowawayDatabase:
        wanted = self._wanted(database)
        with self._lender.lend(wanted) as server:
            return ThrowawayDatabase(server, server.create())

    def _wanted(self, database: str | None) -> ServerRequest:
        """The server for a test: as the round trip chooses it. Where nobody says anything, env.py is asked."""
        try:
            project = self._single()
        except ProjectError as error:
            return self._wanted_without_project(database, error)
        options = self._options(database)
        contents = project.contents()
        target, assumed = target_of(project, self._settings, options, contents)
        if assumed:
            with suppress(ChildError):  # Who needs no migrations need not have a project that runs.
                target = self._run(database).target
        version = next((one.version for one in self._settings.target if one.dialect == target.dialect), None)
        return ServerRequest(dialect=target.dialect, version=version, url=options.database_url)

    def _wanted_without_project(self, database: str | None, why: ProjectError) -> ServerRequest:
        self._settings = self._configured(self.asked.cwd)
        options = self._options(database)
        said = options.database if options.database != "auto" else targets.dialect_of(options.database_url)
        dialect = said or next((one.dialect for one in self._settings.target), None)
        if dialect is None:
            raise CannotJudge(
                f"{why} Or say which kind of database a test gets: migration_guard_database in the configuration of"
                ' pytest, or @pytest.mark.migration_guard(database="sqlite").'
            ) from None
        return ServerRequest(dialect=dialect, url=options.database_url)

    def _run(self, database: str | None) -> Running:
        """The project in a process of its own, for the fixtures."""
        if database not in self._running:
            project, options = self._single(), self._options(database)
            begun = running(project, self._settings, options, servers=self._lender.lend)
            self._running[database] = self._stack.enter_context(begun)
        return self._running[database]


def _joined(outcomes: Sequence[Outcome]) -> Outcome:
    """What came of one revision on several databases. It is skipped where there was nothing to judge on any."""
    skipped = [one.skipped for one in outcomes]
    return Outcome(
        failures=tuple(dict.fromkeys(failure for one in outcomes for failure in one.failures)),
        minor=tuple(dict.fromkeys(finding for one in outcomes for finding in one.minor)),
        skipped=next(iter(skipped), "") if all(skipped) else "",
    )
