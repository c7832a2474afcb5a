"""What an operation names that is no table nor part of one, and is certainly not there."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from migration_guard.model.certainty import key_of
from migration_guard.model.objects import RenameEnumValue
from migration_guard.model.operations import Operation
from migration_guard.model.refusals import Encounter, Refusal, RefusalKind
from migration_guard.model.schema import ROUTINES, Name, ObjectKey
from migration_guard.model.unknown import Unknown


def gone(operation: Operation, what: str, key: Name, name: str, encounter: Encounter) -> Iterator[Refusal]:
    """An object that the history itself took away."""
    departure = encounter.departure((what, key, ""))
    if departure is not None:
        why, other = encounter.how_it_went(departure), encounter.opposite(departure)
        yield Refusal(RefusalKind.ABSENT, operation, what, name, why, None, departure.new_name, other)


def absent_object(operation: Operation, key: ObjectKey, encounter: Encounter) -> Iterator[Refusal]:
    """
    What goes by its kind and its name, and that the history took away, or never made under this name but under one that
    is nearly alike. Of routines several may have one name.
    """
    if key.kind in ROUTINES or encounter.dialect != "postgresql" or key in encounter.state.others:
        return
    departure = encounter.departure(key_of(key))
    if departure is not None:
        why, other = encounter.how_it_went(departure), encounter.opposite(departure)
        yield Refusal(RefusalKind.ABSENT, operation, key.kind, str(key.name), why, None, departure.new_name, other)
        return
    alike = [str(one.name) for one in encounter.certainty.objects if (one.kind, one.table) == (key.kind, key.table)]
    near = next(iter(get_close_matches(str(key.name), alike, 1, 0.8)), "")
    if near and not encounter.state.clouded and encounter.shows_all:
        why = "which nothing in this history makes"
        yield Refusal(RefusalKind.ABSENT, operation, key.kind, str(key.name), why, None, near)


def absent_label(operation: RenameEnumValue, encounter: Encounter) -> Iterator[Refusal]:
    known = encounter.state.enums.get(operation.type)
    if known is None or not known.certain or isinstance(known.labels, Unknown) or encounter.state.clouded:
        return
    if known.labels and operation.value not in known.labels:
        near = next(iter(get_close_matches(operation.value, known.labels, 1, 0.6)), "")
        why = f"as {operation.type} has {', '.join(known.labels)}"
        yield Refusal(RefusalKind.ABSENT, operation, "value", operation.value, why, None, near)
