"""What one up/down/up cycle of a revision did on a real database: statements, failures, differences, lost values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from migration_guard.model.differences import Fate
from migration_guard.model.finding import Direction
from migration_guard.model.migration import Migration

QUERY = re.compile(r"\s*(?:SELECT|PRAGMA|SHOW|DESCRIBE)\b", re.IGNORECASE)


class Cause(StrEnum):
    """Who stopped a step: the database, the Python of the project, or nobody in time."""

    DATABASE = "database"  # the database refused a statement
    PYTHON = "python"  # an exception of the migration, of env.py or of what they call
    EXIT = "exit"  # sys.exit(), os._exit() or a crash of the process
    TIMEOUT = "timeout"
    REFUSED = "refused"  # a connection that would not have gone to the throwaway database


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file. `path` is absolute; `line` counts from 1."""

    path: str
    line: int


@dataclass(frozen=True, slots=True)
class SentStatement:
    """One SQL statement as it was sent. `place` is the line of the migration's own file that led to it, if any did."""

    sql: str
    place: Place | None = None

    @property
    def asks(self) -> bool:
        """Whether it is a query, and changes nothing."""
        return QUERY.match(self.sql) is not None


@dataclass(frozen=True, slots=True)
class Failure:
    """
    Why a step did not come to its end.

    `message` holds the database's own words, or those of the Python exception, on one line or several, without a
    traceback. `kind` is the exception's class (`NotImplementedError`, `ProgrammingError`). `sqlstate` is PostgreSQL's
    or MySQL's, five characters (https://www.postgresql.org/docs/18/errcodes-appendix.html). `place` is the
    innermost line in the migration's file, else in the project's own code. `statement` is what the database refused, or
    was running.
    """

    cause: Cause
    message: str
    kind: str = ""
    sqlstate: str | None = None
    place: Place | None = None
    statement: str | None = None


@dataclass(frozen=True, slots=True)
class TripStep:
    """One run of a revision's upgrade() or downgrade(). `autocommit`: it used `autocommit_block()`."""

    revision: str
    direction: Direction
    statements: tuple[SentStatement, ...] = ()
    failure: Failure | None = None
    autocommit: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class PropertyChange:
    """One property of an object that is not what it was, in words: `PropertyChange("nullable", "no", "yes")`."""

    property: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class CatalogueDifference:
    """
    One object of the catalogue that is not as it was.

    `kind` is the database's word for it: table, column, index, constraint, enum, sequence, view, function ... `name` is
    how people call it: `users`, `users.email`, `ix_users_email`, `sales.orders`. `table` is the table it belongs to,
    None where it belongs to none or is one. `changes` are there where it is CHANGED.
    """

    kind: str
    name: str
    fate: Fate
    table: str | None = None
    changes: tuple[PropertyChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Loss:
    """
    Values of a column (or, with `column` None, whole rows of a table) that were there before an upgrade and its
    downgrade, and are others after them. `was` and `now` are one example, as text.
    """

    table: str
    column: str | None
    was: str
    now: str
    rows: int


@dataclass(frozen=True, slots=True)
class Trip:
    """
    Everything that was seen of one revision.

    `upgrade`, `downgrade` and `again` are the three steps, None where they were not run. `on_empty` is the upgrade run
    once more on empty tables, after it failed on rows. `left` compares before with after the downgrade, `differs` the
    first upgrade with the second. `full_trip` are the steps of this revision on the way from the heads to base and
    back that failed, though they had worked alone; `own_transactions` is one that fails only under env.py's own
    transactions. `models` are what the application's models and the database at the heads do not share, in words.
    """

    migration: Migration
    upgrade: TripStep | None = None
    downgrade: TripStep | None = None
    again: TripStep | None = None
    on_empty: TripStep | None = None
    left: tuple[CatalogueDifference, ...] = ()
    differs: tuple[CatalogueDifference, ...] = ()
    lost: tuple[Loss, ...] = ()
    full_trip: tuple[TripStep, ...] = ()
    own_transactions: TripStep | None = None
    models: tuple[str, ...] = ()

    @property
    def troubled(self) -> bool:
        """Whether there is anything to judge: a step that failed, a difference, a loss."""
        steps = (self.upgrade, self.downgrade, self.again, self.on_empty, self.own_transactions, *self.full_trip)
        failed = any(step is not None and step.failure is not None for step in steps)
        return failed or bool(self.left or self.differs or self.lost or self.models)

    @property
    def idle(self) -> bool:
        """Whether the upgrade worked and sent nothing but queries: nothing was shown of what it does elsewhere."""
        step = self.on_empty or self.upgrade
        return step is not None and step.failure is None and all(one.asks for one in step.statements)

    def statements(self, direction: Direction) -> tuple[SentStatement, ...]:
        """What was sent to the database in this direction, the first time that it got there."""
        upgrade = self.on_empty or self.upgrade
        step = upgrade if direction is Direction.UPGRADE else self.downgrade
        return step.statements if step else ()
