"""Reads all files of a project into a History: in this process, or in several where there are many files."""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

from migration_guard.model.graph import graph
from migration_guard.model.migration import Environment, History, Migration, Unreadable
from migration_guard.reading.environment import read_environment
from migration_guard.reading.migration import read_migration
from migration_guard.reading.modules import Files
from migration_guard.reading.project import Project

Facts = Migration | Unreadable | None
ENOUGH_FOR_PROCESSES = 200


def read_history(
    project: Project, contents: Mapping[str, bytes | None], dialect: str, jobs: int, known: Mapping[str, Facts]
) -> tuple[History, dict[str, Facts]]:
    """
    The history as it is for this dialect, and the facts of each file.

    `contents` are the bytes of each file, None where it could not be read. `known` are facts that need no new reading.
    """
    facts: dict[str, Facts] = dict(known)
    waiting = []
    for path, content in contents.items():
        if path in facts:
            continue
        if content is None:
            facts[path] = Unreadable(path, "The file cannot be opened. Make it readable, or remove it.")
        else:
            waiting.append((path, content))
    with _without_collector():
        facts.update(_read(waiting, dialect, str(project.repository), project.database, jobs))
        environment = Environment()
        if project.env is not None:
            environment = read_environment(str(project.env), dialect, Files(str(project.repository)))
    return history(project, facts, environment), facts


def history(project: Project, facts: Mapping[str, Facts], environment: Environment) -> History:
    """The history that these facts make."""
    ordered = [facts[path] for path in sorted(facts)]
    migrations = tuple(one for one in ordered if isinstance(one, Migration))
    return History(
        root=str(project.root),
        migrations=migrations,
        unreadable=tuple(one for one in ordered if isinstance(one, Unreadable)),
        environment=environment,
        file_template=project.file_template,
        database=project.database,
        graph=graph(migrations),
        by_revision={one.revision: one for one in reversed(migrations)},
    )


def _read(
    waiting: Sequence[tuple[str, bytes]], dialect: str, root: str, database: str | None, jobs: int
) -> dict[str, Facts]:
    count = min(jobs, os.cpu_count() or 1, len(waiting) // (ENOUGH_FOR_PROCESSES // 2))
    if count < 2:
        return dict(_read_some(waiting, dialect, root, database))
    parts = [list(waiting[start::count]) for start in range(count)]
    facts: dict[str, Facts] = {}
    with ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn")) as pool:
        futures = [pool.submit(_read_some, part, dialect, root, database) for part in parts]
        for future in futures:
            facts.update(future.result())
    return facts


def _read_some(
    files: Sequence[tuple[str, bytes]], dialect: str, root: str, database: str | None
) -> list[tuple[str, Facts]]:
    with _without_collector():
        shared = Files(root)
        found = []
        for path, content in files:
            shared.begin()
            found.append((path, read_migration(path, content, dialect, shared, database)))
        return found


@contextmanager
def _without_collector() -> Iterator[None]:
    """libcst's trees hold no cycles worth looking for; without the collector parsing takes half the time (measured)."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
