"""Knows what git has of a history: which migrations a ref has already, and which it would bring. Changes nothing."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from migration_guard.config.since import Since
from migration_guard.reading.discovery.folders import declared_in, needed_by
from migration_guard.reading.discovery.project import Project, ProjectError

DEFAULT_BRANCHES = ("origin/main", "origin/master", "main", "master")
# What git sets for its hooks: it would lead to another repository than that of the folder.
OF_A_HOOK = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR")
# What people set for themselves would change what git prints, and fsmonitor is a program of the repository's choice.
PLAINLY = tuple(
    f"{name}=false" for name in ("color.grep", "grep.lineNumber", "grep.column", "submodule.recurse", "core.fsmonitor")
)
NOT_HERE = "git has no commit {ref} here, so the whole history was judged and not only what is new. {remedy}"
NO_REPOSITORY = "{folder} is in no git repository, or git is not installed"
# A name that a remote knows, too: no HEAD, no abbreviated commit, nothing that counts from either.
REMOTE = re.compile(r"(?!HEAD$|[0-9a-f]{7,39}$)\w[\w./-]*")


@dataclass(frozen=True, slots=True)
class GitBase:
    """
    What a ref has of a history.

    `old` are the files of this checkout whose migrations it has, whatever they are called there, and `known` the ids in
    them. `coming` are the migrations that it has and this checkout has not yet: their contents, by names that tell
    where they are ("origin/main:migrations/versions/0042_orders.py"). `removed` are the ids of those that it has and
    that are gone here.
    """

    ref: str
    old: frozenset[str] = frozenset()
    known: frozenset[str] = frozenset()
    coming: tuple[tuple[str, bytes], ...] = ()
    removed: frozenset[str] = frozenset()


Contents = Mapping[str, bytes | None]  # by absolute path; None where a file cannot be read
Paths = Mapping[str, str]  # a file below the root of the repository -> the id of the migration in it


def base(project: Project, contents: Contents, since: Since) -> tuple[GitBase | None, tuple[str, ...]]:
    """
    What the ref has that `since` asks for, None where everything is to be judged; and sentences on why.

    `contents` are the files of the history, by absolute path. Raises ProjectError where somebody named the ref and git
    cannot say what it has.
    """
    root = _folder(project)
    if not since.candidates and not since.default_branch:
        return None, ()
    if _git(root, "rev-parse", "--git-dir") is None:
        without = NO_REPOSITORY.format(folder=root)
        if since.asked:
            raise ProjectError(f"since: {without}. Run it in a checkout, or leave the option out.")
        return None, (f"{without}, so the whole history was judged and not only what is new.",)
    found = next((ref for ref in since.candidates if _commit(root, ref)), None)
    if found is None and since.asked:
        (ref,) = since.candidates
        raise ProjectError(f"since: git has no commit {ref!r} here. {_remedy(root, ref)}")
    if found is None and since.branch:
        ref = since.candidates[0]
        return None, (NOT_HERE.format(ref=ref, remedy=_remedy(root, ref)),)
    if found is None:
        found = default_branch(root)
    if found is None:
        return None, ("git knows no default branch here, so the whole history was judged. Name one with --since.",)
    return compare(project, contents, found), ()


def default_branch(folder: Path) -> str | None:
    """The branch that others are merged into: that of the remote called origin, else main or master."""
    head = _git(folder, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
    candidates = (*((head.strip(),) if head else ()), *DEFAULT_BRANCHES)
    return next((ref for ref in candidates if _commit(folder, ref)), None)


def compare(project: Project, contents: Contents, ref: str) -> GitBase:
    """What this commit, which git has, knows of the history."""
    root = _folder(project)
    top = (_git(root, "rev-parse", "--show-toplevel") or str(root)).rstrip("\n")
    commit = _commit(root, ref) or ref
    own = {path: declared_in(content or b"") for path, content in contents.items()}
    paths = {path: _below(path, top) for path in contents}
    there, folders = _there(project, commit, contents, top)
    began = _began(root, commit)
    before = frozenset(_declared_in(project, began, folders, top).values()) if began else None
    places: dict[str, list[str]] = {}
    for path, revision in there.items():
        places.setdefault(revision, []).append(path)

    def is_old(path: str, revision: str) -> bool:
        if not revision:
            return _unchanged(root, commit, path)
        if paths[path] in places.get(revision, ()):
            return True
        # Under another name it is the same one, unless both sides have added one of this id since they parted.
        renamed = revision in places and not any(place in here for place in places[revision])
        return renamed and (before is None or revision in before)

    here = set(paths.values())
    old = frozenset(path for path, revision in own.items() if is_old(path, revision))
    known = frozenset(own[path] for path in old) - {""}
    new_there = [path for path, one in there.items() if one not in known and (before is None or one not in before)]
    coming = {f"{ref}:{path}": content for path, content in _contents(root, commit, new_there).items()}
    if before is None:
        coming = _attached(coming, set(own.values()))
    removed = frozenset(places).difference(own.values(), map(declared_in, coming.values()))
    return GitBase(ref, old, known, tuple(coming.items()), removed)


def tags(project: Project) -> tuple[str, ...]:
    """The tags of the repository, which stand for releases."""
    return _tags(_folder(project))


def _tags(folder: Path) -> tuple[str, ...]:
    return tuple((_git(folder, "for-each-ref", "--format=%(refname)", "refs/tags") or "").split())


def tags_between(older: str, newer: str) -> int | None:
    """
    How many tags have the first of these files and not the second: the releases that lie between two migrations. None
    where git knows of no tags. A file goes by the path that it has today.
    """
    folder = Path(older).parent
    tags = _tags(folder)
    top = (_git(folder, "rev-parse", "--show-toplevel") or "").rstrip("\n")
    if not tags or not top:
        return None
    first, second = (_tagged(folder, tags, _below(path, top)) for path in (older, newer))
    return len(first - second)


def _tagged(folder: Path, tags: Sequence[str], path: str) -> set[str]:
    """The tags that have a file of this path, as seen from the top of the repository."""
    asked = "".join(f"{tag}:{path}\n" for tag in tags).encode(errors="surrogateescape")
    said = run_git(folder, "cat-file", "--batch-check=%(objecttype)", given=asked) or b""
    return {tag for tag, line in zip(tags, said.splitlines(), strict=False) if line == b"blob"}


def _folder(project: Project) -> Path:
    return project.versions[0] if project.versions else project.root


def _below(path: str, top: str) -> str:
    """A path as git writes it."""
    return Path(os.path.relpath(os.path.realpath(path), os.path.realpath(top))).as_posix()


def _there(project: Project, commit: str, contents: Contents, top: str) -> tuple[Paths, list[str]]:
    """The migrations that the commit has in the folders of this history, and where to look for them."""
    root = _folder(project)
    folders = [_below(str(folder), top) for folder in project.versions or (root,)]
    found = _declared_in(project, commit, folders, top)
    absent = [folder for folder in folders if not any(_inside(path, folder) for path in found)]
    if absent and contents:
        everywhere = _declared(root, commit, ["."])
        for folder in filter(None, (_moved(root, commit, folder, contents, everywhere, top) for folder in absent)):
            folders.append(folder)
            found |= {path: revision for path, revision in everywhere.items() if _parent(path) == folder}
    return found, folders


def _moved(root: Path, commit: str, folder: str, contents: Contents, there: Paths, top: str) -> str | None:
    """
    Where the commit has the migrations that are in this folder now; None where it does not have them.

    That is a folder that held some of them exactly as they are, and does not any more; of several, the one with most of
    them, and among equals the one whose path ends most like this one: histories may well use the same ids.
    """
    inside = [text for path, text in contents.items() if text and _inside(_below(path, top), folder)]
    declared = {declared_in(text) for text in inside}
    gone = [path for path, revision in there.items() if revision in declared and not Path(top, path).exists()]
    if not gone:
        return None
    same = {name for text in inside for name in _names(text)}
    listed = (_git(root, "ls-tree", "-r", "-z", "--full-tree", commit) or "").split("\0")
    blobs = {path: words.split(" ")[-1] for words, _, path in (line.partition("\t") for line in listed)}
    counts = Counter(_parent(path) for path in gone if blobs.get(path) in same)
    return max(counts, key=lambda one: (counts[one], _same_end(one, folder)), default=None)


def _names(content: bytes) -> Iterator[str]:
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


def _began(root: Path, ref: str) -> str | None:
    """The commit where this branch and the ref parted; None where git does not know, as in a shallow clone."""
    commit = _commit(root, ref)
    # A shallow clone hides the parents of its commits, but a commit names them all the same.
    parents = re.findall(r"^parent (\w+)$", _git(root, "cat-file", "-p", "HEAD") or "", re.MULTILINE)
    if commit in parents:
        return commit
    found = _git(root, "merge-base", ref, "HEAD")
    return found.strip() if found else None


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


def _declared_in(project: Project, ref: str, folders: Sequence[str], top: str) -> dict[str, str]:
    """The migrations that a commit has in these folders, and below them where no other history is today."""

    def ours(folder: str) -> bool:
        return project.recursive or folder in folders or not Path(top, folder).is_dir()

    found = _declared(_folder(project), ref, folders)
    return {path: revision for path, revision in found.items() if ours(_parent(path))}


def _declared(root: Path, ref: str, folders: Sequence[str]) -> Paths:
    """The migrations that a commit has in these folders and below them."""
    where = [f":(top,literal){'' if folder == '.' else folder}" for folder in folders]
    lines = _git(root, "grep", "--full-name", "-z", "-E", "^revision", ref, "--", *where) or ""
    found: dict[str, str] = {}
    for name, text in re.findall(r"^([^\0\n]+)\0([^\n]*)$", lines, re.MULTILINE):
        path = name.removeprefix(f"{ref}:")
        if path.endswith(".py") and (revision := declared_in(text.encode())):
            found.setdefault(path, revision)
    return found


def _contents(root: Path, ref: str, paths: Sequence[str]) -> dict[str, bytes]:
    shown = {path: run_git(root, "show", f"{ref}:{path}") for path in paths}
    return {path: content for path, content in shown.items() if content is not None}


def _unchanged(root: Path, ref: str, path: str) -> bool:
    """Whether the ref has a file exactly as it is here."""
    known = _git(root, "ls-tree", "--name-only", ref, "--", path)
    return bool(known) and _git(root, "diff", "--quiet", "--no-ext-diff", ref, "--", f":(literal){path}") is not None


def _commit(root: Path, ref: str) -> str | None:
    found = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    return found.strip() if found else None


def _remedy(root: Path, ref: str) -> str:
    """What to do where git lacks a ref: a sentence."""
    if _commit(root, f"origin/{ref}"):
        return f"Did you mean origin/{ref}?"
    remotes = (_git(root, "remote") or "").split()
    shallow = (_git(root, "rev-parse", "--is-shallow-repository") or "").strip() == "true"
    remote, _, branch = ref.partition("/")
    if remote not in remotes:
        remote, branch = "origin", ref
    if remote in remotes and REMOTE.fullmatch(branch):
        # With both sides named, for clones that follow one branch only.
        command = f"git fetch {'--depth=1 ' if shallow else ''}{remote} {branch}:refs/remotes/{remote}/{branch}"
        return f"Fetch it first: {command}" + (f", and name it {remote}/{branch}" if ref == branch else "")
    if shallow:
        return "This clone is shallow: git fetch --unshallow brings what is older."
    return "Name a branch, a tag or a commit that `git log` knows."


def _git(folder: Path, *arguments: str) -> str | None:
    """What git says, as text; None where it refuses, or is not there."""
    said = run_git(folder, *arguments)
    return None if said is None else said.decode("utf-8", "replace")


def run_git(folder: Path, *arguments: str, given: bytes = b"") -> bytes | None:
    """What git prints; None where it refuses, or is not there."""
    # The owner of a checkout is often another one in a container; we only read.
    settings = (word for setting in ("safe.directory=*", *PLAINLY) for word in ("-c", setting))
    command = ["git", *settings, "-C", str(folder), *arguments]
    environment = {name: value for name, value in os.environ.items() if name not in OF_A_HOOK}
    try:
        done = subprocess.run(command, capture_output=True, input=given, env=environment, check=False)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
