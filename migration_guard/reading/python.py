"""
Walks a migration's statements as Python would run them, and gathers the operations they ask for. Never imports nor runs
the code: what it cannot follow becomes an Opaque operation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import libcst as cst

from migration_guard.model.finding import Direction, Span
from migration_guard.model.objects import Opaque
from migration_guard.model.operations import Operation
from migration_guard.model.schema import Name
from migration_guard.model.site import Argument, Call, Site
from migration_guard.reading import connections, directives, library
from migration_guard.reading.evaluate import Evaluator, Frame, OutOfSteps
from migration_guard.reading.handles import is_handle
from migration_guard.reading.modules import Files
from migration_guard.reading.source import Source
from migration_guard.reading.statements import assigned
from migration_guard.reading.texts import as_text
from migration_guard.reading.values import (
    NONE,
    Attribute,
    Batch,
    Class,
    Constant,
    Function,
    Items,
    Made,
    Module,
    Pairs,
    Symbol,
    Text,
    Unknown,
    Value,
    join,
    same,
    truth,
)

DEEPEST_CALLS = 24
_HANDLE_NAMES = frozenset({"op", "alembic_op"})


class Walker(Evaluator):
    """Follows one file for one target dialect. `run` gives what a function of it does."""

    def __init__(self, source: Source, dialect: str, files: Files, module: Module | None = None) -> None:
        super().__init__(source, module or Module(source.path), dialect)
        self.files = files
        self.module = self.frame.module
        self.operations: list[Operation] = []
        self.direction = Direction.UPGRADE
        self.segment = 0
        self.autocommit = self.conditional = self.repeated = False
        self.listening = False
        self._statement: cst.CSTNode | None = None
        self._block: cst.CSTNode | None = None
        self._outer: cst.Call | None = None
        self._expression: cst.BaseExpression | None = None
        self._calls: list[cst.CSTNode] = []
        with suppress(OutOfSteps, RecursionError):
            self.block(source.module.body)

    # --- running a function -------------------------------------------------------------------------------------

    def run(self, name: str, direction: Direction, database: str | None) -> tuple[tuple[Operation, ...], str | None]:
        """The operations of the module's function `name`, and how it ends: None, "return" or "raise"."""
        self.operations, self.direction, self.segment, self.steps = [], direction, 0, 0
        self.autocommit = self.conditional = self.repeated = False
        self.listening = True
        function = self.module.names.get(name)
        end: str | None = None
        self._statement = None
        try:
            if isinstance(function, Function):
                given = [Text(database)] if database is not None else []
                made = Made(function, tuple(given), (), None, self.module.path)
                _, end = self._enter(function, made)
            elif function is not None:
                self.opaque(None, name, f"{name} is not a function written in this file")
        except OutOfSteps:
            self.opaque(None, name, "it unrolls into more steps than are followed")
        except RecursionError:
            self.opaque(None, name, "its expressions are nested too deeply to follow")
        self.listening = False
        return tuple(self.operations), end

    def emit(self, *operations: Operation) -> None:
        """Notes operations, unless it is only the module's top level that is being read."""
        if not self.listening:
            return
        for operation in operations:
            if not isinstance(operation, Opaque) or operation not in self.operations:
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
            call=self._call(call) if call is not None else None,
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

    def _call(self, node: cst.Call) -> Call:
        source = self.source
        start, end = source.offsets(node)
        arguments = []
        last = start + len(source.code(node.func)) + 1
        for argument in node.args:
            low, high = source.offsets(argument.value)
            opening = len(argument.value.lpar) if hasattr(argument.value, "lpar") else 0
            if opening:
                high = source.text.index(")", high) + 1
                low = source.text.rindex("(", 0, low)
            begin = source.offsets(argument.keyword)[0] if argument.keyword is not None else low
            name = argument.keyword.value if argument.keyword is not None else (argument.star or None)
            arguments.append(Argument(name, source.lines.span(begin, high), source.lines.span(low, high)))
            last = high
        comma = bool(node.args) and isinstance(node.args[-1].comma, cst.Comma)
        column = next((one.value for one in node.args if _is_column(one.value)), None)
        return Call(
            source.code(node.func),
            source.lines.span(start, end),
            tuple(arguments),
            source.lines.span(last, last),
            comma,
            self._call(column) if isinstance(column, cst.Call) else None,
        )

    # --- names from other files ---------------------------------------------------------------------------------

    def resolve(self, symbol: Symbol) -> Value:
        """What an imported name stands for, where its file belongs to the project."""
        path = symbol.path
        if path.startswith(("alembic", "sqlalchemy", "builtins.")):
            return symbol
        if path.rpartition(".")[2] in _HANDLE_NAMES and "." in path:
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

    def call_value(self, function: Value, made: Made) -> Value:
        """What a call gives; what it does to the database is noted on the way."""
        self.step()
        match function:
            case Function():
                return self._enter(function, made)[0]
            case Class(names=names):
                start = names.get("__init__")
                if isinstance(start, Function):
                    instance = Made(
                        Class(function.name, function.bases, dict(names), function.fields),
                        made.arguments,
                        made.keywords,
                    )
                    self._enter(Function(start.node, start.module, start.closure, instance), made)
                    return instance
                return made
            case Symbol(path="alembic.op.execute") | Attribute(owner=Batch(), name="execute"):
                return connections.execute(self, made, made.argument(0, "sqltext"))
            case Symbol(path=path) if path.startswith("alembic.op."):
                return directives.operation(self, made)
            case Attribute(owner=Batch() as batch):
                return directives.operation(self, made, batch)
        if isinstance(function, Symbol):
            if function.path == "importlib.import_module" and made.arguments and isinstance(made.arguments[0], Text):
                return self.resolve(Symbol(made.arguments[0].value, self.frame.module.path))
            known = library.call(made, self._apply, self.attribute_of)
        else:
            owner = getattr(function, "owner", None)
            if isinstance(owner, Items | Pairs):
                self.changes(owner)
            known = (
                None if owner is None else library.method(made, owner, self.attribute_of, self.hole, self.conditional)
            )
        if known is not None:
            return known
        return connections.call(self, made)

    def _apply(self, function: Value, arguments: tuple[Value, ...]) -> Value:
        return self.call_value(function, Made(function, arguments, (), None, self.frame.module.path))

    def _enter(self, function: Function, made: Made) -> tuple[Value, str | None]:
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
        values = frame.returned or [NONE]
        agreed = all(same(values[0], value) for value in values[1:]) and (end == "return" or len(values) == 1)
        return values[0] if agreed else Unknown(f"{function.name}() returns different values"), end

    def _bound(self, function: Function, made: Made) -> dict[str, Value]:
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
                names[name] = Symbol("alembic.op") if name in _HANDLE_NAMES else Unknown(f"the parameter {name}")
        self.frame = saved
        if isinstance(parameters.star_arg, cst.Param):
            names[parameters.star_arg.name.value] = Items(given[len(positional) :])
        if parameters.star_kwarg is not None:
            rest = [(Text(key), value) for key, value in keywords.items() if key != "**" and key not in names]
            names[parameters.star_kwarg.name.value] = Pairs(list(rest))
        return names

    # --- statements ---------------------------------------------------------------------------------------------

    def block(self, statements: Sequence[cst.BaseStatement] | Sequence[cst.BaseSmallStatement]) -> str | None:
        """Runs statements in order; gives how they end: None, "return", "raise", "break" or "continue"."""
        for statement in statements:
            self.step()
            end = self._statement_end(statement)
            if end is not None:
                return end
        return None

    def _statement_end(self, statement: cst.BaseStatement | cst.BaseSmallStatement) -> str | None:
        match statement:
            case cst.SimpleStatementLine():
                here = self.frame.module is self.module and self._outer is None
                if here:
                    self._statement = statement
                return self.block(statement.body)
            case cst.Expr():
                self._expression = statement.value
                self.evaluate(statement.value)
            case cst.Assign():
                value = self.evaluate(statement.value)
                for target in statement.targets:
                    self.bind(target.target, value)
            case cst.AnnAssign():
                if statement.value is not None:
                    self.bind(statement.target, self.evaluate(statement.value))
            case cst.AugAssign():
                self._augment(statement)
            case cst.Return():
                self.frame.returned.append(NONE if statement.value is None else self.evaluate(statement.value))
                return "return"
            case cst.Raise():
                return "raise"
            case cst.Break():
                return "break"
            case cst.Continue():
                return "continue"
            case cst.If():
                return self._if(statement)
            case cst.For():
                return self._for(statement)
            case cst.While():
                return self._while(statement)
            case cst.With():
                return self._with(statement)
            case cst.Try() | cst.TryStar():
                return self._try(statement)
            case cst.Match():
                return self._match(statement)
            case cst.FunctionDef():
                self._define(statement)
            case cst.ClassDef():
                self._class(statement)
            case cst.Import() | cst.ImportFrom():
                self._import(statement)
        return None

    def _augment(self, statement: cst.AugAssign) -> None:
        before, value = self.evaluate(statement.target), self.evaluate(statement.value)
        after: Value = Unknown("it is changed in place")
        if isinstance(statement.operator, cst.AddAssign):
            match before, value:
                case Text(), _:
                    after = join([before, as_text(value, self.hole)])
                case Items(), Items():
                    certain = before.certain and value.certain and not self.conditional
                    after = Items(before.items + value.items, before.complete and value.complete, certain)
                case Constant(int(one)), Constant(int(other)):
                    after = Constant(one + other)
        self.bind(statement.target, after)

    def _if(self, statement: cst.If) -> str | None:
        known = truth(self.evaluate(statement.test))
        if known is True:
            return self.block(statement.body.body)
        if known is False:
            return self._else(statement.orelse)
        before = dict(self.frame.names)
        with self._maybe():
            first = self.block(statement.body.body)
        after = dict(self.frame.names)
        self._restore(before)
        with self._maybe():
            second = self._else(statement.orelse)
        return self._meet(after, first, second)

    def _else(self, orelse: cst.If | cst.Else | None) -> str | None:
        if isinstance(orelse, cst.If):
            return self._if(orelse)
        return self.block(orelse.body.body) if orelse is not None else None

    def _restore(self, names: dict[str, Value]) -> None:
        self.frame.names.clear()
        self.frame.names.update(names)

    def _meet(self, names: dict[str, Value], first: str | None, second: str | None) -> str | None:
        """Joins two ways that may have been gone: `names` are those at the end of the first, the frame has the second's."""
        if first is not None and second is not None:
            return first if first == second or second == "raise" else second
        if second is not None:
            self._restore(names)
        elif first is None:
            other = self.frame.names
            for name in {*names, *other}:
                one, two = names.get(name), other.get(name)
                if one is not two and (one is None or two is None or not same(one, two)):
                    other[name] = Unknown(f"{name} depends on a condition")
        if {first, second} & {"return", "break", "continue"}:
            self.conditional = True
        return None

    @contextmanager
    def _maybe(self) -> Iterator[None]:
        saved, self.conditional = self.conditional, True
        try:
            yield
        finally:
            self.conditional = saved

    def _for(self, statement: cst.For) -> str | None:
        iterable = self.evaluate(statement.iter)
        values, complete = library.iterate(iterable)
        saved = self.conditional
        self.conditional |= isinstance(iterable, Items) and not iterable.certain
        for value in values:
            self.step()
            self.bind(statement.target, value)
            end = self.block(statement.body.body)
            if end in ("return", "raise"):
                return end
            if end == "break":
                break
        if not complete:
            item = Made(Attribute(iterable, "first")) if isinstance(iterable, Made) else None
            self.bind(statement.target, item or Unknown("the items of the loop are not known"))
            self._repeat(statement.body.body, certain=False)
        if not self.frame.returned:
            self.conditional = saved
        return self.block(statement.orelse.body.body) if statement.orelse is not None else None

    def _repeat(
        self, body: Sequence[cst.BaseStatement] | Sequence[cst.BaseSmallStatement], certain: bool
    ) -> str | None:
        """Runs a body once that may run any number of times."""
        saved = self.conditional, self.repeated
        self.repeated = True
        self.conditional = saved[0] or not certain
        try:
            return self.block(body)
        finally:
            self.conditional, self.repeated = saved

    def _while(self, statement: cst.While) -> str | None:
        known = truth(self.evaluate(statement.test))
        if known is False:
            return None
        end = self._repeat(statement.body.body, certain=known is True)
        return end if end in ("return", "raise") and known else None

    def _with(self, statement: cst.With) -> str | None:
        saved = self.autocommit, self._block
        own_segment = False
        for item in statement.items:
            value = self.evaluate(item.item)
            if isinstance(value, Batch):
                if self._outer is None:
                    self._block = statement
            elif isinstance(value, Made) and value.name == "autocommit_block":
                own_segment = True
                self.segment += 1
                self.autocommit = True
            if item.asname is not None:
                self.bind(item.asname.name, value)
        try:
            return self.block(statement.body.body)
        finally:
            self.autocommit, self._block = saved
            self.segment += own_segment

    def _try(self, statement: cst.Try | cst.TryStar) -> str | None:
        swallowed = any(not _ends_in_raise(handler.body) for handler in statement.handlers)
        saved = self.conditional
        before = dict(self.frame.names)
        self.conditional = saved or swallowed
        end = self.block(statement.body.body)
        self.conditional = saved
        after = dict(self.frame.names)
        for handler in statement.handlers:
            self._restore({**before, **after})
            with self._maybe():
                handled = self.block(handler.body.body)
            if handled == "return":
                self.conditional = True
        self._restore(after)
        if end is None and statement.orelse is not None:
            end = self.block(statement.orelse.body.body)
        if statement.finalbody is not None:
            self.block(statement.finalbody.body.body)
        return end

    def _match(self, statement: cst.Match) -> str | None:
        self.evaluate(statement.subject)
        for case in statement.cases:
            before = dict(self.frame.names)
            with self._maybe():
                end = self.block(case.body.body)
            after = dict(self.frame.names)
            self._restore(before)
            self._meet(after, end, None)
        return None

    def set_attribute(self, owner: Value, name: str, value: Value) -> None:
        """`owner.name = value`: on an object that a query gave, that is an UPDATE of its row."""
        super().set_attribute(owner, name, value)
        if isinstance(owner, Made) and isinstance(owner.function, Attribute):
            self.emit(*assigned(self, owner, name))

    # --- definitions --------------------------------------------------------------------------------------------

    def _define(self, statement: cst.FunctionDef) -> None:
        module_level = self.frame.names is self.frame.module.names
        closure = {} if module_level else self.around()
        self.frame.names[statement.name.value] = Function(statement, self.frame.module, closure)

    def _class(self, statement: cst.ClassDef) -> None:
        bases = tuple(self.evaluate(base.value) for base in statement.bases)
        saved, names = self.frame, {}  # type: tuple[Frame, dict[str, Value]]
        self.frame = Frame(saved.module, names, self.around())
        listening, self.listening = self.listening, False
        try:
            self.block(statement.body.body)
        finally:
            self.frame, self.listening = saved, listening
        fields = tuple(
            one.target.value
            for line in statement.body.body
            for one in (line.body if isinstance(line, cst.SimpleStatementLine) else ())
            if isinstance(one, cst.AnnAssign) and isinstance(one.target, cst.Name)
        )
        saved.names[statement.name.value] = Class(statement.name.value, bases, names, fields)

    def _import(self, statement: cst.Import | cst.ImportFrom) -> None:
        origin = self.frame.module.path
        if isinstance(statement, cst.Import):
            for alias in statement.names:
                path = _dotted(alias.name)
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
                self.frame.names.update({name: Symbol(f"alembic.op.{name}") for name in directives.NAMES})
            return
        for alias in statement.names:
            name = _dotted(alias.name)
            target = alias.asname.name if alias.asname is not None else alias.name
            self.bind(target, Symbol(f"{base}{'' if base.endswith('.') else '.'}{name}", origin))


def _dotted(node: cst.BaseExpression) -> str:
    if isinstance(node, cst.Attribute):
        return f"{_dotted(node.value)}.{node.attr.value}"
    return node.value if isinstance(node, cst.Name) else ""


def _is_column(node: cst.BaseExpression) -> bool:
    if not isinstance(node, cst.Call):
        return False
    function = node.func
    return (function.attr if isinstance(function, cst.Attribute) else function).deep_equals(cst.Name("Column"))


def _ends_in_raise(block: cst.BaseSuite) -> bool:
    last = block.body[-1] if block.body else None
    if isinstance(last, cst.SimpleStatementLine):
        last = last.body[-1]
    return isinstance(last, cst.Raise)
