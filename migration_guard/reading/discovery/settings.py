"""Knows how alembic.ini and [tool.alembic] say where a history's files are. Runs nothing, and opens no migration."""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any

from migration_guard.config.files import ConfigError, toml_table
from migration_guard.regular_files import LARGEST_CONFIGURATION, FileNotRead, content, fence_of, is_folder, read

SEPARATORS = {"space": " ", "newline": "\n", "os": os.pathsep, ":": ":", ";": ";"}
SOURCES = ("", "src", "lib")  # where packages are kept, below a folder that holds the configuration
DEPTH = 3  # how far below the configuration a package is looked for
_HERE = re.compile(r"%%|%\(here\)s")
MENTIONS_SCRIPTS = re.compile(rb"^\s*script_location\s*[=:]", re.MULTILINE)
MOST_DATABASES = 100
LONGEST_VALUE = 20_000
"""Characters of a value and of all that it names."""
_TOO_LONG = f"it comes to more than {LONGEST_VALUE:,} characters."


class ProjectError(Exception):
    """Input we cannot work on. The message is a whole sentence: what is wrong, where, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """
    What one section of a configuration says.

    `file` is the ini or the pyproject.toml. `script` and `versions` are folders that exist; `versions` holds those that
    were asked for and do not exist in `absent`. `base` is the folder from which Alembic is run: the one that a relative
    script_location is relative to.
    """

    file: Path
    section: str = "alembic"
    script: Path | None = None
    versions: tuple[Path, ...] = ()
    absent: tuple[Path, ...] = ()
    recursive: bool = False
    file_template: str | None = None
    url: str | None = None
    database: str | None = None
    base: Path

    @property
    def read(self) -> tuple[Path, ...]:
        """The files that these settings rest on, absent ones included."""
        return tuple(dict.fromkeys((self.file, self.file.parent / "pyproject.toml")))


def configurations(folder: Path) -> tuple[Path, ...]:
    """The files of this folder that configure Alembic: alembic.ini, other inis that name scripts, pyproject.toml."""
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if not is_folder(entry))
    except OSError:
        return ()
    inis = [folder / name for name in names if name.endswith(".ini") or name == "setup.cfg"]
    found = [file for file in inis if file.name == "alembic.ini" or _mentions_scripts(file)]
    if "pyproject.toml" in names and folder / "alembic.ini" not in found:
        pyproject = folder / "pyproject.toml"
        if _table(pyproject) is not None:
            found.append(pyproject)
    return tuple(found)


def settings(file: Path, cwd: Path) -> tuple[Settings, ...]:
    """Everything that an ini file or a pyproject.toml configures: one for each section and each of its databases."""
    if file.suffix == ".toml":
        table = _table(file)
        if table is None:
            raise ProjectError(f"{file} has no table [tool.alembic]. Name the folder of the migrations instead.")
        return tuple(_Reader(file, cwd, None, table).section("alembic"))
    parser = _parse(file)
    table = _table(file.parent / "pyproject.toml") or {}
    reader = _Reader(file, cwd, parser, table)
    return tuple(one for section in _sections(parser) for one in reader.section(section))


def _mentions_scripts(file: Path) -> bool:
    return MENTIONS_SCRIPTS.search(content(file, fence_of(file.parent)) or b"") is not None


def _table(file: Path) -> dict[str, Any] | None:
    try:
        return toml_table(file, "tool", "alembic", root=fence_of(file.parent))
    except ConfigError as error:
        raise ProjectError(str(error)) from None


def _parse(file: Path) -> configparser.ConfigParser:
    # `here` is what Alembic itself defines for the file.
    here = {"here": file.parent.as_posix().replace("%", "%%")}
    parser = configparser.ConfigParser(here, interpolation=_BoundedInterpolation())
    try:
        text = read(file, fence_of(file.parent), LARGEST_CONFIGURATION).decode("utf-8-sig")
        parser.read_file(StringIO(text, newline=None), source=str(file))
    except FileNotRead as reason:
        raise ProjectError(f"{file} {reason}. Make it a file that can be read, or remove it.") from None
    except UnicodeDecodeError:
        raise ProjectError(f"{file} is not UTF-8 text. Save it as UTF-8 and run again.") from None
    except configparser.Error as error:
        message = " ".join(str(error).split())
        raise ProjectError(f"{file} is no valid ini file: {message} Mend that line and run again.") from None
    return parser


def _sections(parser: configparser.ConfigParser) -> list[str]:
    if "script_location" in parser.defaults():
        return ["alembic"]
    return [name for name in parser.sections() if parser.has_option(name, "script_location")] or ["alembic"]


class _BoundedInterpolation(configparser.BasicInterpolation):
    """As Alembic's. A value that names others, which name others, could come to more than the memory holds."""

    def before_get(self, parser: Any, section: str, option: str, value: str, defaults: Mapping[str, str]) -> str:
        left = LONGEST_VALUE - len(value)

        class Bounded(dict[str, str]):
            def __getitem__(self, key: str) -> str:
                nonlocal left
                found = super().__getitem__(key)
                left -= 1 + len(found)
                if left < 0:
                    raise configparser.InterpolationError(option, section, _TOO_LONG)
                return found

        if left < 0:
            raise configparser.InterpolationError(option, section, _TOO_LONG)
        return super().before_get(parser, section, option, value, Bounded(defaults))


