"""
Expressions: what each is known to be. Never runs the code it reads, and never takes more than a bounded number of
steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import libcst as cst

from migration_guard.model.guards import Guard, all_of, any_of
from migration_guard.model.unknown import Unknown
from migration_guard.reading.interpreter import conditions, library, literals, texts
from migration_guard.reading.interpreter.budget import TOO_MANY_STEPS, OutOfSteps
from migration_guard.reading.interpreter.comprehensions import Comprehensions
from migration_guard.reading.interpreter.operators import METHODS, compare, item, operate, part
from migration_guard.reading.interpreter.values import (
    LARGEST_VALUE,
    NONE,
    SIZED,
    CallValue,
    Constant,
    Function,
    Items,
    Pairs,
    Symbol,
    Text,
    Value,
    is_known,
    join,
    plain,
    same,
    size_of,
    truth,
)
from migration_guard.reading.source.nodes import parts_of

PARTS_OF_A_STEP = 20


class Evaluator(Comprehensions):
    """Evaluates expressions."""

    def evaluate(self, node: cst.BaseExpression) -> Value:
        """What this expression is known to be."""
        handler = _HANDLERS.get(type(node))
        if handler is None:
            self.evaluate_parts(node)
            return Unknown(f"a {type(node).__name__} is not followed")
        # As Budget.spend() does, which costs more than this for each of thousands.
        budget = self.budget
        budget.steps += 1
        if budget.steps > budget.limit:
            raise OutOfSteps(TOO_MANY_STEPS)
        value = handler(self, node)
        if type(value) in _COUNTED:
            budget.made(value)
        if type(value) in SIZED and size_of(value) > LARGEST_VALUE:
            return Unknown("what is put together here is too large")
        return value

    def evaluate_parts(self, node: cst.CSTNode) -> None:
        """What is done by the expressions in a node that nobody knows how to read as a whole."""
        for child in parts_of(node):
            if isinstance(child, cst.BaseExpression):
                self.evaluate(child)
            else:
                self.evaluate_parts(child)

    # --- names --------------------------------------------------------------------------------------------------

    def name(self, node: cst.Name) -> Value:
        """A name; True, False and None are names to libcst."""
        if node.value in _CONSTANTS:
            return _CONSTANTS[node.value]
        return self.lookup(node.value)

    def attribute(self, node: cst.Attribute) -> Value:
        """`owner.name`."""
        return self.attribute_of(self.evaluate(node.value), node.attr.value)

    # --- literals -----------------------------------------------------------------------------------------------

    def string(self, node: cst.SimpleString) -> Value:
        """A string or bytes literal."""
        source = self.source_of(self.frame.module)
        return literals.string(node, source.start(node), source.path)

    def concatenated(self, node: cst.ConcatenatedString) -> Value:
        """Literals side by side."""
        parts: list[Value] = []
        at: cst.BaseExpression = node
        while isinstance(at, cst.ConcatenatedString):
            parts.append(self.evaluate(at.left))
            at = at.right
        parts.append(self.evaluate(at))
        return join(texts.as_text(part) for part in parts)

    def formatted_string(self, node: cst.FormattedString) -> Value:
        """An f-string."""
        return literals.formatted_string(node, self.source_of(self.frame.module), self.evaluate)

    def number(self, node: cst.Integer | cst.Float | cst.Imaginary) -> Value:
        """A number."""
        return literals.number(node)

    def items(self, node: cst.List | cst.Tuple | cst.Set) -> Value:
        """A list, tuple or set."""
        made = Items([])
        for element in node.elements:
            value = self.evaluate(element.value)
            if type(element) is cst.StarredElement:
                if isinstance(value, Items):
                    made.grow(value.items)
                made.complete &= isinstance(value, Items) and value.complete
            else:
                made.grow([value])
        return made

    def pairs(self, node: cst.Dict) -> Value:
        """A dictionary."""
        made = Pairs([])
        for element in node.elements:
            value = self.evaluate(element.value)
            if isinstance(element, cst.DictElement):
                made.grow([(self.evaluate(element.key), value)])
            elif isinstance(value, Pairs):
                made.grow(value.pairs)
            made.complete &= isinstance(element, cst.DictElement) or (isinstance(value, Pairs) and value.complete)
        return made

    # --- operators ----------------------------------------------------------------------------------------------

    def binary(self, node: cst.BinaryOperation) -> Value:
        """`left operator right`; chains of additions are walked, not recursed into."""
        chain = []
        at: cst.BaseExpression = node
        while isinstance(at, cst.BinaryOperation):
            chain.append(at)
            at = at.left
        value = self.evaluate(at)
        for each in reversed(chain):
            self.step()
            value = self._operated(each.operator, value, self.evaluate(each.right))
        return value

    def _operated(self, operator: cst.BaseBinaryOp, left: Value, right: Value) -> Value:
        method = METHODS[type(operator)]
        found = self.special(left, f"__{method}__", right) or self.special(right, f"__r{method}__", left)
        return found or operate(operator, left, right, self.frame.module.path)

    def unary(self, node: cst.UnaryOperation) -> Value:
        """`not x`, `-x`."""
        value = self.evaluate(node.expression)
        if isinstance(node.operator, cst.Not):
            known = truth(value)
            if known is None:
                return conditions.opposite(value) or Unknown("a condition that is not known")
            return Constant(not known)
        if (
            isinstance(node.operator, cst.Minus)
            and isinstance(value, Constant)
            and isinstance(value.value, int | float)
        ):
            return Constant(-value.value)
        return Unknown("its operand is not known")

    def boolean(self, node: cst.BooleanOperation) -> Value:
        """`and`, `or`: stops early as Python does."""
        left = self.evaluate(node.left)
        known, is_and = truth(left), isinstance(node.operator, cst.And)
        if known is not None and known is not is_and:
            self.note_dead(node.right, test=node.left)
            return left
        if known is not None:
            return self.evaluate(node.right)
        guard = conditions.guard_of(left)
        right = self._under(guard if is_and else conditions.negated(guard), node.right)
        if isinstance(right, Constant) and right.value is (not is_and):  # `x or True`, whatever x is
            return right
        if not is_and and right == Items([]) and conditions.answer(left) is not None:  # `columns or []`
            return left
        both = conditions.together((left, right), all_of if is_and else any_of)
        return both or Unknown("a condition that is not known")

    def comparison(self, node: cst.Comparison) -> Value:
        """`a == b`, `a in b` and their kin; a chain is true when every link is."""
        left, result = self.evaluate(node.left), True
        for link in node.comparisons:
            right = self.evaluate(link.comparator)
            searched = isinstance(link.operator, cst.In | cst.NotIn)
            self.budget.spend((size_of(right) if searched else min(size_of(left), size_of(right))) // PARTS_OF_A_STEP)
            if searched:
                self.special(right, "__contains__", left)
            if len(node.comparisons) == 1 and (asked := conditions.compared(link.operator, left, right)) is not None:
                return asked
            known = compare(link.operator, left, right)
            if known is None and (library.is_column(left) or library.is_column(right)):
                return CallValue(Symbol(f"sqlalchemy.{type(link.operator).__name__}"), (left, right))
            if known is None:
                return Unknown("a condition that is not known")
            result, left = result and known, right
        return Constant(result)

    def conditional_expression(self, node: cst.IfExp) -> Value:
        """`a if test else b`."""
        test = self.evaluate(node.test)
        known = truth(test)
        if known is not None:
            self.note_dead(node.orelse if known else node.body, test=node.test)
            return self.evaluate(node.body if known else node.orelse)
        guard = conditions.guard_of(test)
        one, other = self._under(guard, node.body), self._under(conditions.negated(guard), node.orelse)
        if same(one, other):
            return one
        found = conditions.chosen(guard, one, other)
        return found or Unknown("it depends on a condition that is not known")

    def _under(self, guard: Guard, node: cst.BaseExpression) -> Value:
        """What an expression is known to be that is come to where a guard holds."""
        saved = self.guards
        if conditions.is_decidable(guard):
            self.guards = (*saved, guard)
        try:
            return self.evaluate(node)
        finally:
            self.guards = saved

    def subscript(self, node: cst.Subscript) -> Value:
        """`owner[index]` and slices of lists."""
        owner = self.evaluate(node.value)
        if len(node.slice) != 1:
            return Unknown("its index is not known")
        index = node.slice[0].slice
        if isinstance(index, cst.Slice):
            return self._slice(owner, index)
        if not isinstance(index, cst.Index):
            return Unknown("its index is not known")
        key = self.evaluate(index.value)
        if library.module_of(owner, self.frame.module) is not None and isinstance(key, Text):
            return self.lookup(key.value) if key.known else Unknown(f"{key.shown} is not known here")
        if owner == _LOADED and key == _OWN_NAME:
            return self.frame.module
        return self.special(owner, "__getitem__", key) or conditions.picked(owner, key) or item(owner, key)

    def _slice(self, owner: Value, index: cst.Slice) -> Value:
        bounds: list[int | None] = []
        for bound in (index.lower, index.upper, index.step):
            known = plain(self.evaluate(bound)) if bound is not None else None
            if bound is not None and not isinstance(known, int):
                return Unknown("its bounds are not known")
            bounds.append(known if isinstance(known, int) else None)
        return part(owner, *bounds)

    # --- calls and functions ------------------------------------------------------------------------------------

    def call(self, node: cst.Call) -> Value:
        """A call: its function and arguments are evaluated in order, then the call is made known."""
        function = self.evaluate(node.func)
        self.followed[id(node)] = node
        arguments: list[Value] = []
        keywords: list[tuple[str, Value]] = []
        for argument in node.args:
            value = self.evaluate(argument.value)
            if argument.keyword is not None:
                keywords.append((argument.keyword.value, value))
            elif argument.star == "**":
                pairs = value.pairs if isinstance(value, Pairs) else []
                keywords += [(key.value, each) for key, each in pairs if isinstance(key, Text) and key.known]
                if not isinstance(value, Pairs) or not value.complete or not all(is_known(key) for key, _ in pairs):
                    keywords.append(("**", Unknown("keyword arguments that are not known")))
            elif argument.star == "*":
                arguments += value.items if isinstance(value, Items) else []
                if not isinstance(value, Items) or not value.complete:
                    arguments.append(Unknown("arguments that are not known"))
            else:
                arguments.append(value)
        if not arguments and function == _SUPER:
            arguments = self.super_of()
        made = CallValue(function, tuple(arguments), tuple(keywords), node, self.frame.module.path)
        # What is handed over is read; what it is handed to, a list that grows say, is not read again.
        self.budget.spend((made.size - size_of(function)) // PARTS_OF_A_STEP)
        return self.call_value(function, made)

    def defaults_of(self, parameters: cst.Parameters) -> dict[str, Value]:
        """What the parameters of a function are by default, which is settled where it is defined."""
        every = (*parameters.posonly_params, *parameters.params, *parameters.kwonly_params)
        return {one.name.value: self.evaluate(one.default) for one in every if one.default is not None}

    def function(self, node: cst.Lambda) -> Value:
        """A lambda."""
        function = Function(node, self.frame.module, self.around(), defaults=self.defaults_of(node.params))
        self.met(function)
        return function

    def named(self, node: cst.NamedExpr) -> Value:
        """`(name := value)`."""
        value = self.evaluate(node.value)
        self.bind(node.target, value)
        return value


_COUNTED = frozenset({Text, Items, Pairs, Unknown})
_SUPER = Symbol("builtins.super")
_LOADED = Symbol("sys.modules")
_OWN_NAME = Text("migration")
_CONSTANTS: dict[str, Value] = {"True": Constant(True), "False": Constant(False), "None": NONE}
# Each handler takes the one class of nodes that it is filed under, which a dict cannot say.
_HANDLERS: dict[type[cst.CSTNode], Callable[[Evaluator, Any], Value]] = {
    cst.Name: Evaluator.name,
    cst.Attribute: Evaluator.attribute,
    cst.SimpleString: Evaluator.string,
    cst.ConcatenatedString: Evaluator.concatenated,
    cst.FormattedString: Evaluator.formatted_string,
    cst.Integer: Evaluator.number,
    cst.Float: Evaluator.number,
    cst.Imaginary: Evaluator.number,
    cst.List: Evaluator.items,
    cst.Tuple: Evaluator.items,
    cst.Set: Evaluator.items,
    cst.Dict: Evaluator.pairs,
    cst.BinaryOperation: Evaluator.binary,
    cst.UnaryOperation: Evaluator.unary,
    cst.BooleanOperation: Evaluator.boolean,
    cst.Comparison: Evaluator.comparison,
    cst.IfExp: Evaluator.conditional_expression,
    cst.Subscript: Evaluator.subscript,
    cst.Call: Evaluator.call,
    cst.Lambda: Evaluator.function,
    cst.ListComp: Evaluator.comprehension,
    cst.GeneratorExp: Evaluator.comprehension,
    cst.SetComp: Evaluator.comprehension,
    cst.DictComp: Evaluator.dictionary_comprehension,
    cst.NamedExpr: Evaluator.named,
    cst.Yield: Evaluator.yielded,
    cst.Await: lambda self, node: self.evaluate(node.expression),
}
