"""
Walks a migration's statements as Python would run them, and gathers the operations they ask for. Never imports nor runs
the code: what it cannot follow becomes an Opaque operation.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import libcst as cst

from migration_guard.model.finding import Direction, Span
from migration_guard.model.objects import Opaque
from migration_guard.model.operations import Operation
from migration_guard.model.schema import Name
from migration_guard.model.site import Site
from migration_guard.model.unknown import Unknown
from migration_guard.reading.directives import execution, operations
from migration_guard.reading.directives.handles import HANDLE_NAMES, is_handle
from migration_guard.reading.directives.sqlalchemy_statements import assigned
from migration_guard.reading.interpreter import library, methods
from migration_guard.reading.interpreter.control_flow import ControlFlow
from migration_guard.reading.interpreter.modules import Files
from migration_guard.reading.interpreter.scope import Frame, OutOfSteps
from migration_guard.reading.interpreter.values import (
    NONE,
    Attribute,
    Batch,
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
from migration_guard.reading.source.calls import call_at
from migration_guard.reading.source.source import Source
from migration_guard.reading.unread import unread_calls

DEEPEST_CALLS = 24
MOST_CUTS = 10
# What gives a module names that are not written down: exec() at its top, or globals() with a name that is not known.
ASSEMBLES = re.compile(r"^(?:exec\(|globals\(\)(?:\[|\.update\())|^    (?:\s*)globals\(\)\[", re.MULTILINE)


class Walker(ControlFlow):
    """Follows one file for one target dialect. `run` gives what a function of it does."""

    def __init__(self, source: Source, dialect: str, files: Files, module: Module | None = None) -> None:
        super().__init__(source, module or Module(source.path), dialect)
        self.files = files
        self.operations: list[Operation] = []
        self._opaque: set[Opaque] = set()
        self._calls: list[cst.CSTNode] = []
        self._frames: dict[cst.CSTNode, Frame] = {}
        self.cuts = 0
        self._top_level(source.module.body)

    def _top_level(self, statements: Sequence[cst.BaseStatement]) -> None:
        """The module's own statements. One that is too much to follow is cut; what it would have named is not known."""
        for statement in statements:
            try:
                end = self.block([statement])
            except (OutOfSteps, RecursionError):
                self.cuts += 1
                self.steps = 0
                end = None
            if end is not None or self.cuts > MOST_CUTS:
                break

    @property
    def is_assembled(self) -> bool:
        """Whether the file has names that nobody wrote down in it."""
        return "__getattr__" in self.module.names or ASSEMBLES.search(self.source.text) is not None

    # --- running a function -------------------------------------------------------------------------------------

    def run(self, name: str, direction: Direction, database: str | None) -> tuple[tuple[Operation, ...], str | None]:
        """The operations of the module's function `name`, and how it ends: None, "return" or "raise"."""
        self.operations, self.direction, self.segment, self.steps = [], direction, 0, 0
        self._opaque = set()
        self._frames, self.followed, self.dead = {}, set(), []
        self.autocommit = self.conditional = self.repeated = False
        self.listening = True
        function = self.module.names.get(name)
        end: str | None = None
        self._statement = None
        try:
            if isinstance(function, Function):
                given = [Text(database)] if database is not None else []
                made = CallValue(function, tuple(given), (), None, self.module.path)
                _, end = self._enter(function, made)
                self._note_unread()
            elif function is not None:
                self.opaque(None, name, f"{name} is not a function written in this file")
            elif self.cuts:
                self.opaque(None, name, "the top level of this file unrolls into more steps than are followed")
            elif self.is_assembled:
                self.opaque(None, name, f"if there is a function {name}, it is made when the file is imported")
        except OutOfSteps:
            self.opaque(None, name, "it unrolls into more steps than are followed")
        except RecursionError:
            self.opaque(None, name, "its expressions are nested too deeply to follow")
        self.listening = False
        return tuple(self.operations), end

    def _note_unread(self) -> None:
        """Takes down what the functions of this file that were followed would do, and nobody came to."""
        for function, call in unread_calls(self.source, self._frames, self.followed, self.dead):
            self.frame, self._statement = self._frames[function], _statement_around(self.source, function, call)
            self.opaque(call, self.shown(call), "it stands where the code could not be followed")

    def emit(self, *operations: Operation) -> None:
        """Notes operations, unless it is only the module's top level that is being read."""
        if not self.listening:
            return
        for operation in operations:
            if isinstance(operation, Opaque):
                if operation in self._opaque:
                    continue
                self._opaque.add(operation)
            self.operations.append(operation)

    def opaque(
        self,
        node: cst.CSTNode | None,
        what: str,
        reason: str,
        *,
        tables: tuple[Name, ...] = (),
        rows_only: bool = False,
    ) -> None:
        """Notes something that could not be read."""
        if self.listening:
            call = node if isinstance(node, cst.Call) else None
            site = self.site(call)
            self.emit(Opaque(site=site, what=what, reason=reason, tables=tables, rows_only=rows_only))

    def is_statement(self, node: cst.CSTNode | None) -> bool:
        """Whether the call stands alone as a statement, its value unused."""
        return node is not None and node is self._expression

    def shown(self, node: cst.CSTNode | None) -> str:
        """A node's code on one line, shortened."""
        if node is None:
            return self.direction.value
        code = " ".join(self.source_of(self.frame.module).code(node).split())
        return code if len(code) <= 80 else f"{code[:77]}..."

    # --- where we are -------------------------------------------------------------------------------------------

    def site(
        self, node: cst.Call | None, span: Span | None = None, sql: str | None = None, exact: bool = False
    ) -> Site:
        """Where an operation stands that this call asks for; in a helper of another file, the call that led there."""
        source, helper = self.source, self.frame.module is not self.module
        call = self._outer if helper else node
        statement = source.span(self._statement) if self._statement is not None else None
        if statement is None:
            function = self.module.names.get(self.direction.value)
            definition = function.node if isinstance(function, Function) else source.module
            name = definition.name if isinstance(definition, cst.FunctionDef) else definition
            statement = source.span(name)
        return Site(
            direction=self.direction,
            span=(None if helper else span) or (source.span(call) if call is not None else statement),
            statement=statement,
            call=call_at(source, call) if call is not None else None,
            block=source.span(self._block) if self._block is not None else None,
            sql=sql,
            text_span=span if exact and not helper else None,
            segment=self.segment,
            autocommit=self.autocommit,
            conditional=self.conditional,
            repeated=self.repeated,
            batch=self._block is not None,
            helper=helper,
        )

    # --- names from other files ---------------------------------------------------------------------------------

    def resolve(self, symbol: Symbol) -> Value:
        """What an imported name stands for, where its file belongs to the project."""
        path = symbol.path
        if path.startswith(("alembic", "sqlalchemy", "builtins.")):
            return symbol
        if path.rpartition(".")[2] in HANDLE_NAMES and "." in path:
            return Symbol("alembic.op")
        found = self.files.module(path, symbol.origin or self.module.path)
        if found is None:
            return symbol
        file, rest = found
        module = self.load(file)
        if module is None:
            return symbol
        value: Value = module
        for name in filter(None, rest.split(".")):
            value = module.names.get(name, symbol) if value is module else self.attribute_of(value, name)
            if value is symbol:
                return symbol
        return self.resolve(value) if isinstance(value, Symbol) and value != symbol else value

    def load(self, path: str) -> Module | None:
        """Another file of the project, its top level read: once for all migrations, and not at this one's expense."""
        if path == self.module.path:
            return self.module
        return self.files.loaded(path, self._walk)

    def _walk(self, source: Source, module: Module) -> None:
        Walker(source, self.dialect, self.files, module)

    def source_of(self, module: Module) -> Source:
        """The source that a module's nodes belong to."""
        return self.source if module is self.module else self.files.source(module.path) or self.source

    def changes(self, value: Items | Pairs | Class) -> None:
        """Told before a collection is changed in place: it may belong to a module that others read too."""
        self.files.changes(value)

    # --- calls --------------------------------------------------------------------------------------------------

    def directive_names(self) -> Collection[str]:
        """The names that `from alembic.op import *` binds."""
        return operations.NAMES

    def call_value(self, function: Value, made: CallValue) -> Value:
        """What a call gives; what it does to the database is noted on the way."""
        self.step()
        match function:
            case Function():
                return self._enter(function, made)[0]
            case Class(names=names):
                start = names.get("__init__")
                if isinstance(start, Function):
                    instance = CallValue(
                        Class(function.name, function.bases, dict(names), function.fields),
                        made.arguments,
                        made.keywords,
                    )
                    self._enter(Function(start.node, start.module, start.closure, instance), made)
                    return instance
                return made
            case CallValue(function=Symbol(path="functools.partial")) if function.arguments:
                return self.call_value(function.arguments[0], _whole(function, made))
            case Symbol(path="alembic.op.execute") | Attribute(owner=Batch(), name="execute"):
                return execution.execute(self, made, made.argument(0, "sqltext"))
            case Symbol(path=path) if path.startswith("alembic.op."):
                return operations.operation(self, made)
            case Attribute(owner=Batch() as batch):
                return operations.operation(self, made, batch)
        if isinstance(function, Symbol):
            if function.path == "importlib.import_module" and isinstance(name := made.argument(0, "name"), Text):
                return self.resolve(Symbol(name.shown, self.frame.module.path))
            known = library.call(made, self._apply, self.attribute_of)
        else:
            owner = getattr(function, "owner", None)
            if isinstance(owner, Items | Pairs):
                self.changes(owner)
            known = None if owner is None else methods.method(made, owner, self.attribute_of, self.conditional)
        if known is not None:
            return known
        return execution.call(self, made)

    def _apply(self, function: Value, arguments: tuple[Value, ...]) -> Value:
        return self.call_value(function, CallValue(function, arguments, (), None, self.frame.module.path))

    def _enter(self, function: Function, made: CallValue) -> tuple[Value, str | None]:
        """Runs a function's body with these arguments."""
        node = function.node
        if len(self._calls) >= DEEPEST_CALLS or self._calls.count(node) > 1:
            if any(map(is_handle, made.arguments)):
                self.opaque(made.node, function.name, "it calls itself, or calls are nested too deeply to follow")
            return Unknown("a call nested too deeply"), None
        frame = Frame(function.module, self._bound(function, made), function.closure)
        saved = self.frame, self.conditional, self._outer
        if function.module is not self.module and self._outer is None:
            self._outer = made.node
        self.frame = frame
        self._calls.append(node)
        try:
            if isinstance(node, cst.Lambda):
                return self.evaluate(node.body), None
            end = self.block(node.body.body)
        finally:
            self._calls.pop()
            self.frame, self.conditional, self._outer = saved
            if function.module is self.module and self.listening:
                self._frames[node] = frame
        if frame.yielded is not None:
            return frame.yielded, None
        values = frame.returned or [NONE]
        agreed = all(same(values[0], value) for value in values[1:]) and (end == "return" or len(values) == 1)
        return values[0] if agreed else Unknown(f"{function.name}() returns different values"), end

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
                names[name] = self.evaluate(parameter.default)
            else:
                names[name] = Symbol("alembic.op") if name in HANDLE_NAMES else Unknown(f"the parameter {name}")
        self.frame = saved
        if isinstance(parameters.star_arg, cst.Param):
            names[parameters.star_arg.name.value] = Items(given[len(positional) :])
        if parameters.star_kwarg is not None:
            rest = [(Text(key), value) for key, value in keywords.items() if key != "**" and key not in names]
            names[parameters.star_kwarg.name.value] = Pairs(list(rest))
        return names

    def set_attribute(self, owner: Value, name: str, value: Value) -> None:
        """`owner.name = value`: on an object that a query gave, that is an UPDATE of its row."""
        super().set_attribute(owner, name, value)
        if isinstance(owner, CallValue) and isinstance(owner.function, Attribute):
            self.emit(*assigned(self, owner, name))


def _statement_around(source: Source, function: cst.CSTNode, call: cst.Call) -> cst.CSTNode:
    """The statement of a function's body in which a call stands."""
    at = source.offsets(call)[0]
    body = function.body.body if isinstance(function, cst.FunctionDef) else ()
    for statement in body:
        start, end = source.offsets(statement)
        if start <= at < end:
            return statement
    return call


def _whole(partial: CallValue, made: CallValue) -> CallValue:
    """The call that a functools.partial makes of a call of it."""
    inner, *first = partial.arguments
    keywords = (*partial.keywords, *made.keywords)
    return CallValue(inner, (*first, *made.arguments), keywords, made.node, made.path)
