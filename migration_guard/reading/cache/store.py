"""
The cache: the facts of each file, and the findings of each history, kept as JSON below `.migration_guard_cache`.

Nothing in it is trusted: a record counts only if it was written here, on this machine, for exactly this tool and input,
and if every value in it fits. Anything else is as if it were not there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from migration_guard.model.finding import Finding, Summary
from migration_guard.model.migration import Environment, Migration, Unreadable
from migration_guard.reading.cache.codec import Malformed, decoder, encoder
from migration_guard.regular_files import FileNotRead, content, read
from migration_guard.version import __version__

FOLDER = ".migration_guard_cache"
PARSERS = ("libcst", "postgast")
LARGEST_RECORD = 100_000_000
LARGEST_CACHE = 300_000_000
MOST_RECORDS = 1000

_RECORD = re.compile(r"[0-9a-f]{32}\.json")
# https://bford.info/cachedir/
_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# This folder holds what migration-guard need not read again.\n"

FileContent = Migration | Unreadable | None
Judged = tuple[tuple[Finding, ...], Summary]


@dataclass(frozen=True, slots=True)
class FileRecord:
    """The facts of one file, and the other files that were looked for on the way to them, absent ones included."""

    content: FileContent
    needed: tuple[str, ...] = ()


@dataclass(slots=True)
class Cache:
    """
    The records of one folder. `root` fences the files that facts may rest on.

    `plugins` are the states of the files of plugins. With no `folder` there is nothing to be had, and nothing is kept.
    """

    folder: Path | None
    root: str
    plugins: Sequence[tuple[str, int, int]] = ()
    _states: dict[str, str | None] = field(default_factory=dict)

    def judged(self, name: str, key: str) -> Judged | None:
        """The findings and the summary of a history, where its files, and all that they lean on, are as they were."""
        payload = self._load(name, key)
        try:
            match payload:
                case {"needed": list(needed), "findings": findings, "summary": summary} if self._same(needed):
                    return decoder(tuple[Finding, ...])(findings), decoder(Summary)(summary)
        except Malformed:
            pass
        return None

    def keep_judged(self, name: str, key: str, judged: Judged, needed: Iterable[str]) -> None:
        """Keeps the findings and the summary of a history."""
        if self.folder is None:
            return
        findings, summary = judged
        payload = {
            "needed": [[path, self._state(path)] for path in sorted(set(needed))],
            "findings": encoder(tuple[Finding, ...])(findings),
            "summary": encoder(Summary)(summary),
        }
        self._save(name, key, payload)

    def read(
        self, name: str, key: str, contents: Mapping[str, bytes | None]
    ) -> tuple[dict[str, FileRecord], tuple[Environment, tuple[str, ...]] | None]:
        """The facts of those files that are as they were, with all they lean on; and the environment, if that is."""
        match self._load(name, key):
            case {"needed": list(lists), "files": dict(files), "environment": environment}:
                with contextlib.suppress(Malformed):
                    current = [self._same(needed) for needed in lists]
                    return dict(_unchanged(files, lists, current, contents)), _environment(environment, lists, current)
        return {}, None

    def keep_read(
        self,
        name: str,
        key: str,
        contents: Mapping[str, bytes | None],
        read: Mapping[str, FileRecord],
        environment: tuple[Environment, tuple[str, ...]],
    ) -> None:
        """Keeps the facts of all files of a history."""
        if self.folder is None:
            return
        lists: dict[tuple[str, ...], int] = {}

        def number(needed: tuple[str, ...]) -> int:
            return lists.setdefault(needed, len(lists))

        encode = encoder(FileContent)
        files = {
            path: [digest(contents[path] or b""), number(one.needed), encode(one.content)]
            for path, one in read.items()
            if contents[path] is not None
        }
        payload = {
            "files": files,
            "environment": [number(environment[1]), encoder(Environment)(environment[0])],
            "needed": [[[path, self._state(path)] for path in needed] for needed in lists],
        }
        self._save(name, key, payload)

    def _state(self, path: str) -> str | None:
        """A digest of a file's content, None where there is no such file."""
        if path not in self._states:
            found = content(path, self.root)
            self._states[path] = None if found is None else digest(found)
        return self._states[path]

    def _same(self, needed: Sequence[object]) -> bool:
        """Whether these files, each with the state it had, still are as they were."""
        for pair in needed:
            match pair:
                case [str(path), str() | None as state] if "\0" not in path:
                    if self._state(path) != state:
                        return False
                case _:
                    raise Malformed
        return True

    # --- records on disk ----------------------------------------------------------------------------------------

    def _load(self, name: str, key: str) -> object:
        """What was kept under this name, if it was kept by us, here, for this key. Else None."""
        if self.folder is None or not _is_folder(self.folder):
            return None
        try:
            head, _, body = read(self.folder / f"{name}.json", self.folder, LARGEST_RECORD).partition(b"\n")
            if head.decode("ascii", "replace") != self._seal(key):
                return None
            found: object = json.loads(body)
            return found
        except (FileNotRead, OSError, ValueError, RecursionError):
            return None

    def _save(self, name: str, key: str, payload: object) -> None:
        """Keeps the payload; where that cannot be done (a read-only tree, a full disk) nothing is kept."""
        if self.folder is None:
            return
        try:
            _make(self.folder)
            record = f"{self._seal(key)}\n{json.dumps(payload, separators=(',', ':'))}"
            handle, temporary = tempfile.mkstemp(dir=self.folder, suffix=".tmp")
        except OSError:
            return
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(record)
            os.replace(temporary, self.folder / f"{name}.json")
            _prune(self.folder)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(temporary)

    def _seal(self, key: str) -> str:
        """
        The first line of a record. It names the moment at which this machine made the folder, which no checkout and no
        archive can bring along: a cache that came with somebody's repository is not ours.
        """
        status = os.lstat(Path(self.folder or "") / "CACHEDIR.TAG")
        return digest(repr((tool(), self.plugins, key, status.st_ino, status.st_ctime_ns)).encode())


