"""Finds the files in which options are written, and reads their tables."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from migration_guard.regular_files import LARGEST_CONFIGURATION, FileNotRead, fence_of, is_below, read

OWN_FILE = "migration-guard.toml"
TABLE = ("tool", "migration-guard")
Content = Callable[[Path, Path | None], bytes | None]
"""Gives what is in a file that has to be inside a folder, None where there is none."""
DEEPEST = 30
"""How deep a value may be nested. Ours take three levels."""
# Python's parser takes the square of their number for a key of many parts.
_LONG_KEY = re.compile(r"(?<![\w-])(?:(?:[\w-]++|\"[^\"\n]*+\"|'[^'\n]*+')[ \t]*+\.[ \t]*+){50}")


class ConfigError(Exception):
    """An option we cannot go by. The message is a whole sentence: where it is written, what is wrong, what to write."""


def on_disk(file: Path, root: Path | None) -> bytes | None:
    """What is in a file now, as the door gives it; None where there is none. Raises ConfigError."""
    try:
        return read(file, root, LARGEST_CONFIGURATION)
    except FileNotRead as reason:
        if reason.absent:
            return None
        raise ConfigError(f"{file} {reason}. Make it a file that can be read, or remove it.") from None


def written(
    folder: Path, explicit: Path | None, content: Content = on_disk
) -> tuple[Path | None, dict[str, Any], tuple[Path, ...]]:
    """
    The file that holds for a history in this folder, or the one that is named instead, what it says, and every file
    that was looked for. `content` gives what is in them. Raises ConfigError.
    """
    return _named(explicit, content) if explicit else _nearest(folder, content)


def _named(file: Path, content: Content) -> tuple[Path, dict[str, Any], tuple[Path, ...]]:
    if not file.exists():
        raise ConfigError(f"--config: there is no file {file}. Name a pyproject.toml or a {OWN_FILE}.")
    table = toml_table(file, *heading(file), root=None, content=content)
    if table is None:
        raise ConfigError(f"--config: {file} has no table [{'.'.join(TABLE)}]. Add it, or leave the option out.")
    return file, table, (file,)


def _nearest(folder: Path, content: Content) -> tuple[Path | None, dict[str, Any], tuple[Path, ...]]:
    looked_for: list[Path] = []
    fence = fence_of(folder)
    for one in (folder, *folder.parents):
        root = fence if is_below(str(one), str(fence)) else one
        for name in (OWN_FILE, "pyproject.toml"):
            file = one / name
            looked_for.append(file)
            if (table := toml_table(file, *heading(file), root=root, content=content)) is not None:
                return file, table, tuple(looked_for)
        if (one / ".git").exists():
            break
    return None, {}, tuple(looked_for)


def heading(file: Path) -> tuple[str, ...]:
    """Where our options stand in a file of this name."""
    return TABLE if file.name == "pyproject.toml" else ()


def toml_table(file: Path, *names: str, root: Path | None, content: Content = on_disk) -> dict[str, Any] | None:
    """
    The table of these names in a TOML file, which is inside the folder `root`; None for a file that the user named.

    None where the file or the table is absent. Raises ConfigError.
    """
    text = content(file, root)
    if text is None or (names and names[-1].encode() not in text):
        return None
    import tomllib

    try:
        toml = text.decode("utf-8-sig")
        if _LONG_KEY.search(toml):
            raise RecursionError
        table: Any = tomllib.loads(toml)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is no valid TOML: {error}. Mend that line and run again.") from None
    except RecursionError:
        raise ConfigError(f"{file} is nested too deeply for a configuration. Write our options at its top.") from None
    for name in names:
        if not isinstance(table, dict):
            raise ConfigError(f"{file}: [{'.'.join(names)}] is not a table. Write its keys below that heading.")
        if name not in table:
            return None
        table = table[name]
    if not isinstance(table, dict):
        raise ConfigError(f"{file}: [{'.'.join(names)}] is not a table. Write its keys below that heading.")
    if _is_deep(table):
        raise ConfigError(f"{file} is nested too deeply for a configuration. Write our options at its top.")
    return table


def _is_deep(table: dict[str, Any]) -> bool:
    """Whether something in a table is nested more deeply than can be printed, say, in a sentence on it."""
    level: list[dict[str, Any] | list[Any]] = [table]
    for _ in range(DEEPEST):
        inside = (one for outer in level for one in (outer.values() if isinstance(outer, dict) else outer))
        level = [one for one in inside if isinstance(one, dict | list)]
        if not level:
            return False
    return True


def inner_table(table: dict[str, Any], name: str, place: str) -> dict[str, Any]:
    """The table of this name in one that was read, empty where it is absent. Raises ConfigError."""
    found = table.get(name, {})
    if not isinstance(found, dict):
        raise ConfigError(f"{place}: [{name}] is not a table. Write its keys below that heading.")
    return found
