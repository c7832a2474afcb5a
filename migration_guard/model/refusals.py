"""
What a database certainly refuses of an operation, because of what is there and what is not: as data, for rules to say.
Whatever is not known, uncertain or conditional is refused by nobody. `absences`, `clashes` and `dependants` judge.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from migration_guard.model.certainty import Certainty, Departure, Key
from migration_guard.model.operations import Operation
from migration_guard.model.outlook import Outlook
from migration_guard.model.schema import ROUTINES, Name, ObjectKey, SchemaState, Table
from migration_guard.model.target import Target


class RefusalKind(Enum):
    """Why it is refused."""

    ABSENT = "absent"
    EXISTS = "exists"
    IN_USE = "in use"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Refusal:
    """
    One reason for which the database refuses an operation.

    `what` is the object in SQL's word, `name` its name, `table` the table it belongs to, if it does. `why` is a clause
    for people: "which 0007 renamed to nick". `instead` is a name that is there and nearly alike, if there is one; for
    what is NEVER done the whole sentence that says what to write.
    `other` is the statement of the same function on whose other side this one would work, if there is one.
    """

    kind: RefusalKind
    operation: Operation
    what: str
    name: str
    why: str
    table: Name | None = None
    instead: str = ""
    other: Operation | None = None

    def __str__(self) -> str:
        return (
            f"{self.what} {self.table}.{self.name}"
            if self.what == "column" and self.table
            else f"{self.what} {self.name}"
        )


@dataclass(frozen=True, slots=True)
class Encounter:
    """
    Where an operation meets the schema: the state with nothing in it that is only taken for granted, and what of it is
    certain.

    `function` is all that the same function of the migration asks for, `outlook` what the whole history tells,
    `forgotten` are the names whose schema the migration leaves out, against the habit of the history. `names_itself`
    tells that no naming convention names what has no name: the database does.
    """

    state: SchemaState
    certainty: Certainty
    target: Target
    revision: str
    function: tuple[Operation, ...]
    outlook: Outlook
    forgotten: frozenset[Name] = frozenset()
    names_itself: bool = False

    @property
    def dialect(self) -> str:
        """The dialect that is judged for."""
        return self.target.dialect

    def known(self, name: Name) -> Table | None:
        """The table, where the history certainly shows it to the last column."""
        table = self.state.table(name)
        return table if self.certainty.is_known(table, self.state) else None

    def there(self, name: Name) -> Table | None:
        """The table, where it is certainly there; it may have more than is shown."""
        table = self.state.table(name)
        return table if table is not None and self.certainty.is_there(table, self.state) else None

    @property
    def shows_all(self) -> bool:
        """Whether every table so far is one that the history made itself."""
        return all(name in self.certainty.made for name in self.state.tables)

    def sure_of(self, key: ObjectKey) -> bool:
        """
        Whether what goes by its kind and its name is certainly there: the history made it, and nothing has run since
        that may have dropped it. Of routines several may have one name.
        """
        there = key in self.state.others and key in self.certainty.objects and not self.state.clouded
        return there and key.kind not in ROUTINES and self.dialect == "postgresql"

    def meant(self, name: Name, there: Collection[Name]) -> Name | None:
        """
        The one of these that is called so in another schema, which this history has the habit to write.
        """
        if name.schema is not None or name in there or self.state.clouded or self.certainty.is_astray(name):
            return None
        places = [one for one in there if one.name == name.name]
        return places[0] if len(places) == 1 and places[0] in self.forgotten else None

    def departure(self, key: Key) -> Departure | None:
        """How an object went that the history took away, and that is not back."""
        return None if self.certainty.is_astray(key[1]) else self.certainty.gone.get(key)

    def how_it_went(self, departure: Departure) -> str:
        """How it went, as a clause."""
        did = f"renamed to {departure.new_name}" if departure.new_name else "dropped"
        if departure.revision != self.revision:
            return f"which {departure.revision} {did}"
        earlier = any(departure.operation is one for one in self.function)
        return f"which is {did} before, in this function" if earlier else f"which upgrade() {did}"

    def opposite(self, departure: Departure) -> Operation | None:
        """The statement of this very function that took it away."""
        return next((one for one in self.function if one is departure.operation), None)
