"""Knows who needs to know of a change: the table [tool.migration-guard.owners], a name or a list for each concern."""

from __future__ import annotations

from migration_guard.config.conventions import WrongValue
from migration_guard.config.selection import nearest
from migration_guard.model.concerns import Concern, Owners

KEY = "owners"


def read(value: object) -> Owners:
    """The owners, as TOML has them. Raises WrongValue."""
    if not isinstance(value, dict):
        raise WrongValue(f'{value!r} is not a table. Write {{ schema = "@backend" }}, or a list of names.')
    return tuple((_concern(key), _names(key, names)) for key, names in value.items())


def _concern(key: str) -> str:
    every = [concern.value for concern in Concern]
    if key not in every:
        raise WrongValue(f"there is no {key!r} in it.{nearest(key, every)} There are {', '.join(every)}.")
    return key


def _names(key: str, value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    raise WrongValue(f'{key} = {value!r} is no name. Write a string or a list of strings: {key} = ["@backend"].')
