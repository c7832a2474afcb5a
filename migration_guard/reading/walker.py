"""
Walks a migration's statements as Python would run them, and gathers the operations they ask for. Never imports nor runs
the code: what it cannot follow becomes an Opaque operation.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import libcst as cst

from migration_guard.model.finding import Direction, Span
from migration_guard.model.objects import Mistake, Opaque
from migration_guard.model.operations import Operation
from migration_guard.model.schema import Name
from migration_guard.model.site import Site
from migration_guard.model.unknown import Unknown
from migration_guard.reading.directives import execution, operations
from migration_guard.reading.directives.batch import recreated
from migration_guard.reading.directives.handles import (
    HANDLE_NAMES,
    Leads,
    cost_of_following,
    given,
    hands_over,
    has_handle,
)
from migration_guard.reading.directives.inspector import LOOKS, Inspections
from migration_guard.reading.directives.registry import directives, may_be_directive
from migration_guard.reading.directives.sqlalchemy_statements import assigned
from migration_guard.reading.interpreter import conditions, library, methods
from migration_guard.reading.interpreter.budget import OutOfSteps
from migration_guard.reading.interpreter.definitions import made_by
from migration_guard.reading.interpreter.modules import Files
from migration_guard.reading.interpreter.rows import AskedRows
from migration_guard.reading.interpreter.scope import Frame
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
)
from migration_guard.reading.module_names import ModuleNames, below
from migration_guard.reading.source.calls import call_at
from migration_guard.reading.source.source import Source
from migration_guard.reading.sql.catalogue_queries import has_table
from migration_guard.reading.unentered import Uses, unentered_functions
from migration_guard.reading.unread import statement_around, unread_calls

STEPS_OF_AN_ANSWER = 20
"""What is asked of the schema is looked up in each row of what a table has."""
# Measured on Alembic 1.20.1: what reads the files without running env.py ("alembic heads") fails there, and all else
# runs it, whatever the revision ("alembic current").
_AT_IMPORT = (
    "it stands outside upgrade() and downgrade(), so it runs whenever Alembic reads this file, whichever revision is "
    'asked for, and fails in "alembic heads"; move it into upgrade()'
)
_DIRECTIVES = tuple(f"{name}." for name in HANDLE_NAMES)


class Walker(ModuleNames):
    """
    Follows one file for one target dialect, at the expense of one budget. `run` gives what a function of it does.
    `is_cut`: something at its top level was too much to follow. `outer` came to this file for the sake of its own.
    """

    def __init__(
        self, source: Source, dialect: str, files: Files, module: Module | None = None, outer: Walker | None = None
    ) -> None:
        super().__init__(source, module or Module(source.path), dialect, files)
        if outer is not None:
            self.budget, self.folder = files.budget, outer.folder
        self.operations: list[Operation] = []
        self._opaque: set[Opaque] = set()
        self._inspections = Inspections()
        self._turns: dict[cst.CSTNode, int] = {}
        self._gathered: list[tuple[Batch, Site, list[Operation]]] = []
        self.is_cut = False
        with self.budget.part():
            self._top_level(source.module.body)
        self._note_unread(Leads())
        self._used_at_top = self.uses

    def _top_level(self, statements: Sequence[cst.BaseStatement]) -> None:
        """The module's own statements. One that is too much to follow is cut; what it would have named is not known."""
        for statement in statements:
            try:
                with self.budget.part():
                    end = self.block([statement])
            except (OutOfSteps, RecursionError):
                self.is_cut = True
                end = None
            if end is not None:
                break

    # --- running a function -------------------------------------------------------------------------------------

    def run(self, name: str, direction: Direction, database: str | None) -> tuple[tuple[Operation, ...], str | None]:
        """The operations of the module's function `name`, and how it ends: None, "return" or "raise"."""
        self.operations, self.direction, self.segment = [], direction, 0
        self._opaque, self._inspections, self._turns = set(), Inspections(), {}
        self.entered, self.followed, self.dead = {}, {}, {}
        self.autocommit = self.repeated = False
        self.guards = ()
        self.uses = Uses(dict(self._used_at_top.classes), dict(self._used_at_top.functions))
        self.listening = True
        names = dict(self.module.names)
        end: str | None = None
        self._statement = None
        try:
            with self.budget.part():
                end = self._run_function(name, names.get(name), database)
        except OutOfSteps as error:
            self._cut(name, str(error))
        except RecursionError:
            self._cut(name, "its expressions are nested too deeply to follow")
        self.listening = False
        self.module.names.clear()
        self.module.names.update(names)
        return tuple(self.operations), end

    def _run_function(self, name: str, function: Value | None, database: str | None) -> str | None:
        """Follows one of the two functions, and what happens at its side; gives how it ends."""
        end: str | None = None
        if self.direction is Direction.UPGRADE:
            self.emit(*self.done_at_import)
        if self.replaced is not None:
            self._statement, reason = self.replaced
            self.opaque(None, name, reason)
        if isinstance(function, Function):
            self._statement = None
            given = [Text(database)] if database is not None else []
            _, end = self.enter(function, CallValue(function, tuple(given), (), None, self.module.path))
            leads = Leads()
            self._note_unread(leads)
            self._note_unentered(leads)
        elif function is not None:
            self.opaque(None, name, f"{name} is not a function written in this file{self.why_unread(function)}")
        elif self.is_cut:
            self.opaque(None, name, "the top level of this file unrolls into more steps than are followed")
        elif self.replaced is None and self.is_assembled:
            self.opaque(None, name, f"if there is a function {name}, it is made when the file is imported")
        return end

    def _cut(self, name: str, reason: str) -> None:
        """Notes that a function is not followed any further, at nobody's expense."""
        self.operations.append(Opaque(site=self.site(None), what=name, reason=reason))

    def _note_unread(self, leads: Leads) -> None:
        """Takes down what the functions that were followed would do, and nobody came to."""
        saved = self.frame, self._outer, self._statement
        for function, entered in self.entered.items():
            self.frame, self._outer = entered.frame, entered.outer
            own = entered.frame.module is self.module
            source = self.source if own and not self.source.helper else None
            frame, inner = entered.frame, self.listening  # what is defined at the top of a file is followed later on
            for call in unread_calls(function, frame, self.followed, self.dead, source, leads, inner=inner):
                self._statement = statement_around(self.source, function, call) if own else entered.statement
                reason = "it stands where the code could not be followed"
                self.opaque(call, self.shown(call), reason, when_imported=True)
        self.frame, self._outer, self._statement = saved

    def _note_unentered(self, leads: Leads) -> None:
        """Takes down what functions that nobody came to may do, where nothing else was said of the statement."""
        said = {one.site.statement for one in self.operations if isinstance(one, Opaque)}
        for found in unentered_functions(self.module, self.uses, self.entered, leads):
            self.frame, self._outer, self._statement = Frame(self.module, {}), None, found.statement
            statement = self.site(None).statement
            if statement not in said:
                said.add(statement)
                self.opaque(None, self.shown(found.statement), found.reason)

    def emit(self, *operations: Operation) -> None:
        """Notes operations; those of the module's top level as what happens when Alembic imports it."""
        if not self.listening:
            for one in operations:
                call = one.site.call
                self.done_at_import.append(Opaque(site=one.site, what=call.name if call else "", reason=_AT_IMPORT))
            return
        for operation in operations:
            if isinstance(operation, Opaque):
                if operation in self._opaque:
                    continue
                self._opaque.add(operation)
            self.budget.emit(operation)
            self.operations.append(operation)

    def batch_begins(self, batch: Batch) -> None:
        """Alembic gathers what a batch is asked for until its block ends; all else happens at once."""
        self._gathered.append((batch, self.site(batch.made.node), []))

    def batch_ends(self, batch: Batch) -> None:
        """What the batch gathered happens here, in the transaction that is open now."""
        _, begun, operations = self._gathered.pop()
        new_table = recreated(batch, operations, self.dialect, begun) if self.listening else None
        for one in [new_table, *operations] if new_table else operations:
            site = replace(one.site, segment=self.segment, autocommit=self.autocommit)
            self.operations.append(replace(one, site=site))

    def _directive(self, function: Symbol | Attribute, made: CallValue) -> Value | None:
        """What a call of a directive gives; what a batch is asked for is kept until its block ends. Else None."""
        saved, owner = self.operations, getattr(function, "owner", None)
        if isinstance(owner, Batch) and function.name != "execute":
            self.operations = next((found for batch, _, found in self._gathered if batch is owner), saved)
        try:
            return operations.operation(self, made)
        finally:
            self.operations = saved

    def opaque(
        self,
        node: cst.CSTNode | None,
        what: str,
        reason: str,
        *,
        tables: tuple[Name, ...] = (),
        rows_only: bool = False,
        when_imported: bool = False,
        mistake: Mistake | None = None,
    ) -> None:
        """
        Notes something that could not be read, or can never work: at a module's top level, a directive or what runs
        `when_imported`.
        """
        if self.listening or when_imported or what.startswith(_DIRECTIVES):
            call = node if isinstance(node, cst.Call) else None
            site = replace(self.site(call), turn=0)  # what is not understood is that once
            found = Opaque(site=site, what=what, reason=reason, tables=tables, rows_only=rows_only, mistake=mistake)
            self.emit(found)

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
        source, helper = self.source, self._helper()
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
            conditional=not all(map(conditions.is_decidable, self.guards)),
            guards=tuple(filter(conditions.is_decidable, self.guards)),
            repeated=self.repeated,
            batch=self._block is not None,
            helper=helper,
            turn=self._turns.get(node, 0) if node is not None else 0,
        )

    def _helper(self) -> str:
        """The function of another file that is followed here, and its file; empty in this one."""
        if self.frame.module is self.module:
            return ""
        file = below(self.frame.module.path, self.files.root)
        return f"{self.frame.method.name}() of {file}" if self.frame.method is not None else file

    def load(self, path: str) -> Module | None:
        """Another file of the project, its top level read: once for all migrations, and each pays for it."""
        if path == self.module.path:
            return self.module
        return self.files.loaded(path, self._walk)

    def _walk(self, source: Source, module: Module) -> None:
        module.works = bool(Walker(source, self.dialect, self.files, module, self).done_at_import)

    def changes(self, value: Items | Pairs | Class | Module) -> None:
        """Told before a collection is changed in place: it may belong to a module that others read too."""
        self.files.changes(value)

    # --- calls --------------------------------------------------------------------------------------------------

    def directive_names(self) -> Collection[str]:
        """The names that `from alembic.op import *` binds."""
        return directives().keys()

    def call_value(self, function: Value, made: CallValue) -> Value:
        """What a call gives; what it does to the database is noted on the way."""
        self.step()
        if made.node is not None:
            self._turns[made.node] = self._turns.get(made.node, -1) + 1
        match function:
            case Function():
                if self.is_holder(function):
                    self.opaque(made.node, self.shown(made.node), "it may call functions that were registered with it")
                return self.enter(function, made)[0]
            case Class(names=names) if isinstance(called := made_by(function, "__call__"), Function):
                return self.enter(replace(called, bound=function), made)[0]
            case Class(names=names):
                start = function.find("__init__")
                if isinstance(start, Function) and (start.home is function or self._matters(function, start, made)):
                    instance = CallValue(
                        Class(function.name, function.bases, dict(names), function.fields),
                        made.arguments,
                        made.keywords,
                    )
                    self.enter(replace(start, bound=instance), made)
                    return instance
                if isinstance(started := function.find("__post_init__"), Function):
                    self.enter(replace(started, bound=made), CallValue(started, (), (), made.node, made.path))
                return made
            case Attribute(name="__new__") | Symbol(path="builtins.type.__new__") if self.making is not None:
                return self.making
            case CallValue(function=Class() as kind) if isinstance(called := kind.find("__call__"), Function):
                return self.enter(replace(called, bound=function), made)[0]
            case CallValue(function=Symbol(path="functools.partial")) if function.arguments:
                return self.call_value(function.arguments[0], _whole(function, made))
            case Unknown():
                self.uses.calls.append(self._statement)
            case Symbol() | Attribute() if may_be_directive(function):
                if (answer := self._directive(function, made)) is not None:
                    return answer
        if (given := self.changed_names(made)) is not None:
            return given
        if self.listening and (asked := self._asked(made)) is not None:
            return asked
        if isinstance(function, Symbol):
            known = library.call(made, self._apply, self.attribute_of)
        else:
            owner = getattr(function, "owner", NONE)
            if isinstance(owner, (Items, Pairs)):
                self.changes(owner)
            elif type(owner) is Text:
                self.budget.read(methods.characters(made, owner))
            known = methods.method(made, owner, self.attribute_of, self.conditional)
        if known is not None:
            return known
        return execution.call(self, made)

    def _asked(self, made: CallValue) -> Value | None:
        """What a call gives that looks at the schema, or works on what such a call gave; None for any other."""
        function = made.function
        if isinstance(function, Symbol):
            return conditions.function(made, self._apply)
        found = conditions.method(made)
        if found is None and made.name in LOOKS:
            found = self._inspections.answer(made, self.dialect, len(self.operations))
            if found is not None:
                self.budget.spend(STEPS_OF_AN_ANSWER)
            table = found.lists.table if isinstance(found, AskedRows) else None
            if isinstance(found, AskedRows) and table is not None:
                self.looked_at.append(has_table(table, found.lists.after))
        return found

    def _matters(self, kind: Class, start: Function, made: CallValue) -> bool:
        """Whether an __init__ that a class inherits is followed: an application's own may lead through all of it."""
        lines = start.node.body.body if isinstance(start.node, cst.FunctionDef) else ()
        if all(isinstance(line, cst.SimpleStatementLine) for line in lines):
            return True
        return start.module is self.module or any(map(hands_over, given(made))) or has_handle(kind)

    def _of_context(self, manager: Value, method: str, *arguments: Value) -> Value | None:
        """As for the project's own context managers; of those of packages, what is registered."""
        found = super()._of_context(manager, method, *arguments)
        if found is None and isinstance(manager, CallValue):
            call = CallValue(Attribute(manager, method), arguments, (), manager.node, manager.path)
            operations.operation(self, call)
        return found

    def _apply(self, function: Value, arguments: tuple[Value, ...]) -> Value:
        return self.call_value(function, CallValue(function, arguments, (), None, self.frame.module.path))

    def set_attribute(self, owner: Value, name: str, value: Value) -> None:
        """`owner.name = value`: on an object that a query gave, that is an UPDATE of its row."""
        super().set_attribute(owner, name, value)
        if isinstance(owner, CallValue) and isinstance(owner.function, Attribute):
            self.emit(*assigned(self, owner, name))
            return
        self.budget.spend(cost_of_following([value]))
        if hands_over(value):
            self.keep(owner)


def _whole(partial: CallValue, made: CallValue) -> CallValue:
    """The call that a functools.partial makes of a call of it."""
    inner, *first = partial.arguments
    keywords = (*partial.keywords, *made.keywords)
    return CallValue(inner, (*first, *made.arguments), keywords, made.node, made.path)