def digest(content: bytes) -> str:
    """What stands for a content."""
    return hashlib.sha256(content).hexdigest()[:32]


@cache
def tool() -> str:
    """
    What stands for everything of ours that facts and findings depend on: our own sources, Python and the parsers.

    Sizes and times, not contents, and the names of installed packages, not their metadata: this runs every time.
    """
    package = Path(__file__).parents[2]
    sources = sorted((entry.path, entry.stat().st_size, entry.stat().st_mtime_ns) for entry in _sources(package))
    parts = (__version__, sources, sys.version, sys.platform, [*_installed()])
    return digest(repr(parts).encode())


def _sources(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _sources(Path(entry.path))
            elif entry.name.endswith(".py"):
                yield entry


def _installed() -> Iterator[tuple[str, ...]]:
    """The parsers, with their versions as the folder beside them tells it."""
    for name in PARSERS:
        found = find_spec(name)
        if found is None or found.origin is None:
            yield (name,)
            continue
        beside = Path(found.origin).parent.parent
        yield (name, found.origin, *sorted(one for one in os.listdir(beside) if one.startswith(f"{name}-")))


def _unchanged(
    files: Mapping[object, object],
    lists: Sequence[Sequence[object]],
    current: Sequence[bool],
    contents: Mapping[str, bytes | None],
) -> Iterator[tuple[str, FileRecord]]:
    decode = decoder(FileContent)
    for path, row in files.items():
        match path, row:
            case str(), [str(state), int(number), facts] if 0 <= number < len(lists):
                known = contents.get(path)
                if current[number] and known is not None and digest(known) == state:
                    yield path, FileRecord(decode(facts), _paths(lists[number]))
            case _:
                raise Malformed


def _environment(
    row: object, lists: Sequence[Sequence[object]], current: Sequence[bool]
) -> tuple[Environment, tuple[str, ...]] | None:
    match row:
        case [int(number), facts] if 0 <= number < len(lists):
            found: Environment = decoder(Environment)(facts)
            return (found, _paths(lists[number])) if current[number] else None
    raise Malformed


def _paths(needed: Sequence[object]) -> tuple[str, ...]:
    return tuple(pair[0] for pair in needed if isinstance(pair, list))


def _is_folder(folder: Path) -> bool:
    """Whether the folder is there and no link to somewhere else."""
    try:
        return stat.S_ISDIR(os.lstat(folder).st_mode)
    except OSError:
        return False


def _make(folder: Path) -> None:
    """Makes the folder, with what keeps it out of git and out of backups. Raises OSError where that cannot be done."""
    folder.mkdir(exist_ok=True)
    if not _is_folder(folder):
        raise NotADirectoryError(folder)
    for name, text in ((".gitignore", "*\n"), ("CACHEDIR.TAG", _TAG)):
        with contextlib.suppress(FileExistsError), open(folder / name, "x", encoding="ascii") as file:
            file.write(text)


def _prune(folder: Path) -> None:
    """Removes the oldest records where there are too many, and what a killed process left half-written."""
    records = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False) and (_RECORD.fullmatch(entry.name) or entry.name.endswith(".tmp")):
                status = entry.stat(follow_symlinks=False)
                records.append((status.st_mtime, status.st_size, entry.path))
    records.sort(reverse=True)
    total = 0
    for position, (changed, size, path) in enumerate(records):
        total += size
        abandoned = path.endswith(".tmp") and records[0][0] - changed > 3600
        if position >= MOST_RECORDS or total > LARGEST_CACHE or abandoned:
            with contextlib.suppress(OSError):
                os.unlink(path)
