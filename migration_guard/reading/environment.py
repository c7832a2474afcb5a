"""
What env.py says about how migrations run: the arguments of its configure() calls and the metadata's naming
convention.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from migration_guard.model.migration import Environment
from migration_guard.reading.interpreter.modules import Files
from migration_guard.reading.interpreter.values import (
    Attribute,
    CallValue,
    Class,
    Constant,
    Items,
    Pairs,
    Symbol,
    Text,
    Value,
)
from migration_guard.reading.source.nodes import parts_of
from migration_guard.reading.walker import Walker

_KEYS_ON = re.compile(r"foreign_keys\s*=\s*(?:on|1|true|yes)\b", re.IGNORECASE)
_KEYS_OFF = re.compile(r"foreign_keys\s*=\s*(?:off|0|false|no)\b", re.IGNORECASE)
# By these an env.py makes the column wider: in SQL, in a table of its own, or in version_table_impl().
# https://alembic.sqlalchemy.org/en/latest/api/ddl.html#alembic.ddl.impl.DefaultImpl.version_table_impl
_OF_VERSION_COLUMN = ("version_num", "version_table_impl")


def read_environment(path: str, dialect: str, files: Files) -> Environment:
    """The settings of an env.py; what it does not say, or says in a way that is not followed, stays None."""
    source = files.source(path)
    if source is None:
        return Environment()
    flags: dict[str, list[bool | None]] = {}
    autocommit = False
    metadata: list[cst.BaseExpression] = []
    plain = True
    for call in _calls(source.module):
        function = call.func
        name = function.attr.value if isinstance(function, cst.Attribute) else getattr(function, "value", "")
        if name == "configure":
            plain &= not any(argument.star for argument in call.args)
            flags.setdefault("transaction_per_migration", []).append(_says(call, "transaction_per_migration"))
        for argument in call.args:
            if argument.keyword is None:
                continue
            key, value = argument.keyword.value, argument.value
            if name == "configure" and key == "transactional_ddl":
                flags.setdefault(key, []).append(_flag(value))
            if name == "configure" and key == "target_metadata":
                metadata.append(value)
            if key == "isolation_level" and isinstance(value, cst.SimpleString):
                autocommit |= value.raw_value.upper() == "AUTOCOMMIT"
    walker = Walker(source, dialect, files)
    given = [walker.evaluate(expression) for expression in metadata]
    conventions = (_convention(walker, value) for value in (walker.module.names.get("target_metadata"), *given))
    convention = next(filter(None, conventions), set())
    called = "transaction_per_migration" in flags
    return Environment(
        transaction_per_migration=_agreed(flags.get("transaction_per_migration")),
        transactional_ddl=_agreed(flags.get("transactional_ddl")),
        autocommit=autocommit or None,
        naming_convention=tuple(sorted(convention)),
        search_path="search_path" in source.text,
        names_itself=plain and called and not convention and all(map(_has_no_convention, given)),
        foreign_keys_on=_KEYS_ON.search(source.text) is not None and not _KEYS_OFF.search(source.text),
        names_version_column=any(word in source.text for word in _OF_VERSION_COLUMN),
    )


def _calls(node: cst.CSTNode) -> Iterator[cst.Call]:
    stack = [node]
    while stack:
        here = stack.pop()
        if type(here) is cst.Call:
            yield here
        stack += parts_of(here)


def _says(call: cst.Call, key: str) -> bool | None:
    """What a call says of a flag that is off where it is not given; None where the arguments do not show it."""
    given = [argument.value for argument in call.args if argument.keyword and argument.keyword.value == key]
    if given:
        return _flag(given[0])
    return None if any(argument.star for argument in call.args) else False


def _flag(value: cst.BaseExpression) -> bool | None:
    return {"True": True, "False": False}.get(value.value) if isinstance(value, cst.Name) else None


def _agreed(values: list[bool | None] | None) -> bool | None:
    return values[0] if values and len(set(values)) == 1 else None


def _has_no_convention(value: Value) -> bool:
    """Whether a `target_metadata` certainly has no naming convention: it is None, or a MetaData() without one."""
    if isinstance(value, CallValue) and isinstance(value.function, Symbol) and value.function.name == "MetaData":
        return value.keyword("naming_convention") is None and value.keyword("**") is None
    return value == Constant(None)


def _convention(walker: Walker, value: Value | None, depth: int = 0) -> set[str]:
    """The keys of the naming convention that a MetaData, or the base class that holds it, was given."""
    if depth > 8:
        return set()
    match value:
        case Items(items=items):
            return {key for item in items for key in _convention(walker, item, depth + 1)}
        case CallValue(function=Symbol(name="MetaData")):
            pairs = value.keyword("naming_convention")
            found = [(key, text) for key, text in pairs.pairs] if isinstance(pairs, Pairs) else []
            return {
                f"{key.shown}={text.shown}" for key, text in found if isinstance(key, Text) and isinstance(text, Text)
            }
        case CallValue():
            return _convention(walker, value.keyword("metadata"), depth + 1)
        case Class(names=names, bases=bases):
            for inner in (names.get("metadata"), *bases):
                if isinstance(inner, CallValue | Class) and (found_keys := _convention(walker, inner, depth + 1)):
                    return found_keys
            return set()
        case Attribute(owner=owner, name="metadata") if owner != Constant(None):
            return _convention(walker, owner, depth + 1)
    return set()
