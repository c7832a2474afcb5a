"""
Statements: runs them as Python would, one way through what is known, both ways through what is not. Keeps track of the
circumstances: which conditions, loops and transactions are open.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import libcst as cst

from migration_guard.model.finding import Direction
from migration_guard.model.guards import UNDECIDED, Guard, all_of
from migration_guard.model.unknown import Unknown
from migration_guard.reading.interpreter import conditions, library
from migration_guard.reading.interpreter.loops import Loops
from migration_guard.reading.interpreter.scope import Returned
from migration_guard.reading.interpreter.texts import as_text
from migration_guard.reading.interpreter.values import (
    NONE,
    Batch,
    CallValue,
    Constant,
    Items,
    Module,
    Text,
    Value,
    join,
    same,
    truth,
)
from migration_guard.reading.source.nodes import names_in
from migration_guard.reading.source.source import Source

MOST_GUARDS = 20
"""How many conditions on the schema an operation is looked at under; what is more is not decided."""
_LEAVING: frozenset[str | None] = frozenset({"return", "break", "continue"})


class ControlFlow(Loops):
    """Runs statements. What a call does is left to subclasses."""

    def __init__(self, source: Source, module: Module, dialect: str) -> None:
        super().__init__(source, module, dialect)
        self.module = self.frame.module
        self.direction = Direction.UPGRADE
        self.segment = 0
        self.autocommit = False
        self._statement: cst.CSTNode | None = None
        self._block: cst.CSTNode | None = None
        self._outer: cst.Call | None = None
        self._expression: cst.BaseExpression | None = None

    def batch_begins(self, batch: Batch) -> None:
        """A block in which a batch gathers operations begins."""
        raise NotImplementedError

    def batch_ends(self, batch: Batch) -> None:
        """The block of a batch ends: what it gathered happens now."""
        raise NotImplementedError

    # --- statements ---------------------------------------------------------------------------------------------

    def block(self, statements: Sequence[cst.BaseStatement | cst.BaseSmallStatement]) -> str | None:
        """Runs statements in order; gives how they end: None, "return", "raise", "break" or "continue"."""
        for statement in statements:
            self.step()
            if self.frame.module is self.module and self._outer is None:
                self._statement = statement
            end = self._run(statement)
            if end is not None:
                self.note_dead(*statements[statements.index(statement) + 1 :])
                return end
        return None

    def _run(self, statement: cst.BaseStatement | cst.BaseSmallStatement) -> str | None:
        handler = _HANDLERS.get(type(statement))
        if handler is not None:
            return handler(self, statement)
        self.evaluate_parts(statement)
        return None

    def _line(self, line: cst.SimpleStatementLine) -> str | None:
        return next(filter(None, map(self._run, line.body)), None)

    def _raise(self, statement: cst.Raise) -> str:
        self.evaluate_parts(statement)
        return "raise"

    def _expression_alone(self, statement: cst.Expr) -> str | None:
        self._expression = statement.value
        if type(statement.value) is cst.SimpleString:  # a docstring does nothing
            return None
        return "raise" if library.is_exit(self.evaluate(statement.value)) else None

    def _assign(self, statement: cst.Assign) -> None:
        value = self.evaluate(statement.value)
        for target in statement.targets:
            self.bind(target.target, value)

    def _annotate(self, statement: cst.AnnAssign) -> None:
        if statement.value is not None:
            self.bind(statement.target, self.evaluate(statement.value))

    def _return(self, statement: cst.Return) -> str:
        value = NONE if statement.value is None else self.evaluate(statement.value)
        self.frame.returned.append(Returned(value, self.guards[self.frame.depth :]))
        return "return"

    def _augment(self, statement: cst.AugAssign) -> None:
        before, value = self.evaluate(statement.target), self.evaluate(statement.value)
        after: Value = Unknown("it is changed in place")
        if isinstance(statement.operator, cst.AddAssign):
            match before, value:
                case Text(), _:
                    after = join([before, as_text(value)])
                case Items(), Items():
                    certain = before.certain and value.certain and not self.conditional
                    after = Items(before.items + value.items, before.complete and value.complete, certain)
                case Constant(int(one)), Constant(int(other)):
                    after = Constant(one + other)
        self.budget.made(after)
        self.bind(statement.target, after)

    def _if(self, statement: cst.If) -> str | None:
        test = self.evaluate(statement.test)
        known = truth(test)
        if known is True:
            self.note_dead(statement.orelse, test=statement.test)
            return self.block(statement.body.body)
        if known is False:
            self.note_dead(statement.body, test=statement.test)
            return self._else(statement.orelse)
        guard = conditions.guard_of(test)
        return self._fork(guard, lambda: self.block(statement.body.body), lambda: self._else(statement.orelse))

    def _fork(self, guard: Guard, first: Callable[[], str | None], second: Callable[[], str | None]) -> str | None:
        """Goes both ways: the first where the guard holds, the second where it does not."""
        before, saved = self.names_here(), self.guards
        guard = guard if len(saved) < MOST_GUARDS else UNDECIDED
        ways, ends, left = (guard, conditions.negated(guard)), [], []
        after = before
        for way, run in zip(ways, (first, second), strict=True):
            self.guards = (*saved, way)
            try:
                ends.append(run())
                # What may have left a branch early is under a condition for what comes behind it, too.
                left.append((way, *filter(conditions.is_decidable, self.guards[len(saved) + 1 :])))
            finally:
                self.guards = saved
            if run is first:
                after = self.names_here()
                self._restore(before)
        self.guards += conditions.behind(ends, left)
        return self._meet(after, ends[0], ends[1], guard)

    def _else(self, orelse: cst.If | cst.Else | None) -> str | None:
        if isinstance(orelse, cst.If):
            return self._if(orelse)
        return self.block(orelse.body.body) if orelse is not None else None

    def _restore(self, names: dict[str, Value]) -> None:
        self.frame.names.clear()
        self.frame.names.update(names)

    def _meet(
        self, names: dict[str, Value], first: str | None, second: str | None, guard: Guard = UNDECIDED
    ) -> str | None:
        """
        Joins two ways that may have been gone: `names` are those at the end of the first, which was gone where the
        guard holds; the frame has those of the second.
        """
        self.left |= _LEAVING & {first, second}
        if first is not None and second is not None:
            return first if first == second or second == "raise" else second
        if second is not None:
            self._restore(names)
        elif first is None:
            other = self.frame.names
            for name in {*names, *other}:
                one, two = names.get(name), other.get(name)
                if one is not two and (one is None or two is None or not same(one, two)):
                    either = conditions.chosen(guard, one, two) if one is not None and two is not None else None
                    other[name] = either or Unknown(f"{name} depends on a condition")
        return None

    def _with(self, statement: cst.With) -> str | None:
        saved = self.autocommit, self._block
        own_segment = False
        managers: list[Value] = []
        for item in statement.items:
            value = self.evaluate(item.item)
            if isinstance(value, Batch):
                self.batch_begins(value)
                if self._outer is None:
                    self._block = statement
            elif isinstance(value, CallValue) and value.name == "autocommit_block":
                own_segment = True
                self.segment += 1
                self.autocommit = True
            entered = self._of_context(value, "__enter__")
            if item.asname is not None:
                self.bind(item.asname.name, entered or value)
            managers.append(value)
        suppressing = [library.is_suppressing(manager) for manager in managers]
        guards = self.guards
        try:
            # What fails in there may be caught, as in a try.
            self.guards = (*guards, UNDECIDED) if True in suppressing else guards
            end = self.block(statement.body.body)
            self.guards = guards if True in suppressing else self.guards
            for manager in reversed(managers):
                self._of_context(manager, "__exit__", *[Unknown("whether the block fails is not known")] * 3)
            if end != "raise" or not any(one is not False for one in suppressing):
                return end
            if True not in suppressing:
                self.guards = (*self.guards, UNDECIDED)
            return None
        finally:
            for manager in reversed(managers):
                if isinstance(manager, Batch):
                    self.batch_ends(manager)
            self.autocommit, self._block = saved
            self.segment += own_segment

    def _of_context(self, manager: Value, method: str, *arguments: Value) -> Value | None:
        """What a method of the project's own context manager gives; of a generator, what it yields first."""
        if isinstance(manager, Items):
            return next(iter(manager.items), None)
        return self.special(manager, method, *arguments)

    def _try(self, statement: cst.Try | cst.TryStar) -> str | None:
        if _only_looks(statement):
            return self._look(statement)
        swallowed = any(not _ends_in_raise(handler.body) for handler in statement.handlers)
        saved = self.guards
        before = self.names_here()
        self.guards = (*saved, UNDECIDED) if swallowed else saved
        end = self.block(statement.body.body)
        self.guards = saved
        after = self.names_here()
        caught: list[str | None] = []
        handled: list[dict[str, Value]] = []
        for handler in statement.handlers:
            self._restore({**before, **after})
            with self._maybe():
                caught.append(self.block(handler.body.body))
            if caught[-1] is None:
                handled.append(self.names_here())
            if caught[-1] == "return":
                self.guards = (*self.guards, UNDECIDED)
        if end is None or None not in caught:
            self._restore(after)
        else:
            # What follows runs, where a handler has caught what ended the body or kept it from its end.
            if end != "raise":
                self.guards = (*self.guards, UNDECIDED)
            end = None
        if end is None and statement.orelse is not None:
            end = self.block(statement.orelse.body.body)
        for names in handled:
            self._doubt(names, "whether an exception is caught")
        if statement.finalbody is not None:
            end = self.block(statement.finalbody.body.body) or end
        return end

    def _look(self, statement: cst.Try | cst.TryStar) -> str | None:
        """`try:` an inspector, `except NoSuchTableError:` the handler runs where a table that it asks for is absent."""
        saved, looked, self.looked_at = self.guards, self.looked_at, []
        ends, ways = [self.block(statement.body.body)], []
        there = all_of(*self.looked_at) if self.looked_at else UNDECIDED
        self.looked_at = looked
        ways.append((there, *filter(conditions.is_decidable, self.guards[len(saved) :])))
        names = self.names_here()
        self.guards = (*saved, conditions.negated(there))
        ends.append(self.block(statement.handlers[0].body.body))
        ways.append((conditions.negated(there), *self.guards[len(saved) + 1 :]))
        self.guards = (*saved, *conditions.behind(ends, ways))
        self._restore(names)
        return ends[0] if None not in ends else None

    def _match(self, statement: cst.Match) -> str | None:
        subject = self.evaluate(statement.subject)
        certain = True
        for position, case in enumerate(statement.cases):
            known = self.fits(case, subject)
            if known is False:
                self.note_dead(case)
                continue
            if known is True:
                self.note_dead(*statement.cases[position + 1 :])
            before = self.names_here()
            self.bind_pattern(case.pattern, subject)
            if known is True and certain:
                return self.block(case.body.body)
            with self._maybe():
                end = self.block(case.body.body)
            after = self.names_here()
            self._restore(before)
            self._meet(after, end, None)
            if end in _LEAVING:
                self.guards = (*self.guards, UNDECIDED)
            if known is True:
                break
            certain = False
        return None


