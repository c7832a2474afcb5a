"""Which revisions of a history a person means: an id or its beginning, a range, the heads, or what a git ref lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from migration_guard.config.selection import nearest
from migration_guard.model.migration import History, Migration
from migration_guard.reading.discovery.project import ProjectError

HEADS = ("head", "heads")
BASE = "base"


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionChoice:
    """
    What a person names: a `word` (see `chosen`), a git ref (`since`: what it does not have), or these `revisions` and
    those in these `files`. Nothing at all stands for the heads.
    """

    word: str | None = None
    since: str | None = None
    revisions: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()


def pick(history: History, choice: RevisionChoice) -> tuple[Migration, ...]:
    """The revisions that were named, in the order in which they run. Raises ProjectError: what to write instead."""
    if choice.since is not None:
        picked = _added(history, choice.since)
    elif choice.word is not None or not (choice.revisions or choice.files):
        picked = chosen(history, choice.word)
    else:
        named = [found(history, revision) for revision in choice.revisions]
        ids = {one.revision for one in (*named, *(_in_file(history, file) for file in choice.files))}
        picked = tuple(one for one in history.graph.order if one.revision in ids)
    for one, other in history.graph.duplicates:
        if one in picked:
            names = f"{Path(one.path).name} and {Path(other.path).name}"
            raise ProjectError(f"{one.revision!r} is declared by two files, {names}: give one of them another id.")
    return picked


def chosen(history: History, word: str | None) -> tuple[Migration, ...]:
    """
    The revisions that a word stands for, in the order in which they run: an id or its unique beginning, "A:B" with both
    ends, either of which may be left out, or "head". None stands for the heads.

    Raises ProjectError, with what to write instead.
    """
    if word is None or word in HEADS:
        return _heads(history)
    first, colon, last = (part.strip() for part in word.partition(":"))
    if not colon:
        return (found(history, word),)
    starts = None if first in ("", BASE) else (found(history, first),)
    ends = _heads(history) if last in ("", *HEADS) else (found(history, last),)
    needs = {one.revision: (*one.parents, *one.depends_on) for one in history.graph.order}
    between = _closure(ends, lambda one: needs.get(one, ()))
    if starts is not None:
        followers: dict[str, list[str]] = {}
        for revision, needed in needs.items():
            for one in needed:
                followers.setdefault(one, []).append(revision)
        between &= _closure(starts, lambda one: followers.get(one, ()))
    if not between.intersection(needs):
        raise ProjectError(
            f"No line of revisions leads from {first or BASE!r} to {last or HEADS[0]!r}. Write the older one first, and"
            f" two that are on one branch.{_unreadable(history)}"
        )
    for migration, missing in history.graph.missing:
        if migration.revision in between and (starts is None or migration not in starts):
            raise ProjectError(
                f"{Path(migration.path).name} comes after {missing!r}, which no file declares: what is between"
                f" {first or BASE} and {last or 'the head'} cannot be told. Bring the file back, or name a later start."
                f"{_unreadable(history)}"
            )
    return tuple(one for one in history.graph.order if one.revision in between)


def _added(history: History, ref: str) -> tuple[Migration, ...]:
    """The revisions that a git ref does not have. Raises ProjectError where a file that it lacks cannot be read."""
    old = history.merge.old if history.merge else frozenset()
    _refuse_unreadable(history, [one.path for one in history.unreadable if one.path not in old], f"what {ref} lacks")
    return tuple(one for one in history.graph.order if history.is_new(one))


def _in_file(history: History, file: Path) -> Migration:
    """The revision in this file. Raises ProjectError where it holds none, or cannot be read."""
    _refuse_unreadable(history, [one.path for one in history.unreadable if one.path == str(file)], "what was named")
    there = next((one for one in history.graph.order if one.path == str(file)), None)
    if there is None:
        raise ProjectError(f"{file} declares no revision of this history. Name one of its migrations.")
    return there


def found(history: History, word: str) -> Migration:
    """The revision of this id, or the only one that begins so. Raises ProjectError."""
    known = history.by_revision
    begins = [word] if word in known else [one for one in known if word and one.startswith(word)]
    if len(begins) > 1:
        raise ProjectError(f"{word!r} could be {_some(sorted(begins))}. Write more of it.")
    if not begins:
        hint = f"{nearest(word, known)}{_unreadable(history)}"
        raise ProjectError(f"There is no revision {word!r} in this history.{hint}")
    return known[begins[0]]


def _heads(history: History) -> tuple[Migration, ...]:
    """The newest revisions."""
    # What cannot be read may well be the newest.
    _refuse_unreadable(history, [one.path for one in history.unreadable], "the newest revision")
    heads = {one.revision for one in history.graph.heads}
    if not heads:
        raise ProjectError(
            "Which revision is the newest, the files do not show: parents are computed or not read, or go round in a"
            " circle. Name a revision."
        )
    return tuple(one for one in history.graph.order if one.revision in heads)


def _refuse_unreadable(history: History, paths: Sequence[str], what: str) -> None:
    reasons = {one.path: one.reason for one in history.unreadable}
    for path in paths:
        raise ProjectError(f"{path} could not be read, and may be {what}. {reasons[path]}")


def _unreadable(history: History) -> str:
    """A sentence on the files that could not be read, for behind another one; empty where there are none."""
    names = [Path(one.path).name for one in history.unreadable]
    return f" What could not be read may be what is missing: {_some(names)}." if names else ""


def _closure(starts: Iterable[Migration], following: Callable[[str], Iterable[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = [one.revision for one in starts]
    while waiting:
        revision = waiting.pop()
        if revision not in reached:
            reached.add(revision)
            waiting += following(revision)
    return reached


def _some(names: Sequence[str]) -> str:
    """Names in a sentence, the first few of them."""
    return ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
