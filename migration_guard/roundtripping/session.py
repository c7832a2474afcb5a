"""
From a project to a database of its own: which dialect, which server, the process that runs the project, the stage on
which its revisions are tried. Judges nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from sqlalchemy.dialects import registry
from sqlalchemy.exc import NoSuchModuleError

from migration_guard import targets
from migration_guard.config import Config
from migration_guard.config.roundtrip import TripConfig
from migration_guard.model.migration import Migration
from migration_guard.model.target import ASSUMED, Target
from migration_guard.reading.cache.store import Cache
from migration_guard.reading.discovery import repository
from migration_guard.reading.discovery.comparison import GitBase
from migration_guard.reading.discovery.project import Project, ProjectError
from migration_guard.reading.history import read_history
from migration_guard.regular_files import content
from migration_guard.roundtripping.servers.find import Server, ServerRequest, server
from migration_guard.roundtripping.trips.plan import Lineage, RevisionSelection, lineage, plan
from migration_guard.roundtripping.trips.preparation import preparation
from migration_guard.roundtripping.trips.round_trip import RoundTrip
from migration_guard.roundtripping.trips.stage import Stage
from migration_guard.roundtripping.worker.client import Child, ChildError, Job

COMMENT = b"migration-guard:"
Contents = Mapping[str, bytes | None]
Servers = Callable[[ServerRequest], AbstractContextManager[Server]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """
    A project in a process of its own, and a server for the databases that it may reach.

    `assumed` is why that database was taken, empty where somebody asked for it. `contents` are the files of the
    history. `base` is what the git ref has that the migrations are compared with, and `notes` are sentences on that.
    """

    project: Project
    settings: Config
    options: TripConfig
    contents: Contents
    target: Target
    assumed: str
    server: Server
    child: Child
    base: GitBase | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A project on a server, ready for its revisions: `round_trip.visit` tries one."""

    running: Running
    round_trip: RoundTrip


@contextmanager
def ready(
    project: Project,
    settings: Config,
    options: TripConfig,
    selection: RevisionSelection,
    *,
    servers: Servers = server,
) -> Iterator[Ready]:
    """
    The project, with its stage set for as long as the block runs. `servers` gives the server.

    Raises ProjectError, ChildError or DatabaseError, each with a sentence for the user, where that cannot be done.
    """

    def begin(stack: ExitStack, running: Running) -> Ready:
        child = running.child
        graph = lineage(child.revisions())
        chosen = _narrowed(selection, running)
        prepared = preparation(options.prepare, options.folder, graph.tops(plan(graph, chosen).there))
        stage = Stage(running.server, child, prepared, graph, engine_name=project.database, rows=options.rows)
        stack.callback(stage.close)
        migrations = _all(graph, read_files(running, commented(running.contents)))
        return Ready(running=running, round_trip=RoundTrip(stage, graph, plan(graph, chosen, stage.there), migrations))

    with _begun(project, settings, options, servers, begin) as found:
        yield found


def _narrowed(selection: RevisionSelection, running: Running) -> RevisionSelection:
    """The selection without what is old, unless somebody has named revisions."""
    settings, base = running.settings, running.base
    named = selection.only is not None or selection.span is not None
    return replace(
        selection,
        start=running.options.start,
        known=base.known if base and (settings.since.asked or not named) else None,
        start_after=None if named else settings.start_after,
    )


@contextmanager
def running(project: Project, settings: Config, options: TripConfig, *, servers: Servers = server) -> Iterator[Running]:
    """
    The project in its process, for as long as the block runs. env.py is asked once which database it wants.

    Raises what `ready` does.
    """

    def begin(stack: ExitStack, running: Running) -> Running:
        if running.assumed:
            running.child.enter(running.server.create(), engine_name=project.database)
            running.child.leave()
        return running

    with _begun(project, settings, options, servers, begin) as found:
        yield found


