"""
What a migration asks of the database before it acts (`if not inspector.has_table("pets")`), as conditions that a
replay decides on the schema of that moment. What the history does not show is not decided: None.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from migration_guard.model.listings import Chosen, ListedRow, Listing, listed
from migration_guard.model.schema import Name, SchemaState
from migration_guard.model.unknown import UNKNOWN, Unknown

Plain = str | bool | tuple[str, ...] | None


@dataclass(slots=True)
class Moments:
    """
    The schema before each operation of a function, up to the one that is looked at. `made` are the tables, views and
    types that an upgrade of the history makes: only of these does it tell that they are not there.
    """

    states: list[SchemaState]
    made: Collection[Name] = ()
    _known: dict[Guard, bool | None] = field(default_factory=dict)

    def decide(self, guards: Iterable[Guard]) -> bool | None:
        """Whether all of them hold; None where the history does not tell. Each is looked at once."""
        for guard in guards:
            if guard not in self._known:
                self._known[guard] = guard.holds(self)
        return _all(self._known[guard] for guard in guards)

    @property
    def now(self) -> SchemaState:
        """The schema of this moment."""
        return self.states[-1]


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition on the schema, or on one row of what an inspector lists."""

    def holds(self, moments: Moments, row: ListedRow | None = None) -> bool | None:
        """Whether it is true; None where the history does not tell."""
        return None


@dataclass(frozen=True, slots=True)
class Undecided(Guard):
    """A condition that nothing in a history decides: a setting, the time, the rows of a table."""


@dataclass(frozen=True, slots=True)
class Not(Guard):
    """The opposite."""

    inner: Guard

    def holds(self, moments: Moments, row: ListedRow | None = None) -> bool | None:
        known = self.inner.holds(moments, row)
        return None if known is None else not known


@dataclass(frozen=True, slots=True)
class AllOf(Guard):
    """True where each is; of none it is."""

    inner: tuple[Guard, ...] = ()

    def holds(self, moments: Moments, row: ListedRow | None = None) -> bool | None:
        return _all(one.holds(moments, row) for one in self.inner)


@dataclass(frozen=True, slots=True)
class AnyOf(Guard):
    """True where one is; of none it is not."""

    inner: tuple[Guard, ...] = ()

    def holds(self, moments: Moments, row: ListedRow | None = None) -> bool | None:
        return _any(one.holds(moments, row) for one in self.inner)


class Relation(Enum):
    """How a part of a row is compared."""

    IS = "is"
    HAS = "has"
    """The part is a list that has the value in it."""
    SAME_MEMBERS = "same members"
    IS_TRUE = "is true"


@dataclass(frozen=True, slots=True)
class Matches(Guard):
    """Whether a part of the row (`name`, `column_names`) is a value; `value` is of no account for IS_TRUE."""

    part: str
    relation: Relation
    value: Plain = None

    def holds(self, moments: Moments, row: ListedRow | None = None) -> bool | None:
        found = row.parts.get(self.part, UNKNOWN) if row is not None else UNKNOWN
        if isinstance(found, Chosen):
            return False if isinstance(self.value, str) and not found.may_be(self.value) else None
        if isinstance(found, Unknown):
            return None
        match self.relation:
            case Relation.IS_TRUE:
                return bool(found)
            case Relation.HAS:
                return isinstance(found, tuple) and self.value in found
            case Relation.SAME_MEMBERS if isinstance(found, tuple) and isinstance(self.value, tuple):
                return set(found) == set(self.value)
        return found == self.value


@dataclass(frozen=True, slots=True)
class Lists(Guard):
    """
    Whether a listing has a row for which `where` holds. `table` is whose columns, keys or indexes are listed; `schema`
    that of the tables, views or types, None for the default one. `after` is how many operations of the function had
    been asked for when the database was asked.
    """

    listing: Listing
    after: int
    table: Name | None = None
    schema: str | None = None
    where: Guard = field(default_factory=AllOf)

    def holds(self, moments: Moments, row: ListedRow | None = None) -> bool | None:
        state = moments.states[min(self.after, len(moments.states) - 1)]
        found = listed(self.listing, state, self.table, self.schema, name_in(self.where))
        if found is None:
            return None
        known = _any(
            None if fits and not one.certain else fits
            for one in found.rows
            for fits in (self.where.holds(moments, one),)
        )
        if known is False and not found.complete and not self._is_of_history(state, moments):
            return None
        return known

    def _is_of_history(self, state: SchemaState, moments: Moments) -> bool:
        """Whether it asks for one name, which the history itself makes elsewhere, and everything was read."""
        name = name_in(self.where)
        return self.table is None and not state.clouded and name is not None and Name(name, self.schema) in moments.made


def name_in(where: Guard) -> str | None:
    """The name that a row has to have; None where it may have any."""
    match where:
        case AllOf(inner):
            return next(filter(None, map(name_in, inner)), None)
        case Matches(part="name", relation=Relation.IS, value=str() as name):
            return name
    return None


UNDECIDED = Undecided()
ALWAYS = AllOf()
NEVER = AnyOf()
LARGEST_GUARD = 60
"""How many conditions one may be put together from. What grows past that is not decided."""


def all_of(*guards: Guard) -> Guard:
    """The guard that is true where each is."""
    return _put_together(AllOf, guards, idle=ALWAYS, decisive=NEVER)


def any_of(*guards: Guard) -> Guard:
    """The guard that is true where one is."""
    return _put_together(AnyOf, guards, idle=NEVER, decisive=ALWAYS)


def opposite_of(guard: Guard) -> Guard:
    """The guard that is true where this one is not."""
    match guard:
        case Undecided():
            return UNDECIDED
        case Not(inner):
            return inner
        case AllOf(()) | AnyOf(()):
            return NEVER if guard == ALWAYS else ALWAYS
    return Not(guard)


def _put_together(kind: type[AllOf | AnyOf], guards: Sequence[Guard], idle: Guard, decisive: Guard) -> Guard:
    if decisive in guards:
        return decisive
    left = tuple(UNDECIDED if isinstance(one, Undecided) else one for one in guards if one != idle)
    if len(left) < 2:
        return left[0] if left else idle
    if all(one is UNDECIDED for one in left) or sum(map(_size, left)) > LARGEST_GUARD:
        return UNDECIDED
    return kind(left)


def tables_asked(guards: Iterable[Guard]) -> set[Name]:
    """The tables that have to be there for these to be asked: one looks at their parts, and none whether they are."""
    asked: set[Name] = set()
    perhaps: set[Name] = set()
    waiting = list(guards)
    while waiting:
        match waiting.pop():
            case Not(inner):
                waiting.append(inner)
            case AllOf(several) | AnyOf(several):
                waiting += several
            case Lists(table=Name() as table):
                asked.add(table)
            case Lists(schema=schema, where=where) if (name := name_in(where)) is not None:
                perhaps.add(Name(name, schema))
    return asked - perhaps


def _size(guard: Guard) -> int:
    match guard:
        case Not(inner) | Lists(where=inner):
            return 1 + _size(inner)
        case AllOf(several) | AnyOf(several):
            return 1 + sum(map(_size, several))
    return 1


def _any(results: Iterator[bool | None]) -> bool | None:
    found: bool | None = False
    for one in results:
        if one:
            return True
        found = None if one is None else found
    return found


def _all(results: Iterator[bool | None]) -> bool | None:
    opposite = _any(None if one is None else not one for one in results)
    return None if opposite is None else not opposite
