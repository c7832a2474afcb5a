"""
Knows every option, where it may be written and which one wins: the only reader of TOML and of the environment.

Selectors stay words here: which rules exist is told by the caller, never imported.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from migration_guard.config import conventions as agreed
from migration_guard.config import extends
from migration_guard.config import owners as who
from migration_guard.config.conventions import WrongValue
from migration_guard.config.files import ConfigError as ConfigError
from migration_guard.config.files import Content, inner_table, on_disk, written
from migration_guard.config.selection import RuleSelection, is_ours, nearest, precision, resolve
from migration_guard.config.since import Since, since
from migration_guard.config.value_readers import READERS, TEXT
from migration_guard.model import regular_expressions
from migration_guard.model.concerns import Owners
from migration_guard.model.conventions import DATED, Conventions
from migration_guard.model.finding import Finding, Severity
from migration_guard.model.target import Target, parse
from migration_guard.regular_files import fence_of

FORMATS = ("text", "concise", "json", "github", "sarif", "junit", "gitlab", "markdown")
COLORS = ("auto", "always", "never")
# Marks an option that does not change what the rules say of a history, or that the cache knows of in another way.
BESIDE = {"beside": True}
PATTERNS = {"dated": DATED}
BASELINE = "migration-guard-baseline.json"
COMMAND_LINE = "the command line"
SUBTABLE = "roundtrip"  # read by config/roundtrip.py


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """The options of one place (the command line, or one file) as they were written. None: not said there."""

    target: tuple[str, ...] | None = None
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] | None = None
    severity: tuple[tuple[str, str], ...] | None = None
    fail_on: str | None = None
    exit_zero: bool | None = None
    start_after: str | None = None
    filename_pattern: str | None = None
    jobs: int | None = None
    cache: bool | None = None
    color: str | None = None
    output_format: tuple[str, ...] | None = None
    quiet: bool | None = None
    statistics: bool | None = None
    verbose: bool | None = None
    paths: tuple[str, ...] | None = None
    since: str | None = None
    baseline: str | None = None
    plugins: tuple[str, ...] | None = None
    trust_plugins: bool | None = None
    owners: Owners | None = None
    conventions: tuple[tuple[str, object], ...] | None = None


# What a file may say, beside the conventions: it came with the repository, and cannot trust itself.
KEYS = tuple(
    one.name.replace("_", "-") for one in fields(Overrides) if one.name not in ("trust_plugins", "conventions")
)


@dataclass(frozen=True, slots=True)
class Output:
    """One report to write: its format, and its file (None: the standard output)."""

    format: str
    file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """
    Every option of one history, checked. `file` is where they were written, None where no file speaks.

    `target` empty: to be found out. `filename_pattern` is a regular expression, or "alembic" for alembic.ini's
    file_template. `jobs` None: as it suits the files and processors. `baseline` is a file of findings that are known
    already. `absent` are the plugins that the file wishes for and no user has named. `said_by` names the place that an
    option of this name is from, where it is no default. `read` are the files that were looked for, absent ones too.
    """

    target: tuple[Target, ...] = ()
    selections: tuple[RuleSelection, ...] = ()
    severity: tuple[tuple[str, Severity], ...] = ()
    start_after: str | None = None
    filename_pattern: str | None = None
    conventions: Conventions = field(default_factory=Conventions)
    absent: tuple[str, ...] = ()
    fail_on: Severity = field(default=Severity.ERROR, metadata=BESIDE)
    exit_zero: bool = field(default=False, metadata=BESIDE)
    jobs: int | None = field(default=None, metadata=BESIDE)
    cache: bool = field(default=True, metadata=BESIDE)
    color: str = field(default="auto", metadata=BESIDE)
    output_format: tuple[Output, ...] = field(default=(Output("text"),), metadata=BESIDE)
    quiet: bool = field(default=False, metadata=BESIDE)
    statistics: bool = field(default=False, metadata=BESIDE)
    verbose: bool = field(default=False, metadata=BESIDE)
    paths: tuple[str, ...] = field(default=(), metadata=BESIDE)
    since: Since = field(default_factory=lambda: since(None), metadata=BESIDE)
    baseline: Path | None = field(default=None, metadata=BESIDE)
    plugins: tuple[str, ...] = field(default=(), metadata=BESIDE)
    owners: Owners = field(default=(), metadata=BESIDE)
    file: Path | None = field(default=None, metadata=BESIDE)
    said_by: tuple[tuple[str, str], ...] = field(default=(), metadata=BESIDE)
    read: tuple[Path, ...] = field(default=(), metadata=BESIDE)

    def judging(self) -> tuple[tuple[str, object], ...]:
        """
        The options on which the findings of a history rest, by name: every one that is not said to stand beside them.

        What is found is kept in the cache under these, so a new option is among them until somebody says otherwise.
        """
        return tuple((one.name, getattr(self, one.name)) for one in fields(self) if not one.metadata.get("beside"))

    def fence(self, option: str) -> Path | None:
        """The folder in which a file has to be that this option names for reading; None where the user named it."""
        return fence_of(self.file.absolute().parent) if self.file is not None and self.named(option) else None

    def selects(self, code: str, *, default: bool) -> bool:
        """Whether the rule of this code runs; `default` is what it does when nobody says anything."""
        for selection in self.selections:
            default = selection.decide(code, default)
        return default

    def named(self, option: str) -> bool:
        """Whether a file says what this option is: it may have come with what is judged."""
        return dict(self.said_by).get(option, COMMAND_LINE) != COMMAND_LINE

    def counts(self, finding: Finding) -> bool:
        """Whether a finding makes a run fail. A file that cannot be read always does."""
        return (finding.unconditional or finding.severity.at_least(self.fail_on)) and not self.exit_zero

    def severity_of(self, code: str, default: Severity) -> Severity:
        """How bad this rule's findings are: the most precise entry of the severity table, else `default`."""
        found = max(self.severity, key=lambda entry: precision(entry[0], code), default=None)
        return found[1] if found and precision(found[0], code) >= 0 else default


