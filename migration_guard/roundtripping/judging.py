"""
From a project to a report: find it, find a database, make the trip, let the rules judge what was seen. The counterpart
of engine.py, and the page to read first here.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy.dialects import registry
from sqlalchemy.exc import NoSuchModuleError

from migration_guard import config, rules, targets
from migration_guard.config import Config, Overrides
from migration_guard.config.roundtrip import TripConfig
from migration_guard.engine import content
from migration_guard.gathering import decoded, placed, sources, united
from migration_guard.hushing import Comments, without_superseded
from migration_guard.model.finding import Finding, Proof, Report, Summary
from migration_guard.model.migration import History, Migration
from migration_guard.model.replay import Replayed
from migration_guard.model.schema import EMPTY
from migration_guard.model.target import ASSUMED, Target
from migration_guard.model.trip import Cause, Trip
from migration_guard.reading.facts import Cache
from migration_guard.reading.history import read_history
from migration_guard.reading.project import Project, ProjectError
from migration_guard.reading.repository import known_revisions
from migration_guard.roundtripping.child.failures import lacking, told
from migration_guard.roundtripping.databases import Server, server
from migration_guard.roundtripping.databases import Wanted as WantedServer
from migration_guard.roundtripping.preparing import preparation
from migration_guard.roundtripping.process import Child, ChildError, Job
from migration_guard.roundtripping.stage import Stage
from migration_guard.roundtripping.steps import Lineage, Selection, lineage, plan
from migration_guard.roundtripping.trip import Progress, Travels, Wishes, travel
from migration_guard.rules import Context

COMMENT = b"migration-guard:"
LACKS = """\
This database ({database}) lacks the extension {extension}, which revision {revision} needs: install it, or name a \
server that has it with --database-url."""
FAILURES = ("MG751", "MG752", "MG754")
MODELS = "MG757"  # needs a comparison of its own, so it runs where somebody asks for it


@dataclass(frozen=True, slots=True)
class Request:
    """One round trip as it was asked for. `since` is a git ref: what it has already is only upgraded."""

    options: TripConfig
    selection: Selection = field(default_factory=Selection)
    since: str | None = None
    stop_at_first: bool = False
    explicit: Path | None = None
    overrides: Overrides | None = None


def round_trip(
    projects: Sequence[Project], cwd: Path, request: Request, progress: Progress = lambda revision, number, count: None
) -> Report:
    """
    Make the trip with each database of a project, and judge it.

    Raises ProjectError, ConfigError, ChildError or DatabaseError, each with a sentence for the user, where the job
    cannot be done.
    """
    started = time.perf_counter()
    known = {code: rule.slug() for code, rule in rules.load().items()}
    reports: list[Report] = []
    for project in projects:
        settings = config.load(project.root, explicit=request.explicit, overrides=request.overrides, known=known)
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
    contents = {str(path): content(path) for path in project.files}
    target, assumed = _target(project, settings, request.options, contents)
    insisted = not assumed
    while True:
        try:
            return _on(target, assumed, project, settings, request, cwd, contents, progress)
        except ChildError as error:
            # env.py has the last word on the dialect, where nobody else has spoken.
            if insisted or error.asked_for not in ASSUMED or error.asked_for == target.dialect:
                raise
            target, assumed = Target(error.asked_for, ASSUMED[error.asked_for]), "env.py asks for it"
            insisted = True


def _target(
    project: Project, settings: Config, options: TripConfig, contents: Mapping[str, bytes | None]
) -> tuple[Target, str]:
    """The database to run on, and why it was taken; no reason where somebody said so."""
    configured = {one.dialect: one for one in reversed(settings.target)}
    said = options.database if options.database != "auto" else targets.dialect_of(options.database_url)
    if said is not None:
        return configured.get(said, Target(said, ASSUMED[said])), ""
    if settings.target:
        return settings.target[0], ""
    _refuse_others(project.sqlalchemy_url)
    return targets.guess(project.sqlalchemy_url, [each for each in contents.values() if each])


def _refuse_others(address: str | None) -> None:
    """Raise ProjectError where sqlalchemy.url names a database that SQLAlchemy knows and we do not."""
    name = re.match(r"\s*(\w+)(?:\+\w+)?://", address or "")
    if name is None or targets.dialect_of(address) is not None:
        return
    with suppress(NoSuchModuleError, ImportError):
        registry.load(name[1])
        raise ProjectError(
            f"sqlalchemy.url names {name[1]}, for which there is no round trip. Where the same migrations are for"
            f" another database, too, name it: --database {', '.join(list(ASSUMED)[:-1])} or {list(ASSUMED)[-1]}."
        )


def _on(
    target: Target,
    assumed: str,
    project: Project,
    settings: Config,
    request: Request,
    cwd: Path,
    contents: Mapping[str, bytes | None],
    progress: Progress,
) -> tuple[Report, tuple[str | None, ...]]:
    """The trip on a database of this dialect."""
    options = request.options
    version = next((one.version for one in settings.target if one.dialect == target.dialect), None)
    wanted = WantedServer(dialect=target.dialect, version=version, url=options.database_url)
    with (
        server(wanted) as found,
        # Projects that connect while they are imported get a database of ours, too.
        Child(_job(project, options), timeout=options.timeout, destination=found.create()) as child,
    ):
        graph = lineage(child.revisions())
        migrations = _migrations(graph, _read(project, contents, target.dialect, _commented(contents)))
        selection = replace(request.selection, start=options.start, known=_known(project, request))
        prepared = preparation(options.prepare, options.folder, graph.tops(plan(graph, selection).there))
        stage = Stage(found, child, prepared, graph, engine_name=project.database, rows=options.rows)
        try:
            chosen = plan(graph, selection, stage.there)
            wishes = Wishes(
                rows=options.rows,
                models=options.models or settings.selects(MODELS, default=False),
                whole_way=options.whole_way,
                stop_at_first=request.stop_at_first,
            )
            travels = travel(stage, graph, chosen, migrations, wishes, progress)
        finally:
            stage.close()
        findings = _judged(travels, project, target, settings, options, contents)
        printed = [f"The project printed: {line}" for line in child.output().splitlines()] if settings.verbose else []
        proof, notes = _proof(travels, stage, found, findings, project.database)
        summary = Summary(
            files=len(project.files),
            migrations=len(travels.trips),
            target=(str(Target(found.dialect, found.version)),),
            assumed=assumed.partition(";")[0],
            notes=(
                *project.notes,
                *travels.notes,
                *notes,
                *_others(settings, target),
                *printed,
            ),
            revisions=tuple(travels.trips),
            proofs=(proof,),
        )
    return Report(tuple(findings), summary, sources(findings, contents)), stage.calls


def _known(project: Project, request: Request) -> frozenset[str] | None:
    return None if request.since is None else known_revisions(request.since, project)


def _others(settings: Config, target: Target) -> Iterator[str]:
    for other in dict.fromkeys(one.dialect for one in settings.target if one.dialect != target.dialect):
        yield f"{other} is a target, too, and was not tried: --database {other} does that."


def _job(project: Project, options: TripConfig) -> Job:
    env = (content(project.env) or b"") if project.env else b""
    return Job(
        folder=project.base,
        config=project.ini,
        section=project.section,
        script_location=project.script_location,
        x=options.x,
        environment=options.env,
        flask=b"current_app" in env,
    )


def _commented(contents: Mapping[str, bytes | None]) -> list[str]:
    """The files in which somebody speaks to us: the others need no reading before something is found in them."""
    return [path for path, text in contents.items() if text is not None and COMMENT in text]


def _read(
    project: Project, contents: Mapping[str, bytes | None], dialect: str, paths: Iterable[str]
) -> Mapping[str, Migration]:
    """What these files say, by revision."""
    real = {os.path.realpath(path): path for path in contents}  # Alembic may call them by other names
    some = {real[path]: contents[real[path]] for path in map(os.path.realpath, paths) if path in real}
    if not some:
        return {}
    part = replace(project, files=tuple(map(Path, some)), env=None)
    return read_history(part, some, dialect, 1, Cache(None, str(project.repository)))[0].by_revision


def _migrations(graph: Lineage, read: Mapping[str, Migration]) -> dict[str, Migration]:
    """What was read of each revision; only where it is, of the others."""
    return {
        one.id: read.get(one.id) or Migration(one.path, one.id, one.down_revisions) for one in graph.revisions.values()
    }


def _judged(
    travels: Travels,
    project: Project,
    target: Target,
    settings: Config,
    options: TripConfig,
    contents: Mapping[str, bytes | None],
) -> list[Finding]:
    """What the rules say of all trips, with what is silenced left out."""
    every = {code: rule for code, rule in rules.load().items() if rule.subject() is Trip}
    asked = {MODELS} if options.models else set()
    active = [
        rule
        for code, rule in every.items()
        if settings.selects(code, default=rule.enabled or code in asked) and target.dialect in rule.dialects
    ]
    troubled = [trip for trip in travels.trips.values() if trip.troubled]
    read = _read(project, contents, target.dialect, [trip.migration.path for trip in troubled])
    found: list[Finding] = []
    for trip in troubled:
        migration = read.get(trip.migration.revision, trip.migration)
        source = decoded(contents.get(migration.path) or content(Path(migration.path)))
        context = Context(target, History("", (migration,)), Replayed(migration), EMPTY, source)
        told = placed((finding for rule in active for finding in rule.check(trip, context)), migration)
        comments = Comments(migration)
        supersedes = {rule.code: rule.supersedes for rule in active}
        excused = FAILURES if _hindrances(trip) else ()
        kept = [one for one in told if one.code not in excused]
        found += [one for one in without_superseded(kept, supersedes) if not comments.silence(one)]
    return [replace(one, severity=settings.severity_of(one.code, one.severity)) for one in found]


def _proof(
    travels: Travels, stage: Stage, found: Server, findings: Sequence[Finding], database: str | None
) -> tuple[Proof, list[str]]:
    """What was shown, and the sentences on what was not."""
    troubled = {finding.revision for finding in findings}
    proven = [
        one
        for one, trip in travels.trips.items()
        if one not in troubled and trip.again is not None and trip.again.failure is None
    ]
    unproven = []
    for revision, trip in travels.trips.items():
        for hindrance in _hindrances(trip):
            behind = sum(one == revision for one in travels.not_reached.values())
            unproven.append(
                hindrance.format(database=found.description, revision=revision)
                + (f" The {behind} revisions behind it were not tried." if behind > 1 else "")
            )
    unproven += dict.fromkeys(told(error.failure, "env.py fails after the migrations") for error in stage.troubles)
    again = len(stage.calls) - len(set(stage.calls))
    notes = ["env.py runs the migrations several times; the revisions were tried in the first run."] if again else []
    idle = sum(trip.idle for trip in travels.trips.values())
    if idle:
        changed = "1 revision sent" if idle == 1 else f"{idle} revisions sent"
        notes.append(f"{changed} nothing but queries in its upgrade: a merge, or a condition that did not hold here.")
    notes += [f"Nothing could be written into {name}: {why}" for name, why in stage.unfilled.items()]
    proof = Proof(
        database=found.description + (f", for {database}" if database else ""),
        revisions=len(travels.trips),
        proven=len(proven),
        one_way=tuple(travels.one_way),
        not_reached=tuple(travels.not_reached),
        whole_way=travels.whole_way,
        rows=stage.written,
        unproven=tuple(unproven),
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
