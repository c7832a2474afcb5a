"""Reads all files of a project into a History: in this process, or in several where there are many files."""

from __future__ import annotations

import gc
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from migration_guard.model.containment import Unexpected, contained
from migration_guard.model.graph import graph
from migration_guard.model.migration import Environment, History, Merge, Migration, Unreadable
from migration_guard.model.naming_convention import NamingConvention
from migration_guard.reading.cache.store import Cache, FileRecord, digest
from migration_guard.reading.discovery.comparison import GitBase
from migration_guard.reading.discovery.project import Project
from migration_guard.reading.plugin_modules import Plugin, load_again, loaded
from migration_guard.regular_files import refusal

# A process has to start and to hand over what it found: measured on two processors, 1,000 files of 47 lines take 2.9 to
# 3.2 s with two processes and 3.5 to 4.0 s with one; below this many files for each there is nothing to gain.
ENOUGH_FOR_A_PROCESS = 400

Files = Sequence[tuple[str, bytes]]
Reads = dict[str, FileRecord]
EnvironmentRecord = tuple[Environment, tuple[str, ...]]  # what env.py says, and the files that this rests on


def read_history(
    project: Project, contents: Mapping[str, bytes | None], dialect: str, jobs: int | None, cache: Cache
) -> tuple[History, set[str]]:
    """The history as it is for this dialect, and the other files that were looked for to know it."""
    return read_histories(project, contents, (dialect,), jobs, cache)[dialect]


def read_histories(
    project: Project,
    contents: Mapping[str, bytes | None],
    dialects: Collection[str],
    jobs: int | None,
    cache: Cache,
) -> dict[str, tuple[History, set[str]]]:
    """
    The history as it is for each of these dialects, and the other files that were looked for to know it.

    `contents` are the bytes of each file, None where it could not be read. What the cache knows is not read again.
    """
    states = {dialect: _State.of(project, contents, dialect, cache) for dialect in dict.fromkeys(dialects)}
    waiting = [
        (path, content)
        for path, content in contents.items()
        if content is not None and any(path not in one.known for one in states.values())
    ]
    fresh = _read(waiting, tuple(states), project, jobs or os.cpu_count() or 1)
    refused = {}
    for path in (path for path, content in contents.items() if content is None):
        reason = refusal(path, project.fence(path)) or "could not be opened"
        refused[path] = FileRecord(Unreadable(path, f"It {reason}. Make it a file that can be read, or remove it."))
    return {
        dialect: one.history(project, contents, {**refused, **fresh[dialect], **one.known}, cache)
        for dialect, one in states.items()
    }


@dataclass(frozen=True, slots=True)
class _State:
    """What the cache knows of a history for one dialect, and under which names."""

    dialect: str
    name: str
    key: str
    known: Mapping[str, FileRecord]
    environment: EnvironmentRecord | None

    @classmethod
    def of(cls, project: Project, contents: Mapping[str, bytes | None], dialect: str, cache: Cache) -> _State:
        name = digest(repr((project.root, project.versions, project.section, project.database, dialect)).encode())
        key = digest(repr((dialect, project.database, project.repository, project.env)).encode())
        return cls(dialect, name, key, *cache.read(name, key, contents))

    def history(
        self, project: Project, contents: Mapping[str, bytes | None], read: Reads, cache: Cache
    ) -> tuple[History, set[str]]:
        """The history of these files, kept in the cache where something of it was read anew."""
        environment, broken = self.environment, []
        if environment is None or len(self.known) < len(contents):
            fresh = (
                environment if environment is not None else contained(partial(_read_environment, project, self.dialect))
            )
            if isinstance(fresh, Unexpected):
                broken = [Unreadable(str(project.env), fresh.reason)]
                environment = Environment(), (str(project.env),)
            elif reason := refusal(project.env, project.fence(project.env)) if project.env is not None else "":
                broken = [Unreadable(str(project.env), f"It {reason}. Make it a file that can be read, or remove it.")]
                environment = fresh
            else:
                cache.keep_read(self.name, self.key, contents, read, fresh)
                environment = fresh
        needed = {path for one in read.values() for path in one.needed}.union(environment[1])
        found = history(project, read, environment[0], self.dialect)
        return replace(found, unreadable=(*found.unreadable, *broken)), needed


def _read_environment(project: Project, dialect: str) -> EnvironmentRecord:
    """What env.py says, and the files that this rests on."""
    if project.env is None:
        return Environment(), ()
    from migration_guard.reading import environment
    from migration_guard.reading.interpreter import modules

    files = modules.Files(str(project.fence(project.env)), str(project.env))
    with without_collector():
        return environment.read_environment(str(project.env), dialect, files), files.needed()