def load(
    folder: Path,
    *,
    explicit: Path | None = None,
    overrides: Overrides | None = None,
    known: Mapping[str, str],
    absent: tuple[str, ...] = (),
    content: Content = on_disk,
) -> Config:
    """
    The options that hold for a history in this folder: the nearest file upward, and `overrides` above it.

    `explicit` names the file instead. `known` maps every code that may be named to its slug. Of plugins that are
    `absent` the file may name rules that nobody knows: they are passed over. `content` gives what is in a file.
    """
    said = overrides or Overrides()
    file, table, read = written(folder, explicit, content)
    if file is None:
        return _checked((said, _Place(COMMAND_LINE, {}), known), read=read)
    places: list[tuple[Overrides, _Place, Mapping[str, str]]] = []
    below = extends.layers(file, table, content)
    for layer in below:
        place = _Place(layer.name, {key.replace("-", "_"): key for key in KEYS}, lenient=bool(absent))
        options = _from_table(layer.table, place)
        if options.baseline:
            options = replace(options, baseline=str(layer.file.parent / options.baseline))
        places.append((options, place, known))
    read = (*read, *(layer.file for layer in below if layer.file not in read))
    checked = _checked(*places, (said, _Place(COMMAND_LINE, {}), known), file=file, read=read)
    return replace(checked, absent=absent)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where options were written, for the sentences that complain about them."""

    name: str
    keys: Mapping[str, str]
    lenient: bool = False
    """Whether a rule that nobody knows may be one of a plugin that is not loaded."""

    def error(self, field: str, sentence: str) -> ConfigError:
        option = {"cache": "--no-cache", "plugins": "--plugin"}.get(field, f"--{field.replace('_', '-')}")
        key = self.keys.get(field) or (field.replace("_", "-") if self.keys else None)
        return ConfigError(f"{self.name}: {key}: {sentence}" if key else f"{option}: {sentence}")


def _from_table(table: dict[str, Any], place: _Place) -> Overrides:
    by_key = {key: field for field, key in place.keys.items()}
    values: dict[str, Any] = {}
    conventions: dict[str, object] = {}
    inner_table(table, SUBTABLE, place.name)
    for key, value in table.items():
        if key == SUBTABLE:
            continue
        if key in agreed.OPTIONS:
            conventions[agreed.OPTIONS[key]] = _read(key, value, place, partial(agreed.read, key))
            continue
        if key == who.KEY:
            values[key] = _read(key, value, place, who.read)
            continue
        if key not in by_key:
            every = (*by_key, *agreed.OPTIONS, extends.KEY, SUBTABLE)
            raise ConfigError(f"{place.name}: there is no option {key!r}.{nearest(key, every)}")
        field = by_key[key]
        reader, wanted = READERS.get(field, TEXT)
        if (read := reader(value)) is None:
            raise place.error(field, f"{value!r} is not {wanted}. Write it as {wanted}.")
        values[field] = read
    return Overrides(**values, conventions=tuple(conventions.items()))


def _read(key: str, value: object, place: _Place, reader: Callable[[object], object]) -> object:
    try:
        return reader(value)
    except WrongValue as error:
        raise ConfigError(f"{place.name}: {key}: {error}") from None


def _checked(
    *layers: tuple[Overrides, _Place, Mapping[str, str]], file: Path | None = None, read: tuple[Path, ...]
) -> Config:
    """The layers put on top of each other, each checked with the name of its own place."""
    values: dict[str, Any] = {}
    severity: dict[str, Severity] = {}
    owners: dict[str, tuple[str, ...]] = {}
    conventions: dict[str, Any] = {}
    said_by: dict[str, str] = {}
    for said, place, known in layers:
        conventions.update(_named_rules(said.conventions or (), place, known))
        said_by.update((name, place.name) for name, _ in said.conventions or ())
        for option in fields(Overrides):
            value = getattr(said, option.name)
            if value is None or option.name in ("select", "ignore", "extend_select", "conventions"):
                continue
            said_by[option.name] = place.name
            if option.name == "severity":
                severity.update(_severities(value, place, known))
            elif option.name == who.KEY:
                owners.update(value)
            else:
                values[option.name] = _CHECKS.get(option.name, _unchecked)(value, option.name, place)
    selections = tuple(_selection(*layer) for layer in layers)
    return Config(
        **values,
        severity=tuple(severity.items()),
        owners=tuple(owners.items()),
        selections=selections,
        conventions=Conventions(**conventions),
        file=file,
        said_by=tuple(said_by.items()),
        read=read,
    )


def _selection(said: Overrides, place: _Place, known: Mapping[str, str]) -> RuleSelection:
    def codes(field: str) -> tuple[str, ...]:
        words = [word.strip() for entry in getattr(said, field) or () for word in entry.split(",")]
        return tuple(code for word in words if word and (code := _selector(word, field, place, known)))

    select = None if said.select is None else codes("select")
    return RuleSelection(select=select, extend=codes("extend_select"), ignore=codes("ignore"))


def _selector(word: str, field: str, place: _Place, known: Mapping[str, str]) -> str:
    found = resolve(word, known)
    if found is None and place.lenient and not is_ours(word):
        return ""
    if found is None:
        raise place.error(
            field,
            f"no rule is called {word!r}.{nearest(word, (*known, *known.values(), 'ALL'))}"
            " Write a code (MG401), a name (blocking-index-build), a prefix (MG4) or ALL.",
        )
    return found


def _severities(
    pairs: Sequence[tuple[str, str]], place: _Place, known: Mapping[str, str]
) -> Iterable[tuple[str, Severity]]:
    for word, severity in pairs:
        if code := _selector(word, "severity", place, known):
            yield code, _severity(severity, "severity", place)


def _named_rules(
    options: Sequence[tuple[str, object]], place: _Place, known: Mapping[str, str]
) -> Iterable[tuple[str, object]]:
    """The conventions of one place, the rules in them by their codes."""
    for name, value in options:
        if name == "exempt_tables" and isinstance(value, tuple):
            value = tuple((_selector(word, name, place, known), tables) for word, tables in value)
        yield name, value


def _unchecked(value: Any, field: str, place: _Place) -> Any:
    return value


def _severity(value: str, field: str, place: _Place) -> Severity:
    return Severity(_choice(value, field, place, tuple(Severity)))


def _choice(value: str, field: str, place: _Place, choices: Sequence[str]) -> str:
    if value not in choices:
        raise place.error(field, f"{value!r} is none of {', '.join(choices)}.{nearest(value, choices)}")
    return value


def _color(value: str, field: str, place: _Place) -> str:
    return _choice(value, field, place, COLORS)


def _targets(values: Sequence[str], field: str, place: _Place) -> tuple[Target, ...]:
    try:
        return tuple(dict.fromkeys(parse(part) for value in values for part in value.split(",")))
    except ValueError as error:
        raise place.error(field, str(error)) from None


def _outputs(values: Sequence[str], field: str, place: _Place) -> tuple[Output, ...]:
    parts = [value.partition(":") for value in values]
    found = tuple(Output(_choice(name, field, place, FORMATS), file or None) for name, _, file in parts)
    files = [os.path.normpath(output.file) for output in dict.fromkeys(found) if output.file]
    twice = next((file for file in files if files.count(file) > 1), None)
    if twice is not None:
        raise place.error(field, f"two reports go to {twice}, and only the last would be there. Name a file for each.")
    return found


def _since(value: str, field: str, place: _Place) -> Since:
    return since(value)


def _file(value: str, field: str, place: _Place) -> Path | None:
    return Path(value).absolute() if value else None


def _pattern(value: str, field: str, place: _Place) -> str:
    if value == "alembic":
        return value
    pattern = PATTERNS.get(value, value)
    wrong = regular_expressions.problem(pattern)
    if wrong is not None:
        raise place.error(
            field, f"{value!r} is no regular expression ({wrong}). Write one, or one of the presets dated and alembic."
        )
    return pattern


def _jobs(value: int, field: str, place: _Place) -> int:
    if value < 1:
        raise place.error(field, f"{value} is no number of processes. Write 1 or more, or leave it out.")
    return value


_CHECKS: Mapping[str, Callable[[Any, str, _Place], Any]] = {
    "target": _targets,
    "fail_on": _severity,
    "color": _color,
    "output_format": _outputs,
    "filename_pattern": _pattern,
    "jobs": _jobs,
    "since": _since,
    "baseline": _file,
}
