"""Which plugins a configuration wishes for, and which ones the user's own configuration, outside of any tree, names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from migration_guard.config import extends
from migration_guard.config.files import ConfigError, toml_table, written
from migration_guard.config.value_readers import words
from migration_guard.model.plugin import is_module_name

OPTION = "plugins"


def wished(folder: Path, explicit: Path | None = None) -> tuple[Path | None, tuple[str, ...]]:
    """
    The file that wishes for plugins in a history of this folder, None where there is none, and the plugins that it
    names: the one that holds there, or one that it extends. Such a file came with the repository: it can wish, and no
    more. Raises ConfigError.
    """
    file, table, _ = written(folder, explicit)
    if file is None:
        return None, ()
    wishes = [layer for layer in extends.layers(file, table) if OPTION in layer.table]
    if not wishes:
        return file, ()
    return wishes[-1].file, _checked(words(wishes[-1].table[OPTION]) or (), wishes[-1].file)


def trusted(environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """
    The plugins that `plugins` names in $XDG_CONFIG_HOME/migration-guard/config.toml, by default below ~/.config.

    A relative path there counts for nothing: the file would be looked for in whatever tree is linted. So says
    https://specifications.freedesktop.org/basedir-spec/basedir-spec-0.8.html, too. Raises ConfigError.
    """
    home = environment.get("XDG_CONFIG_HOME", "")
    folder = Path(home) if os.path.isabs(home) else Path(os.path.expanduser("~"), ".config")
    file = folder / "migration-guard" / "config.toml"
    table = toml_table(file, root=None) or {}
    if others := table.keys() - {OPTION}:
        raise ConfigError(f"{file}: there is no option {min(others)!r} here, only {OPTION}.")
    names = words(table.get(OPTION, []))
    if names is None:
        raise ConfigError(f"{file}: {OPTION}: {table[OPTION]!r} is not a string or a list of strings.")
    return _checked(names, file)


def _checked(names: tuple[str, ...], file: Path | None) -> tuple[str, ...]:
    wrong = next((one for one in names if not is_module_name(one)), None)
    if wrong is not None:
        raise ConfigError(
            f"{file}: {OPTION}: {wrong!r} is no name of a module. Write one as it is imported: acme_guard."
        )
    return names
