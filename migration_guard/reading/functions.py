"""Calls of functions that are written in the project: their arguments, their decorators, and what they give."""

from __future__ import annotations

from dataclasses import dataclass, replace

import libcst as cst

from migration_guard.model.schema import Name
from migration_guard.model.unknown import Unknown
from migration_guard.reading.directives.handles import HANDLE_NAMES, cost_of_following, is_handle, mentions_handle
from migration_guard.reading.interpreter import conditions
from migration_guard.reading.interpreter.control_flow import ControlFlow
from migration_guard.reading.interpreter.scope import Frame, Returned
from migration_guard.reading.interpreter.values import (
    NONE,
    Attribute,
    CallValue,
    Class,
    Function,
    Items,
    Module,
    Pairs,
    Symbol,
    Text,
    Value,
    same,
)
from migration_guard.reading.source.source import Source
from migration_guard.reading.unentered import Uses

DEEPEST_CALLS = 24
# What an env.py of the project's own hands to upgrade(): operations, and its tables by their names.
_HANDED_BY_ENV: dict[str, Value] = {
    **dict.fromkeys(HANDLE_NAMES, Symbol("alembic.op")),
    "tables": Attribute(Symbol("alembic.env"), "tables"),
}


@dataclass(frozen=True, slots=True)
class FollowedFunction:
    """A function that was followed: its names, and the call and statement of the migration that led there."""

    frame: Frame
    outer: cst.Call | None
    statement: cst.CSTNode | None