@dataclass(frozen=True, slots=True)
class _Reader:
    """One configuration file, the ini half of it and the TOML half."""

    file: Path
    cwd: Path
    parser: configparser.ConfigParser | None
    table: Mapping[str, Any]

    @property
    def here(self) -> Path:
        return self.file.parent

    def section(self, name: str) -> Iterator[Settings]:
        script, tried = self._script(name)
        versions, absent = self._versions(name, script)
        if script is None and not versions:
            raise ProjectError(
                f"{self.file}: the script_location {self._required(name, 'script_location')!r} does not exist"
                f" (looked for {', '.join(map(str, tried))}). Correct it, or name the folder of the migrations."
            )
        found = Settings(
            file=self.file,
            section=name,
            script=script,
            versions=versions,
            absent=absent,
            recursive=self._value(name, "recursive_version_locations") in ("true", True),
            file_template=self._text(name, "file_template"),
            url=self._url(name),
            base=self._base(name, script),
        )
        databases = self._text(name, "databases")
        if not databases:
            yield found
        named = [one for one in re.split(r"[\s,]+", databases or "") if one]
        if len(named) > MOST_DATABASES:
            raise ProjectError(
                f"{self.file}: databases names {len(named)}, and each is judged alone. Name at most {MOST_DATABASES}."
            )
        for database in named:
            yield replace(found, database=database, url=self._url(database))

    def _script(self, section: str) -> tuple[Path | None, list[Path]]:
        location = self._required(section, "script_location")
        if location is not None:
            return self._folder(location)
        # Flask-Migrate keeps its ini beside env.py and passes the location itself.
        if (self.here / "env.py").is_file() or (self.here / "versions").is_dir():
            return self.here, []
        raise ProjectError(
            f"{self.file} sets no script_location in [{section}]. Add it, or name the folder of the migrations."
        )

    def _base(self, section: str, script: Path | None) -> Path:
        location = self._required(section, "script_location")
        if location is None:
            return self.here.parent
        if script is None or os.path.isabs(location) or ":" in location:
            return self.here
        bases = dict.fromkeys((self.here, self.cwd, *self.here.parents))
        return next((base for base in bases if Path(os.path.normpath(base / location)) == script), self.here)

    def _versions(self, section: str, script: Path | None) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
        locations = self._locations(section)
        if not locations:
            folders = [(script / "versions")] if script else []
            return tuple(one for one in folders if one.is_dir()), tuple(one for one in folders if not one.is_dir())
        found = [(self._folder(location), location) for location in locations]
        present = dict.fromkeys(folder for (folder, _), _ in found if folder)
        return tuple(present), tuple(tried[0] for (folder, tried), _ in found if not folder and tried)

    def _locations(self, section: str) -> list[str]:
        value = self._required(section, "version_locations", text=False)
        if isinstance(value, list):
            return [str(one) for one in value]
        if not value:
            return []
        named = self._text(section, "path_separator") or self._text(section, "version_path_separator")
        if named is None:
            return [one for one in re.split(r", *|\s+", value) if one]
        separator = SEPARATORS.get(re.split(r"\s+#", named)[0].strip())
        if separator is None:
            raise ProjectError(
                f"{self.file}: the path_separator {named!r} is none of {', '.join(SEPARATORS)}. Write one of these."
            )
        return [one.strip() for one in value.split(separator) if one.strip()]

    def _folder(self, location: str) -> tuple[Path | None, list[Path]]:
        """The folder that a location stands for, and where else it was looked for."""
        if os.path.isabs(location):
            tried = [Path(os.path.normpath(location))]
        elif ":" in location:
            tried = list(self._resources(location.split(":")))
        else:
            bases = dict.fromkeys((self.here, self.cwd, *self.here.parents))
            tried = [Path(os.path.normpath(base / location)) for base in bases]
        folders = [one for one in tried if os.path.isdir(one)]
        scripts = [one for one in folders if (one / "env.py").is_file() or (one / "versions").is_dir()]
        return next(iter(scripts or folders), None), tried[:2]

    def _resources(self, tokens: list[str]) -> Iterator[Path]:
        """Where `package:path:to` may be: at and above the configuration, then a little below it."""
        package, rest = Path(*tokens[0].split(".")), Path(*tokens[1:])
        for base in (self.here, *self.here.parents):
            for source in SOURCES:
                yield base / source / package / rest
        for folder, names, _ in os.walk(self.here):
            names[:] = sorted(name for name in names if not name.startswith(".") and name != "node_modules")
            if len(Path(folder).relative_to(self.here).parts) >= DEPTH:
                names.clear()
            yield Path(folder) / package / rest

    def _url(self, section: str) -> str | None:
        url = self._text(section, "sqlalchemy.url")
        return url.strip("\"' ") or None if url else None

    def _text(self, section: str, key: str) -> str | None:
        value = self._value(section, key)
        return value if isinstance(value, str) else None

    def _value(self, section: str, key: str) -> Any:
        """The value, or None where it is absent or put together from what only the application knows."""
        try:
            return self._required(section, key, text=False)
        except ProjectError:
            return None

    def _required(self, section: str, key: str, *, text: bool = True) -> Any:
        if self.parser is not None:
            try:
                value = self.parser.get(section, key, fallback=None)
            except configparser.Error as error:
                message = " ".join(str(error).split())
                raise ProjectError(
                    f"{self.file}: {key} in [{section}] could not be worked out: {message}"
                    " Write it out, or name the folder of the migrations."
                ) from None
            if value is not None:
                return value
        return self._from_table(key, text=text) if section == "alembic" else None

    def _with_here(self, value: str) -> str:
        """The value as Alembic fills it in. Raises ValueError for all but %(here)s and %%: a width could be absurd."""
        if "%" in _HERE.sub("", value):
            raise ValueError(value)
        return _HERE.sub(lambda found: "%" if found[0] == "%%" else self.here.as_posix(), value)

    def _from_table(self, key: str, *, text: bool) -> Any:
        value = self.table.get(key)
        try:
            if isinstance(value, list):
                value = [self._with_here(str(one)) for one in value]
            elif isinstance(value, str):
                value = self._with_here(value)
        except ValueError:
            raise ProjectError(
                f"{self.file}: {key} of [tool.alembic] could not be worked out. Only %(here)s can stand in it; write"
                " %% for a percent sign."
            ) from None
        if text and value is not None and not isinstance(value, str):
            raise ProjectError(f"{self.file}: {key} of [tool.alembic] is not a string. Write it as one.")
        return value
