"""
Finds and parses the other files a migration leans on: helper modules and SQL files of the same repository. Regular files
inside the repository only, never through a link that leaves it; nothing is imported.
"""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass, field

from migration_guard.reading.source import LARGEST_FILE, Source, UnreadableSource, decode, parse

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
    """Reads files below `root`. `read` gathers all that were looked for, absent ones included."""

    root: str
    read: set[str] = field(default_factory=set)
    _sources: dict[str, Source | None] = field(default_factory=dict)
    _found: dict[tuple[str, str], str | None] = field(default_factory=dict)

    def text(self, path: str) -> str | None:
        """The content of a file of the repository; None where it is not there, not ours to read, or no text."""
        self.read.add(os.path.normpath(path))
        content = self._content(path)
        if content is None:
            return None
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            return None

    def source(self, path: str) -> Source | None:
        """A parsed module of the repository; None where it cannot be had."""
        if path not in self._sources:
            content = self._content(path)
            try:
                self._sources[path] = None if content is None else parse(path, decode(content))
            except UnreadableSource:
                self._sources[path] = None
        self.read.add(path)
        return self._sources[path]

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
            self._found[key] = self._search(dotted, folder)
        return self._found[key]

    def _search(self, dotted: str, folder: str) -> str | None:
        level = len(dotted) - len(dotted.lstrip("."))
        inner = dotted[level:].replace(".", os.sep)
        for _ in range(level - 1):
            folder = os.path.dirname(folder)
        while _is_below(folder, self.root):
            for candidate in (os.path.join(folder, f"{inner}.py"), os.path.join(folder, inner, "__init__.py")):
                if self._is_ours(candidate):
                    return candidate
            if level or folder == self.root:
                break
            folder = os.path.dirname(folder)
        return None

    def _is_ours(self, path: str) -> bool:
        try:
            mode = os.stat(path).st_mode
        except OSError:
            return False
        return stat.S_ISREG(mode) and _is_below(os.path.realpath(path), os.path.realpath(self.root))

    def _content(self, path: str) -> bytes | None:
        if not self._is_ours(path):
            return None
        try:
            if os.path.getsize(path) > LARGEST_FILE:
                return None
            with open(path, "rb") as file:
                return file.read()
        except OSError:
            return None


def _is_below(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)
