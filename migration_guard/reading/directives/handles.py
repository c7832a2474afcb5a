"""Which values lead to the database: op itself, batches, connections and sessions made from them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import libcst as cst

from migration_guard.reading.interpreter.scope import Frame
from migration_guard.reading.interpreter.values import (
    Attribute,
    Batch,
    CallValue,
    Class,
    Function,
    Items,
    Module,
    Pairs,
    Symbol,
    Value,
)
from migration_guard.reading.source.nodes import names_in

# Names by which migrations call Alembic's operations, wherever they have them from.
HANDLE_NAMES = frozenset({"op", "alembic_op"})

NAMES_OF_A_STEP = 2
_LIBRARIES = frozenset({"sqlalchemy", "alembic", "builtins"})
# The methods of a connection or a session that run SQL.
RUNNERS = frozenset({"execute", "exec_driver_sql", "executemany", "scalar", "scalars", "executescript", "exec"})
OPENERS = frozenset({"Session", "sessionmaker", "scoped_session", "create_engine"})
_STAYS_HANDLE = frozenset(
    {"connect", "begin", "begin_nested", "execution_options", "connection", "get_bind", "engine", "bind", "session"}
)

# What a chain of attributes and calls is made of. To ask for a union makes it anew each time.
LINKS = (CallValue, Attribute)


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


def hands_over(value: Value | None) -> bool:
    """Whether who gets this value can reach the database by it: a handle, a directive, or a function that has one."""
    match value:
        case Symbol(path=path) if path.startswith("alembic.op."):
            return True
        case Attribute(owner=Function() as owner, name="__code__"):
            return hands_over(owner)
        case Attribute(owner=owner, name=name):
            return is_handle(value) or isinstance(owner, Batch) or (name in RUNNERS and is_handle(owner))
        case Function(node=node, module=module, closure=closure):
            return mentions_handle(node, Frame(module, {}, closure))
        case Items(items=items):
            return any(map(hands_over, items))
        case Pairs(pairs=pairs):
            return any(hands_over(one) for _, one in pairs)
        case CallValue(function=Symbol(path="functools.partial"), arguments=[inner, *_]):
            return hands_over(inner)
        case CallValue(function=Class() as kind):
            return any(map(hands_over, given(value))) or has_handle(kind)
    return is_handle(value)


def cost_of_following(values: Iterable[Value]) -> int:
    """The steps that it takes at most to tell whether one of these values hands a handle over."""
    steps = 0
    waiting = list(values)
    while waiting:
        value = waiting.pop()
        if type(value) is Function:
            steps += len(value.module.names) // NAMES_OF_A_STEP
        elif type(value) is Items:
            waiting += value.items
        elif type(value) is Pairs:
            waiting += [one for _, one in value.pairs]
    return steps


def has_directives(module: Module) -> bool:
    """Whether a function of a module can reach the database."""
    return any(isinstance(one, Function) and hands_over(one) for one in module.names.values())


def has_handle(kind: Class) -> bool:
    """Whether a class, or one that it comes from, can reach the database by itself."""
    every = tuple(kind.every())
    methods = tuple((one.node, one.module) for one in every if isinstance(one, Function))
    return any(map(is_handle, every)) or _methods_lead(methods, sum(len(module.names) for _, module in methods))


@lru_cache(maxsize=512)
def _methods_lead(methods: tuple[tuple[cst.CSTNode, Module], ...], names: int) -> bool:
    """Whether one of these methods mentions a handle, as long as their modules have that many names."""
    leads = Leads()
    return any(mentions_handle(node, Frame(module, {}), leads) for node, module in methods)


def was_handed_one(value: Value) -> bool:
    """Whether a value is an object that was given a handle when it was made, by code that is not read."""
    while isinstance(value, LINKS):
        if isinstance(value, CallValue) and isinstance(value.function, Symbol):
            return not is_read(value.function) and any(map(hands_over, given(value)))
        if isinstance(value, CallValue) and isinstance(value.function, CallValue) and any(map(_leads_on, given(value))):
            return True  # `cache(size=1)(function)`
        value = value.function if isinstance(value, CallValue) else value.owner
    return False


def _leads_on(value: Value) -> bool:
    return isinstance(value, Function) and hands_over(value)


def holder_of(function: Value) -> Value | None:
    """The function, or the object of a package, of which this is a method, or a function that a method gave."""
    while isinstance(function, LINKS):
        if isinstance(function, CallValue) and isinstance(function.function, Symbol):
            return None if is_read(function.function) else function
        function = function.function if isinstance(function, CallValue) else function.owner
    return function if isinstance(function, Function) else None


def is_library(symbol: Symbol) -> bool:
    """Whether a name is Python's, SQLAlchemy's or Alembic's own."""
    return is_read(symbol) or symbol.path.partition(".")[0] in sys.stdlib_module_names


def is_read(symbol: Symbol) -> bool:
    """Whether a name is of a library whose calls are read one by one."""
    return symbol.path.partition(".")[0] in _LIBRARIES


def given(made: CallValue) -> Iterator[Value]:
    """The arguments of a call, by position and by keyword."""
    yield from made.arguments
    yield from (value for _, value in made.keywords)


@dataclass(slots=True)
class Leads:
    """What was found out of functions of the project, which holds as long as no name changes: those that lead there."""

    names: dict[int, frozenset[str]] = field(default_factory=dict)
    leading: set[tuple[int, int]] = field(default_factory=set)
    others: set[tuple[int, int]] = field(default_factory=set)

    def follow(self, name: str, frame: Frame, seen: set[tuple[int, int]]) -> bool:
        """Whether a name leads to the database; the functions on the way are `seen`."""
        value = next((names[name] for names in (frame.names, frame.closure, frame.module.names) if name in names), None)
        match value:
            case None:
                return name in HANDLE_NAMES
            case Symbol(path=path):
                return path == "alembic.op" or path.startswith("alembic.op.")
            case Function(node=node, module=module, closure=closure):
                key = id(node), id(closure)
                if key in self.leading or key in self.others or key in seen:
                    return key in self.leading
                seen.add(key)
                if id(node) not in self.names:
                    self.names[id(node)] = names_in(node)
                if any(self.follow(one, Frame(module, {}, closure), seen) for one in self.names[id(node)]):
                    self.leading.add(key)
                return key in self.leading
        return is_handle(value)


def mentions_handle(node: cst.CSTNode, frame: Frame, known: Leads | None = None) -> bool:
    """
    Whether a name in a node leads to the database, or to a function of the project in which one does. `known` keeps
    what is found out of these functions.
    """
    known = known or Leads()
    seen: set[tuple[int, int]] = set()
    if any(known.follow(name, frame, seen) for name in names_in(node)):
        return True
    known.others |= seen
    return False


def is_other_api(owner: Value) -> bool:
    """Whether `.execute` belongs to something that is no connection: a thread pool, a command object."""
    root = root_of(owner)
    return isinstance(root, Symbol) and root.path.partition(".")[0] in sys.stdlib_module_names


def root_of(value: Value) -> Value:
    """What a chain of attributes and calls begins with."""
    while isinstance(value, LINKS):
        value = value.function if isinstance(value, CallValue) else value.owner
    return value
