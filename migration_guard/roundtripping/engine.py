"""
From a project to a report: make the trip with each of its databases, let the rules judge what was seen. The counterpart
of engine.py, and the page to read first here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from migration_guard import configuration, rules, weakened_checks
from migration_guard.assembly import decoded, fingerprinted, sources, united
from migration_guard.baseline import without_known
from migration_guard.config import Config, Overrides
from migration_guard.config.roundtrip import TripConfig
from migration_guard.judgement import IgnoreComments, reported
from migration_guard.model.finding import Examined, Finding, Proof, Report, Summary
from migration_guard.model.migration import History
from migration_guard.model.replay import Replayed
from migration_guard.model.schema import EMPTY
from migration_guard.model.target import Target
from migration_guard.model.trip import Cause, Trip
from migration_guard.reading.discovery.project import Project
from migration_guard.regular_files import content
from migration_guard.roundtripping.session import Ready, Running, read_files, ready
from migration_guard.roundtripping.trips.full_trip import FullTrip
from migration_guard.roundtripping.trips.plan import RevisionSelection
from migration_guard.roundtripping.trips.round_trip import NotCompared, RoundTrip
from migration_guard.roundtripping.worker.child.failures import lacking, sentence_of
from migration_guard.rules import Context, Trait

LACKS = """\
This database ({database}) lacks the extension {extension}, which revision {revision} needs: install it, or name a \
server that has it with --database-url."""
Progress = Callable[[str, int, int], None]  # the revision, its number, how many there are


@dataclass(frozen=True, slots=True)
class Request:
    """One round trip as it was asked for. `file` is the configuration that holds for the run, None for none."""

    options: TripConfig
    selection: RevisionSelection = field(default_factory=RevisionSelection)
    stop_at_first: bool = False
    explicit: Path | None = None
    file: Path | None = None
    overrides: Overrides | None = None


def round_trip(
    projects: Sequence[Project], cwd: Path, request: Request, progress: Progress = lambda revision, number, count: None
) -> Report:
    """
    Make the trip with each database of a project, and judge it.

    Raises ProjectError, ConfigError, PluginError, ChildError or DatabaseError, each with a sentence for the user, where
    the job cannot be done.
    """
    started = time.perf_counter()
    reports: list[Report] = []
    configuration.load_plugins(
        [one.root for one in projects], request.overrides or Overrides(), explicit=request.explicit
    )
    for project in projects:
        settings = configuration.load(project.root, explicit=request.explicit, overrides=request.overrides)
        reports += _each(project, settings, request, cwd, progress)
    files = {file for project in projects for file in project.files}
    return united(reports, cwd, len(files), time.perf_counter() - started)


def _each(project: Project, settings: Config, request: Request, cwd: Path, progress: Progress) -> Iterator[Report]:
    """The trips with the database of the project; with each one where env.py has several and calls them by name."""
    report, calls = _one(project, settings, request, cwd, progress)
    yield report
    if project.database is None:
        others = [*dict.fromkeys(calls)][1:]
        for name in others:
            yield _one(replace(project, database=name), settings, request, cwd, progress)[0]


def _one(
    project: Project, settings: Config, request: Request, cwd: Path, progress: Progress
) -> tuple[Report, tuple[str | None, ...]]:
    """The trip with one database, and what env.py calls all that it migrates."""
    with ready(project, settings, request.options, request.selection) as found:
        running, run, stage = found.running, found.round_trip, found.round_trip.stage
        try:
            _visit_all(run, request, settings, progress)
        finally:
            stage.close()
        every = fingerprinted(judged(running, run.seen.trips.values(), models=request.options.models))
        findings, _ = without_known(every, settings, project, rules=(), whole=False, cwd=cwd)
        printed = running.child.output().splitlines() if settings.verbose else []
        proof, notes = _proof(found, every)
        earlier = partial(configuration.at, folder=project.root, explicit=request.explicit, overrides=request.overrides)
        summary = Summary(
            files=len(project.files),
            migrations=len(run.seen.trips),
            target=(str(Target(running.server.dialect, running.server.version)),),
            assumed=running.assumed.partition(";")[0],
            notes=(
                *project.notes,
                *running.notes,
                *weakened_checks.notes(
                    settings, earlier, project, running.contents, running.base, of_run=settings.file == request.file
                ),
                *run.seen.notes,
                *notes,
                *configuration.notes(settings, cwd),
                *_part(request.selection),
                *_others(settings, running.target),
                *(f"The project printed: {line}" for line in printed),
            ),
            revisions=tuple(run.seen.trips),
            proofs=(proof,),
            examined=tuple(Examined(one, trip.migration.path) for one, trip in run.seen.trips.items()),
            since=running.base.ref if running.base else "",
            start_after=_start(found, request.selection),
            baselined=len(every) - len(findings),
        )
    return Report(findings, summary, sources(findings, running.contents)), stage.calls


def _visit_all(run: RoundTrip, request: Request, settings: Config, progress: Progress) -> None:
    """Visit each revision in its turn, then the models, then all the way down and up."""
    seen, trips, number = run.seen, run.plan.trips, 0
    for revision in trips:
        if not run.reach(revision):
            continue
        number += 1
        progress(revision, number, len(trips))
        trip = run.visit(revision)
        if request.stop_at_first and trip is not None and trip.troubled:
            seen.notes.append(f"Stopped at the first revision with a finding, {revision}, as asked.")
            return
    about_models = [code for code, rule in rules.load().items() if Trait.ABOUT_MODELS in rule.traits]
    if request.options.models or any(settings.selects(code, default=False) for code in about_models):
        _compare_models(run)
    if request.options.full_trip:
        FullTrip(run).go()
        run.note_failed_on_empty()


def _start(found: Ready, selection: RevisionSelection) -> str:
    """The revision behind which the trips began, empty where that was the beginning, or somebody has named some."""
    start = found.running.settings.start_after
    named = selection.only is not None or selection.span is not None
    return start if start is not None and start in found.round_trip.graph.revisions and not named else ""


def _part(selection: RevisionSelection) -> Iterator[str]:
    if selection.shard is not None:
        yield f"These were part {selection.shard[0]} of {selection.shard[1]} of the revisions."


def _compare_models(run: RoundTrip) -> None:
    """What the models and the database do not share belongs to the newest revision that was tried."""
    trips = run.seen.trips
    try:
        found = run.models()
    except NotCompared as why:
        run.seen.notes.append(f"The models were not compared: {why}.")
        return
    if trips:
        newest = next(reversed(trips))
        trips[newest] = replace(trips[newest], models=found)
    else:
        run.seen.notes += [f"The models and the database differ: {one}" for one in found]


def _others(settings: Config, target: Target) -> Iterator[str]:
    for other in dict.fromkeys(one.dialect for one in settings.target if one.dialect != target.dialect):
        yield f"{other} is a target, too, and was not tried: --database {other} does that."


def judged(running: Running, trips: Iterable[Trip], *, models: bool = False) -> list[Finding]:
    """
    What the rules say of trips, with what is ignored left out. `models`: the comparison with the models was asked for,
    so that its rule runs unless the configuration says otherwise.
    """
    settings, target = running.settings, running.target
    active = {
        code: rule
        for code, rule in rules.load().items()
        if rule.subject() is Trip
        and settings.selects(code, default=rule.enabled or (models and Trait.ABOUT_MODELS in rule.traits))
        and target.dialect in rule.dialects
    }
    troubled = [trip for trip in trips if trip.troubled]
    read = read_files(running, [trip.migration.path for trip in troubled])
    found: list[Finding] = []
    for trip in troubled:
        migration = read.get(trip.migration.revision, trip.migration)
        source = decoded(
            running.contents.get(migration.path) or content(migration.path, running.project.fence(migration.path))
        )
        context = Context(target, History("", (migration,)), Replayed(migration), EMPTY, source)
        excused = Trait.FAILED_STEP if _hindrances(trip) else None
        usable = [rule for rule in active.values() if excused not in rule.traits]
        said = (finding for rule in usable for finding in rule.findings(trip, context))
        found += reported(said, IgnoreComments(migration), active, settings)
    return found


def hindrances(found: Ready, trip: Trip) -> list[str]:
    """Sentences on why nothing can be said of a revision here: then it is neither good nor bad."""
    where, revision = found.running.server.description, trip.migration.revision
    return [one.format(database=where, revision=revision) for one in _hindrances(trip)]


def troubles(found: Ready) -> tuple[str, ...]:
    """Sentences on what env.py complained of behind the migrations."""
    errors = found.round_trip.stage.troubles
    return tuple(dict.fromkeys(sentence_of(error.failure, "env.py fails after the migrations") for error in errors))


def _proof(found: Ready, findings: Sequence[Finding]) -> tuple[Proof, list[str]]:
    """What was shown, and the sentences on what was not."""
    seen, stage = found.round_trip.seen, found.round_trip.stage
    troubled = {finding.revision for finding in findings}
    proven = [
        one
        for one, trip in seen.trips.items()
        if one not in troubled and trip.again is not None and trip.again.failure is None
    ]
    unproven = []
    for revision, trip in seen.trips.items():
        behind = sum(one == revision for one in seen.not_reached.values())
        rest = f" The {behind} revisions behind it were not tried." if behind > 1 else ""
        unproven += [f"{sentence}{rest}" for sentence in hindrances(found, trip)]
    unproven += troubles(found)
    again = len(stage.calls) - len(set(stage.calls))
    notes = ["env.py runs the migrations several times; the revisions were tried in the first run."] if again else []
    idle = sum(trip.idle for trip in seen.trips.values())
    if idle:
        changed = "1 revision sent" if idle == 1 else f"{idle} revisions sent"
        notes.append(f"{changed} nothing but queries in its upgrade: a merge, or a condition that did not hold here.")
    notes += [f"Nothing could be written into {name}: {why}" for name, why in stage.unfilled.items()]
    database = found.running.project.database
    proof = Proof(
        database=found.running.server.description + (f", for {database}" if database else ""),
        revisions=len(seen.trips),
        proven=len(proven),
        one_way=tuple(seen.one_way),
        not_reached=tuple(seen.not_reached),
        whole_way=seen.full_trip,
        rows=stage.written,
        unproven=tuple(unproven),
        not_proven=tuple(one for one in seen.trips if one not in (*proven, *seen.one_way)),
    )
    return proof, notes


def _hindrances(trip: Trip) -> tuple[str, ...]:
    """Why nothing can be said of a revision here: what the server lacks, or what the fence does not let pass."""
    steps = (trip.upgrade, trip.on_empty, trip.downgrade, trip.again)
    found = []
    for failure in [step.failure for step in steps if step and step.failure]:
        extension = lacking(failure)
        if extension:
            found.append(LACKS.replace("{extension}", extension))
        elif failure.cause is Cause.REFUSED:
            words = failure.message.replace("{", "{{").replace("}", "}}")
            found.append(f"Revision {{revision}} could not be tried: {words.rstrip('.')}.")
    return tuple(dict.fromkeys(found))
