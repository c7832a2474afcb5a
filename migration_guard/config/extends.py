"""Follows `extends`: the presets of this package, files beside the configuration, and files of other distributions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migration_guard.config.files import ConfigError, Content, heading, on_disk, toml_table
from migration_guard.config.selection import nearest
from migration_guard.regular_files import fence_of

KEY = "extends"
PRESET = "preset:"
DEEPEST = 50  # files, of which each extends the next
PRESETS = Path(__file__).parent / "presets"


@dataclass(frozen=True, slots=True)
class Layer:
    """What one file says. `name` is what the file is called where something in it is wrong."""

    name: str
    file: Path
    table: dict[str, Any]


def presets() -> tuple[str, ...]:
    """The names of the presets that come with migration-guard."""
    return tuple(sorted(file.stem for file in PRESETS.glob("*.toml")))


def layers(file: Path, table: dict[str, Any], content: Content = on_disk) -> tuple[Layer, ...]:
    """
    What this file says, behind all that it extends, in the order in which one wins over the other. `content` gives what
    is in a file. Raises ConfigError.
    """
    return _last_of_each(_layers(Layer(str(file), file, table), (), {}, content))


def _last_of_each(found: Iterable[Layer]) -> tuple[Layer, ...]:
    """The layers, each once: what is said again later wins over what was said before, so that the first is idle."""
    by_file: dict[Path, Layer] = {}
    for layer in found:
        by_file.pop(layer.file, None)
        by_file[layer.file] = layer
    return tuple(by_file.values())


def _layers(
    layer: Layer, above: tuple[Path, ...], done: dict[Path, tuple[Layer, ...]], content: Content
) -> Iterator[Layer]:
    """What a layer extends, and then itself. `done` are the files that were followed, and what they came to."""
    below = (*above, layer.file.resolve())
    if len(below) > DEEPEST:
        raise ConfigError(f"{layer.name}: {KEY}: more than {DEEPEST} files extend one another. Extend the last itself.")
    entries = layer.table.get(KEY, [])
    if not isinstance(entries, list) or not all(isinstance(one, str) for one in entries):
        raise ConfigError(f'{layer.name}: {KEY}: {entries!r} is not a list of strings. Write ["preset:strict"].')
    for entry in entries:
        name, file, root = _found(entry, layer, content)
        if file.resolve() in below:
            raise ConfigError(f"{layer.name}: {KEY}: {entry} extends, in the end, itself. Take one of them out.")
        if file not in done:
            table = toml_table(file, *heading(file), root=root, content=content)
            if table is None:
                raise ConfigError(f"{layer.name}: {KEY}: {file} is no configuration. Name a file that has our options.")
            done[file] = _last_of_each(_layers(Layer(name, file, table), below, done, content))
        yield from done[file]
    yield Layer(layer.name, layer.file, {key: value for key, value in layer.table.items() if key != KEY})


def _found(entry: str, layer: Layer, content: Content) -> tuple[str, Path, Path | None]:
    """What an entry is called, its file, and the folder that this has to be in; None for what is installed."""
    if entry.startswith(PRESET):
        name = entry.removeprefix(PRESET)
        if name not in presets():
            there = ", ".join(presets())
            raise ConfigError(
                f"{layer.name}: {KEY}: there is no preset {name!r}.{nearest(name, presets())} There are {there}."
            )
        return entry, PRESETS / f"{name}.toml", None
    file = layer.file.parent / entry
    package, colon, resource = entry.partition(":")
    # A drive of Windows is one letter.
    root = fence_of(layer.file.absolute().parent)
    if colon and len(package) > 1 and not _is_there(file, root, content):
        return entry, _resource(package, resource, entry, layer), None
    if not _is_there(file, root, content):
        raise ConfigError(
            f"{layer.name}: {KEY}: there is no file {file}. Write preset:NAME, a path from the folder of this file, or"
            " package:resource."
        )
    return str(file), file, root


def _is_there(file: Path, root: Path, content: Content) -> bool:
    try:
        return content(file, root) is not None
    except ConfigError:  # it is there, and is told what is wrong with it
        return True


def _resource(package: str, resource: str, entry: str, layer: Layer) -> Path:
    """The file of an installed distribution, found among those that it lists: nothing of it is imported."""
    from importlib.metadata import distributions

    wanted = (*package.split("."), *Path(resource).parts)
    for distribution in distributions():
        for file in distribution.files or ():
            if file.parts == wanted and ".." not in file.parts:
                return Path(str(distribution.locate_file(file)))
    raise ConfigError(
        f"{layer.name}: {KEY}: no installed distribution lists {'/'.join(wanted)} among its files."
        f" Install the one that has {entry} beside migration-guard."
    )
