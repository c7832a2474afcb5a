"""
Finds and parses the other files a migration leans on: helper modules and SQL files of the same repository. Nothing is
imported. Each file is read once for all migrations.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from math import ceil

from migration_guard.reading.interpreter.budget import MOST_FOR_HELPERS, Budget
from migration_guard.reading.interpreter.values import Class, Items, Module, Pairs
from migration_guard.reading.source.source import Source, UnreadableSource, decode, parse_weighed
from migration_guard.reading.source.weight import weight_of
from migration_guard.regular_files import content, is_below, is_ours

_OTHERS = frozenset(
    [
        "alembic",
        "sqlalchemy",
        "builtins",
        "typing_extensions",
        "click",
        "flask",
        "sqlalchemy_utils",
        "sqlmodel",
        "geoalchemy2",
        "pgvector",
        "numpy",
        "pandas",
        "pydantic",
        "structlog",
        "loguru",
        "tqdm",
        "yaml",
        "pytz",
        "dateutil",
        "six",
        "future",
        "oslo_config",
        "oslo_log",
        "oslo_db",
        "oslo_utils",
        "psycopg2",
        "psycopg",
        "asyncpg",
        "pymysql",
        "MySQLdb",
        "requests",
        "httpx",
    ]
)


@dataclass(slots=True)
class Files:
    """
    Reads files below `root`, each once. `env` is the project's env.py. `read` gathers those that were looked for on
    behalf of the file being read, and `budget` what the modules among them cost: each file pays for all that it leans
    on, whoever was the first to read it. `refused` says which were not read, and why.
    """

    root: str
    env: str | None = None
    read: set[str] = field(default_factory=set)
    budget: Budget = field(default_factory=lambda: Budget(MOST_FOR_HELPERS))
    refused: dict[str, str] = field(default_factory=dict)
    _costs: dict[str, int] = field(default_factory=dict)
    _accounted: int = 0
    _paid: set[str] = field(default_factory=set)
    _sources: dict[str, Source | None] = field(default_factory=dict)
    _found: dict[tuple[str, str], tuple[str | None, list[str]]] = field(default_factory=dict)
    _modules: dict[str, Module] = field(default_factory=dict)
    _noted: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _found_out: dict[str, bool] = field(default_factory=dict)
    _needs: dict[str, set[str]] = field(default_factory=dict)
    _changed: dict[int, tuple[Items | Pairs | Class | Module, object]] | None = None

    def begin(self) -> None:
        """
        What is read from here on belongs to another file; what the one before changed in shared modules is undone.
        """
        for value, before in (self._changed or {}).values():
            _restore(value, before)
        if self.budget.left <= 0:  # what was read last may be read by half
            for known in (self._sources, self._modules, self._costs, self.refused):
                known.clear()
        self.read, self._changed, self._paid, self.budget = set(), {}, set(), Budget(MOST_FOR_HELPERS)

    def changes(self, value: Items | Pairs | Class | Module) -> None:
        """To be told before a collection is changed in place: it may belong to a module that others read too."""
        if self._changed is not None and id(value) not in self._changed:
            self._changed[id(value)] = (value, _contents(value))

    def needed(self) -> tuple[str, ...]:
        """All files that were looked for, absent ones included, since `begin`, also on behalf of shared modules."""
        return _in_order(frozenset(self._with_needs(self.read)))

    def _with_needs(self, paths: set[str]) -> set[str]:
        """These files, and those that were looked for on behalf of the modules among them."""
        found = set(paths)
        waiting = found & self._needs.keys()
        while waiting:
            more = self._needs[waiting.pop()] - found
            found |= more
            waiting |= more & self._needs.keys()
        return found

    def loaded(self, path: str, walk: Callable[[Source, Module], None]) -> Module | None:
        """A module of the repository, walked the first time it is asked for; None where it cannot be had."""
        if path in self._modules:
            self.read.add(path)
            self._pay_again(path)
            return self._modules[path]
        with self.budget.aside():
            return self._walked(path, walk)

    def _walked(self, path: str, walk: Callable[[Source, Module], None]) -> Module | None:
        source = self.source(path)
        if source is None:
            return None
        module = self._modules[path] = Module(path)
        read, self.read = self.read, self._needs.setdefault(path, set())
        changed, self._changed = self._changed, None
        before = self.budget.steps - self._accounted
        try:
            walk(source, module)
        finally:
            self.read, self._changed = read, changed
        own = self.budget.steps - self._accounted - before
        self._accounted += own
        self._costs[path] += own
        return module

    def _pay_again(self, path: str) -> None:
        """Pays for a module that another file was the first to read, and for all that it leans on."""
        if path not in self._paid:
            unpaid = self._with_needs({path}) - self._paid
            self._paid |= unpaid
            with self.budget.aside():
                self._pay(sum(self._costs.get(one, 0) for one in unpaid))

    def _pay(self, steps: int) -> None:
        self.budget.steps += steps
        self._accounted += steps

    def text(self, path: str) -> str | None:
        """The content of a file of the repository; None where it is not there, not ours to read, or no text."""
        self.read.add(path)
        content = self._content(path)
        if content is None:
            return None
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            return None

    def noted(self, path: str, read: Callable[[str], tuple[str, ...]]) -> tuple[str, ...]:
        """What `read` finds in the text of a file, which is read once; nothing where the file cannot be had."""
        if path not in self._noted:
            text = self.text(path)
            self._noted[path] = () if text is None else read(text)
        self.read.add(path)
        return self._noted[path]

    def once(self, path: str, find_out: Callable[[str], bool]) -> bool:
        """What is found out of a module, and of the files that this leads to, once for all migrations."""
        self.read.add(path)
        if path not in self._found_out:
            read, self.read = self.read, self._needs.setdefault(path, set())
            self._found_out[path] = find_out(path)
            self.read = read
        return self._found_out[path]

    def source(self, path: str) -> Source | None:
        """A parsed module of the repository; None where it cannot be had, as `refused` says where it is there."""
        self.read.add(path)
        if path not in self._sources:
            content = self._content(path)
            self._sources[path] = None if content is None else self._parsed(path, content)
        return self._sources[path]

    def _parsed(self, path: str, content: bytes) -> Source | None:
        try:
            text, weight = _weighed(content)
            if weight > self.budget.left:
                self._pay(self.budget.left)
                raise UnreadableSource(
                    f"The files that one migration leans on hold more than is read for it: {MOST_FOR_HELPERS:,} words "
                    "and signs, those that are nested counted as often as deep."
                )
            source = _parsed(path, text)
        except UnreadableSource as error:
            self.refused[path] = str(error)
            return None
        self._paid.add(path)
        self._costs[path] = weight
        self._pay(weight)
        return source

    def module(self, dotted: str, origin: str) -> tuple[str, str] | None:
        """
        The file that a dotted path leads to, seen from the file `origin`, and the rest of the path behind the module.

        `pkg.helpers.add` gives (".../pkg/helpers.py", "add"). None where the project has no such file.
        """
        level = len(dotted) - len(dotted.lstrip("."))
        parts = dotted[level:].split(".")
        if not level and (parts[0] in sys.stdlib_module_names or parts[0] in _OTHERS):
            return None
        for count in range(len(parts), 0, -1):
            path = self._module_file("." * level + ".".join(parts[:count]), os.path.dirname(origin))
            if path is not None:
                return path, ".".join(parts[count:])
        return None

    def _module_file(self, dotted: str, folder: str) -> str | None:
        key = (dotted, folder)
        if key not in self._found:
            probes: list[str] = []
            self._found[key] = self._search(dotted, folder, probes), probes
        found, probes = self._found[key]
        self.read.update(probes)
        return found

    def _search(self, dotted: str, folder: str, probes: list[str]) -> str | None:
        level = len(dotted) - len(dotted.lstrip("."))
        inner = dotted[level:].replace(".", os.sep)
        for _ in range(level - 1):
            folder = os.path.dirname(folder)
        while is_below(folder, self.root):
            for candidate in (os.path.join(folder, f"{inner}.py"), os.path.join(folder, inner, "__init__.py")):
                probes.append(candidate)
                if self._is_ours(candidate):
                    return candidate
            if level or folder == self.root:
                break
            folder = os.path.dirname(folder)
        return None

    def _content(self, path: str) -> bytes | None:
        return content(path, self.root)

    def _is_ours(self, path: str) -> bool:
        return is_ours(path, self.root)


@lru_cache(maxsize=64)
def _in_order(paths: frozenset[str]) -> tuple[str, ...]:
    """The migrations that lean on a helper lean on all that it leans on: hundreds of files, the same for each."""
    return tuple(sorted(paths))


@lru_cache(maxsize=256)
def _weighed(content: bytes) -> tuple[str, int]:
    """The text of a helper, and what it weighs. Raises UnreadableSource where it is no text, or too heavy."""
    text = decode(content)
    return text, ceil(weight_of(text))


@lru_cache(maxsize=256)
def _parsed(path: str, text: str) -> Source:
    """
    A helper as it is with this text. A tree is never changed, and tells nothing of a dialect: the histories of a run,
    their targets and env.py lean on the same helpers, and parse each once. Raises UnreadableSource.
    """
    return parse_weighed(path, text, helper=True)


def _contents(value: Items | Pairs | Class | Module) -> object:
    match value:
        case Items():
            return Items(list(value.items), value.complete, value.certain)
        case Pairs():
            return Pairs(list(value.pairs), value.complete, value.certain)
    return dict(value.names)


def _restore(value: Items | Pairs | Class | Module, before: object) -> None:
    match value, before:
        case Items(), Items():
            value.items, value.complete, value.certain = before.items, before.complete, before.certain
        case Pairs(), Pairs():
            value.pairs, value.complete, value.certain = before.pairs, before.complete, before.certain
        case Class() | Module(), dict():
            value.names.clear()
            value.names.update(before)
