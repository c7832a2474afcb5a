"""
Nothing is lost in silence: which functions of the project that lead to the database nobody came to, though the code
that was followed uses their class, or an attribute of their name of something that is not known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import libcst as cst

from migration_guard.reading.directives.handles import Leads, given, is_read, mentions_handle, root_of
from migration_guard.reading.interpreter.scope import Frame
from migration_guard.reading.interpreter.values import Batch, CallValue, Class, Function, Module, Symbol, Value

# What the walker comes to by itself, where the object is known.
_FOLLOWED = frozenset({"__init__", "__post_init__", "__call__", "__enter__", "__exit__", "__init_subclass__"})

# What gives what it was given, or some of it.
_PASSERS = frozenset(
    {
        *("builtins.enumerate", "builtins.filter", "builtins.iter", "builtins.list", "builtins.map", "builtins.max"),
        *("builtins.min", "builtins.next", "builtins.reversed", "builtins.set", "builtins.sorted", "builtins.tuple"),
    }
)


@dataclass(slots=True)
class Uses:
    """
    What followed code uses: `classes`, `functions`, `attributes` of what is not known, and what is not known and called
    (`calls`), each with the statement it is in.
    """

    classes: dict[Class, cst.CSTNode | None] = field(default_factory=dict)
    functions: dict[cst.CSTNode, Function] = field(default_factory=dict)
    attributes: dict[str, list[tuple[Value, cst.CSTNode | None]]] = field(default_factory=dict)
    calls: list[cst.CSTNode | None] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class UnenteredFunction:
    """A function that nobody came to, the statement that may lead there, and why it was not followed."""

    function: Function
    statement: cst.CSTNode | None
    reason: str


def unentered_functions(
    module: Module, uses: Uses, entered: Collection[cst.CSTNode], leads: Leads
) -> Iterator[UnenteredFunction]:
    """The functions of a migration's file, and of classes it uses, that may be called without being named."""

    def is_unentered(function: Function) -> bool:
        frame = Frame(function.module, {}, function.closure)
        return function.node not in entered and mentions_handle(function.node, frame, leads)

    for function in uses.functions.values() if uses.calls else ():
        if is_unentered(function):
            yield UnenteredFunction(function, uses.calls[0], _may_call(function.name))
    for name, value in module.names.items():
        if isinstance(value, Function) and name in uses.attributes and is_unentered(value):
            yield from _by_name(value, name, uses)
    own = [value for value in module.names.values() if isinstance(value, Class)]
    seen: set[cst.CSTNode] = set()
    for kind in dict.fromkeys(one for start in (*uses.classes, *own) for one in start.order()):
        for name, value in kind.names.items():
            if isinstance(value, CallValue) and kind in uses.classes:
                for one in given(value):
                    if isinstance(one, Function) and is_unentered(one):
                        reason = f"Python may call what {kind.name}.{name} was given, which leads to the database"
                        yield UnenteredFunction(one, uses.classes[kind], reason)
            if not isinstance(value, Function) or value.node in seen or not _is_used(kind, name, uses):
                continue
            seen.add(value.node)
            if not is_unentered(value):
                continue
            if _is_special(name) or _is_registered(value):
                reason = f"Python calls {kind.name}.{name}() by itself, which leads to the database"
                yield UnenteredFunction(value, uses.classes[kind], reason)
            else:
                yield from _by_name(value, f"{kind.name}.{name}", uses)


def _is_used(kind: Class, name: str, uses: Uses) -> bool:
    if kind in uses.classes and _is_registered(kind.names[name]):
        return True
    return kind in uses.classes and name not in _FOLLOWED if _is_special(name) else name in uses.attributes


def _is_registered(method: Value) -> bool:
    """Whether another method keeps this one: `@method.register`."""
    decorators = (
        method.node.decorators if isinstance(method, Function) and isinstance(method.node, cst.FunctionDef) else ()
    )
    named = [one.decorator.func if isinstance(one.decorator, cst.Call) else one.decorator for one in decorators]
    return any(isinstance(one, cst.Attribute) and one.attr.value == "register" for one in named)


def _is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _by_name(function: Function, shown: str, uses: Uses) -> Iterator[UnenteredFunction]:
    """Where an attribute of that name was asked of something that may be the project's own."""
    for owner, statement in uses.attributes[function.name]:
        root = root_of(owner)
        passed = isinstance(root, Symbol) and is_read(root) and root.path not in _PASSERS
        if not isinstance(owner, Batch) and not passed:
            yield UnenteredFunction(function, statement, _may_call(shown))
            return


def _may_call(shown: str) -> str:
    return f"it may call {'a lambda' if shown == 'lambda' else f'{shown}()'}, which leads to the database"
