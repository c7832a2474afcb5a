"""Brings the names of migrations in line with the configured pattern: what would be called how, and doing it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from migration_guard import configuration, filenames, rules
from migration_guard.assembly import relative
from migration_guard.config import Config, ConfigError, Overrides
from migration_guard.engine import check_start, judge, targets_of
from migration_guard.model.conventions import DATED
from migration_guard.model.migration import History
from migration_guard.reading.cache.store import Cache
from migration_guard.reading.discovery.git import GitDoubt, repository_around
from migration_guard.reading.discovery.project import Project, find
from migration_guard.reading.history import read_history
from migration_guard.rules.bad_filename import BadFilename


@dataclass(frozen=True, slots=True)
class PlannedRename:
    """A file, and the name that it is to have. `mentions` are the files that name it, relative to the repository."""

    file: Path
    name: str
    mentions: tuple[str, ...] = ()

    @property
    def target(self) -> Path:
        """The file under its new name."""
        return self.file.with_name(self.name)


@dataclass(frozen=True, slots=True)
class RenamePlan:
    """What is to be renamed, and a sentence for each file that cannot be."""

    renames: tuple[PlannedRename, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _NamedHistory:
    """A history, what is configured for it, and the files in it whose names are broken."""

    project: Project
    settings: Config
    history: History
    broken: frozenset[str]


def plan(paths: Sequence[Path], cwd: Path, explicit: Path | None, overrides: Overrides) -> RenamePlan:
    """
    What is to be renamed so that the histories of these paths follow their pattern: the files of which lint says that
    they do not. Raises ProjectError, ConfigError or PluginError.
    """
    renames: dict[Path, PlannedRename] = {}
    left: dict[Path, str] = {}
    read = [
        _read(one, configuration.load(one.root, explicit=explicit, overrides=overrides)) for one in find(paths, cwd)
    ]
    check_start((one.settings for one in read), [revision for one in read for revision in one.history.by_revision])
    for named in read:
        for unread in named.history.unreadable:
            if named.project.only is None or Path(unread.path) in named.project.only:
                left[Path(unread.path)] = f"could not be read. {unread.reason}"
        for file, name in _names(named):
            if name is None:
                left[file] = "does not say when it was made: add `Create Date: 2026-01-31` to its docstring."
            elif name != file.name:
                renames[file] = PlannedRename(file, name, tuple(_mentions(file, named.project)))
    wanted = Counter(one.target for one in renames.values())
    clear = [one for one in renames.values() if wanted[one.target] == 1 and not one.target.exists()]
    for one in renames.values():
        if one not in clear:
            left[one.file] = f"is left: {one.name} is the name of another file, too."
    sentences = (f"{relative(str(file), cwd)} {sentence}" for file, sentence in left.items())
    return RenamePlan(tuple(clear), tuple(sentences))


def rename(planned: PlannedRename) -> None:
    """Gives the file its name; git sees that for itself as soon as it is added. Raises OSError."""
    # git's index is left as it is: writing it could look into files, through the filters that a repository names.
    planned.file.rename(planned.target)


def _read(project: Project, settings: Config) -> _NamedHistory:
    contents = project.contents()
    target = targets_of(project, settings, contents.values())[0][0]
    history, _ = read_history(project, contents, target.dialect, settings.jobs, Cache(None, "", []))
    pattern = settings.filename_pattern
    if pattern not in (DATED, "alembic", None):
        raise ConfigError(
            f"filename-pattern: no name can be made up from the regular expression {pattern}. Rename by hand, or write"
            ' "dated" or "alembic".'
        )
    if pattern is None and history.file_template is None:
        raise ConfigError(
            'filename-pattern: nothing says how files are called. Write filename-pattern = "dated" or "alembic".'
        )
    # Who renames asks for all files, older than the file_template or not.
    strict = replace(settings, filename_pattern=pattern or "alembic")
    found = judge(history, target, {BadFilename.code: rules.load()[BadFilename.code]}, strict, contents)
    return _NamedHistory(project, settings, history, frozenset(one.path for one in found))


def _names(named: _NamedHistory) -> Iterator[tuple[Path, str | None]]:
    """The name that each file that was asked for and breaks the pattern is to have; None where it has none."""
    numbers = filenames.numbers(named.history)
    for migration in named.history.graph.order:
        file = Path(migration.path)
        if migration.path not in named.broken or (named.project.only is not None and file not in named.project.only):
            continue
        if named.settings.filename_pattern == DATED:
            yield file, filenames.dated(migration, numbers[migration.revision])
        else:
            template = named.history.file_template or filenames.DEFAULT_TEMPLATE
            try:
                yield file, filenames.from_template(template, migration)
            except filenames.UnusableTemplate as error:
                raise ConfigError(str(error)) from None


def _mentions(file: Path, project: Project) -> Iterator[str]:
    """The files that git tracks and that name this one, as a file or as a module."""
    words = (file.name, f"{file.parent.name}.{file.stem}")
    if repository := repository_around(project.repository):
        with suppress(GitDoubt):
            yield from sorted(repository.mentions(words))
