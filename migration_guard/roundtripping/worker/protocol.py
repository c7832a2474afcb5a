"""What the two ends of the conversation say to each other, as plain values for JSON. Knows neither end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from migration_guard.model.finding import Direction
from migration_guard.model.trip import Cause, Failure, Place, SentStatement, TripStep

Plain = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """
    The Alembic project to run.

    `folder` is where people run alembic, the working directory of the child: the folder of alembic.ini, for
    Flask-Migrate the folder above migrations/. `config` is alembic.ini or the pyproject.toml with [tool.alembic];
    None where only `script_location` is known. `section` is alembic's `--name`, `x` its `-x`. `environment` are
    variables on top of ours. `flask`: env.py needs a Flask application.
    """

    folder: Path
    config: Path | None = None
    section: str = "alembic"
    script_location: Path | None = None
    x: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    flask: bool = False

    def as_plain(self) -> Plain:
        """The same, for JSON."""
        return {
            **asdict(self),
            "folder": str(self.folder.absolute()),
            "config": self.config and str(self.config.absolute()),
            "script_location": self.script_location and str(self.script_location.absolute()),
        }

    @classmethod
    def from_plain(cls, plain: Plain) -> Job:
        """What `as_plain` gave, read again."""
        return cls(
            folder=Path(plain["folder"]),
            config=Path(plain["config"]) if plain["config"] else None,
            section=plain["section"],
            script_location=Path(plain["script_location"]) if plain["script_location"] else None,
            x=tuple(plain["x"]),
            environment=tuple((name, value) for name, value in plain["environment"]),
            flask=plain["flask"],
        )


@dataclass(frozen=True, slots=True)
class Revision:
    """One script. `depends_on` are whole ids, whatever the script wrote; `path` is absolute."""

    id: str
    down_revisions: tuple[str, ...]
    depends_on: tuple[str, ...]
    branch_labels: tuple[str, ...]
    path: str

    @classmethod
    def from_plain(cls, plain: Plain) -> Revision:
        """What `asdict` gave, read again."""
        return cls(
            plain["id"],
            tuple(plain["down_revisions"]),
            tuple(plain["depends_on"]),
            tuple(plain["branch_labels"]),
            plain["path"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """
    env.py has come to run_migrations() and waits for steps.

    `heads` is what the version table says. `transaction_per_migration` and `transactional_ddl` are as env.py itself has
    them. `external_transaction`: env.py hands over a connection that is in a transaction already. `has_models`:
    target_metadata is there and holds tables. `engine_name` is what env.py calls this run_migrations(), where it has
    several; `databases` are those that the configuration of a multi-database project lists.
    """

    heads: tuple[str, ...]
    version_table: str
    version_table_schema: str | None
    dialect: str
    driver: str
    transaction_per_migration: bool
    transactional_ddl: bool
    external_transaction: bool
    has_models: bool
    engine_name: str | None = None
    databases: tuple[str, ...] = ()

    @classmethod
    def from_plain(cls, plain: Plain) -> Entered:
        """What `asdict` gave, read again."""
        lists = {name: tuple(plain[name]) for name in ("heads", "databases")}
        return cls(**{**plain, **lists})


def failure_from(plain: Plain) -> Failure:
    """A Failure from what `asdict` made of it."""
    place = plain["place"]
    return Failure(**{**plain, "cause": Cause(plain["cause"]), "place": Place(**place) if place else None})


def step_from(plain: Plain) -> TripStep:
    """A Step from what `asdict` made of it."""
    statements = tuple(
        SentStatement(one["sql"], Place(**one["place"]) if one["place"] else None) for one in plain["statements"]
    )
    failure = failure_from(plain["failure"]) if plain["failure"] else None
    return TripStep(
        **{**plain, "direction": Direction(plain["direction"]), "statements": statements, "failure": failure},
    )
