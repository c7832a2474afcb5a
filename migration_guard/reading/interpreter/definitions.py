"""Definitions and imports: which names a module's functions, classes and import statements bind, and to what."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import libcst as cst

from migration_guard.reading.interpreter.evaluator import Evaluator
from migration_guard.reading.interpreter.scope import Frame
from migration_guard.reading.interpreter.values import CallValue, Class, Function, Module, Symbol, Text, Value

IMPLEMENTATION = "@implementation"
"""The name under which a class of operations keeps the function that Operations.implementation_for() registers."""


class Definitions(Evaluator):
    """Binds what is defined and imported."""

    def directive_names(self) -> Collection[str]:
        """The names that `from alembic.op import *` binds."""
        raise NotImplementedError

    def block(self, statements: Sequence[cst.BaseStatement | cst.BaseSmallStatement]) -> str | None:
        """Runs statements in order; gives how they end."""
        raise NotImplementedError

    def define(self, statement: cst.FunctionDef) -> None:
        """A function: it sees the names around it, those assigned later on included."""
        module_level = self.frame.names is self.frame.module.names
        closure = {} if module_level else self.around()
        function = Function(statement, self.frame.module, closure)
        self.frame.names[statement.name.value] = function
        if module_level:
            self._register(statement, function)
        for given in self._registrations(statement, "implementation_for"):
            if given and isinstance(given[0], Class):
                given[0].names[IMPLEMENTATION] = function

    def _subclassed(self, made: Class, statement: cst.ClassDef) -> None:
        """A class that this one comes from may do something with it: `__init_subclass__`."""
        given = [(one.keyword.value, self.evaluate(one.value)) for one in statement.keywords if one.keyword is not None]
        hook = made.find_behind(made, "__init_subclass__")
        if isinstance(hook, Function):
            hook = replace(hook, bound=made)
            keywords = tuple(one for one in given if one[0] != "metaclass")
            self.call_value(hook, CallValue(hook, (), keywords, None, self.frame.module.path))

    def _register(self, statement: cst.FunctionDef | cst.ClassDef, made: Function | Class) -> None:
        """A decorator of the project may keep a function or a class somewhere."""
        for one in reversed(statement.decorators):
            name: cst.BaseExpression = one.decorator
            while isinstance(name, cst.Call | cst.Attribute):
                name = name.func if isinstance(name, cst.Call) else name.value
            own = self.lookup(name.value) if isinstance(name, cst.Name) else None
            if isinstance(own, Function | CallValue):
                decorator = self.evaluate(one.decorator)
                given = replace(made, is_bare=True) if isinstance(made, Function) else made
                self.call_value(decorator, CallValue(decorator, (given,), (), None, self.frame.module.path))

    def define_class(self, statement: cst.ClassDef) -> None:
        """A class: its body is walked, its methods are not."""
        bases = tuple(self.evaluate(base.value) for base in statement.bases)
        saved = self.frame
        names: dict[str, Value] = {}
        self.frame = Frame(saved.module, names, self.around())
        try:
            self.block(statement.body.body)
        finally:
            self.frame = saved
        fields = tuple(
            one.target.value
            for line in statement.body.body
            for one in (line.body if isinstance(line, cst.SimpleStatementLine) else ())
            if isinstance(one, cst.AnnAssign) and isinstance(one.target, cst.Name)
        )
        made = Class(statement.name.value, bases, names, fields)
        saved.names[statement.name.value] = made
        self._subclassed(made, statement)
        if saved.names is saved.module.names:
            self._register(statement, made)
        for given in self._registrations(statement, "register_operation"):
            directive = [one.value for one in given if isinstance(one, Text)]
            method = made.find(directive[-1]) if directive else None
            if isinstance(method, Function):
                saved.module.directives[directive[0]] = replace(method, bound=made)

    def _registrations(self, statement: cst.FunctionDef | cst.ClassDef, method: str) -> Iterator[list[Value]]:
        """The arguments of each decorator `Operations.register_operation(...)`, or of another method."""
        for one in statement.decorators:
            call = one.decorator
            if isinstance(call, cst.Call) and isinstance(call.func, cst.Attribute) and call.func.attr.value == method:
                yield [self.evaluate(argument.value) for argument in call.args]

    def import_names(self, statement: cst.Import | cst.ImportFrom) -> None:
        """`import` and `from ... import`: what they name is looked up when it is used."""
        origin = self.frame.module.path
        if isinstance(statement, cst.Import):
            for alias in statement.names:
                path = _dotted(alias.name)
                if self.listening and self.frame.names is not self.frame.module.names:
                    self.resolve(Symbol(path, origin))  # where it stands in a function, for what it does
                if alias.asname is not None:
                    self.bind(alias.asname.name, Symbol(path, origin))
                else:
                    first = path.partition(".")[0]
                    self.frame.names[first] = Symbol(first, origin)
            return
        base = "." * len(statement.relative) + (_dotted(statement.module) if statement.module is not None else "")
        if isinstance(statement.names, cst.ImportStar):
            loaded = self.resolve(Symbol(base, origin))
            if isinstance(loaded, Module):
                self.frame.names.update(loaded.names)
            elif base == "alembic.op":
                self.frame.names.update({name: Symbol(f"alembic.op.{name}") for name in self.directive_names()})
            return
        for alias in statement.names:
            name = _dotted(alias.name)
            target = alias.asname.name if alias.asname is not None else alias.name
            self.bind(target, Symbol(f"{base}{'' if base.endswith('.') else '.'}{name}", origin))


def _dotted(node: cst.BaseExpression) -> str:
    if isinstance(node, cst.Attribute):
        return f"{_dotted(node.value)}.{node.attr.value}"
    return node.value if isinstance(node, cst.Name) else ""
