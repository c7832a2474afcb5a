"""
What the database answers when a migration looks at its schema, as values: which rows they are is left to the replay,
which knows the schema of that moment.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from migration_guard.model.guards import AllOf, Guard, Lists, Undecided, all_of, name_in
from migration_guard.model.listings import Listing


@dataclass(frozen=True, slots=True, eq=False)
class AskedRows:
    """
    What `inspector.get_columns()` and its kin give, or a query on the catalogue: those rows of the listing for which
    `where` holds. `given` is what has to hold for there to be any; `selected` are the parts that a query asks for.
    """

    lists: Lists
    given: Guard = field(default_factory=AllOf)
    selected: tuple[str, ...] = ()

    def that(self, *tests: Guard) -> AskedRows:
        """Those of the rows for which these hold, too."""
        return replace(self, lists=replace(self.lists, where=all_of(self.lists.where, *tests)))

    def exist(self, *tests: Guard) -> Guard:
        """That there are any for which these hold."""
        return all_of(self.given, self.that(*tests).lists)

    @property
    def is_one(self) -> bool:
        """Whether there is no second row: the names are picked, or it is a primary key."""
        return self.lists.listing is Listing.PRIMARY_KEY or name_in(self.lists.where) is not None


@dataclass(frozen=True, slots=True, eq=False)
class AskedRow:
    """One of the rows: whichever a loop has come to, or the first one, which is None where there are none."""

    rows: AskedRows
    is_first: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """A part of a row: `column["name"]`. Where it is a list, its order is of no account for one that is `unordered`."""

    row: AskedRow
    part: str
    unordered: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """One part of each row: `{column["name"] for column in columns}`; `mapped` where it leads to the row."""

    rows: AskedRows
    part: str
    mapped: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Tests:
    """What holds for each row, as any() and all() get it."""

    rows: AskedRows
    test: Guard


@dataclass(frozen=True, slots=True, eq=False)
class Count:
    """How many rows there are."""

    rows: AskedRows


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """Whether something holds of the schema; of each of the `rows`, where it is about the one a loop has come to."""

    guard: Guard
    rows: AskedRows | None = None


@dataclass(frozen=True, slots=True)
class OfRow(Undecided):
    """A condition on the row that a loop has come to, which means nothing outside of that loop."""

    condition: Condition


Answer = AskedRows | AskedRow | Cell | Cells | Tests | Count | Condition
ANSWERS = frozenset({AskedRows, AskedRow, Cell, Cells, Tests, Count, Condition})
