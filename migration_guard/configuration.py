"""
The options that hold for a history, with the plugins loaded that they may name rules of. Here it is decided which code
of others is run: only that of a plugin that a user has named, never what a file of the repository wishes for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from migration_guard import config, rules
from migration_guard.assembly import relative
from migration_guard.config import Config, Overrides, plugins
from migration_guard.reading import plugin_modules


def load(folder: Path, *, explicit: Path | None = None, overrides: Overrides | None = None) -> Config:
    """
    The options that hold for a history in this folder, as config.load() finds them. Loads the plugins that `overrides`
    name, and of those that the file wishes for the ones that the user trusts.

    Raises ConfigError or PluginError, each a sentence for the user.
    """
    said = overrides or Overrides()
    absent = load_plugins(folder, said, explicit=explicit)
    # What is left of them are the wishes of the file.
    options = replace(said, plugins=None, trust_plugins=None)
    return config.load(folder, explicit=explicit, overrides=options, known=rules.selectable(), absent=absent)


def load_plugins(folder: Path, said: Overrides, *, explicit: Path | None = None) -> tuple[str, ...]:
    """
    Loads the plugins of a history in this folder, and gives the names of those that its configuration wishes for and
    no user has named. Raises ConfigError or PluginError.
    """
    file, wishes = plugins.wished(folder, explicit)
    named = tuple(word.strip() for entry in said.plugins or () for word in entry.split(",") if word.strip())
    trusted = (*named, *plugins.trusted()) if wishes else named
    obeyed = [one for one in wishes if said.trust_plugins or one in trusted]
    beside = [str(file.parent)] if file else []
    for name in dict.fromkeys((*named, *obeyed)):
        # Only whoever names a plugin means the folder that they are in.
        here = [str(Path.cwd())] if name in named else []
        plugin_modules.load(name, tuple(dict.fromkeys((*beside, str(folder), *here))))
    return tuple(one for one in dict.fromkeys(wishes) if one not in obeyed)


def notes(settings: Config, cwd: Path) -> Iterator[str]:
    """What is said of wishes that were not obeyed."""
    for name in settings.absent:
        file = relative(str(settings.file), cwd)
        yield f"{file} wishes for the plugin {name}; not loaded: give --plugin {name} or --trust-plugins."