def target_of(project: Project, settings: Config, options: TripConfig, contents: Contents) -> tuple[Target, str]:
    """
    The database to run on, and why it was taken; no reason where somebody said so.

    Raises ProjectError where sqlalchemy.url names one for which there is no round trip.
    """
    configured = {one.dialect: one for one in reversed(settings.target)}
    said = options.database if options.database != "auto" else targets.dialect_of(options.database_url)
    if said is not None:
        return configured.get(said, Target(said, ASSUMED[said])), ""
    if settings.target:
        return settings.target[0], ""
    _refuse_others(project.sqlalchemy_url)
    guesses = targets.guess(targets.Evidence.of(project), [each for each in contents.values() if each])
    asked = targets.dialect_of(project.sqlalchemy_url)
    if asked is not None and all(one.target.dialect != asked for one in guesses):
        # What env.py connects to when nobody tells it otherwise is what it is known to run on.
        guesses = (targets.Guess(Target(asked, ASSUMED[asked]), f"sqlalchemy.url names {asked}"),)
    chosen = next((one for one in guesses if one.target.dialect == asked), guesses[0])
    return chosen.target, targets.in_words((chosen,))


def read_files(running: Running, paths: Iterable[str]) -> Mapping[str, Migration]:
    """What these files of the history say, by revision."""
    contents, project = running.contents, running.project
    real = {os.path.realpath(path): path for path in contents}  # Alembic may call them by other names
    some = {real[path]: contents[real[path]] for path in map(os.path.realpath, paths) if path in real}
    if not some:
        return {}
    part = replace(project, files=tuple(map(Path, some)), env=None)
    cache = Cache(None, str(project.repository))
    return read_history(part, some, running.target.dialect, 1, cache)[0].by_revision


def commented(contents: Contents) -> list[str]:
    """The files in which somebody speaks to us: the others need no reading before something is found in them."""
    return [path for path, text in contents.items() if text is not None and COMMENT in text]


@contextmanager
def _begun(
    project: Project,
    settings: Config,
    options: TripConfig,
    servers: Servers,
    begin: Callable[[ExitStack, Running], T],
) -> Iterator[T]:
    """What begins with a process, on a database of the right dialect: env.py has the last word where nobody spoke."""
    contents = project.contents()
    target, assumed = target_of(project, settings, options, contents)
    base, notes = repository.base(project, contents, settings.since)
    insisted = not assumed
    while True:
        with ExitStack() as stack:
            try:
                version = next((one.version for one in settings.target if one.dialect == target.dialect), None)
                wanted = ServerRequest(dialect=target.dialect, version=version, url=options.database_url)
                found = stack.enter_context(servers(wanted))
                # Projects that connect while they are imported get a database of ours, too.
                child = Child(_job(project, options), timeout=options.timeout, destination=found.create())
                running = Running(
                    project=project,
                    settings=settings,
                    options=options,
                    contents=contents,
                    target=target,
                    assumed=assumed,
                    server=found,
                    child=stack.enter_context(child),
                    base=base,
                    notes=notes,
                )
                begun = begin(stack, running)
            except ChildError as error:
                if insisted or error.asked_for not in ASSUMED or error.asked_for == target.dialect:
                    raise
                target, assumed = Target(error.asked_for, ASSUMED[error.asked_for]), "env.py asks for it"
                insisted = True
                continue
            yield begun
            return


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


def _job(project: Project, options: TripConfig) -> Job:
    env = (content(project.env, project.fence(project.env)) or b"") if project.env else b""
    return Job(
        folder=project.base,
        config=project.ini,
        section=project.section,
        script_location=project.script_location,
        x=options.x,
        environment=options.env,
        flask=b"current_app" in env,
    )


def _all(graph: Lineage, read: Mapping[str, Migration]) -> dict[str, Migration]:
    """What was read of each revision; only where it is, of the others."""
    return {
        one.id: read.get(one.id) or Migration(one.path, one.id, one.down_revisions) for one in graph.revisions.values()
    }
