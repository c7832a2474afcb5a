"""What other programs may call: `lint` and `roundtrip`, as the command line has them, from values to a Report."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from pathlib import Path

from migration_guard.model.finding import Report
from migration_guard.model.plugin import PluginError

Place = str | PathLike[str]


class MigrationGuardError(Exception):
    """The job could not be done: the exit code 2 of the command line, with the sentence that it prints."""


def lint(
    *paths: Place,
    folder: Place = ".",
    config: Place | None = None,
    target: str | Iterable[str] = (),
    select: str | Iterable[str] = (),
    ignore: str | Iterable[str] = (),
    extend_select: str | Iterable[str] = (),
    start_after: str | None = None,
    since: str | None = None,
    baseline: Place | None = None,
    filename_pattern: str | None = None,
    plugins: str | Iterable[str] = (),
    trust_plugins: bool = False,
    cache: bool | None = None,
) -> Report:
    """
    Judge the histories that the paths stand for, by default all below `folder`; nothing of them is run but the
    `plugins` that are named, and with `trust_plugins` those that a configuration wishes for.

    The options are those of `migration-guard lint`; what is not given here is taken from the configuration of each
    history. `paths` and the paths in the report are relative to `folder`. Raises MigrationGuardError.
    """
    from migration_guard import engine
    from migration_guard.config import ConfigError, Overrides
    from migration_guard.reading.discovery.project import ProjectError

    cwd = _folder(folder)
    overrides = Overrides(
        target=_words(target),
        select=_words(select),
        ignore=_words(ignore),
        extend_select=_words(extend_select),
        start_after=start_after,
        since=since,
        baseline=_inside(cwd, baseline),
        filename_pattern=filename_pattern,
        plugins=_words(plugins),
        trust_plugins=trust_plugins,
        cache=cache,
    )
    try:
        return engine.lint([Path(path) for path in paths], cwd, cwd / config if config else None, overrides)
    except (ConfigError, ProjectError, PluginError) as error:
        raise MigrationGuardError(str(error)) from error


def roundtrip(
    project: Place | None = None,
    *,
    folder: Place = ".",
    config: Place | None = None,
    target: str | Iterable[str] = (),
    database: str | None = None,
    database_url: str | None = None,
    only: str | None = None,
    revisions: str | None = None,
    since: str | None = None,
    baseline: Place | None = None,
    select: str | Iterable[str] = (),
    ignore: str | Iterable[str] = (),
    rows: int | None = None,
    models: bool | None = None,
    full_trip: bool | None = None,
    plugins: str | Iterable[str] = (),
    trust_plugins: bool = False,
) -> Report:
    """
    Run each revision of a project up, down and up again on a throwaway database, in a process of its own.

    `project` is the folder of its alembic.ini, by default `folder`. The options are those of
    `migration-guard roundtrip`; what is not given here is taken from the project's configuration. Call it in the main
    thread. Raises MigrationGuardError.
    """
    from migration_guard import configuration
    from migration_guard.config import ConfigError, Overrides
    from migration_guard.config.roundtrip import TripOptions, load_trip
    from migration_guard.reading.discovery.project import ProjectError
    from migration_guard.roundtripping.engine import Request, round_trip
    from migration_guard.roundtripping.project import choose
    from migration_guard.roundtripping.servers.access import DatabaseError
    from migration_guard.roundtripping.trips.plan import RevisionSelection
    from migration_guard.roundtripping.worker.child.failures import sentence_of
    from migration_guard.roundtripping.worker.client import ChildError

    cwd = _folder(folder)
    explicit = cwd / config if config else None
    overrides = Overrides(
        target=_words(target),
        select=_words(select),
        ignore=_words(ignore),
        since=since,
        baseline=_inside(cwd, baseline),
        plugins=_words(plugins),
        trust_plugins=trust_plugins,
    )
    wanted = TripOptions(database=database, rows=rows, models=models, full_trip=full_trip)
    try:
        projects = choose(Path(project) if project is not None else None, cwd)
        settings = configuration.load(projects[0].root, explicit=explicit, overrides=overrides)
        request = Request(
            options=load_trip(settings.file, wanted, cwd=cwd, url=database_url),
            selection=RevisionSelection(span=revisions, only=only),
            explicit=explicit,
            file=settings.file,
            overrides=overrides,
        )
        return round_trip(projects, cwd, request)
    except (ConfigError, ProjectError, PluginError, DatabaseError) as error:
        raise MigrationGuardError(str(error)) from error
    except ChildError as error:
        raise MigrationGuardError(sentence_of(error.failure, "The project could not be run")) from error


def _folder(folder: Place) -> Path:
    path = Path(folder).absolute()
    if not path.is_dir():
        raise MigrationGuardError(f"There is no folder {folder}. Name the one that the paths are relative to.")
    return path


def _inside(folder: Path, file: Place | None) -> str | None:
    """A file as seen from the folder; empty stays empty, which stands for none."""
    return str(folder / file) if file else None if file is None else ""


def _words(given: str | Iterable[str]) -> tuple[str, ...] | None:
    """One word is what it says, and not its characters."""
    return (given,) if isinstance(given, str) else tuple(given) or None
