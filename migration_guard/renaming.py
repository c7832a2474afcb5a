"""Brings the names of migrations in line with the configured pattern: what would be called how, and doing it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from migration_guard import configuration, filenames, targets
from migration_guard.assembly import relative
from migration_guard.config import Config, ConfigError, Overrides
from migration_guard.engine import content
from migration_guard.model.conventions import DATED
from migration_guard.model.migration import History, Migration
from migration_guard.reading.cache.store import Cache
from migration_guard.reading.discovery.project import Project, find
from migration_guard.reading.discovery.repository import run_git
from migration_guard.reading.history import read_history


@dataclass(frozen=True, slots=True)
class PlannedRename:
    """A file, and the name that it is to have. `mentions` are the files that name it, relative to the repository."""

    file: Path
    name: str
    mentions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RenamePlan:
    """What is to be renamed, and a sentence for each file that cannot be."""

    renames: tuple[PlannedRename, ...]
    left: tuple[str, ...]


def plan(paths: Sequence[Path], cwd: Path, explicit: Path | None, overrides: Overrides) -> RenamePlan:
    """
    What is to be renamed so that the histories of these paths follow their pattern. Raises ProjectError, ConfigError or
    PluginError.
    """
    renames: list[PlannedRename] = []
    left: list[str] = []
    for project in find(paths, cwd):
        settings = configuration.load(project.root, explicit=explicit, overrides=overrides)
        contents = {str(path): content(path) for path in project.files}
        dialect = targets.guess(project.sqlalchemy_url, [one for one in contents.values() if one])[0].dialect
        history, _ = read_history(project, contents, dialect, settings.jobs, Cache(None, "", []))
        wanted = _names(history, settings, project)
        for migration, name in wanted:
            file = Path(migration.path)
            if name is None:
                shown = relative(migration.path, cwd)
                left.append(f"{shown} does not say when it was made: add `Create Date: 2026-01-31` to its docstring.")
            elif name != file.name:
                renames.append(PlannedRename(file, name, tuple(_mentions(file.name, project))))
    clear = [one for one in renames if _is_free(one, renames)]
    left += [
        f"{relative(str(one.file), cwd)} is left: {one.name} is the name of another file."
        for one in renames
        if one not in clear
    ]
    return RenamePlan(tuple(clear), tuple(left))


def _is_free(one: PlannedRename, renames: Sequence[PlannedRename]) -> bool:
    """Whether no other file has the name, or is to have it."""
    target = one.file.with_name(one.name)
    return not target.exists() and not any(
        other is not one and other.file.with_name(other.name) == target for other in renames
    )


def rename(planned: PlannedRename) -> None:
    """Gives the file its name, with git where it is tracked. Raises OSError."""
    if run_git(planned.file.parent, "mv", "--", planned.file.name, planned.name) is None:
        planned.file.rename(planned.file.with_name(planned.name))


def _names(history: History, settings: Config, project: Project) -> list[tuple[Migration, str | None]]:
    """The name that each migration that was asked for and breaks the pattern is to have; None where it has none."""
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
    template = (history.file_template or filenames.DEFAULT_TEMPLATE).strip()
    numbers: dict[str, int] = {}
    found: list[tuple[Migration, str | None]] = []
    for migration in history.graph.order:
        number = 1 + max((numbers.get(one, 0) for one in (*migration.parents, *migration.depends_on)), default=0)
        good = filenames.follows(migration, pattern, history.file_template)
        numbers[migration.revision] = (good and filenames.number_of(Path(migration.path).name)) or number
        asked = project.only is None or Path(migration.path) in project.only
        if asked and not good:
            by_date = pattern == DATED
            name = filenames.dated(migration, number) if by_date else filenames.from_template(template, migration)
            found.append((migration, name))
    return found


def _mentions(name: str, project: Project) -> Iterator[str]:
    """The files of the repository that git tracks and that name this one."""
    said = run_git(project.repository, "grep", "-l", "-z", "-I", "--fixed-strings", "-e", name)
    yield from sorted(filter(None, (said or b"").decode("utf-8", "replace").split("\0")))
