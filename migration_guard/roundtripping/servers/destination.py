"""Where a throwaway database is, in plain words that can be handed to another process. Opens nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

FAMILIES = {"postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql", "sqlite": "sqlite"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """
    One database that we made.

    `dialect` is postgresql, mysql, mariadb or sqlite. `database` is its random name (for SQLite the absolute path of
    its file). `socket` is PostgreSQL's folder or MySQL's socket file; where it is None, `host` and `port` lead there.
    `options` are further words of a URL that the user gave (`sslmode`). `shared`: other people's databases live on
    that server, too.
    """

    dialect: str
    database: str
    socket: str | None = None
    host: str | None = None
    port: int | None = None
    user: str | None = None
    password: str | None = None
    options: tuple[tuple[str, str], ...] = ()
    shared: bool = False

    @property
    def family(self) -> str:
        """The dialect, with MySQL and MariaDB as one: their drivers are the same."""
        return FAMILIES[self.dialect]

    def as_plain(self) -> dict[str, Any]:
        """The same, for JSON."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Destination:
        """What `as_plain` gave, read again."""
        options = tuple((str(name), str(value)) for name, value in plain.get("options", ()))
        return cls(**{**plain, "options": options})
