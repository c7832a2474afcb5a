"""Comprehensions and generators: over what is known, and over what a database answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import libcst as cst

from migration_guard.model.unknown import Unknown
from migration_guard.reading.interpreter import conditions, library
from migration_guard.reading.interpreter.attributes import Attributes
from migration_guard.reading.interpreter.rows import AskedRows, Cells
from migration_guard.reading.interpreter.values import NONE, Items, Pairs, Value, truth


class Comprehensions(Attributes):
    """Evaluates comprehensions."""

    def comprehension(self, node: cst.ListComp | cst.GeneratorExp | cst.SetComp) -> Value:
        """A comprehension over what is known, or over the answer of a database."""
        iterable = self.items_of(self.evaluate(node.for_in.iter))
        if (asked := self._of_answer(iterable, node.for_in, node.elt)) is not None:
            return asked
        results, complete = Items([]), True
        for known in self._iterations(node.for_in, iterable):
            if known:
                results.grow([self.evaluate(node.elt)])
            complete &= known
        results.complete = complete
        return results

    def dictionary_comprehension(self, node: cst.DictComp) -> Value:
        """`{key: value for ...}`."""
        iterable = self.items_of(self.evaluate(node.for_in.iter))
        if isinstance(asked := self._of_answer(iterable, node.for_in, node.key), Cells):
            return replace(asked, mapped=True)
        results, complete = Pairs([]), True
        for known in self._iterations(node.for_in, iterable):
            if known:
                results.grow([(self.evaluate(node.key), self.evaluate(node.value))])
            complete &= known
        results.complete = complete
        return results

    def _of_answer(self, iterable: Value, clause: cst.CompFor, element: cst.BaseExpression) -> Value | None:
        """What a comprehension makes of the rows that a database lists; None of anything else."""
        if not isinstance(iterable, AskedRows | Cells) or clause.inner_for_in is not None:
            return None
        saved = dict(self.frame.names)
        self.bind(clause.target, conditions.item_of(iterable))
        tests = [self.evaluate(one.test) for one in clause.ifs]
        rows = iterable if isinstance(iterable, AskedRows) else iterable.rows
        found = conditions.each(rows, self.evaluate(element), tests)
        self.frame.names.clear()
        self.frame.names.update(saved)
        return found

    def _iterations(self, clause: cst.CompFor, iterable: Value) -> Iterator[bool]:
        """Binds the targets of a comprehension in turn: True for each round, False where rounds are not known."""
        values, complete = library.iterate(iterable)
        saved = dict(self.frame.names)
        for value in values:
            self.step()
            self.bind(clause.target, value)
            tests = [truth(self.evaluate(condition.test)) for condition in clause.ifs]
            if False in tests:
                continue
            if None in tests:
                yield False
            elif clause.inner_for_in is not None:
                inner = self.items_of(self.evaluate(clause.inner_for_in.iter))
                yield from self._iterations(clause.inner_for_in, inner)
            else:
                yield True
        if not complete:
            yield False
        self.frame.names.clear()
        self.frame.names.update(saved)

    def items_of(self, value: Value) -> Value:
        """What a loop goes over: what an object of the project gives for it, or the value itself."""
        return self.special(value, "__iter__") or value

    def yielded(self, node: cst.Yield) -> Value:
        """`yield value`, `yield from values`: what a loop over the generator sees."""
        if isinstance(node.value, cst.From):
            values, complete = library.iterate(self.items_of(self.evaluate(node.value.item)))
        else:
            values, complete = [NONE if node.value is None else self.evaluate(node.value)], True
        found = self.frame.yielded = self.frame.yielded or Items([])
        found.grow(values)
        found.complete &= complete and not self.conditional and not self.repeated
        return Unknown("what is sent to a generator is not known")
