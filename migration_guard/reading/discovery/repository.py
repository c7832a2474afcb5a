"""Finds what a history is compared with: the ref that was named, the base of a pull request, the default branch."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from migration_guard.config.since import Since
from migration_guard.reading.discovery.comparison import Contents, GitBase, compare
from migration_guard.reading.discovery.git import AmbiguousName, GitDoubt, GitRepository, repository_around
from migration_guard.reading.discovery.project import Project, ProjectError

DEFAULT_BRANCHES = ("origin/main", "origin/master", "main", "master")
WHOLE = "so the whole history was judged and not only what is new."
NO_REPOSITORY = "{folder} is in no git repository, or git is not installed"
# A name that a remote knows, too: no HEAD, no abbreviated commit, nothing that counts from either.
REMOTE = re.compile(r"(?!HEAD$|[0-9a-f]{7,39}$)\w[\w./-]*")


def base(project: Project, contents: Contents, since: Since) -> tuple[GitBase | None, tuple[str, ...]]:
    """
    What the ref has that `since` asks for, None where everything is to be judged; and sentences on why.

    `contents` are the files of the history, by absolute path. Raises ProjectError where somebody named the ref and git
    cannot say what it has.
    """
    if not since.candidates and not since.default_branch:
        return None, ()
    repository = repository_around(project.place)
    if repository is None:
        without = NO_REPOSITORY.format(folder=project.place)
        if since.asked:
            raise ProjectError(f"since: {without}. Run it in a checkout, or leave the option out.")
        return None, (f"{without}, {WHOLE}",)
    try:
        return _base(repository, project, contents, since)
    except GitDoubt as doubt:
        ref = since.candidates[0] if since.candidates else "the default branch"
        unknown = f"what {ref} has of this history is not known, as {doubt}"
        remedy = _remedy_of_doubt(repository, doubt)
        if since.asked:
            raise ProjectError(f"since: {unknown}. {remedy}") from None
        return None, (f"{unknown[0].upper()}{unknown[1:]}, {WHOLE} {remedy}",)


def _base(
    repository: GitRepository, project: Project, contents: Contents, since: Since
) -> tuple[GitBase | None, tuple[str, ...]]:
    found = _first(repository, since.candidates)
    if found is None:
        repository.answers()
    if found is None and since.asked:
        (ref,) = since.candidates
        raise ProjectError(f"since: git has no commit {ref!r} here. {_remedy(repository, ref)}")
    if found is None and since.branch:
        ref = since.candidates[0]
        return None, (f"git has no commit {ref} here, {WHOLE} {_remedy(repository, ref)}",)
    found = found or _default_branch(repository)
    if found is None:
        return None, ("git knows no default branch here, so the whole history was judged. Name one with --since.",)
    return compare(repository, project, contents, *found), ()


def default_branch(folder: Path) -> str | None:
    """
    The branch that others are merged into: that of the remote called origin, else main or master; None where nobody can
    say.
    """
    repository = repository_around(folder)
    with suppress(GitDoubt):
        found = _default_branch(repository) if repository else None
        return found[0] if found else None
    return None


def on_default_branch(project: Project, contents: Contents) -> GitBase | None:
    """What the default branch has of a history; None where nobody can say."""
    repository = repository_around(project.place)
    with suppress(GitDoubt):
        found = _default_branch(repository) if repository else None
        return compare(repository, project, contents, *found) if repository and found else None
    return None


def _default_branch(repository: GitRepository) -> tuple[str, str] | None:
    """The name and the commit of the branch that others are merged into."""
    named = repository.branch_of_remote()
    return _first(repository, (*((named,) if named else ()), *DEFAULT_BRANCHES))


def _first(repository: GitRepository, refs: tuple[str, ...]) -> tuple[str, str] | None:
    """The first of the refs that git has, and its commit."""
    return next(((ref, commit) for ref in refs if (commit := repository.commit(ref))), None)


def _remedy(repository: GitRepository, ref: str) -> str:
    """What to do where git lacks a ref: a sentence."""
    if repository.commit(f"origin/{ref}"):
        return f"Did you mean origin/{ref}?"
    remotes, shallow = repository.remotes(), repository.is_shallow()
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


def _remedy_of_doubt(repository: GitRepository, doubt: GitDoubt) -> str:
    """What to do where git has a ref and cannot read it: a sentence."""
    if isinstance(doubt, AmbiguousName):
        return f"Name it in full: --since {doubt.refs[-1]}."
    try:
        partial = repository.is_partial()
    except GitDoubt:
        partial = False
    if partial:
        return "This clone is a partial one: git fetch --refetch --no-filter brings what it lacks."
    return "`git fsck` says what is wrong with this repository; --since none judges everything."
