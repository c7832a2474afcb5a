"""Finds the Alembic histories that a path stands for, and the files of each. Never imports the user's code."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from migration_guard.reading.discovery.folders import (
    engines,
    histories,
    holds_migrations,
    is_migration,
    names_engines,
    python_files,
    walk,
)
from migration_guard.reading.discovery.settings import ProjectError, Settings, configurations, settings
from migration_guard.regular_files import content, is_below, leads_below, repository_of

__all__ = ["Project", "ProjectError", "around", "find", "migrations_among"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """
    One history: where its files are, and what its configuration says. All paths are absolute.

    `root` is the folder of the configuration, else of env.py, else of the versions; `base` is the one from which
    Alembic is run. `files` are all candidates; `only` are those to report on, None where that is all of them.
    `database` is what env.py calls the engine, where it has several. With `finds_engines` it alone knows at run time
    which those are: the names are those of the migrations' functions.
    `file_template` and `sqlalchemy_url` are None where the configuration sets none. `repository` fences what may be
    read on behalf of the migrations; `elsewhere` are folders of the history outside of it that the user named, each a
    fence for what is in it. `left_out` are those that nobody named, and that are not read. `read` are the configuration
    files that were looked at, absent ones included. `notes` are sentences for the summary.
    """

    root: Path
    base: Path
    ini: Path | None = None
    section: str = "alembic"
    script_location: Path | None = None
    versions: tuple[Path, ...] = ()
    recursive: bool = False
    files: tuple[Path, ...] = ()
    only: frozenset[Path] | None = None
    file_template: str | None = None
    env: Path | None = None
    sqlalchemy_url: str | None = None
    database: str | None = None
    finds_engines: bool = False
    repository: Path
    elsewhere: tuple[Path, ...] = ()
    left_out: tuple[Path, ...] = ()
    read: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def place(self) -> Path:
        """A folder in the repository of the migrations: the first one that they are in."""
        return next((one for one in self.versions if one not in self.elsewhere), self.root)

    def fence(self, path: str | Path) -> Path:
        """The folder that this file of the history must be in, wherever links lead."""
        return next((folder for folder in self.elsewhere if is_below(str(path), str(folder))), self.repository)

    def contents(self) -> dict[str, bytes | None]:
        """The bytes of each file, by its path; None for one that is not read."""
        return {str(path): content(path, self.fence(path)) for path in self.files}


def find(paths: Sequence[Path], cwd: Path) -> tuple[Project, ...]:
    """
    The histories that the paths stand for; with no path, all below the current folder. Each history comes once.

    A path is a Python file, a folder of versions, a folder with a configuration or with env.py, a configuration file,
    or a whole repository. Raises ProjectError where a path stands for no history.
    """
    search = _search(paths, cwd)
    found: dict[object, Project] = {}
    refused: dict[Path, ProjectError] = {}
    for path in paths or (Path(),):
        try:
            projects = search.at(path)
        except ProjectError as error:
            refused[path] = error
            continue
        for project in projects:
            key = (tuple(sorted(map(os.path.realpath, project.versions))), project.database)
            found[key] = _united(found[key], project) if key in found else project
    for path, refusal in refused.items():
        # What a configuration has outside of its repository may be found by that alone.
        if not any(leads_below(folder, cwd / path) for project in found.values() for folder in project.elsewhere):
            raise refusal
    first, *others = _without_parts(found.values())
    if not search.troubles:
        return (first, *others)
    return (replace(first, notes=tuple(dict.fromkeys(search.troubles))), *others)


def migrations_among(paths: Iterable[Path], cwd: Path) -> tuple[Path, ...]:
    """Those of the paths that are folders or migrations: not the other files of a commit, nor what is gone."""
    paths = tuple(paths)
    search = _search(paths, cwd)
    return tuple(path for path in paths if search.knows(path))


def around(file: Path, cwd: Path) -> tuple[Project, ...]:
    """The histories that a Python file belongs to, or will belong to once it is saved: to report on it alone."""
    place = Path(os.path.normpath(cwd / file))
    found = [one for one in _search((file,), cwd).near(place) if place.suffix == ".py"]
    return tuple(
        replace(one, files=tuple(sorted({*one.files, place})), only=_restriction(one, frozenset((place,))))
        for one in found
    )


def _united(one: Project, other: Project) -> Project:
    """The same history, named twice: everything that either of them was asked for."""
    if one.only is None or other.only is None:
        return replace(one, only=None)
    return replace(one, only=_restriction(one, one.only | other.only))


def _without_parts(projects: Iterable[Project]) -> list[Project]:
    """The histories without those that are folders which another one, whose configuration is not above them, has."""
    found = list(projects)
    for part in [one for one in found if one.ini is None]:
        folders = {os.path.realpath(folder) for folder in part.versions}
        if whole := next((one for one in found if one.elsewhere and one is not part and folders <= _reach(one)), None):
            asked = replace(whole, only=frozenset(part.files) if part.only is None else part.only)
            found = [_united(whole, asked) if one is whole else one for one in found if one is not part]
    return found


def _restriction(project: Project, only: frozenset[Path]) -> frozenset[Path] | None:
    return None if only >= frozenset(project.files) else only


def _search(paths: Sequence[Path], cwd: Path) -> _Search:
    places = [Path(os.path.normpath(cwd / path)) for path in paths or (Path(),)]
    return _Search(cwd, tuple(sorted(places)), {}, [])


@dataclass(frozen=True, slots=True)
class _Search:
    """
    One call of find(): the files and folders that were named, the highest first, the folders whose configuration was
    read already, and what was wrong with some.
    """

    cwd: Path
    named: tuple[Path, ...]
    seen: dict[Path, tuple[Project, ...]]
    troubles: list[str]

    def at(self, path: Path) -> list[Project]:
        place = Path(os.path.normpath(self.cwd / path))
        if place.is_dir():
            return self._folder(place, path)
        if not os.path.lexists(place):
            raise ProjectError(
                f"There is no file or folder {path}. Check the spelling, or run from the folder it is relative to."
            )
        if place.suffix in (".ini", ".toml", ".cfg"):
            return self._configured(place)
        if place.suffix == ".py":
            return self._file(place)
        raise ProjectError(f"{path} is no Python file, alembic.ini or folder. Name one of these.")

    def knows(self, path: Path) -> bool:
        """Whether the path is a folder, or among the migrations of a history, be it a file that can be read or not."""
        place = Path(os.path.normpath(self.cwd / path))
        if place.is_dir():
            return True
        if place.suffix != ".py" or not os.path.lexists(place):
            return False
        return is_migration(place, self.fence(place.parent)) or any(
            place in project.files for project in self.near(place)
        )

    def near(self, file: Path) -> list[Project]:
        """The histories that have their files in this file's folder."""
        return self._claim(file.parent)

    def _file(self, file: Path) -> list[Project]:
        claimed = [project for project in self._claim(file.parent) if file in project.files]
        projects = claimed or [self._bare((file.parent,), files=(file,))]
        return [replace(one, only=_restriction(one, frozenset((file,)))) for one in projects]

    def _configured(self, file: Path) -> list[Project]:
        troubles: list[str] = []
        found = [project for one in settings(file, self.cwd) for project in self._projects(one, troubles)]
        if not found:
            raise ProjectError(troubles[0])
        self.troubles.extend(troubles)
        return found

    def _folder(self, root: Path, path: Path) -> list[Project]:
        found: list[Project] = []
        likely: list[Path] = [root] if holds_migrations(root, self.fence(root)) else []
        before = len(self.troubles)
        unopened: list[Path] = []
        for folder, folders, files in walk(root, unopened):
            if "pyproject.toml" in files or any(name.endswith((".ini", ".cfg")) for name in files):
                found += self._settled(folder)
            if folder.name == "versions":
                likely.append(folder)
            if "env.py" in files:
                likely += [folder / name for name in folders]
        self.troubles.extend(f"{folder} cannot be opened, so nobody knows what is in it." for folder in unopened)
        covered = {real for project in found for real in _reach(project)}
        for folder in dict.fromkeys(likely):
            if os.path.realpath(folder) in covered:
                continue
            claimed = self._claim(folder, outside=root)
            found += claimed
            covered.update(real for project in claimed for real in _reach(project))
        if found:
            return found
        if len(self.troubles) > before:
            raise ProjectError(self.troubles[before])
        raise ProjectError(
            f"There are no migrations in {path if str(path) != '.' else root}. Name the folder of the versions, or the"
            " one that holds alembic.ini."
        )

    def _settled(self, folder: Path) -> tuple[Project, ...]:
        """What the configuration files in this folder stand for. What is wrong with them becomes a note."""
        if folder not in self.seen:
            found: list[Project] = []
            try:
                for file in configurations(folder):
                    for one in settings(file, self.cwd):
                        found += self._projects(one, self.troubles)
            except ProjectError as error:
                self.troubles.append(str(error))
            self.seen[folder] = tuple(found)
        return self.seen[folder]

    def _claim(self, folder: Path, outside: Path | None = None) -> list[Project]:
        """The histories that a folder of versions belongs to, by a configuration at or above it, else by itself."""
        real = os.path.realpath(folder)
        for above in (folder, *folder.parents):
            claimed = [project for project in self._settled(above) if real in _reach(project)]
            if claimed:
                return [self._within(project, folder) for project in claimed]
            if (above / ".git").exists():
                break
        root = self.fence(folder)
        if not holds_migrations(folder, root) and not (folder.name == "versions" and _nested(folder, root)):
            # A folder called versions may hold anything. Named by the user it is taken at its word.
            if folder != outside or not python_files(folder):
                return []
            return [self._bare((folder,))]
        return [self._within(self._bare(group), folder) for group in histories((folder,), root)]

    def _projects(self, one: Settings, troubles: list[str]) -> list[Project]:
        """The histories that these settings stand for: one, unless subfolders hold histories of their own."""
        root = self._fence_of_settings(one)
        folders = dict.fromkeys((*one.versions, *((one.script,) if one.script else ())))
        elsewhere = tuple(folder for folder in folders if self._is_named_outside(folder, root))
        versions = tuple(folder for folder in one.versions if folder in elsewhere or leads_below(folder, root))
        left_out = tuple(folder for folder in one.versions if folder not in versions)
        troubles.extend(
            f"{one.file}: {folder} is outside of {root}, so its migrations are not read."
            " Name that folder, or one around both."
            for folder in left_out
        )
        if one.versions and not versions:
            return []
        near = versions[0] if versions and versions[0] in elsewhere else root
        groups = [versions] if one.recursive or not versions else histories(versions, near)
        made = [_project(one, group, root) for group in groups]
        found = [replace(project, elsewhere=elsewhere, left_out=left_out) for project in made]
        if not any(project.files for project in found):
            where = ", ".join(map(str, one.versions or one.absent or (one.script,)))
            troubles.append(
                f"{one.file}: there are no migrations in {where}. Make one with `alembic revision`, or correct the"
                " script_location or version_locations."
            )
        return [each for project in found if project.files for each in _of_engines(project)]

    def _bare(self, versions: tuple[Path, ...], files: tuple[Path, ...] | None = None) -> Project:
        """A history without a configuration."""
        env = _env((*(folder.parent for folder in versions), *(folder.parent.parent for folder in versions)))
        root = env.parent if env else versions[0]
        repository = self.fence(root)
        above = [folder for folder in (root, *root.parents) if folder.is_relative_to(repository)]
        return Project(
            root=root,
            base=root.parent,
            script_location=env.parent if env else None,
            versions=versions,
            files=files or _files(versions, recursive=False),
            env=env,
            repository=repository,
            read=tuple(folder / name for folder in above for name in ("alembic.ini", "pyproject.toml")),
        )

    def _fence_of_settings(self, one: Settings) -> Path:
        """
        The fence of a history that is configured. Without a repository, a configuration that the user named, or whose
        folder, may have its scripts beside it.
        """
        root = self.fence(one.file.parent)
        if one.script is None or repository_of(one.file.parent) or not {one.file, one.file.parent} & {*self.named}:
            return root
        around = Path(os.path.commonpath((root, one.script)))
        return root if Path.home().is_relative_to(around) else around

    def _is_named_outside(self, folder: Path, root: Path) -> bool:
        """Whether a folder is outside of this fence, not by a link, and the user named it or one around it."""
        return not is_below(str(folder), str(root)) and any(leads_below(folder, named) for named in self.named)

    def fence(self, root: Path) -> Path:
        """
        What may be read on behalf of a history with this root: its repository. Without one, the highest folder around
        it that the user named; where that was one inside it, the current folder, or the whole Python package.
        """
        found = repository_of(root) or next((one for one in self.named if is_below(str(root), str(one))), None)
        if found is not None:
            return found
        if root.is_relative_to(self.cwd) and self.cwd not in (Path.home(), Path(self.cwd.anchor)):
            return self.cwd
        while (root / "__init__.py").is_file() or (root.parent / "__init__.py").is_file():
            root = root.parent
        return root

    def _within(self, project: Project, folder: Path) -> Project:
        """The project, restricted to the files below the folder that the user named."""
        below = frozenset(file for file in project.files if file.is_relative_to(folder))
        return replace(project, only=_restriction(project, below)) if below else project


