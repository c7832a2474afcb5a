"""The database a history is judged for: its dialect and the version that runs in production."""

from __future__ import annotations

import re
from dataclasses import dataclass

# The dialects, and what people call their databases.
DATABASES = {"postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB", "sqlite": "SQLite"}
DIALECTS = tuple(DATABASES)
# Where a name without a schema is. MySQL and MariaDB have no such schema: a connection names its database.
# https://www.postgresql.org/docs/18/ddl-schemas.html#DDL-SCHEMAS-PUBLIC https://www.sqlite.org/lang_naming.html
DEFAULT_SCHEMAS = {"postgresql": "public", "sqlite": "main"}
ALIASES = {"postgres": "postgresql", "pg": "postgresql", "sqlite3": "sqlite"}

# What is assumed of a project that names no version: the oldest release its vendor still supported when this
# release of migration-guard was made. Constants, never the clock: the same sources give the same findings.
# https://www.postgresql.org/support/versioning/ https://www.mysql.com/support/eol-notice.html
# https://mariadb.org/about/#maintenance-policy https://www.sqlite.org/chronology.html
ASSUMED = {"postgresql": (14,), "mysql": (8, 0), "mariadb": (10, 6), "sqlite": (3, 37)}


@dataclass(frozen=True, slots=True)
class Target:
    """A dialect and a version: `Target("postgresql", (16,))`."""

    dialect: str
    version: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.dialect} {'.'.join(map(str, self.version))}"


def without_default(schema: str | None, dialect: str) -> str | None:
    """A schema as names have it: None for the default one, which need not be written."""
    return None if schema == DEFAULT_SCHEMAS.get(dialect) else schema or None


def is_default(schema: str | None, dialect: str) -> bool:
    """Whether a schema is written, and is the default one."""
    return bool(schema) and schema == DEFAULT_SCHEMAS.get(dialect)


def parse(text: str) -> Target:
    """
    Read "postgresql 16", "postgresql>=14", "mysql 8.0" or "sqlite" (the assumed version).

    Raises ValueError, with what to write instead, when the dialect is not one we know.
    """
    match = re.fullmatch(r"\s*([a-zA-Z]+3?)\s*(?:>=|==|=|:|-|@)?\s*v?(\d+(?:\.\d+)*)?\s*", text)
    dialect = ALIASES.get(match[1].lower(), match[1].lower()) if match else ""
    if not match or dialect not in DIALECTS:
        raise ValueError(
            f'{text!r} is not a target. Write a dialect and a version, for example "postgresql 16"; the dialects are'
            f" {', '.join(DIALECTS)}."
        )
    version = tuple(int(part) for part in match[2].split(".")) if match[2] else ASSUMED[dialect]
    return Target(dialect, version)
