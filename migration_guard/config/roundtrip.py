"""Knows the options of the round trip: the table [tool.migration-guard.roundtrip], and what the command line says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from migration_guard.config import SUBTABLE, extends
from migration_guard.config.files import ConfigError, heading, inner_table, toml_table
from migration_guard.config.selection import nearest
from migration_guard.model.target import ALIASES, DIALECTS

URL_VARIABLE = "MIGRATION_GUARD_DATABASE_URL"
DATABASES = ("auto", *DIALECTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class TripOptions:
    """The options of one place as they were written. None: not said there."""

    database: str | None = None
    rows: int | None = None
    timeout: float | None = None
    prepare: str | None = None
    start: str | None = None
    env: tuple[tuple[str, str], ...] | None = None
    x: tuple[str, ...] | None = None
    models: bool | None = None
    full_trip: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TripConfig:
    """
    Every option of a round trip that a file may set, checked.

    `database` is auto or a dialect. `database_url` is a server on which we may make databases of our own. `rows` is how
    many are written into each table, `timeout` the seconds that one step may take. `start` is the revision where a
    prepared database stands. `folder` is what `prepare` is relative to.
    """

    database: str = "auto"
    database_url: str | None = None
    rows: int = 20
    timeout: float = 120.0
    prepare: str | None = None
    start: str | None = None
    env: tuple[tuple[str, str], ...] = ()
    x: tuple[str, ...] = ()
    models: bool = False
    full_trip: bool = True
    folder: Path = Path()


KEYS = {field.name: field.name.replace("_", "-") for field in fields(TripOptions)} | {"start": "from"}
OPTIONS = KEYS | {"full_trip": "no-full-trip"}


def load_trip(
    file: Path | None, said: TripOptions, *, cwd: Path, url: str | None, environment: Mapping[str, str] = os.environ
) -> TripConfig:
    """
    The options that hold: those of `file` (where the other options are written, None for nowhere), `said` above them.

    What `file` extends holds as well, each option where the last one says it, and is relative to its own file. `url` is
    what the command line names; the environment variable MIGRATION_GUARD_DATABASE_URL is asked after it.
    Raises ConfigError.
    """
    places: list[tuple[str | None, Path, TripOptions]] = []
    # The other options stand in this file, and were read.
    for layer in extends.layers(file, toml_table(file, *heading(file), root=None) or {}) if file else ():
        places.append(
            (layer.name, layer.file.parent, _read(layer.name, inner_table(layer.table, SUBTABLE, layer.name)))
        )
    values: dict[str, Any] = {}
    variables: dict[str, str] = {}
    for place, folder, one in (*places, (None, cwd, said)):
        variables.update(one.env or ())
        for field in fields(TripOptions):
            value = getattr(one, field.name)
            if value is not None:
                values[field.name] = _checked(field.name, value, place)
                if field.name == "prepare":
                    values["folder"] = folder
    values["env"] = tuple(variables.items())
    return TripConfig(**values, database_url=url or environment.get(URL_VARIABLE) or None)


def _read(place: str, table: Mapping[str, Any]) -> TripOptions:
    names = {key: name for name, key in KEYS.items()}
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in names:
            raise ConfigError(f"{place}: there is no option {key!r} in [{SUBTABLE}].{nearest(key, names)}")
        kind, words = _KINDS[names[key]]
        if isinstance(value, bool) is not (kind is bool) or not isinstance(value, kind):
            raise ConfigError(f"{place}: {SUBTABLE}.{key}: {value!r} is not {words}. Write it as {words}.")
        values[names[key]] = _frozen(value, f"{place}: {SUBTABLE}.{key}")
    return TripOptions(**values)


def _frozen(value: Any, place: str) -> Any:
    if isinstance(value, dict):
        return tuple((name, str(inner)) for name, inner in value.items())
    if isinstance(value, list):
        if not all(isinstance(one, str) for one in value):
            raise ConfigError(f"{place}: {value!r} holds more than strings. Write each as a string.")
        return tuple(value)
    return value


_KINDS: Mapping[str, tuple[type | tuple[type, ...], str]] = {
    "database": (str, "a string"),
    "rows": (int, "a whole number"),
    "timeout": ((int, float), "a number of seconds"),
    "prepare": (str, "a string"),
    "start": (str, "a string"),
    "env": (dict, 'a table such as { APP_SETTINGS = "test" }'),
    "x": (list, "a list of strings"),
    "models": (bool, "true or false"),
    "full_trip": (bool, "true or false"),
}


def _checked(name: str, value: Any, place: str | None) -> Any:
    """The value, if it can be gone by."""
    where = f"{place}: {SUBTABLE}.{KEYS[name]}" if place else f"--{OPTIONS[name]}"
    if name == "database":
        value = ALIASES.get(value.lower(), value.lower())
        if value not in DATABASES:
            raise ConfigError(f"{where}: {value!r} is none of {', '.join(DATABASES)}.{nearest(value, DATABASES)}")
    if name == "rows" and not 0 <= value <= 10_000:
        raise ConfigError(f"{where}: {value} is no number of rows. Write 0 (none) to 10000.")
    if name == "timeout" and value <= 0:
        raise ConfigError(f"{where}: {value} is no number of seconds. Write more than 0.")
    return value