def history(project: Project, read: Mapping[str, FileRecord], environment: Environment, dialect: str) -> History:
    """The history that these facts make, with the names that the naming convention of the application gives."""
    ordered = [read[path].content for path in sorted(read)]
    naming = NamingConvention.of(environment.naming_convention, dialect)
    migrations = tuple(naming.named(one) for one in ordered if isinstance(one, Migration))
    return History(
        root=str(project.root),
        migrations=migrations,
        unreadable=tuple(one for one in ordered if isinstance(one, Unreadable)),
        environment=environment,
        file_template=project.file_template,
        database=project.database,
        graph=graph(migrations, whole=not project.left_out),
        by_revision={one.revision: one for one in reversed(migrations)},
    )


def with_base(history: History, project: Project, base: GitBase, dialect: str) -> History:
    """The history with what it will be when it is merged with a git ref."""
    read = _read_some(base.coming, (dialect,), project)[dialect] if base.coming else {}
    naming = NamingConvention.of(history.environment.naming_convention, dialect)
    coming = [naming.named(one.content) for one in read.values() if isinstance(one.content, Migration)]
    merged = graph((*history.migrations, *coming), whole=not project.left_out)
    return replace(history, merge=Merge(base.ref, base.old, merged, base.removed))


def _read(waiting: Files, dialects: Sequence[str], project: Project, jobs: int) -> dict[str, Reads]:
    count = min(jobs, len(waiting) // ENOUGH_FOR_A_PROCESS)
    if count >= 2:
        found = _read_in_processes(waiting, dialects, project, count)
        if found is not None:
            return found
    return _read_some(waiting, dialects, project) if waiting else {dialect: {} for dialect in dialects}


def _read_in_processes(
    waiting: Files, dialects: Sequence[str], project: Project, count: int
) -> dict[str, Reads] | None:
    """None where there can be no other processes: in a program that is no module, or under a system that forbids it."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    # The migrations of one application share its modules: neighbours go to one process.
    size = -(-len(waiting) // count)
    parts = [waiting[start : start + size] for start in range(0, len(waiting), size)]
    found: dict[str, Reads] = {dialect: {} for dialect in dialects}
    try:
        context = multiprocessing.get_context("spawn")
        with _safe_path(), ProcessPoolExecutor(count, context, _begin, (loaded(),)) as pool:
            futures = [pool.submit(_read_some, part, dialects, project) for part in parts]
            for future in futures:
                for dialect, read in future.result().items():
                    found[dialect].update(read)
    except (BrokenProcessPool, OSError):
        return None
    return found


def _begin(plugins: tuple[Plugin, ...]) -> None:
    """A process that reads some of the files has the plugins of the one that started it."""
    gc.disable()
    load_again(plugins)


@contextmanager
def _safe_path() -> Iterator[None]:
    """A new interpreter would look for its own modules in the current folder first: it could run what we only read."""
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before


def _read_some(files: Files, dialects: Sequence[str], project: Project) -> dict[str, Reads]:
    """These files as they are for each dialect: one file after the other, so that each is parsed once for all."""
    # libcst takes longer to import than all the rest of a run in which nothing has changed.
    from migration_guard.reading import migration
    from migration_guard.reading.interpreter import modules

    env = str(project.env) if project.env else None
    with without_collector():
        shared = {dialect: modules.Files(str(project.repository), env) for dialect in dialects}
        found: dict[str, Reads] = {dialect: {} for dialect in dialects}
        for path, content in files:
            for dialect in dialects:
                others = shared[dialect]
                others.begin()
                facts = contained(partial(migration.read_migration, path, content, dialect, others, project.database))
                if isinstance(facts, Unexpected):
                    found[dialect][path] = FileRecord(Unreadable(path, facts.reason))
                    # The modules that it shares with others may be read by half.
                    shared[dialect] = modules.Files(others.root, others.env)
                else:
                    found[dialect][path] = FileRecord(facts, others.needed())
        return found


# CPython keeps the frames of Python functions in chunks of 16 KB, and maps memory at each call that begins one. What is
# called there again and again, as libcst's parser calls its nodes, maps and unmaps it each time (zenml's history: 5.4 s
# for 4.4 s). A frame this large, of which nothing is touched, comes in a chunk of 256 KB, with room for what it calls.
_ROOM = 17_000
_read_some.__code__ = _read_some.__code__.replace(co_stacksize=_ROOM)
_read_environment.__code__ = _read_environment.__code__.replace(co_stacksize=_ROOM)


@contextmanager
def without_collector() -> Iterator[None]:
    """libcst's trees hold no cycles worth looking for, and the collector would look through them again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