def _nested(folder: Path, root: Path) -> bool:
    return any(holds_migrations(below, root) for below, _, _ in walk(folder))


def _reach(project: Project) -> set[str]:
    """The folders, as the file system knows them, that the files of the project are in."""
    inside = {file.parent for file in project.files} if project.recursive else ()
    return {os.path.realpath(folder) for folder in (*project.versions, *inside)}


def _of_engines(project: Project) -> list[Project]:
    """The project, once for each engine that env.py hands to its migrations where no configuration names them."""
    env = project.env
    if project.database is not None or env is None or not names_engines(env, project.fence(env)):
        return [project]
    names = engines(project.files, project.fence(project.files[0]))
    return [replace(project, database=name, finds_engines=True) for name in names] or [project]


def _project(one: Settings, versions: tuple[Path, ...], repository: Path) -> Project:
    return Project(
        root=one.file.parent,
        base=one.base,
        ini=one.file if one.file.suffix != ".toml" else None,
        section=one.section,
        script_location=one.script,
        versions=versions,
        recursive=one.recursive,
        files=_files(versions, recursive=one.recursive),
        file_template=one.file_template,
        env=_env((one.script, *versions)),
        sqlalchemy_url=one.url,
        database=one.database,
        repository=repository,
        read=one.read,
    )


def _files(versions: tuple[Path, ...], *, recursive: bool) -> tuple[Path, ...]:
    found = [file for folder in versions for file in python_files(folder, recursive=recursive)]
    if len(versions) > 1:
        found = sorted({os.path.realpath(file): file for file in reversed(found)}.values())
    return tuple(found)


def _env(folders: Iterable[Path | None]) -> Path | None:
    """The env.py of the first folder that has one, whatever it is: what is no file to be read is told later."""
    return next((folder / "env.py" for folder in folders if folder and os.path.lexists(folder / "env.py")), None)
