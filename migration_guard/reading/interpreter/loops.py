"""Loops: one round after the other over what is known, one round that may run any number of times over what is not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache

import libcst as cst

from migration_guard.model.guards import UNDECIDED, opposite_of
from migration_guard.model.unknown import Unknown
from migration_guard.reading.interpreter import conditions, library
from migration_guard.reading.interpreter.patterns import Patterns
from migration_guard.reading.interpreter.rows import AskedRows, Cells, OfRow
from migration_guard.reading.interpreter.scope import Returned
from migration_guard.reading.interpreter.values import (
    NONE,
    Attribute,
    CallValue,
    Constant,
    Function,
    Items,
    Pairs,
    Text,
    Value,
    same,
    truth,
)
from migration_guard.reading.source.nodes import parts_of


class Loops(Patterns):
    """Runs loops. `left` are the ways in which a loop or a function may have been left early: `break`, `return`."""

    left: frozenset[str | None] = frozenset()

    @contextmanager
    def _maybe(self) -> Iterator[None]:
        saved = self.guards
        self.guards = (*saved, UNDECIDED)
        try:
            yield
        finally:
            self.guards = saved

    def _doubt(self, others: dict[str, Value], reason: str) -> None:
        """A flag, a text, a list or a function is not known any more, where another way leaves it different."""
        names = self.frame.names
        for name, other in others.items():
            known = names.get(name)
            if known is other or (isinstance(known, Function) and not isinstance(other, Function)):
                continue
            if isinstance(known, Text) and isinstance(other, Text) and known.value.startswith(other.value):
                continue  # a text that grows keeps its beginning
            if isinstance(known, Items) and isinstance(other, Items):
                more = [one for one in other.items if one not in known.items]
                names[name] = Items([*known.items, *more], known.complete and other.complete, certain=False)
            elif isinstance(known, Constant | Text | Items | Pairs | Function) and not same(known, other):
                names[name] = Unknown(f"{name} depends on {reason}")

    def _for(self, statement: cst.For) -> str | None:
        iterable = self.items_of(self.evaluate(statement.iter))
        values, complete = library.iterate(iterable)
        saved, before = self.guards, self.names_here()
        certain = complete and (not isinstance(iterable, Items) or iterable.certain)
        if isinstance(iterable, Items) and not iterable.certain:
            self.guards = (*saved, UNDECIDED)
        broken = False
        left, self.left = self.left, frozenset()
        for value in values:
            self.step()
            begun = self.guards
            self.bind(statement.target, value)
            end = self.block(statement.body.body)
            if end in ("return", "raise"):
                return end
            if end == "break":
                broken = True
                break
            if not self.left & {"break", "return"}:
                self.guards = begun  # what a `continue` skips is the rest of this round alone
        self.left = left | (self.left & {"return"})
        if complete and not values:
            self.note_dead(statement.body)
        if not complete:
            self.bind(statement.target, _item_of(iterable))
            self._vary(statement.body, texts=False)
            returned = len(self.frame.returned)
            self._repeat(statement.body.body, certain=False)
            if isinstance(iterable, AskedRows | Cells):
                self._returned_by_row(iterable if isinstance(iterable, AskedRows) else iterable.rows, returned)
                saved = self.guards
        if not certain:
            self._doubt(before, "how often a loop runs")
        left_early = self.conditional and not saved
        if not self.frame.returned:
            self.guards = saved
        if broken and complete:
            self.note_dead(statement.orelse)
            return None
        return self._after_loop(statement.orelse, certain=not left_early and not broken)

    def _after_loop(self, orelse: cst.Else | None, *, certain: bool) -> str | None:
        """The `else` of a loop, which a `break` skips."""
        if orelse is None:
            return None
        if certain:
            return self.block(orelse.body.body)
        with self._maybe():
            self.block(orelse.body.body)
        return None

    def _repeat(
        self, body: Sequence[cst.BaseStatement] | Sequence[cst.BaseSmallStatement], certain: bool
    ) -> str | None:
        """Runs a body once that may run any number of times. What is None at first may be something else later on."""
        saved = self.guards, self.repeated, self.none_at_first
        nothing = {name for name, one in self.frame.names.items() if one == NONE}
        if nothing:
            self.none_at_first |= nothing & set().union(*map(_bound_in, body))
        self.repeated = True
        self.guards = saved[0] if certain else (*saved[0], UNDECIDED)
        try:
            return self.block(body)
        finally:
            self.guards, self.repeated, self.none_at_first = saved

    def _returned_by_row(self, rows: AskedRows, first: int) -> None:
        """`for row in rows: if ...: return row`: it returns where there is such a row, else it goes on."""
        around, returned = len(self.guards) - self.frame.depth, self.frame.returned
        for place in range(first, len(returned)):
            value, guards = returned[place]
            tests = [one.condition for one in guards[around + 1 :] if isinstance(one, OfRow)]
            if len(tests) == len(guards) - around - 1 and all(one.rows is rows for one in tests):
                found = rows.that(*(one.guard for one in tests))
                returned[place] = Returned(conditions.first_of(value, found), (*guards[:around], found.exist()))
                self.guards = (*self.guards, opposite_of(found.exist()))

    def _vary(self, *code: cst.CSTNode, texts: bool = True) -> None:
        """The second time round it may be another number, or another text. What is None at first stays known."""
        kinds = (Text, Constant) if texts else Constant
        values = {name: one for name, one in self.frame.names.items() if isinstance(one, kinds) and _varies(one)}
        for name in set().union(*map(_bound_in, code)) & values.keys() if values else ():
            self.frame.names[name] = Unknown(f"{name} changes from one round of a loop to the next")

    def _while(self, statement: cst.While) -> str | None:
        known = truth(self.evaluate(statement.test))
        if known is False:
            self.note_dead(statement.body)
            return self._after_loop(statement.orelse, certain=True)
        before = self.names_here()
        self._vary(statement.body, statement.test)
        end = self._repeat(statement.body.body, certain=known is True)
        if known is not True:
            self._doubt(before, "how often a loop runs")
        if end in ("return", "raise", "break") and known:
            self.note_dead(statement.orelse)
            return None if end == "break" else end
        return self._after_loop(statement.orelse, certain=False)


def _item_of(iterable: Value) -> Value:
    """What a loop comes to whose rounds are not known."""
    if isinstance(iterable, AskedRows | Cells):
        return conditions.item_of(iterable)
    item = CallValue(Attribute(iterable, "first")) if isinstance(iterable, CallValue) else None
    return item or Unknown("the items of the loop are not known")


# Asking libcst's abstract classes what is no instance of them is slow.
_BINDING = frozenset((cst.AssignTarget, cst.AugAssign, cst.NamedExpr, cst.AnnAssign, cst.For))
_UNPACKING = frozenset((cst.Tuple, cst.List, cst.Element))


def _varies(value: Text | Constant) -> bool:
    return isinstance(value, Text) or type(value.value) in (bool, int, float)


@lru_cache(maxsize=512)
def _bound_in(code: cst.CSTNode) -> frozenset[str]:
    """The names that some code assigns to."""
    found: set[str] = set()
    waiting: list[cst.CSTNode] = [code]
    while waiting:
        node = waiting.pop()
        if type(node) in _BINDING:
            targets: list[cst.CSTNode] = [node.target]  # type: ignore[attr-defined]
            while targets:
                target = targets.pop()
                if type(target) is cst.Name:
                    found.add(target.value)
                elif type(target) in _UNPACKING:
                    targets += parts_of(target)
        waiting += parts_of(node)
    return frozenset(found)
