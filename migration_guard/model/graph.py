"""Knows the shape that the revisions of a history form, and what is wrong with it. Knows nothing of what they do."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from heapq import heappop, heappush

from migration_guard.model.migration import Migration, RevisionGraph

Edges = Mapping[str, tuple[str, ...]]  # a revision -> what must run before it


def graph(migrations: Sequence[Migration], *, whole: bool = True) -> RevisionGraph:
    """
    The graph of these migrations.

    Of several files that declare one id the first by path counts, and only that one is part of the order. As in
    Alembic, a head is a revision that no other names as its parent, whether or not one depends on it; depends_on may
    name a branch label, down_revision may not. A loop stands in the order of upgrades, from its first file by path.

    Not `whole`: others of the history are not read. Then none is missing, what comes before a revision that builds on
    one of those is not known, and heads are not either.
    """
    known: dict[str, Migration] = {}
    duplicates = []
    for migration in sorted(migrations, key=lambda migration: migration.path):
        kept = known.setdefault(migration.revision, migration)
        if kept is not migration:
            duplicates.append((kept, migration))
    edges, missing = _edges(known)
    order = _order(edges)
    entangled, loops = _loops(edges, set(edges).difference(order))
    gaps = {one.revision for one, _ in missing if not whole}
    unplaced = _unplaced(known, edges, (*order, *entangled), gaps)
    named = {parent for migration in known.values() for parent in migration.parents}
    return RevisionGraph(
        order=tuple(known[revision] for revision in sorted((*order, *entangled), key=unplaced.__contains__)),
        heads=tuple(one for revision, one in known.items() if revision not in named) if whole and not unplaced else (),
        cycles=tuple(tuple(known[revision] for revision in loop) for loop in loops),
        missing=tuple(missing) if whole else (),
        duplicates=tuple(duplicates),
        unplaced=unplaced,
    )


def parts(order: Sequence[Migration]) -> Mapping[str, str]:
    """
    The part of the graph that each revision of this order is in, called by the first base in it: no revision of one
    part comes before or behind one of another.
    """
    found: dict[str, str] = {}
    for migration in order:
        joined = dict.fromkeys(found[one] for one in (*migration.parents, *migration.depends_on) if one in found)
        part = next(iter(joined), migration.revision)
        if len(joined) > 1:
            found = {revision: part if one in joined else one for revision, one in found.items()}
        found[migration.revision] = part
    return found


def _edges(known: Mapping[str, Migration]) -> tuple[Edges, list[tuple[Migration, str]]]:
    """What each revision needs, in the order of paths, and every id that no file declares."""
    rank = {revision: number for number, revision in enumerate(known)}
    labels = {label: revision for revision, migration in known.items() for label in migration.branch_labels}
    edges: dict[str, tuple[str, ...]] = {}
    missing: list[tuple[Migration, str]] = []
    for revision, migration in known.items():
        needed = {parent: parent for parent in migration.parents}
        for name in migration.depends_on:
            needed.setdefault(name, name if name in known else labels.get(name, name))
        missing += [(migration, name) for name, one in needed.items() if one not in known]
        edges[revision] = tuple(sorted({one for one in needed.values() if one in known}, key=rank.__getitem__))
    return edges, missing


def _order(edges: Edges) -> list[str]:
    """Every revision that no loop stands before, parents and dependencies first, ties in the order of paths."""
    names = list(edges)
    rank = {revision: number for number, revision in enumerate(names)}
    waiting = {revision: len(needed) for revision, needed in edges.items()}
    followers: dict[str, list[str]] = {revision: [] for revision in edges}
    for revision, needed in edges.items():
        for one in needed:
            followers[one].append(revision)
    ready = [rank[revision] for revision, count in waiting.items() if count == 0]  # sorted, so already a heap
    order = []
    while ready:
        revision = names[heappop(ready)]
        order.append(revision)
        for follower in followers[revision]:
            waiting[follower] -= 1
            if waiting[follower] == 0:
                heappush(ready, rank[follower])
    return order


def _unplaced(
    known: Mapping[str, Migration], edges: Edges, order: Sequence[str], gaps: Collection[str]
) -> frozenset[str]:
    """The revisions of which it is not known what runs before them."""
    found = set(gaps)
    for revision in order:
        if not known[revision].has_known_parents or found.intersection(edges[revision]):
            found.add(revision)
    return frozenset(found)


def _loops(edges: Edges, entangled: set[str]) -> tuple[list[str], list[tuple[str, ...]]]:
    """
    The revisions in loops and behind them, parents first so far as that goes, and each loop once.

    A depth-first walk along the edges: an edge back to a revision that the walk is still below closes a loop.
    """
    done: dict[str, None] = {}
    loops: list[tuple[str, ...]] = []
    rank = {revision: number for number, revision in enumerate(edges)}
    for start in (revision for revision in edges if revision in entangled):
        path: dict[str, Iterator[str]] = {} if start in done else {start: iter(edges[start])}
        while path:
            revision = next(reversed(path))
            for one in path[revision]:
                if one in path:
                    loops.append(_loop(list(path), one, rank))
                elif one in entangled and one not in done:
                    path[one] = iter(edges[one])
                    break
            else:
                del path[revision]
                done[revision] = None
    return list(done), loops


def _loop(path: Sequence[str], back_to: str, rank: Mapping[str, int]) -> tuple[str, ...]:
    """The loop at the end of the path, turned round into the order of upgrades and to its first file."""
    loop = list(reversed(path[path.index(back_to) :]))
    first = loop.index(min(loop, key=rank.__getitem__))
    return tuple(loop[first:] + loop[:first])
