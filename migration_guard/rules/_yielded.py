"""What the rules of plugins yield, held against what a finding is before anything rests on it."""

from __future__ import annotations

from collections.abc import Iterator
from types import NoneType

from migration_guard.model.finding import Direction, Finding, Fix, Severity, Span
from migration_guard.model.plugin import each_of

_KINDS: dict[str, tuple[type, ...]] = {
    "severity": (Severity,),
    "message": (str,),
    "help": (str,),
    "path": (str,),
    "span": (Span, NoneType),
    "statement": (Span, NoneType),
    "direction": (Direction, NoneType),
    "fix": (Fix, NoneType),
}


def findings(given: object, code: str) -> Iterator[Finding]:
    """The findings that a rule's `check` has given. Raises ValueError for what is none, or holds something else."""
    who = f"the rule {code}"
    for one in each_of(given, Finding, who):
        for name, kinds in _KINDS.items():
            value = getattr(one, name)
            if not isinstance(value, kinds):
                raise ValueError(f"{who} yields Finding({name}={value!r:.60}), where {kinds[0].__name__} is due")
        for value in one.objects:
            if not isinstance(value, str):
                raise ValueError(f"{who} yields Finding(objects=({value!r:.60}, ...)), where str is due")
        yield one
