"""Which values lead to the database: op itself, batches, connections and sessions made from them."""

from __future__ import annotations

import sys

from migration_guard.reading.interpreter.values import Attribute, Batch, CallValue, Symbol, Value

OPENERS = frozenset({"Session", "sessionmaker", "scoped_session", "create_engine"})
_STAYS_HANDLE = frozenset(
    {"connect", "begin", "begin_nested", "execution_options", "connection", "get_bind", "engine", "bind", "session"}
)


def is_handle(value: Value | None) -> bool:
    """Whether a value leads to the database: op, a batch, a connection or a session made from one."""
    match value:
        case Symbol(path=path):
            return path == "alembic.op"
        case Batch():
            return True
        case CallValue(function=Symbol(path=path)):
            if path.startswith(("alembic.op.get_", "alembic.context.get_")):
                return True
            return path.rpartition(".")[2] in OPENERS
        case CallValue(function=Attribute(name=name)) if name in OPENERS:
            return True
        case CallValue(function=Attribute(owner=owner, name=name)) | Attribute(owner=owner, name=name):
            return name in _STAYS_HANDLE and is_handle(owner)
        case CallValue(function=function):
            return is_handle(function)
    return False


def is_other_api(owner: Value) -> bool:
    """Whether `.execute` belongs to something that is no connection: a thread pool, a command object."""
    root = root_of(owner)
    return isinstance(root, Symbol) and root.path.partition(".")[0] in sys.stdlib_module_names


def root_of(value: Value) -> Value:
    """What a chain of attributes and calls begins with."""
    while isinstance(value, CallValue | Attribute):
        value = value.function if isinstance(value, CallValue) else value.owner
    return value
