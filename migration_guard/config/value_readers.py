"""Reads the values of options as TOML has them: each reader gives None for what it does not take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def words(value: object) -> tuple[str, ...] | None:
    """The strings that an option holds, one or a list of them; None where it holds anything else."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    return None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _pairs(value: object) -> tuple[tuple[str, str], ...] | None:
    if isinstance(value, dict) and all(isinstance(one, str) for one in value.values()):
        return tuple(value.items())
    return None


TEXT = (_text, "a string")
_WORDS = (words, "a string or a list of strings")
_FLAG = (_flag, "true or false")
READERS: Mapping[str, tuple[Callable[[object], Any], str]] = {
    **dict.fromkeys(("target", "select", "ignore", "extend_select", "output_format", "paths", "plugins"), _WORDS),
    **dict.fromkeys(("exit_zero", "cache", "quiet", "statistics", "verbose"), _FLAG),
    "jobs": (_count, "a whole number"),
    "severity": (_pairs, 'a table such as { MG403 = "info" }'),
}
