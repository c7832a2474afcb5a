"""The patterns of `match`: whether one fits what is known, and which names it binds."""

from __future__ import annotations

import libcst as cst

from migration_guard.model.unknown import Unknown
from migration_guard.reading.interpreter.definitions import Definitions
from migration_guard.reading.interpreter.values import Items, Pairs, Value, is_known, plain, same


class Patterns(Definitions):
    """Holds patterns against values."""

    def fits(self, case: cst.MatchCase, subject: Value) -> bool | None:
        """Whether a case is the one of a subject; None where that cannot be told."""
        return None if case.guard is not None else self._fits(case.pattern, subject)

    def _fits(self, pattern: cst.MatchPattern, subject: Value) -> bool | None:
        match pattern:
            case cst.MatchValue():
                return same(subject, self.evaluate(pattern.value))
            case cst.MatchSingleton():
                return plain(subject) is plain(self.evaluate(pattern.value)) if is_known(subject) else None
            case cst.MatchAs(pattern=None):
                return True
            case cst.MatchAs(pattern=inner) if inner is not None:
                return self._fits(inner, subject)
            case cst.MatchOr():
                found = [self._fits(one.pattern, subject) for one in pattern.patterns]
                return True if True in found else (None if None in found else False)
        return None

    def bind_pattern(self, pattern: cst.MatchPattern, subject: Value) -> None:
        """Binds the names in a pattern to the parts of a subject that they take."""
        unknown = Unknown("what a pattern takes is not known")
        match pattern:
            case cst.MatchAs():
                if pattern.name is not None:
                    self.bind(pattern.name, subject)
                if pattern.pattern is not None:
                    self.bind_pattern(pattern.pattern, subject)
            case cst.MatchOr():
                for one in pattern.patterns:
                    self.bind_pattern(one.pattern, unknown)
            case cst.MatchList() | cst.MatchTuple():
                self._bind_sequence(pattern, subject)
            case cst.MatchMapping():
                for element in pattern.elements:
                    found = subject.get(self.evaluate(element.key)) if isinstance(subject, Pairs) else None
                    self.bind_pattern(element.pattern, found or unknown)
                if pattern.rest is not None:
                    self.bind(pattern.rest, unknown)
            case cst.MatchClass():
                for part in pattern.patterns:
                    self.bind_pattern(part.value, unknown)
                for keyword in pattern.kwds:
                    self.bind_pattern(keyword.pattern, self.attribute_of(subject, keyword.key.value))

    def _bind_sequence(self, pattern: cst.MatchList | cst.MatchTuple, subject: Value) -> None:
        known = isinstance(subject, Items) and subject.complete and subject.certain
        items = list(subject.items) if isinstance(subject, Items) and known else []
        for position, element in enumerate(pattern.patterns):
            unknown: Value = Unknown("what a pattern takes is not known")
            if isinstance(element, cst.MatchStar):
                rest = len(pattern.patterns) - position - 1
                taken = len(items) - position - rest
                unknown = Items(items[position : position + taken]) if known and taken >= 0 else unknown
                items[position : position + max(0, taken)] = [unknown]
                if element.name is not None:
                    self.bind(element.name, unknown)
            else:
                self.bind_pattern(element.value, items[position] if position < len(items) else unknown)
