"""Knows which folders hold revisions and which of them form one history, by their names and a glance at the files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from migration_guard.regular_files import content, is_folder

SKIPPED = frozenset(("node_modules", "site-packages", "dist-packages", "__pycache__", "__pypackages__"))
REVISION = re.compile(rb"^revision\b[^=\n]*=\s*[\"']([^\"'\n]+)", re.MULTILINE)
DECLARES = re.compile(rb"^revision\b[^=\n]*=", re.MULTILINE)
REFERS = re.compile(rb"^(?:down_revision|depends_on)\b[^=\n]*=\s*(\([^)]*\)|\[[^\]]*\]|[^\n]*)", re.MULTILINE)
DOWN = re.compile(rb"^down_revision\b[^=\n]*=", re.MULTILINE)
BY_ENGINE = re.compile(rb"^def upgrade\(\s*\w", re.MULTILINE)
OF_ENGINE = re.compile(rb"^def upgrade_(\w*)\(", re.MULTILINE)
QUOTED = re.compile(rb"[\"']([^\"'\n]+)[\"']")


def walk(root: Path, unopened: list[Path] | None = None) -> Iterator[tuple[Path, list[str], list[str]]]:
    """
    Every folder below the root that may belong to a project, with its folders and files. Links are not followed.

    Those that cannot be opened are added to `unopened`.
    """

    def note(error: OSError) -> None:
        if unopened is not None:
            unopened.append(Path(error.filename))

    for name, folders, files in os.walk(root, onerror=note):
        folders[:] = sorted(one for one in folders if not _skipped(name, one))
        yield Path(name), folders, sorted(files)


def python_files(folder: Path, *, recursive: bool = False) -> list[Path]:
    """
    The files of a version folder that Alembic would look at, by name; what of these is no file is complained about
    later. So is a folder that cannot be opened, which is named in their place: nobody knows what is in it.
    """
    unopened: list[Path] = []
    folders = [one for one, _, _ in walk(folder, unopened)] if recursive else [folder]
    found = [one / name for one in folders for name in sorted(_candidates(one, unopened))]
    return found + unopened


def _candidates(folder: Path, unopened: list[Path]) -> Iterator[str]:
    try:
        for entry in os.scandir(folder):
            if entry.name.endswith(".py") and not entry.name.startswith((".", "__init__")) and not is_folder(entry):
                yield entry.name
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError:
        unopened.append(folder)


def is_migration(file: Path, root: Path) -> bool:
    """
    Whether a file inside `root` looks like a migration at a glance: it declares a revision and what that revises.
    """
    text = content(file, root) or b""
    return DECLARES.search(text) is not None and DOWN.search(text) is not None


def holds_migrations(folder: Path, root: Path) -> bool:
    """Whether at least one file of the folder looks like a migration."""
    return any(is_migration(file, root) for file in python_files(folder))


def declared_in(content: bytes) -> str:
    """The id that a migration declares, at a glance; empty where that does not show it, or shows several."""
    found = set(REVISION.findall(content))
    return found.pop().decode("utf-8", "replace") if len(found) == 1 else ""


def needed_by(content: bytes) -> list[str]:
    """The ids and labels that a migration names as what must run before it, at a glance."""
    return [one.decode("utf-8", "replace") for text in REFERS.findall(content) for one in QUOTED.findall(text)]


def parents_in(content: bytes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The ids and labels of a migration's down_revision, and those of its depends_on, at a glance."""
    named: dict[bool, tuple[str, ...]] = {}
    for found in REFERS.finditer(content):
        ids = tuple(one.decode("utf-8", "replace") for one in QUOTED.findall(found[1]))
        named[found[0].startswith(b"down_revision")] = ids
    return named.get(True, ()), named.get(False, ())


def names_engines(env: Path, root: Path) -> bool:
    """Whether an env.py tells the migrations which engine they run on, at a glance: run_migrations(engine_name=...)."""
    return b"engine_name" in (content(env, root) or b"")


def engines(files: Iterable[Path], root: Path) -> tuple[str, ...]:
    """
    The engines that the migrations have functions for, at a glance: `upgrade(engine_name)` calls `upgrade_logs()` for
    the engine `logs`, and `upgrade_()` for that of the application's default bind
    (Flask-Migrate's `flask db init --multidb`, https://pypi.org/project/Flask-Migrate/4.1.0).
    """
    found: dict[bytes, None] = {}
    for text in (content(file, root) or b"" for file in files):
        if BY_ENGINE.search(text):
            found.update(dict.fromkeys(OF_ENGINE.findall(text)))
    return tuple(name.decode() for name in found)


def histories(versions: Sequence[Path], root: Path) -> list[tuple[Path, ...]]:
    """
    The version folders, grouped into the histories they form.

    Subfolders that hold revisions join the history whose revisions they name, or that names theirs (projects that set
    version_locations at run time). Where the version folders have no revisions of their own, each group of subfolders
    is a history.
    """
    unopened: list[Path] = []
    below = [folder for one in versions for folder, _, _ in walk(one, unopened) if folder not in versions]
    below = [folder for folder in below if holds_migrations(folder, root)]
    # What cannot be opened may hold revisions of any of them.
    versions = (*versions, *(folder for folder in unopened if folder not in versions))
    if not below:
        return [versions]
    groups = _linked([versions, *((folder,) for folder in below)], root)
    own = next(group for group in groups if versions[0] in group)
    if unopened or any(holds_migrations(folder, root) for folder in own):
        return [own]
    return [group for group in groups if group is not own]


def _linked(groups: list[tuple[Path, ...]], root: Path) -> list[tuple[Path, ...]]:
    """The groups, united where a revision in one names a revision in the other. The first member keeps its place."""
    declared: dict[bytes, set[int]] = {}
    named: list[tuple[int, bytes]] = []
    for number, group in enumerate(groups):
        for file in (file for folder in group for file in python_files(folder)):
            glance = content(file, root) or b""
            for revision in REVISION.findall(glance):
                declared.setdefault(revision, set()).add(number)
            named += [(number, one) for text in REFERS.findall(glance) for one in QUOTED.findall(text)]
    leader = list(range(len(groups)))
    for number, revision in named:
        where = declared.get(revision, {number})
        # Two databases may well use the same id, each in its own history.
        other = number if number in where else min(where)
        first, second = sorted((leader[number], leader[other]))
        leader = [first if one == second else one for one in leader]
    united: dict[int, list[Path]] = {}
    for number, group in enumerate(groups):
        united.setdefault(leader[number], []).extend(group)
    return [tuple(folders) for folders in united.values()]


def _skipped(parent: str, name: str) -> bool:
    if name.startswith(".") or name in SKIPPED or name.endswith(".egg-info"):
        return True
    folder = os.path.join(parent, name)
    if os.path.exists(os.path.join(folder, "pyvenv.cfg")):
        return True
    # setuptools builds a second copy of the package there.
    return name == "build" and os.path.isdir(os.path.join(folder, "lib"))
