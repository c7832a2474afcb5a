"""Calls that touch no database, by what they are called or by the package that they come from."""

from __future__ import annotations

from migration_guard.reading.interpreter.values import Symbol, Value

METHODS = frozenset(
    [
        "debug",
        "info",
        "warning",
        "warn",
        "error",
        "exception",
        "critical",
        "log",
        "print",
        "echo",
        "secho",
        "write",
        "writelines",
        "sleep",
        "filterwarnings",
        "simplefilter",
        "getLogger",
        "setLevel",
        "append",
        "extend",
        "add",
        "update",
        "setdefault",
        "pop",
        "remove",
        "discard",
        "clear",
        "insert",
        "sort",
        "reverse",
        "items",
        "keys",
        "values",
        "get",
        "close",
        "flush",
        "commit",
        "rollback",
        "begin",
        "begin_nested",
        "expunge",
        "expunge_all",
        "expire_all",
        "refresh",
        "join",
        "start",
        "register",
        "isEnabledFor",
        "invalidate",
        "reflect",
        "raise_for_status",
    ]
)
PACKAGES = frozenset(
    [
        "attr",
        "attrs",
        "click",
        "colorama",
        "decouple",
        "dotenv",
        "environs",
        "faker",
        "logfire",
        "loguru",
        "marshmallow",
        "msgspec",
        "nest_asyncio",
        "numpy",
        "pydantic",
        "pydantic_settings",
        "rich",
        "sentry_sdk",
        "structlog",
        "termcolor",
        "tqdm",
        "typer",
    ]
)


def is_of_quiet_package(function: Value) -> bool:
    """Whether a function comes from a package that touches no database unless it is handed one."""
    return isinstance(function, Symbol) and function.path.partition(".")[0] in PACKAGES


def is_plain_function(function: Value) -> bool:
    """Whether this is imported from a module, and no method of a class or an object: `utils.update`."""
    owners = function.path.split(".")[:-1] if isinstance(function, Symbol) else ["session"]
    return not any(one[:1].isupper() or one in _OBJECTS for one in owners)


_OBJECTS = frozenset({"metadata", "session", "logger", "log", "logging"})
