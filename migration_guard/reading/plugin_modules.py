"""
Imports the modules of plugins: the one code of others that is ever run here. Which of them a user has named is decided
elsewhere, before anything here is called.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.machinery import PathFinder
from itertools import islice
from pathlib import Path
from types import ModuleType

from migration_guard.model.plugin import PluginError, described, is_module_name


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin that is loaded: its name, the folders in which it was looked for behind the environment, its files."""

    name: str
    folders: tuple[str, ...]
    files: tuple[tuple[str, int, int], ...]
    """
    The path, the size and the time of every module that came with it, and of those below the packages of its project
    that are imported later or never: by them a change of it is noticed.
    """


MOST_FILES = 5_000
_LOADED: dict[str, Plugin] = {}


def load(name: str, folders: Sequence[str]) -> None:
    """
    Imports a plugin, once in a process: from the environment, else from one of these folders.

    Raises PluginError where it cannot be imported, or raises itself.
    """
    if not is_module_name(name):
        raise PluginError(f"The plugin {name!r} has no name of a module. Write it as one imports it: package.module.")
    if name in _LOADED:
        _refuse_another(_LOADED[name], folders)
        return
    before = set(sys.modules)
    with _importable(folders):
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{name}.".startswith(f"{error.name}."):
                raise _refused(name, error) from error
            raise PluginError(
                f"The plugin {name} could not be loaded: there is no module {error.name} in the environment of"
                f" migration-guard ({sys.prefix}), nor in {' or '.join(folders)}. Install it, or correct the name."
            ) from None
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # SystemExit among them: whoever imports it has to go on
            raise _refused(name, error) from error
    package = name.partition(".")[0]
    came = {key: one for key, one in sys.modules.items() if key not in before or f"{key}.".startswith(f"{package}.")}
    _LOADED[name] = Plugin(name, tuple(folders), tuple(sorted(_states(_files(came, package, folders)))))


def loaded() -> tuple[Plugin, ...]:
    """The plugins of this process. A process that reads for this one loads them again."""
    return tuple(_LOADED.values())


def load_again(plugins: Iterable[Plugin]) -> None:
    """Loads in this process what is loaded in another one."""
    for one in plugins:
        load(one.name, one.folders)


def _refused(name: str, error: BaseException) -> PluginError:
    return PluginError(f"The plugin {name} could not be loaded: {described(error)}. Correct it, or leave it out.")


def _refuse_another(plugin: Plugin, folders: Sequence[str]) -> None:
    """Two projects may have a module of the same name each, and only one of them can be imported."""
    package = plugin.name.partition(".")[0]
    file = getattr(sys.modules.get(package), "__file__", None) or ""
    own = PathFinder.find_spec(package, [one for one in folders if one not in plugin.folders])
    if own is not None and own.origin not in (None, file) and file.startswith(tuple(plugin.folders)):
        raise PluginError(
            f"The plugin {plugin.name} is one module in {file} and another one in {own.origin}."
            " Lint these projects one by one, or give one of the modules another name."
        )


@contextmanager
def _importable(folders: Sequence[str]) -> Iterator[None]:
    """Has modules of these folders found, behind all others, and leaves no compiled files beside them."""
    added = [one for one in folders if one not in sys.path]
    compiles = sys.dont_write_bytecode
    sys.path += added
    sys.dont_write_bytecode = True
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.dont_write_bytecode = compiles
        for one in added:
            if one in sys.path:
                sys.path.remove(one)


def _files(came: Mapping[str, ModuleType], package: str, folders: Sequence[str]) -> set[str]:
    """The files of these modules, and all below their packages that are the plugin's own or of its project."""
    found = {file for one in came.values() if isinstance(file := getattr(one, "__file__", None), str)}
    for key, one in came.items():
        for folder in getattr(one, "__path__", ()) if "." not in key else ():
            if key == package or any(Path(folder).is_relative_to(each) for each in folders):
                found.update(map(str, islice(Path(folder).rglob("*.py"), MOST_FILES)))
    return found


def _states(files: Iterable[str]) -> Iterator[tuple[str, int, int]]:
    for file in files:
        if os.path.exists(file):
            status = os.stat(file)
            yield file, status.st_size, status.st_mtime_ns
