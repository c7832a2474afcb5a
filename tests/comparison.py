"""
Runs other tools on the migrations that this repository has, and prints what each of them found. A script, not a test:
it downloads, makes a virtual environment for each tool, and takes a few minutes.

    python tests/comparison.py [--folder FOLDER] [--only NAME ...] [--details]

docs/comparison.md says what the numbers mean and what they do not.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import comparison_cases
import comparison_trips
import peers
from comparison_cases import DOCUMENTED, HAZARDS, ONE_WAY, RULES, SAFE, SHOP, UNSAFE, Case

COLUMNS = (
    ("hazards: sample", {HAZARDS}, UNSAFE),
    ("of others", {DOCUMENTED}, UNSAFE),
    ("of our rules", {RULES}, UNSAFE),
    ("way back", {HAZARDS, RULES}, ONE_WAY),
    ("false alarms: shop", {SHOP}, SAFE),
    ("of others", {DOCUMENTED}, SAFE),
    ("of our rules", {RULES}, SAFE),
)


@dataclass(frozen=True)
class Result:
    """What a linter said of the cases, by the codes that count."""

    peer: peers.Peer
    hits: dict[Case, set[str]]
    unread: dict[Path, str]
    seconds: float


def main() -> int:
    """All the tools, or those that are named."""
    names = [*(one.name for one in peers.PEERS), *(one.name for one in comparison_trips.TRAVELLERS)]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=_cache_folder(), help="where it all is kept (%(default)s)")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=sorted(set(names)), help="only these tools")
    parser.add_argument("--details", action="store_true", help="print each case, too")
    options = parser.parse_args()
    wanted = set(options.only or names)
    folder: Path = options.folder.resolve()
    cases = comparison_cases.all_cases(folder / "cases")
    results = [judged(one, cases, folder) for one in peers.PEERS if one.name in wanted]
    if results:
        print("\n".join(table(results, cases)))
    travellers = [one for one in comparison_trips.TRAVELLERS if one.name in wanted]
    if travellers:
        print("\n".join(comparison_trips.compared(travellers, folder, details=options.details)))
    if options.details and results:
        print("\n".join(_details(results, cases)))
    return 0


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "migration-guard" / "comparison"


def judged(peer: peers.Peer, cases: Sequence[Case], folder: Path) -> Result:
    """What a linter says of the cases, installed and run below the folder."""
    print(f"{peer.name} ...", file=sys.stderr)
    program = peers.installed(peer.name, peer.packages, folder / "environments")
    place = folder / "work" / peer.name
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    bench = peers.Bench(place, cases)
    start = time.monotonic()
    found = peer.run(program, bench)
    seconds = time.monotonic() - start
    hits = {one: peers.hits(peer, one.kind == ONE_WAY, found.get(one.file, set())) for one in cases}
    return Result(peer, hits, bench.unread, seconds)


def table(results: Sequence[Result], cases: Sequence[Case]) -> Iterator[str]:
    """How often each was right and wrong, and how it was run, in Markdown."""
    groups = [[one for one in cases if one.body in bodies and one.kind == kind] for _, bodies, kind in COLUMNS]
    heads = [f"{title} ({len(group)})" for (title, _, _), group in zip(COLUMNS, groups, strict=True)]
    yield f"| tool | {' | '.join(heads)} | not read |"
    yield f"|---|{'--:|' * (len(heads) + 1)}"
    for one in results:
        counts = [sum(bool(one.hits[case]) for case in group) for group in groups]
        unread = sum(case.file in one.unread for case in cases)
        yield f"| {one.peer.name} | {' | '.join(map(str, counts))} | {unread} |"
    yield from ("", "| tool | version | how it was run | seconds |", "|---|---|---|--:|")
    for one in results:
        yield f"| {one.peer.name} | {one.peer.version} | {one.peer.how} | {one.seconds:.0f} |"
    yield ""


def _details(results: Sequence[Result], cases: Sequence[Case]) -> Iterator[str]:
    for case in cases:
        said = [f"{one.peer.name}: {', '.join(sorted(one.hits[case]))}" for one in results if one.hits[case]]
        said += [f"{one.peer.name} not read: {one.unread[case.file]}" for one in results if case.file in one.unread]
        yield f"{case.body} | {case.kind} | {case.name}\n    " + "\n    ".join(said)


if __name__ == "__main__":
    sys.exit(main())
