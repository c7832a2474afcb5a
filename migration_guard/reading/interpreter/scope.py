"""Names and what they are bound to, at one place of a walk."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import NamedTuple

import libcst as cst

from migration_guard.model.guards import Guard
from migration_guard.model.unknown import Unknown
from migration_guard.reading.interpreter import library
from migration_guard.reading.interpreter.budget import Budget
from migration_guard.reading.interpreter.values import (
    CallValue,
    Class,
    Constant,
    Function,
    Items,
    Module,
    Pairs,
    Symbol,
    Text,
    Value,
    same,
)
from migration_guard.reading.source.nodes import names_in
from migration_guard.reading.source.source import Source

NAMES_OF_A_STEP = 50
# What a name can stand for that has functions of the project in it.
MEETS = frozenset({CallValue, Class, Function})


class Returned(NamedTuple):
    """What a function gives, and the conditions in it under which it does."""

    value: Value
    guards: tuple[Guard, ...] = ()


@dataclass(slots=True)
class Frame:
    """
    The names that are visible at one place; `method` is the function whose own they are. What is declared `global` or
    `nonlocal` is kept `elsewhere`. `depth` is under how many guards the function was called.
    """

    module: Module
    names: dict[str, Value]
    closure: Mapping[str, Value] = field(default_factory=dict)
    method: Function | None = None
    returned: list[Returned] = field(default_factory=list)
    depth: int = 0
    yielded: Items | None = None
    elsewhere: dict[str, Module | MutableMapping[str, Value]] | None = None


class Scope:
    """
    Looks names up and binds them. Subclasses evaluate expressions (`evaluate`), say what a call does (`call_value`) and
    resolve what is imported (`resolve`).
    """

    def __init__(self, source: Source, module: Module, dialect: str) -> None:
        self.source = source
        self.dialect = dialect
        self.frame = Frame(module, module.names)
        self.budget = Budget()
        self.repeated = self.listening = False
        # What is None when a loop begins, and may be something else in a later round.
        self.none_at_first: frozenset[str] = frozenset()
        self.guards: tuple[Guard, ...] = ()
        self.looked_at: list[Guard] = []
        # By id(), which is cheaper than the hash of a node; the nodes are kept, so that no other gets the same.
        self.followed: dict[int, cst.Call] = {}
        self.dead: dict[int, cst.CSTNode] = {}

    @property
    def conditional(self) -> bool:
        """
        Whether what is here may not run: `guards` are the conditions under which it does. `looked_at` are those under
        which the database answers what it was asked.
        """
        return bool(self.guards)

    def source_of(self, module: Module) -> Source:
        """The source that a module's nodes belong to."""
        raise NotImplementedError

    def evaluate(self, node: cst.BaseExpression) -> Value:
        """What an expression is known to be."""
        raise NotImplementedError

    def changes(self, value: Items | Pairs | Class | Module) -> None:
        """Told before a collection is changed in place."""
        raise NotImplementedError

    def assembled(self, reason: str) -> None:
        """Told of what may give the file names that nobody wrote down, or replace those that somebody wrote."""
        raise NotImplementedError

    def call_value(self, function: Value, made: CallValue) -> Value:
        """What a call gives, once its function and arguments are known."""
        raise NotImplementedError

    def resolve(self, symbol: Symbol) -> Value:
        """What an imported name stands for, where its file belongs to the project; else the symbol itself."""
        raise NotImplementedError

    def filled(self, value: Value) -> Value:
        """What another module has, once whatever else is imported has put in what it registers there."""
        raise NotImplementedError

    def met(self, value: Value) -> None:
        """Told of what a name stands for: of a class, Python calls methods by itself."""
        raise NotImplementedError

    def lose(self, owner: Value, name: str) -> None:
        """Told of an attribute that is not known: it may be a method of the project."""
        raise NotImplementedError

    def step(self) -> None:
        """Counts a step; raises OutOfSteps past the bound."""
        self.budget.spend()

    def spend(self, text: Text) -> None:
        """Counts what it takes to read SQL text as steps; raises OutOfSteps past the bound."""
        self.budget.read(len(text.value))

    def names_here(self) -> dict[str, Value]:
        """A copy of the names as they are, for the ways that meet again; each name costs, where there are many."""
        self.budget.spend(len(self.frame.names) // NAMES_OF_A_STEP)
        return dict(self.frame.names)

    def note_dead(self, *nodes: cst.CSTNode | None, test: cst.CSTNode | None = None) -> None:
        """Notes code that does not run here, as far as is known: a later round may decide the `test` otherwise."""
        if test is None or not self.none_at_first or self.none_at_first.isdisjoint(names_in(test)):
            self.dead.update((id(node), node) for node in nodes if node is not None)

    def around(self) -> Mapping[str, Value]:
        """The names that a function defined here sees, those assigned later on included."""
        return ChainMap(self.frame.names, self.frame.closure)  # type: ignore[arg-type]

    def lookup(self, name: str) -> Value:
        """What a name stands for here."""
        frame = self.frame
        for names in (frame.names, frame.closure, frame.module.names):
            if name in names:
                value = names[name]
                if type(value) is Symbol:
                    value = self.resolve(value)
                if type(value) in MEETS:
                    self.met(value)
                return value
        if name in library.BUILTINS:
            return Symbol(f"builtins.{name}")
        if name in ("__file__", "__name__"):
            return Text(frame.module.path if name == "__file__" else "migration")
        return Unknown(f"{name} is not known here")

    def assign(self, name: str, value: Value) -> None:
        """Gives a name its value, where this frame keeps it."""
        kept = self.frame.elsewhere and self.frame.elsewhere.get(name)
        if not kept:
            self.frame.names[name] = value
        elif isinstance(kept, Module):
            self.assign_in(kept, name, value)
        else:
            kept[name] = self._sure(name, kept.get(name), value)

    def assign_in(self, module: Module, name: str, value: Value) -> None:
        """Gives a name of a module its value, which others read as well."""
        self.changes(module)
        module.names[name] = self._sure(name, module.names.get(name), value)

    def _sure(self, name: str, before: Value | None, after: Value) -> Value:
        """What a name stands for that was assigned where the branches of a condition are not joined again."""
        unsure = before is not None and (self.conditional or self.repeated) and not same(before, after)
        return Unknown(f"{name} depends on a condition") if unsure else after

    def assign_by(self, module: Module, key: Value, value: Value) -> None:
        """`globals()[key] = value`."""
        if isinstance(key, Text) and key.known:
            self.assign_in(module, key.value, value)
        else:
            self.assembled("it gives names to what it puts among those of the module")

    def declare(self, statement: cst.Global | cst.Nonlocal) -> None:
        """`global name`, `nonlocal name`."""
        frame = self.frame
        frame.elsewhere = frame.elsewhere or {}
        closure = frame.closure.maps if isinstance(frame.closure, ChainMap) and type(statement) is cst.Nonlocal else []
        for item in statement.names:
            name = item.name.value
            frame.elsewhere[name] = next((names for names in closure if name in names), frame.module)

    def bind(self, target: cst.BaseExpression, value: Value) -> None:
        """Assigns a value to a name, or to several by unpacking."""
        match target:
            case cst.Name():
                self.assign(target.value, value)
            case cst.Tuple() | cst.List():
                self._unpack(target, value)
            case cst.Attribute():
                owner = self.evaluate(target.value)
                if isinstance(owner, Class):
                    self.changes(owner)
                self.set_attribute(owner, target.attr.value, value)
            case cst.Subscript():
                owner = self.evaluate(target.value)
                index = target.slice[0].slice
                if isinstance(owner, Pairs | Items):
                    self.changes(owner)
                module = library.module_of(owner, self.frame.module)
                if module is not None and isinstance(index, cst.Index):
                    self.assign_by(module, self.evaluate(index.value), value)
                if isinstance(owner, Pairs) and isinstance(index, cst.Index):
                    owner.put(self.evaluate(index.value), value, certain=not self.conditional)
                elif isinstance(owner, Items):
                    owner.complete = False

    def set_attribute(self, owner: Value, name: str, value: Value) -> None:
        """`owner.name = value`."""
        match owner:
            case CallValue(function=Class(names=names)) if _is_setter(names.get(name)):
                self.lose(owner, name)
            case Class(names=names) | CallValue(function=Class(names=names)):
                flag = type(names.get(name)) is Constant
                names[name] = self._sure(name, names[name], value) if flag else value
            case Symbol(path=path):
                self.frame.module.patched[f"{path}.{name}"] = value
            case Module() if name == "__class__":
                self.assembled("it becomes a module of a class that may have it")
            case Module():
                self.assign_in(owner, name, value)
            case Function(module=module) if name == "__code__":
                self.assign_in(module, owner.name, Unknown("its code is replaced"))

    def _unpack(self, target: cst.Tuple | cst.List, value: Value) -> None:
        known = isinstance(value, Items) and value.complete
        items = value.items if isinstance(value, Items) and known else []
        starred = [isinstance(element, cst.StarredElement) for element in target.elements]
        if True in starred and known:
            at, rest = starred.index(True), len(items) - len(starred) + 1
            items = [*items[:at], Items(items[at : at + max(0, rest)]), *items[at + max(0, rest) :]]
        for position, element in enumerate(target.elements):
            found = items[position] if position < len(items) else Unknown("what is unpacked here is not known")
            self.bind(element.value, found)


def _is_setter(value: Value | None) -> bool:
    """Whether this is the function of a property that an assignment calls."""
    decorators = (
        value.node.decorators if isinstance(value, Function) and isinstance(value.node, cst.FunctionDef) else ()
    )
    return any(isinstance(one.decorator, cst.Attribute) and one.decorator.attr.value == "setter" for one in decorators)