# A table, not `match`: asking libcst's abstract classes what is no instance of them is slow. Each handler takes the one
# class of nodes that it is filed under, which a dict cannot say.
_HANDLERS: dict[type[cst.CSTNode], Callable[[ControlFlow, Any], str | None]] = {
    cst.SimpleStatementLine: ControlFlow._line,
    cst.Expr: ControlFlow._expression_alone,
    cst.Assign: ControlFlow._assign,
    cst.AnnAssign: ControlFlow._annotate,
    cst.AugAssign: ControlFlow._augment,
    cst.Import: ControlFlow.import_names,
    cst.ImportFrom: ControlFlow.import_names,
    cst.FunctionDef: ControlFlow.define,
    cst.ClassDef: ControlFlow.define_class,
    cst.With: ControlFlow._with,
    cst.If: ControlFlow._if,
    cst.For: ControlFlow._for,
    cst.While: ControlFlow._while,
    cst.Try: ControlFlow._try,
    cst.TryStar: ControlFlow._try,
    cst.Match: ControlFlow._match,
    cst.Global: ControlFlow.declare,
    cst.Nonlocal: ControlFlow.declare,
    cst.Return: ControlFlow._return,
    cst.Raise: ControlFlow._raise,
    cst.Break: lambda flow, statement: "break",
    cst.Continue: lambda flow, statement: "continue",
}


def _only_looks(statement: cst.Try | cst.TryStar) -> bool:
    """Whether this tries to look at a table, and does nothing else to the database."""
    if len(statement.handlers) != 1 or statement.orelse or statement.finalbody or "op" in names_in(statement.body):
        return False
    caught = statement.handlers[0].type
    name = caught.attr if isinstance(caught, cst.Attribute) else caught
    return isinstance(name, cst.Name) and name.value == "NoSuchTableError"


def _ends_in_raise(block: cst.BaseSuite) -> bool:
    last = block.body[-1] if block.body else None
    if isinstance(last, cst.SimpleStatementLine):
        last = last.body[-1]
    return isinstance(last, cst.Raise)
