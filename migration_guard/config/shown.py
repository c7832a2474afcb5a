"""Writes the options that hold as TOML: what is read back from it is the same, and each line says where it is from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from enum import Enum

from migration_guard.config import Config, Output
from migration_guard.config.conventions import OPTIONS
from migration_guard.model.printable import printable

# What is about one run or one machine, or is written in another way below.
LEFT_OUT = (
    "selections",
    "severity",
    "conventions",
    "absent",
    "since",
    "baseline",
    "plugins",
    "file",
    "said_by",
    "read",
)


def toml(config: Config, rules: Mapping[str, str]) -> str:
    """The configuration as TOML. `rules` are the rules that run, each with its name, by code."""
    places = dict(config.said_by)
    lines = [f"# {printable(str(config.file)) if config.file else 'No file says anything: these are the defaults.'}"]
    for option in fields(Config):
        value = getattr(config, option.name)
        if option.name not in LEFT_OUT and value not in (None, (), ""):
            lines.append(_line(option.name.replace("_", "-"), value, places.get(option.name)))
    for key, name in OPTIONS.items():
        value = getattr(config.conventions, name)
        if name in places or value != ():
            lines.append(_line(key, value, places.get(name)))
    lines += ["", "# The rules that run.", "select = ["]
    lines += [f"    {shown(code)},  # {name}" for code, name in rules.items()]
    lines.append("]")
    if config.severity:
        lines += ["", "[severity]", *(f"{code} = {shown(severity)}" for code, severity in config.severity)]
    return "\n".join(lines) + "\n"


def _line(key: str, value: object, place: str | None) -> str:
    said = f"  # {printable(place)}" if place else ""
    return f"{key} = {shown(value)}{said}"


def shown(value: object) -> str:
    """A value of an option as TOML has it. Numbers and truth values are as in JSON."""
    match value:
        case Output(name, file):
            return _quoted(f"{name}:{file}" if file else name)
        case Enum():
            return _quoted(value.value)
        case tuple() if value and all(isinstance(one, tuple) for one in value):
            return "{ " + ", ".join(f"{name} = {shown(inner)}" for name, inner in value) + " }"
        case tuple():
            return "[" + ", ".join(map(shown, value)) + "]"
        case bool() | int():
            return json.dumps(value)
    return _quoted(str(value))


def _quoted(text: str) -> str:
    """
    A string as JSON has it, but for what lies beyond U+FFFF, which is one character in TOML and two in JSON, for DEL,
    and for what would be a command to the runner of a workflow.
    """
    return f'"{"".join(map(_escaped, text))}"'.replace("##[", r"#\u0023[")


def _escaped(character: str) -> str:
    if character == "\x7f":
        return r"\u007f"
    return json.dumps(character)[1:-1] if character <= "\uffff" else f"\\U{ord(character):08x}"
