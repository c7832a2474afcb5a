"""Knows the releases of a project: the tags of its repository."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from migration_guard.reading.discovery.git import GitDoubt, GitRepository, repository_around
from migration_guard.reading.discovery.project import Project


def tags(project: Project) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tags of the repository, and sentences on what git cannot say of them."""
    repository = repository_around(project.place)
    if repository is None:
        return (), ()
    try:
        partial = ("it lacks files of this partial clone: git fetch --refetch --no-filter brings them",)
        reasons = partial if repository.is_partial() else ()
        found = repository.tags()
    except GitDoubt as doubt:
        found, reasons = (), (str(doubt),)
    return found, tuple(f"deprecation-releases was not judged where git does not know: {one}." for one in reasons)


def tags_between(older: str, newer: str) -> int | None:
    """
    How many tags have the first of these files and not the second: the releases that lie between two migrations. None
    where git knows of no tags, or cannot say what they have. A file goes by the path that it has today.
    """
    repository = repository_around(Path(older).parent)
    if repository is None:
        return None
    try:
        every = repository.tags()
        first, second = (_tagged(repository, every, path) for path in (older, newer))
    except GitDoubt:
        return None
    return len(first - second) if every else None


def _tagged(repository: GitRepository, tags: Sequence[str], path: str) -> set[str]:
    """The tags that have a file of this path, as seen from the top of the repository."""
    kinds = repository.kinds([f"{tag}:{repository.below(path)}" for tag in tags])
    return {tag for tag, kind in zip(tags, kinds, strict=True) if kind == "blob"}
