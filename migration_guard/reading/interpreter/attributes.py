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


class Attributes(Scope):
    """Looks up attributes."""

    def attribute_of(self, owner: Value, name: str) -> Value:
        """The attribute of a value."""
        match owner:
            case Symbol(path=path):
                whole = f"{path}.{name}"
                return self.frame.module.patched.get(whole) or self.resolve(Symbol(whole, owner.origin))
            case Module(names=names):
                found = names.get(name, Unknown(f"{name} is not in that module"))
                return self.resolve(found) if isinstance(found, Symbol) else found
            case Class(names=names) if (inherited := owner.find(name)) is not None:
                mapped = "__tablename__" in names and isinstance(inherited, CallValue) and inherited.name in _COLUMNS
                return Attribute(owner, name) if mapped else inherited
            case CallValue(function=Class(fields=fields) as made) if (inherited := made.find(name)) is not None:
                if isinstance(inherited, Function):
                    method = replace(inherited, bound=owner)
                    made_on_access = CallValue(method, (), (), None, self.frame.module.path)
                    runs = inherited.module.path == self.source.path and _is_property(inherited)
                    return self.call_value(method, made_on_access) if runs else method
                given = owner.keyword(name) if name in fields else None
                return inherited if given is None else given
            case CallValue(function=Symbol(path="builtins.super"), arguments=[Class() as home, instance]):
                kind = instance.function if isinstance(instance, CallValue) else instance
                inherited = kind.find_behind(home, name) if isinstance(kind, Class) else None
                return replace(inherited, bound=instance) if isinstance(inherited, Function) else Attribute(owner, name)
            case CallValue(function=Class(fields=fields)) if name in fields:
                value = owner.argument(fields.index(name), name)
                return Unknown(f"{name} is not given") if value is None else value
            case Pairs() if (value := owner.get(Text(name))) is not None:
                return value
            case Constant(value=date() | timedelta() as moment) if (value := dates.field(moment, name)) is not None:
                return value
        if name == "as_sql" and library.is_context(owner):
            return FALSE
        if name in ("name", "__dialect__", "dialect_name") and library.is_dialect(owner):
            return Text("mysql" if self.dialect == "mariadb" else self.dialect)
        return Attribute(owner, name)

    def super_of(self) -> list[Value]:
        """What `super()` stands for in a method: `super(Class, self)`."""
        method = self.frame.method
        parameters = method.node.params.params if method is not None else ()
        home = method.home if method is not None else None
        return [home, self.lookup(parameters[0].name.value)] if home is not None and parameters else []


def _is_property(function: Function) -> bool:
    """Whether a method runs when it is looked up."""
    decorators = function.node.decorators if isinstance(function.node, cst.FunctionDef) else ()
    named = [one.decorator.attr if isinstance(one.decorator, cst.Attribute) else one.decorator for one in decorators]
    return any(isinstance(one, cst.Name) and one.value in ("property", "cached_property") for one in named)
