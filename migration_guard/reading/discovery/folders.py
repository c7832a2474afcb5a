"""Knows which folders hold revisions and which of them form one history, by their names and a glance at the files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

SKIPPED = frozenset(("node_modules", "site-packages", "dist-packages", "__pycache__", "__pypackages__"))
REVISION = re.compile(rb"^revision\b[^=\n]*=\s*[\"']([^\"'\n]+)", re.MULTILINE)
DECLARES = re.compile(rb"^revision\b[^=\n]*=", re.MULTILINE)
REFERS = re.compile(rb"^(?:down_revision|depends_on)\b[^=\n]*=\s*(\([^)]*\)|\[[^\]]*\]|[^\n]*)", re.MULTILINE)
DOWN = re.compile(rb"^down_revision\b[^=\n]*=", re.MULTILINE)
BY_ENGINE = re.compile(rb"^def upgrade\(\s*\w", re.MULTILINE)
OF_ENGINE = re.compile(rb"^def upgrade_(\w*)\(", re.MULTILINE)
QUOTED = re.compile(rb"[\"']([^\"'\n]+)[\"']")


def walk(root: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """Every folder below the root that may belong to a project, with its folders and files. Links are not followed."""
    for name, folders, files in os.walk(root):
        folders[:] = sorted(one for one in folders if not _skipped(name, one))
        yield Path(name), folders, sorted(files)


def python_files(folder: Path, *, recursive: bool = False) -> list[Path]:
    """The files of a version folder that Alembic would look at, by name."""
    folders = [one for one, _, _ in walk(folder)] if recursive else [folder]
    return [one / name for one in folders for name in sorted(_candidates(one))]


def _candidates(folder: Path) -> Iterator[str]:
    try:
        for entry in os.scandir(folder):
            if not entry.name.endswith(".py") or entry.name.startswith((".", "__init__")):
                continue
            # A link that leads nowhere is kept, to be complained about; a device or a pipe must never be opened.
            if os.path.isfile(entry.path) or (entry.is_symlink() and not os.path.exists(entry.path)):
                yield entry.name
    except OSError:
        return


def is_migration(file: Path) -> bool:
    """Whether a file looks like a migration at a glance: it declares a revision and what that revises."""
    content = _content(file)
    return DECLARES.search(content) is not None and DOWN.search(content) is not None


def holds_migrations(folder: Path) -> bool:
    """Whether at least one file of the folder looks like a migration."""
    return any(is_migration(file) for file in python_files(folder))


def declared_in(content: bytes) -> str:
    """The id that a migration declares, at a glance; empty where that does not show it."""
    found = REVISION.search(content)
    return found[1].decode("utf-8", "replace") if found else ""


def needed_by(content: bytes) -> list[str]:
    """The ids and labels that a migration names as what must run before it, at a glance."""
    return [one.decode("utf-8", "replace") for text in REFERS.findall(content) for one in QUOTED.findall(text)]


def names_engines(env: Path) -> bool:
    """Whether an env.py tells the migrations which engine they run on, at a glance: run_migrations(engine_name=...)."""
    return b"engine_name" in _content(env)


def engines(files: Iterable[Path]) -> tuple[str, ...]:
    """
    The engines that the migrations have functions for, at a glance: `upgrade(engine_name)` calls `upgrade_logs()` for
    the engine `logs`, and `upgrade_()` for that of the application's default bind
    (Flask-Migrate's `flask db init --multidb`, https://pypi.org/project/Flask-Migrate/4.1.0).
    """
    found: dict[bytes, None] = {}
    for content in map(_content, files):
        if BY_ENGINE.search(content):
            found.update(dict.fromkeys(OF_ENGINE.findall(content)))
    return tuple(name.decode() for name in found)


def repository_of(folder: Path) -> Path | None:
    """The root of the repository around a folder; None where there is none."""
    return next((one for one in (folder, *folder.parents) if (one / ".git").exists()), None)


def histories(versions: Sequence[Path]) -> list[tuple[Path, ...]]:
    """
    The version folders, grouped into the histories they form.

    Subfolders that hold revisions join the history whose revisions they name, or that names theirs (projects that set
    version_locations at run time). Where the version folders have no revisions of their own, each group of subfolders
    is a history.
    """
    below = [folder for one in versions for folder, _, _ in walk(one) if folder not in versions]
    below = [folder for folder in below if holds_migrations(folder)]
    if not below:
        return [tuple(versions)]
    groups = _linked([tuple(versions), *((folder,) for folder in below)])
    own = next(group for group in groups if versions[0] in group)
    if any(holds_migrations(folder) for folder in own):
        return [own]
    return [group for group in groups if group is not own]


def _linked(groups: list[tuple[Path, ...]]) -> list[tuple[Path, ...]]:
    """The groups, united where a revision in one names a revision in the other. The first member keeps its place."""
    declared: dict[bytes, set[int]] = {}
    named: list[tuple[int, bytes]] = []
    for number, group in enumerate(groups):
        for file in (file for folder in group for file in python_files(folder)):
            content = _content(file)
            for revision in REVISION.findall(content):
                declared.setdefault(revision, set()).add(number)
            named += [(number, one) for text in REFERS.findall(content) for one in QUOTED.findall(text)]
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


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _skipped(parent: str, name: str) -> bool:
    if name.startswith(".") or name in SKIPPED or name.endswith(".egg-info"):
        return True
    folder = os.path.join(parent, name)
    if os.path.exists(os.path.join(folder, "pyvenv.cfg")):
        return True
    # setuptools builds a second copy of the package there.
    return name == "build" and os.path.isdir(os.path.join(folder, "lib"))
