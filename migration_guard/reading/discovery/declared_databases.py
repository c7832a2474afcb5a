"""
Which databases a repository names beside its migrations: images of servers in compose files and in what CI runs, and
drivers among what the project depends on. Also whether env.py goes by the URL in alembic.ini. Runs nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migration_guard.config.files import ConfigError, toml_table
from migration_guard.reading.discovery.project import Project
from migration_guard.regular_files import LARGEST_CONFIGURATION, content, is_below, is_folder

MOST_FILES = 50
"""How many files are looked into for one history: those nearest to its configuration first."""
# The names of compose files: https://docs.docker.com/compose/intro/compose-application-model/#the-compose-file
_COMPOSE = re.compile(r"(?:docker-)?compose[\w.-]*\.ya?ml")
_REQUIREMENTS = re.compile(r"requirements[\w.-]*\.(?:txt|in)|setup\.cfg")
_PIPELINE = ".gitlab-ci.yml"
_WORKFLOWS = Path(".github", "workflows")
_IMAGES = {
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "postgis": "postgresql",
    "pgvector": "postgresql",
    "timescaledb": "postgresql",
    "mysql": "mysql",
    "mysql-server": "mysql",
    "mariadb": "mariadb",
}
_IMAGE = re.compile(
    r"^[ \t]*(?:-[ \t]+)?(?:image:[ \t]*|(?<=- )(?:name:[ \t]*)?(?=[^\s#]+:\S))[\"']?"
    rf"(?P<word>(?:[\w.-]+(?::\d+)?/)*(?P<name>{'|'.join(_IMAGES)})(?::(?P<tag>(?:\$\{{\{{[^}}\n]*\}}\}}|[^\s\"'])+))?)"
    r"[\"']?[ \t]*(?:#.*)?$",
    re.MULTILINE,
)
# 16, 16-alpine, 16-3.4 of PostGIS, pg16 of pgvector, 2.17.2-pg16 of TimescaleDB, ${VERSION:-16}
_VERSIONS = {
    "timescaledb": re.compile(r"\bpg(\d+)"),
    "": re.compile(r"(?:^|^pg|:-)(\d{1,2}(?:\.\d+)?)(?![\d])"),
}
# https://docs.sqlalchemy.org/en/20/dialects/: the drivers that SQLAlchemy has dialects for
_DRIVERS = {
    "psycopg": "postgresql",
    "psycopg2": "postgresql",
    "psycopg2-binary": "postgresql",
    "asyncpg": "postgresql",
    "pg8000": "postgresql",
    "pymysql": "mysql",
    "mysqlclient": "mysql",
    "aiomysql": "mysql",
    "asyncmy": "mysql",
    "mysql-connector-python": "mysql",
    "mariadb": "mariadb",
}
_REQUIREMENT = re.compile(r"^[ \t]*([A-Za-z0-9][\w.-]*)(?=[ \t]*(?:\[|[<>=!~;@#\r]|$))", re.MULTILINE)
# Where env.py has the URL from: the first two read the configuration, the others put something in its place.
_READS_URL = re.compile(rb"\bengine_from_config\s*\(|\bget_(?:main|section)_option\s*\(\s*[\"']sqlalchemy\.url")
_SETS_URL = re.compile(
    rb"\bset_(?:main|section)_option\s*\(|\[\s*[\"']sqlalchemy\.url[\"']\s*\]\s*=[^=]|\bos\.(?:environ|getenv)\b"
    rb"|\bgetenv\s*\(|\benviron\s*[\[.]|\bsettings\b|\bcurrent_app\b"
)


@dataclass(frozen=True, slots=True)
class NamedDatabase:
    """
    A database that a file names, by the image of a server or by a driver, which is the `word` for it.

    `version` is None where the file says none. `is_server` tells an image from a driver.
    """

    dialect: str
    version: tuple[int, ...] | None
    file: str
    word: str
    is_server: bool


def named_databases(project: Project) -> tuple[NamedDatabase, ...]:
    """
    What the files around a history name, at its root first and then in the folders above it, to the top of its
    repository. What cannot be read names nothing.
    """
    found: dict[NamedDatabase, None] = {}
    for file in _files(project):
        found |= dict.fromkeys(_named_in(file, project.repository))
    return tuple(found)


def follows_url(project: Project) -> bool:
    """Whether env.py takes the URL of alembic.ini, and none that it finds elsewhere; True where it cannot be read."""
    text = content(project.env, project.fence(project.env)) if project.env is not None else None
    return text is None or (_READS_URL.search(text) is not None and _SETS_URL.search(text) is None)


def _files(project: Project) -> list[Path]:
    found: list[Path] = []
    for folder in (project.root, *project.root.parents):
        if not is_below(str(folder), str(project.repository)):
            break
        found += _of_folder(folder)
        if len(found) >= MOST_FILES:
            break
    found += [project.repository / _WORKFLOWS / name for name in _names(project.repository / _WORKFLOWS)]
    return found[:MOST_FILES]


def _of_folder(folder: Path) -> Iterator[Path]:
    for name in _names(folder):
        if name in ("pyproject.toml", _PIPELINE) or _COMPOSE.fullmatch(name) or _REQUIREMENTS.fullmatch(name):
            yield folder / name
    for name in _names(folder / "requirements"):
        if name.endswith((".txt", ".in")):
            yield folder / "requirements" / name


def _names(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in os.scandir(folder) if not is_folder(entry))
    except OSError:
        return []


def _named_in(file: Path, fence: Path) -> Iterator[NamedDatabase]:
    if file.name == "pyproject.toml":
        text = "\n".join(_required(file, fence))
    else:
        text = (content(file, fence, LARGEST_CONFIGURATION) or b"").decode("utf-8", "replace")
    if file.suffix in (".yml", ".yaml"):
        for image in _IMAGE.finditer(text):
            version = _version(image["name"], image["tag"] or "")
            yield NamedDatabase(_IMAGES[image["name"]], version, file.name, image["word"], is_server=True)
        return
    for required in _REQUIREMENT.finditer(text):
        name = re.sub(r"[-_.]+", "-", required[1]).lower()
        if name in _DRIVERS:
            yield NamedDatabase(_DRIVERS[name], None, file.name, name, is_server=False)


def _version(image: str, tag: str) -> tuple[int, ...] | None:
    """The version that a tag says, as releases of this database are numbered: PostgreSQL's have one part since 10."""
    found = _VERSIONS.get(image, _VERSIONS[""]).search(tag)
    if found is None:
        return None
    parts = tuple(int(part) for part in found[1].split("."))
    if _IMAGES[image] == "postgresql":
        return parts[:1] if parts[0] >= 10 else parts
    return parts if len(parts) > 1 else (*parts, 0)


def _required(file: Path, fence: Path) -> Iterator[str]:
    """
    The requirements of a pyproject.toml, Poetry's, too, optional ones and groups included.
    https://peps.python.org/pep-0621/ https://peps.python.org/pep-0735/ https://python-poetry.org/docs/1.8/pyproject/
    """
    with suppress(ConfigError):
        match toml_table(file, root=fence) or {}:
            case {"project": dict(project)}:
                yield from _texts(project.get("dependencies"))
                yield from _texts(project.get("optional-dependencies"))
    with suppress(ConfigError):
        yield from _texts(toml_table(file, "dependency-groups", root=fence))
    with suppress(ConfigError):
        poetry = toml_table(file, "tool", "poetry", root=fence) or {}
        groups = poetry.get("group")
        tables = [poetry, *(groups.values() if isinstance(groups, dict) else ())]
        for table in tables:
            needed = table.get("dependencies") if isinstance(table, dict) else None
            yield from needed if isinstance(needed, dict) else ()


def _texts(value: Any) -> Iterator[str]:
    """The texts in a list, or in the lists of a table."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | dict):
        for one in value.values() if isinstance(value, dict) else value:
            if isinstance(one, str | list):
                yield from _texts(one)
