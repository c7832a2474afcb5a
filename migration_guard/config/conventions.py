"""
Knows what a team can agree on about its schema: every option of the rules on conventions, its default and its reader.

The options stand beside the others at the top level of a configuration, each under its name with hyphens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from string import Formatter

from migration_guard.config.selection import nearest
from migration_guard.model import regular_expressions
from migration_guard.model.conventions import Conventions, Names

Read = Callable[[object], object]


class WrongValue(ValueError):
    """A value that an option cannot have. The message says what is wrong with it and what to write."""


def _choice(*choices: str) -> Read:
    def read(value: object) -> object:
        if value not in choices:
            hint = nearest(value, choices) if isinstance(value, str) else ""
            raise WrongValue(f"{value!r} is none of {', '.join(choices)}.{hint}")
        return value

    return read


def _names(value: object) -> Names:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(one, str) and one for one in value):
        return tuple(value)
    raise WrongValue(f"{value!r} is not a list of names. Write it as a list of strings; * stands for anything.")


def _count(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise WrongValue(f"{value!r} is no number. Write 0 or more.")


def _text(value: object) -> str:
    if isinstance(value, str) and value:
        return value
    raise WrongValue(f"{value!r} is not a string. Write it as a string.")


def _pattern(value: object) -> object:
    text = _text(value)
    wrong = regular_expressions.problem(text)
    if wrong is not None:
        raise WrongValue(f"{value!r} is no regular expression ({wrong}).")
    return text


def _template(value: object) -> object:
    text = _text(value)
    try:
        # A format or an attribute (`{table:>9}`, `{table.x}`) would be Python's, and no part of a name.
        known = all(
            name in (None, "table", "columns") and not (format or conversion)
            for _, name, format, conversion in Formatter().parse(text)
        )
    except ValueError:
        known = False
    if not known:
        raise WrongValue(f"{value!r} has braces that stand for nothing. There are {{table}} and {{columns}}.")
    return text


def _ondelete(value: object) -> object:
    words = " ".join(_text(value).upper().split())
    if words == "EXPLICIT":
        return "explicit"
    return _choice("CASCADE", "RESTRICT", "SET NULL", "SET DEFAULT", "NO ACTION")(words)


def _exemptions(value: object) -> object:
    if not isinstance(value, dict):
        return (("ALL", _names(value)),)
    return tuple((word, _names(patterns)) for word, patterns in value.items())


READERS: Mapping[str, Read] = {
    "exempt_tables": _exemptions,
    "large_tables": _names,
    "small_tables": _names,
    "uuid_keys": _choice("native", "string", "any"),
    "uuid_default": _choice("server", "client", "any"),
    "timestamp_columns": _names,
    "timestamp_zone": _choice("required", "utc-naive"),
    "timestamp_zone_columns": _names,
    "timestamp_default_columns": _names,
    "timestamp_default": _choice("server", "client", "any"),
    "tenant_tables": _names,
    "soft_delete": _choice("deleted_at", "is_deleted", "both", "any"),
    "soft_delete_tables": _names,
    "ondelete": _ondelete,
    "index_name": _template,
    "unique_name": _template,
    "table_names": _choice("plural", "snake-case"),
    "query_columns": _names,
    "ticket_pattern": _pattern,
    "required_defaults": _choice("all", "added"),
    "personal_columns": _names,
    "audited_tables": _names,
    "migration_reason": _choice("description", "reason"),
    "deprecation_revisions": _count,
    "deprecation_releases": _count,
    "trusted_extensions": _names,
}
OPTIONS: Mapping[str, str] = {one.name.replace("_", "-"): one.name for one in fields(Conventions)}
MEANINGS: Mapping[str, str] = {one.name.replace("_", "-"): one.metadata["meaning"] for one in fields(Conventions)}


def read(key: str, value: object) -> object:
    """The value of the option with this key, as TOML has it. Raises WrongValue."""
    return READERS[OPTIONS[key]](value)
