"""Compares a history with what a commit has of it: which migrations are old, and which would come with a merge."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import takewhile

from migration_guard.reading.discovery.folders import declared_in, needed_by
from migration_guard.reading.discovery.git import GitRepository
from migration_guard.reading.discovery.project import Project

Contents = Mapping[str, bytes | None]  # by absolute path; None where a file cannot be read
Paths = Mapping[str, str]  # a file below the top of the repository -> the id of the migration in it


@dataclass(frozen=True, slots=True)
class GitBase:
    """
    What a ref has of a history.

    `old` are the files of this checkout whose migrations it has, whatever they are called there, and `known` the ids in
    them. `coming` are the migrations that it has and this checkout has not yet: their contents, by names that tell
    where they are ("origin/main:migrations/versions/0042_orders.py"). `removed` are the ids of those that it has and
    that are gone here. `began` is the commit where this branch left it: the ref's own where nobody knows. No judgement
    rests on that.
    """

    ref: str
    old: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()
    coming: tuple[tuple[str, bytes], ...] = ()
    removed: frozenset[str] = frozenset()
    began: str = field(default="", repr=False)


def compare(repository: GitRepository, project: Project, contents: Contents, ref: str, commit: str) -> GitBase:
    """What this commit, which the ref stands for, knows of the history. Raises GitDoubt."""
    own = {path: declared_in(content or b"") for path, content in contents.items()}
    paths = {path: repository.below(path) for path in contents}
    reader = _CommitReader(repository, project, contents)
    there, folders = reader.there(commit)
    began = _began(repository, commit)
    before = frozenset(reader.declared_in_folders(began, folders).values()) if began else None
    places: dict[str, list[str]] = {}
    for path, revision in there.items():
        places.setdefault(revision, []).append(path)
    unnamed = reader.files(commit, [paths[path] for path, revision in own.items() if not revision])

    def is_old(path: str, revision: str) -> bool:
        if not revision:
            return unnamed.get(paths[path]) in set(names_of(contents[path] or b""))
        if paths[path] in places.get(revision, ()):
            return True
        # Under another name it is the same one, unless both sides have added one of this id since they parted.
        renamed = revision in places and not any(place in here for place in places[revision])
        return renamed and (before is None or revision in before)

    here = set(paths.values())
    old = frozenset(path for path, revision in own.items() if is_old(path, revision))
    known = frozenset(own[path] for path in old) - {""}
    new_there = [path for path, one in there.items() if one not in known and (before is None or one not in before)]
    coming = {f"{ref}:{path}": content for path, content in reader.contents(commit, new_there).items()}
    if before is None:
        coming = _attached(coming, set(own.values()))
    removed = frozenset(places).difference(own.values(), map(declared_in, coming.values()))
    return GitBase(ref, old, known, tuple(coming.items()), removed, began or commit)


class _CommitReader:
    """Reads the migrations of commits: at a glance, and none whose content is that of a file here."""

    def __init__(self, repository: GitRepository, project: Project, contents: Contents) -> None:
        self.repository = repository
        self.project = project
        self.own = {repository.below(path): content for path, content in contents.items() if content is not None}
        self.declared = {name: declared_in(content) for content in self.own.values() for name in names_of(content)}

    def there(self, commit: str) -> tuple[Paths, list[str]]:
        """The migrations that the commit has in the folders of this history, and where to look for them."""
        folders = [self.repository.below(folder) for folder in self.project.versions or (self.project.root,)]
        found = self.declared_in_folders(commit, folders)
        absent = [folder for folder in folders if not any(_inside(path, folder) for path in found)]
        if absent and self.own:
            listed = self.repository.files(commit)
            gone = {path: blob for path, blob in listed.items() if not self._is_here(path)}
            declared = self._declared(gone)
            for folder in filter(None, [_moved(folder, self.own, declared, gone) for folder in absent]):
                folders.append(folder)
                found |= self._declared({path: blob for path, blob in listed.items() if _parent(path) == folder})
        return found, folders

    def declared_in_folders(self, commit: str, folders: Collection[str]) -> dict[str, str]:
        """The migrations that a commit has in these folders, and below them where no other history is today."""

        def ours(folder: str) -> bool:
            return self.project.recursive or folder in folders or not self._is_here(folder, is_folder=True)

        listed = self._listed(commit, folders)
        return self._declared({path: blob for path, blob in listed.items() if ours(_parent(path))})

    def contents(self, commit: str, paths: Collection[str]) -> dict[str, bytes]:
        """The contents of files of a commit."""
        listed = self.files(commit, paths)
        read = dict(self.repository.contents(set(listed.values())))
        return {path: read[blob] for path, blob in listed.items() if blob in read}

    def files(self, commit: str, paths: Collection[str]) -> dict[str, str]:
        """Those of the files that a commit has, with the ids of their contents."""
        folders = {_parent(path) for path in paths}
        listed = self._listed(commit, folders) if folders else {}
        return {path: listed[path] for path in paths if path in listed}

    def _listed(self, commit: str, folders: Collection[str]) -> dict[str, str]:
        return self.repository.files(commit, *(() if "." in folders else folders))

    def _declared(self, files: Mapping[str, str]) -> dict[str, str]:
        """The migrations among these files, which come with the ids of their contents."""
        python = {path: blob for path, blob in files.items() if path.endswith(".py")}
        unread = {blob for blob in python.values() if blob not in self.declared}
        self.declared.update((blob, declared_in(content)) for blob, content in self.repository.contents(unread))
        return {path: revision for path, blob in python.items() if (revision := self.declared.get(blob))}

    def _is_here(self, path: str, *, is_folder: bool = False) -> bool:
        place = os.path.join(self.repository.top, path)
        return os.path.isdir(place) if is_folder else os.path.exists(place)


def _moved(folder: str, own: Mapping[str, bytes], gone: Paths, blobs: Mapping[str, str]) -> str | None:
    """
    Where the commit has the migrations that are in this folder now; None where it does not have them.

    That is a folder that held some of them exactly as they are, and does not any more; of several, the one with most of
    them, and among equals the one whose path ends most like this one: histories may well use the same ids.
    """
    inside = [content for path, content in own.items() if content and _inside(path, folder)]
    declared = {declared_in(content) for content in inside}
    same = {name for content in inside for name in names_of(content)}
    counts = Counter(_parent(path) for path, revision in gone.items() if revision in declared and blobs[path] in same)
    return max(counts, key=lambda one: (counts[one], _same_end(one, folder)), default=None)


def names_of(content: bytes) -> Iterator[str]:
    """What git calls this content, and the same with the line ends that it may keep for it."""
    for text in (content, content.replace(b"\r\n", b"\n")):
        blob = b"blob %d\0%b" % (len(text), text)
        yield hashlib.sha1(blob, usedforsecurity=False).hexdigest()
        yield hashlib.sha256(blob).hexdigest()


def _same_end(one: str, other: str) -> int:
    """How many of the last names in two paths are the same."""
    pairs = zip(reversed(one.split("/")), reversed(other.split("/")), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _parent(path: str) -> str:
    return os.path.dirname(path) or "."


def _inside(path: str, folder: str) -> bool:
    return folder == "." or path.startswith(f"{folder}/")


def _began(repository: GitRepository, commit: str) -> str | None:
    """The commit where this branch left that one; None where git does not know, as in a shallow clone."""
    head = repository.commit("HEAD")
    if head is None:
        return None
    if commit in repository.parents(head):
        return commit
    return repository.merge_base(commit, head)


def _attached(coming: Mapping[str, bytes], own: Collection[str]) -> dict[str, bytes]:
    """
    Of what the ref has and we have not, what builds on ours. Where nobody knows when the branch began, the rest may as
    well be what the branch has removed.
    """
    names = set(own)
    found: dict[str, bytes] = {}
    waiting = dict(coming)
    while True:
        next_ones = {path: content for path, content in waiting.items() if names & set(needed_by(content))}
        if not next_ones:
            return found
        found |= next_ones
        names |= {declared_in(content) for content in next_ones.values()}
        waiting = {path: content for path, content in waiting.items() if path not in next_ones}
