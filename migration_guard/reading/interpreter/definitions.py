"""Definitions and imports: which names a module's functions, classes and import statements bind, and to what."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import libcst as cst

from migration_guard.reading.interpreter.attributes import decorator_names
from migration_guard.reading.interpreter.evaluator import Evaluator
from migration_guard.reading.interpreter.scope import Frame
from migration_guard.reading.interpreter.values import (
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
)

METACLASS = "@metaclass"
"""The name under which a class keeps the class of the project that made it."""
IMPLEMENTATION = "@implementation"
"""The name under which a class of operations keeps the function that Operations.implementation_for() registers."""

HOLDING = frozenset(
    {
        *("abc", "builtins", "collections", "contextlib", "copy", "dataclasses", "enum", "functools", "inspect"),
        *("itertools", "operator", "types", "typing"),
    }
)
"""Those of Python's modules whose functions only hold what they are given, or give it back."""
_OF_CONTEXTS = frozenset({"contextmanager", "asynccontextmanager"})


class Definitions(Evaluator):
    """Binds what is defined and imported. A metaclass is `making` a class."""

    making: Class | None = None

    def directive_names(self) -> Collection[str]:
        """The names that `from alembic.op import *` binds."""
        raise NotImplementedError

    def imported(self, path: str) -> None:
        """Told of what is imported, which does whatever stands at the top of its file."""
        raise NotImplementedError

    def block(self, statements: Sequence[cst.BaseStatement | cst.BaseSmallStatement]) -> str | None:
        """Runs statements in order; gives how they end."""
        raise NotImplementedError

    def define(self, statement: cst.FunctionDef) -> None:
        """A function: it sees the names around it, those assigned later on included."""
        module_level = self.frame.names is self.frame.module.names
        closure = {} if module_level else self.around()
        function = Function(statement, self.frame.module, closure, defaults=self.defaults_of(statement.params))
        self.assign(statement.name.value, function)
        if self.frame.method is None:
            self._register(statement, function)
        for given in self._registrations(statement, "implementation_for"):
            if given and isinstance(given[0], Class):
                given[0].names[IMPLEMENTATION] = function

    def _subclassed(self, made: Class, statement: cst.ClassDef) -> None:
        """A class that this one comes from may do something with it: `__init_subclass__`."""
        given = [(one.keyword.value, self.evaluate(one.value)) for one in statement.keywords if one.keyword is not None]
        kind = next((value for key, value in given if key == "metaclass"), made.find(METACLASS))
        if isinstance(kind, Class):
            made.names[METACLASS] = kind
            self._made_by(kind, made, statement)
        hook = made.find_behind(made, "__init_subclass__")
        if isinstance(hook, Function):
            hook = replace(hook, bound=made)
            keywords = tuple(one for one in given if one[0] != "metaclass")
            self.call_value(hook, CallValue(hook, (), keywords, None, self.frame.module.path))

    def _made_by(self, kind: Class, made: Class, statement: cst.ClassDef) -> None:
        """What a metaclass does with a class: its __new__() gets what `super().__new__()` gives, which is the class."""
        names = Pairs([(Text(name), value) for name, value in made.names.items()])
        given = (Text(statement.name.value), Items(list(made.bases)), names)
        saved, self.making = self.making, made
        for method, first in (("__new__", kind), ("__init__", made)):
            hook = kind.find(method)
            if isinstance(hook, Function):
                hook = replace(hook, bound=first)
                self.call_value(hook, CallValue(hook, given, (), None, self.frame.module.path))
        self.making = saved

    def _register(self, statement: cst.FunctionDef | cst.ClassDef, made: Function | Class) -> None:
        """A decorator of the project may keep a function or a class somewhere; one of Python's may call it."""
        for one in reversed(statement.decorators):
            name: cst.BaseExpression = one.decorator
            while isinstance(name, cst.Call | cst.Attribute):
                name = name.func if isinstance(name, cst.Call) else name.value
            own = self.lookup(name.value) if isinstance(name, cst.Name) else None
            if isinstance(own, Function) and decorator_names(own) & _OF_CONTEXTS:
                continue  # its code runs where what it decorates is called
            if isinstance(own, Attribute | CallValue | Class | Function | Items) or may_call(own):
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
        self.budget.spend(len(made.order()))
        self.assign(statement.name.value, made)
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
                self.imported(path)
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
            self.imported(base)
            loaded = self.resolve(Symbol(base, origin))
            if isinstance(loaded, Module):
                self.frame.names.update(loaded.names)
            elif base == "alembic.op":
                self.frame.names.update({name: Symbol(f"alembic.op.{name}") for name in self.directive_names()})
            return
        for alias in statement.names:
            name = _dotted(alias.name)
            target = alias.asname.name if alias.asname is not None else alias.name
            path = f"{base}{'' if base.endswith('.') else '.'}{name}"
            self.imported(path)
            self.bind(target, Symbol(path, origin))


def may_call(decorator: Value | None) -> bool:
    """Whether this is of a module of Python's that may call what it is given, by itself: `@atexit.register`."""
    package = decorator.path.partition(".")[0] if isinstance(decorator, Symbol) else ""
    return package in sys.stdlib_module_names and package not in HOLDING


def made_by(kind: Class, method: str) -> Value | None:
    """The method of a class that is written in its metaclass, where that is one of the project."""
    maker = kind.find(METACLASS)
    return maker.find(method) if isinstance(maker, Class) else None


def _dotted(node: cst.BaseExpression) -> str:
    if isinstance(node, cst.Attribute):
        return f"{_dotted(node.value)}.{node.attr.value}"
    return node.value if isinstance(node, cst.Name) else ""