class Functions(ControlFlow):
    """Follows calls into functions. `entered` are those that were followed."""

    def __init__(self, source: Source, module: Module, dialect: str) -> None:
        super().__init__(source, module, dialect)
        self.entered: dict[cst.CSTNode, FollowedFunction] = {}
        self.uses = Uses()
        self._calls: list[tuple[cst.CSTNode, int]] = []

    def opaque(
        self,
        node: cst.CSTNode | None,
        what: str,
        reason: str,
        *,
        tables: tuple[Name, ...] = (),
        rows_only: bool = False,
        when_imported: bool = False,
    ) -> None:
        """Notes something that could not be read; at a module's top level, where it runs `when_imported`."""
        raise NotImplementedError

    def met(self, value: Value) -> None:
        """Told of what a name stands for: of a class, Python calls methods by itself."""
        while type(value) is CallValue:
            value = value.function
        if type(value) is Function:
            if self.listening or self.frame.names is self.frame.module.names:
                self.uses.functions[value.node] = value
        elif type(value) is Class and value not in self.uses.classes:
            self.uses.classes[value] = self._statement

    def lose(self, owner: Value, name: str) -> None:
        """Told of an attribute that is not known: it may be a method of the project."""
        if self.listening:
            self.uses.attributes.setdefault(name, []).append((owner, self._statement))

    def keep(self, holder: Value) -> None:
        """Notes that a function or an object of a package got code of the project, which it may call later."""
        if isinstance(holder, Function | CallValue) and holder.node is not None:
            self.frame.module.holders.add(holder.node)

    def enter(self, function: Function, made: CallValue) -> tuple[Value, str | None]:
        """Runs a function's body with these arguments: what it gives, and how it ends: None, "return" or "raise"."""
        wrapper = self._decorated(function)
        if wrapper is not function:
            given = (function.bound, *made.arguments) if function.bound is not None else made.arguments
            call_of_wrapper = CallValue(wrapper, given, made.keywords, made.node, made.path)
            if isinstance(wrapper, Function):
                return self.enter(wrapper, call_of_wrapper)
            return self.call_value(wrapper, call_of_wrapper), None
        node = function.node
        # The wrapper of a decorator is another function for each that it wraps.
        call = node, id(function.closure)
        if len(self._calls) >= DEEPEST_CALLS or self._calls.count(call) > 1:
            self.budget.spend(cost_of_following([function]))
            leads = mentions_handle(node, Frame(function.module, {}, function.closure))
            if leads or any(map(is_handle, made.arguments)):
                self.opaque(made.node, function.name, "it calls itself, or calls are nested too deeply to follow")
            return Unknown("a call nested too deeply"), None
        frame = Frame(function.module, self._bound(function, made), function.closure, function, depth=len(self.guards))
        saved = self.frame, self.guards, self._outer, self.left
        if function.module is not self.module and self._outer is None:
            self._outer = made.node
        self.frame = frame
        self._calls.append(call)
        try:
            if isinstance(node, cst.Lambda):
                return self.evaluate(node.body), None
            end = self.block(node.body.body)
        finally:
            self._calls.pop()
            self.entered[node] = FollowedFunction(frame, self._outer, self._statement)
            if not self.listening:
                self.uses.functions.pop(node, None)
            behind = self.guards[frame.depth :]
            self.frame, self.guards, self._outer, self.left = saved
        if frame.yielded is not None:
            return frame.yielded, None
        values = [value for value, _ in frame.returned] or [NONE]
        asked = any(map(conditions.is_decidable, (guard for one in frame.returned for guard in one.guards)))
        agreed = all(same(values[0], value) for value in values[1:]) and (end == "return" or len(values) == 1)
        if agreed and not (asked and end is None):
            return values[0], end
        returned = frame.returned if end is not None else [*frame.returned, Returned(NONE, behind)]
        return conditions.result(returned) or Unknown(f"{function.name}() returns different values"), end

    def _decorated(self, function: Function) -> Value:
        """What those of its decorators make of a function that are written in the project."""
        decorators = function.node.decorators if isinstance(function.node, cst.FunctionDef) else ()
        if function.is_bare or not decorators:
            return function
        bare = replace(function, bound=None, is_bare=True)
        made: Value = bare
        saved, self.frame = self.frame, Frame(function.module, dict(function.closure))
        for decorator in reversed(decorators):
            found = self.evaluate(decorator.decorator)
            if isinstance(found, Function | Class) or _is_callable(found):
                given = self.call_value(found, CallValue(found, (made,), (), None, function.module.path))
                made = given if isinstance(given, Function) or _is_callable(given) else made
            elif self.special(found, "__enter__") is not None:  # a contextlib.ContextDecorator
                self.special(found, "__exit__", NONE, NONE, NONE)
        self.frame = saved
        return function if made is bare else made

    def _bound(self, function: Function, made: CallValue) -> dict[str, Value]:
        parameters = function.node.params
        names: dict[str, Value] = {}
        positional = [*parameters.posonly_params, *parameters.params]
        given = ([function.bound] if function.bound is not None else []) + list(made.arguments)
        keywords = dict(made.keywords)
        saved, self.frame = self.frame, Frame(function.module, dict(function.closure))
        for position, parameter in enumerate([*positional, *parameters.kwonly_params]):
            name = parameter.name.value
            if position < len(given) and position < len(positional):
                names[name] = given[position]
            elif name in keywords:
                names[name] = keywords.pop(name)
            elif parameter.default is not None and "**" not in keywords:
                names[name] = function.defaults.get(name) or self.evaluate(parameter.default)
            else:
                names[name] = _HANDED_BY_ENV.get(name) or Unknown(f"the parameter {name}")
        self.frame = saved
        if isinstance(parameters.star_arg, cst.Param):
            names[parameters.star_arg.name.value] = Items(given[len(positional) :])
        if parameters.star_kwarg is not None:
            rest = [(Text(key), value) for key, value in keywords.items() if key != "**" and key not in names]
            names[parameters.star_kwarg.name.value] = Pairs(list(rest))
        return names


def _is_callable(value: Value) -> bool:
    """Whether this is an object whose class says what a call of it does, or a functools.partial."""
    match value:
        case CallValue(function=Class() as kind):
            return isinstance(kind.find("__call__"), Function)
        case CallValue(function=Symbol(path="functools.partial")):
            return bool(value.arguments)
    return False
