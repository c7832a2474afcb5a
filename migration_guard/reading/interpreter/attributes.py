"""Attributes: what `owner.name` is known to be, for modules, classes, objects and what is imported."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import libcst as cst

from migration_guard.model.unknown import Unknown
from migration_guard.reading.interpreter import dates, library
from migration_guard.reading.interpreter.scope import Scope
from migration_guard.reading.interpreter.values import (
    FALSE,
    Attribute,
    CallValue,
    Class,
    Constant,
    Function,
    Module,
    Pairs,
    Symbol,
    Text,
    Value,
)

_COLUMNS = frozenset({"Column", "mapped_column", "Field"})
_CLASS_METHODS = frozenset({"__init_subclass__", "__class_getitem__"})
_PROPERTIES = frozenset({"property", "cached_property"})


class Attributes(Scope):
    """Looks up attributes."""

    def attribute_of(self, owner: Value, name: str) -> Value:
        """The attribute of a value."""
        match owner:
            case Symbol(path=path):
                whole = f"{path}.{name}"
                return self.frame.module.patched.get(whole) or self.resolve(Symbol(whole, owner.origin))
            case CallValue(function=Class() as kind):
                if name == "__dict__":
                    self.changes(kind)
                    flags = [key for key, one in kind.names.items() if type(one) is Constant]
                    kind.names.update(dict.fromkeys(flags, Unknown("it may be changed through __dict__")))
                elif (found := self._of_object(owner, kind, name)) is not None:
                    return found
            case CallValue(function=Symbol(path="builtins.super"), arguments=[Class() as home, instance]):
                of_class = instance.function if isinstance(instance, CallValue) else instance
                inherited = of_class.find_behind(home, name) if isinstance(of_class, Class) else None
                return (
                    self._got_from(instance, inherited) if isinstance(inherited, Function) else Attribute(owner, name)
                )
            case CallValue():
                pass  # what most attributes are asked of: none of the kinds below
            case Module() if name == "__dict__":
                return CallValue(Symbol("builtins.vars"), (owner,))
            case Module(names=names):
                held = names.get(name, Unknown(f"{name} is not in that module"))
                member = self.resolve(held) if isinstance(held, Symbol) else self.filled(held)
                self.met(member)
                return member
            case Function() if name == "__call__":
                return owner
            case Class(names=names) if (inherited := owner.find(name)) is not None:
                mapped = "__tablename__" in names and isinstance(inherited, CallValue) and inherited.name in _COLUMNS
                return Attribute(owner, name) if mapped else self._got_from(owner, inherited)
            case Pairs() if (value := owner.get(Text(name))) is not None:
                return value
            case Constant(value=date() | timedelta() as moment) if (value := dates.field(moment, name)) is not None:
                return value
        if name == "as_sql" and library.is_context(owner):
            return FALSE
        if name in ("name", "__dialect__", "dialect_name") and library.is_dialect(owner):
            return Text("mysql" if self.dialect == "mariadb" else self.dialect)
        self.lose(owner, name)
        return Attribute(owner, name)

    def _of_object(self, owner: CallValue, kind: Class, name: str) -> Value | None:
        """The attribute of an object of the project's class; None where that does not say what it is."""
        inherited = kind.find(name)
        if isinstance(inherited, Function):
            method = self._got_from(owner, inherited)
            if not decorator_names(inherited) & _PROPERTIES:
                return method
            if inherited.module.path != self.source.path:
                self.lose(owner, name)
                return method
            return self.call_value(method, CallValue(method, (), (), None, self.frame.module.path))
        if inherited is not None:
            given = owner.keyword(name) if name in kind.fields else None
            return inherited if given is None else given
        if name in kind.fields:
            value = owner.argument(kind.fields.index(name), name)
            return Unknown(f"{name} is not given") if value is None else value
        return None

    def special(self, owner: Value, name: str, *arguments: Value) -> Value | None:
        """What a method that Python calls by itself gives (`__getitem__`); None where the project wrote none."""
        if not isinstance(owner, CallValue) or not isinstance(owner.function, Class):
            return None
        method = self.attribute_of(owner, name)
        if not isinstance(method, Function):
            return None
        return self.call_value(method, CallValue(method, arguments, (), None, self.frame.module.path))

    def _got_from(self, owner: Value, found: Value) -> Value:
        """What a class says of a name, as it is got from the class or from an object: a method knows whose it is."""
        if not isinstance(found, Function):
            return found
        decorators, kind = decorator_names(found), owner.function if isinstance(owner, CallValue) else owner
        if "staticmethod" in decorators:
            return found
        # An application's own class may lead through all of it.
        is_own = found.module.path == self.source.path
        if found.name in _CLASS_METHODS or ("classmethod" in decorators and is_own):
            return replace(found, bound=kind)
        return found if isinstance(owner, Class) else replace(found, bound=owner)

    def super_of(self) -> list[Value]:
        """What `super()` stands for in a method: `super(Class, self)`."""
        method = self.frame.method
        parameters = method.node.params.params if method is not None else ()
        home = method.home if method is not None else None
        return [home, self.lookup(parameters[0].name.value)] if home is not None and parameters else []


def decorator_names(function: Function) -> frozenset[str]:
    """The names of a method's decorators."""
    decorators = function.node.decorators if isinstance(function.node, cst.FunctionDef) else ()
    named = [one.decorator.attr if isinstance(one.decorator, cst.Attribute) else one.decorator for one in decorators]
    return frozenset(one.value for one in named if isinstance(one, cst.Name))
