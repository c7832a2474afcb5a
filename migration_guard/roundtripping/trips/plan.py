"""Which revisions make the trip, in which order, and what comes before them. Runs nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from migration_guard.config.selection import nearest
from migration_guard.reading.discovery.project import ProjectError
from migration_guard.roundtripping.worker.protocol import Revision

WORDS_FOR_BASE = ("", "base")
WORDS_FOR_HEADS = ("", "head", "heads")


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionSelection:
    """
    Which revisions to try: all that nothing here excludes.

    `span` is "A:B", the revisions behind A up to and with B. `known` are those that a git ref has already.
    `start_after` is the newest that needs no trial. `start` is where a prepared database stands. `shard` is (1, 4): the
    first of four parts, for as many machines.
    """

    span: str | None = None
    only: str | None = None
    known: frozenset[str] | None = None
    start_after: str | None = None
    start: str | None = None
    shard: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is there already, what is upgraded once and at full speed, and what goes up, down and up. In this order."""

    there: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    trips: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lineage:
    """The graph of the revisions, by id, in the order in which they can run."""

    revisions: Mapping[str, Revision]
    _children: dict[str, tuple[str, ...]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        for revision in self.revisions.values():
            for one in needs(revision):
                self._children[one] = (*self._children.get(one, ()), revision.id)

    def ancestors(self, starts: Iterable[str]) -> set[str]:
        """These revisions and everything that they need."""
        return _closure(starts, lambda one: needs(self.revisions[one]) if one in self.revisions else ())

    def descendants(self, starts: Iterable[str]) -> set[str]:
        """These revisions and everything that needs them."""
        return _closure(starts, lambda one: self._children.get(one, ()))

    def without(self, some: Sequence[str], gone: str) -> list[str]:
        """These revisions, in their order, without one of them and all that needs it."""
        behind = self.descendants([gone])
        return [one for one in some if one not in behind]

    def tops(self, some: Collection[str]) -> tuple[str, ...]:
        """Those of these revisions that no other of them needs."""
        needed = {one for revision in some for one in needs(self.revisions[revision])}
        return tuple(one for one in self.ordered(some) if one not in needed)

    def ordered(self, some: Collection[str]) -> tuple[str, ...]:
        """These revisions in the order in which they can run."""
        return tuple(one for one in self.revisions if one in some)

    def returnable(self, applied: Collection[str], stuck: Collection[str]) -> tuple[str, ...]:
        """Those of the applied revisions that can be undone, the newest first, where `stuck` ones cannot."""
        held = self.ancestors(one for one in applied if one in stuck)
        return tuple(reversed(self.ordered(set(applied) - held)))


def needs(revision: Revision) -> tuple[str, ...]:
    """All that must be there before it."""
    return tuple(dict.fromkeys((*revision.down_revisions, *revision.depends_on)))


def lineage(revisions: Sequence[Revision]) -> Lineage:
    """The graph of these revisions. They come parents first, as Alembic sorts them."""
    return Lineage({revision.id: revision for revision in revisions})


def plan(graph: Lineage, selection: RevisionSelection, there: Collection[str] = ()) -> Plan:
    """
    What to run. `there` are the heads that a prepared database already has.

    Raises ProjectError, with what to write instead, where the selection names what does not exist.
    """
    every = set(graph.revisions)
    present = graph.ancestors(there) & every
    if selection.start is not None:
        present |= graph.ancestors([_find(graph, selection.start, "--from")])
    chosen = every - present
    if selection.span is not None:
        chosen &= _span(graph, selection.span)
    if selection.only is not None:
        chosen &= {_find(graph, selection.only, "--only")}
    if selection.known is not None:
        chosen -= selection.known
    if selection.start_after is not None and selection.start_after in every:
        chosen -= graph.ancestors([selection.start_after])
    if selection.shard is not None:
        chosen = set(_part(graph.ordered(chosen), *selection.shard))
    before = (graph.ancestors(chosen) & every) - present - chosen
    return Plan(graph.ordered(present), graph.ordered(before), graph.ordered(chosen))


def _part(revisions: Sequence[str], number: int, count: int) -> Sequence[str]:
    """One of so many parts, as equal as can be. Each is a stretch of the history: what is before it is run but once."""
    return revisions[len(revisions) * (number - 1) // count : len(revisions) * number // count]


def _span(graph: Lineage, span: str) -> set[str]:
    first, colon, last = (part.strip() for part in span.partition(":"))
    if not colon:
        raise ProjectError(f"--revisions: {span!r} is no range. Write A:B, A: or :B; a single one is --only {span}.")
    chosen = set(graph.revisions)
    if last not in WORDS_FOR_HEADS:
        chosen &= graph.ancestors([_find(graph, last, "--revisions")])
    if first not in WORDS_FOR_BASE:
        start = _find(graph, first, "--revisions")
        chosen &= graph.descendants([start]) - {start}
    return chosen


def _find(graph: Lineage, word: str, option: str) -> str:
    """The revision of this id, beginning of an id, or branch label."""
    if word in graph.revisions:
        return word
    begins = [one for one in graph.revisions if one.startswith(word)] if len(word) >= 4 else []
    if len(begins) == 1:
        return begins[0]
    if begins:
        raise ProjectError(f"{option}: {word!r} could be {', '.join(begins)}. Write more of it.")
    labelled = [one.id for one in graph.revisions.values() if word in one.branch_labels]
    if labelled:
        return labelled[0]
    raise ProjectError(f"{option}: there is no revision {word!r} in this history.{nearest(word, graph.revisions)}")


def _closure(starts: Iterable[str], following: Callable[[str], Iterable[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(starts)
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += following(one)
    return found
