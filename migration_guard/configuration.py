"""
The options that hold for a history, with the plugins loaded that they may name rules of. Here it is decided which code
of others is run: only that of a plugin that a user has named, never what a file of the repository wishes for.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from migration_guard import config, rules
from migration_guard.assembly import relative
from migration_guard.config import Config, Overrides, plugins
from migration_guard.config.files import Content, on_disk, written
from migration_guard.reading import plugin_modules


@dataclass(frozen=True, slots=True)
class Wish:
    """A plugin that a file of the repository names and no user does."""

    file: Path
    plugin: str

    def note(self, cwd: Path) -> str:
        """What is said of it."""
        file, name = relative(str(self.file), cwd), self.plugin
        return f"{file} wishes for the plugin {name}; not loaded: give --plugin {name} or --trust-plugins."


def load(folder: Path, *, explicit: Path | None = None, overrides: Overrides | None = None) -> Config:
    """
    The options that hold for a history in this folder, as config.load() finds them. Loads the plugins that `overrides`
    name, and of those that the file wishes for the ones that the user trusts.

    Raises ConfigError or PluginError, each a sentence for the user.
    """
    said = overrides or Overrides()
    absent = tuple(one.plugin for one in load_plugins([folder], said, explicit=explicit))
    # What is left of them are the wishes of the file.
    options = replace(said, plugins=None, trust_plugins=None)
    return config.load(folder, explicit=explicit, overrides=options, known=rules.selectable(), absent=absent)


def at(content: Content, folder: Path, *, explicit: Path | None = None, overrides: Overrides | None = None) -> Config:
    """
    The options that held for a history in this folder when this was in the files. Rules that nobody knows, those of
    plugins that were wished for then, are passed over, and nothing is loaded. Raises ConfigError.
    """
    options = replace(overrides or Overrides(), plugins=None, trust_plugins=None)
    known = rules.selectable()
    absent = ("any that was wished for",)
    return config.load(folder, explicit=explicit, overrides=options, known=known, absent=absent, content=content)


def file_of_run(paths: Sequence[Path], cwd: Path, explicit: Path | None, histories: Iterable[Config]) -> Path | None:
    """
    The file that says when a run fails and what it prints: the one nearest to everything that was named, else the one
    that all its histories share. Raises ConfigError.
    """
    nearest, _, _ = written(common_folder(paths, cwd), explicit, on_disk)
    shared = {one.file for one in histories}
    return nearest or (shared.pop() if len(shared) == 1 else None)


def common_folder(paths: Sequence[Path], cwd: Path) -> Path:
    """The folder of everything that was named; with nothing, the current one."""
    places = [Path(os.path.normpath(cwd / path)) for path in paths] or [cwd]
    return Path(os.path.commonpath([place if place.is_dir() else place.parent for place in places]))


def running(settings: Config) -> rules.Rules:
    """The rules that run with these options, by code."""
    every = rules.load()
    return {code: every[code] for code in every if _runs(code, settings)}


def _runs(code: str, settings: Config) -> bool:
    when = rules.runs(code)
    return when == rules.ALWAYS or settings.selects(code, default=when == rules.ON)


def load_plugins(folders: Sequence[Path], said: Overrides, *, explicit: Path | None = None) -> tuple[Wish, ...]:
    """
    Loads the plugins of the histories in these folders, and gives the wishes of their configurations that were not
    obeyed. Where the user names a plugin it is that of the history whose configuration wishes for it, if one does.

    Raises ConfigError or PluginError.
    """
    places = [(folder, *plugins.wished(folder, explicit)) for folder in folders]
    named = tuple(word.strip() for entry in said.plugins or () for word in entry.split(","))
    trusted = (*named, *plugins.trusted()) if any(wishes for *_, wishes in places) else named
    refused = []
    for name in dict.fromkeys((*named, *chain.from_iterable(wishes for *_, wishes in places))):
        # Only whoever names a plugin means the folder that they are in.
        here = [str(Path.cwd())] if name in named else []
        for folder, file, wishes in sorted(places, key=lambda place: name not in place[2]):
            if name in named or (name in wishes and (said.trust_plugins or name in trusted)):
                beside = [str(file.parent)] if file else []
                plugin_modules.load(name, tuple(dict.fromkeys((*beside, str(folder), *here))))
            elif name in wishes and file:
                refused.append(Wish(file, name))
    return tuple(dict.fromkeys(refused))


def notes(settings: Config, cwd: Path) -> Iterator[str]:
    """What is said of the wishes of a history's configuration that were not obeyed."""
    if settings.absent:
        file = Path(dict(settings.said_by)["plugins"])
        yield from (Wish(file, name).note(cwd) for name in settings.absent)
