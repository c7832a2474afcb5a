"""
What a database does when it is asked for a change: the only place that knows locks, rewrites and versions.

An operation is first turned into Changes (what is asked, before any version has an opinion), then the newest row of the
target's profile whose `since` is not newer than the target gives the Impact. No row means: we do not know, and that is
said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from importlib import import_module

from migration_guard.model.operations import AlterColumnType, Operation
from migration_guard.model.schema import ColumnType, SchemaState
from migration_guard.model.target import Target
from migration_guard.model.unknown import Unknown


class Change(Enum):
    """What an operation asks of the database, as finely as facts differ."""

    CREATE_TABLE = auto()
    DROP_TABLE = auto()
    RENAME_TABLE = auto()
    TRUNCATE = auto()
    ADD_COLUMN = auto()
    ADD_COLUMN_CONSTANT_DEFAULT = auto()
    ADD_COLUMN_VOLATILE_DEFAULT = auto()
    ADD_COLUMN_UNKNOWN_DEFAULT = auto()
    ADD_COLUMN_GENERATED_STORED = auto()
    ADD_COLUMN_GENERATED_VIRTUAL = auto()
    ADD_COLUMN_IDENTITY = auto()
    ADD_COLUMN_CHECK = auto()
    DROP_COLUMN = auto()
    RENAME_COLUMN = auto()
    CHANGE_TYPE_FREE = auto()
    CHANGE_TYPE_REWRITE = auto()
    CHANGE_TYPE_TIME_ZONE = auto()
    """timestamp to timestamptz or back: a rewrite, except in a session whose TimeZone is UTC."""
    CHANGE_TYPE_RECHECK = auto()
    CHANGE_TYPE_REFUSED = auto()
    """No cast leads from the old type to the new one by itself: the statement fails without USING."""
    CHANGE_TYPE_UNKNOWN = auto()
    SET_NOT_NULL = auto()
    SET_NOT_NULL_PROVEN = auto()
    DROP_NOT_NULL = auto()
    SET_DEFAULT = auto()
    COMMENT = auto()
    ADD_FOREIGN_KEY = auto()
    ADD_FOREIGN_KEY_NOT_VALID = auto()
    ADD_CHECK = auto()
    ADD_CHECK_NOT_VALID = auto()
    ADD_UNIQUE = auto()
    ADD_UNIQUE_USING_INDEX = auto()
    ADD_PRIMARY_KEY = auto()
    ADD_PRIMARY_KEY_USING_INDEX = auto()
    ADD_PRIMARY_KEY_USING_INDEX_NULLABLE = auto()
    ADD_EXCLUSION = auto()
    DROP_CONSTRAINT = auto()
    DROP_FOREIGN_KEY = auto()
    VALIDATE_CHECK = auto()
    VALIDATE_FOREIGN_KEY = auto()
    RENAME_CONSTRAINT = auto()
    CREATE_INDEX = auto()
    CREATE_INDEX_CONCURRENTLY = auto()
    DROP_INDEX = auto()
    DROP_INDEX_CONCURRENTLY = auto()
    RENAME_INDEX = auto()


class Ability(Enum):
    """What a rule may ask of a target instead of asking for its name."""

    CONCURRENT_INDEX = auto()
    NOT_VALID_CONSTRAINTS = auto()
    CONSTRAINT_USING_INDEX = auto()
    NATIVE_ENUM = auto()
    ENUM_VALUE_IN_TRANSACTION = auto()
    TRANSACTIONAL_DDL = auto()
    CHECK_PROVES_NOT_NULL = auto()
    VIRTUAL_COLUMNS = auto()
    CASTS_ON_TYPE_CHANGE = auto()
    """Type changes need a cast that the database applies by itself, or USING."""
    TIME_ZONE_CHANGE_IN_PLACE = auto()
    """timestamp and timestamptz turn into each other without a rewrite where the session's TimeZone is UTC."""
    NOT_VALID_ON_PARTITIONED = auto()
    """A partitioned table may have foreign keys that are NOT VALID."""
    ENUM_VALUE_OF_NEW_TYPE = auto()
    """A value added to an enum may be used in the transaction that made the enum."""
    VARCHAR_WITHOUT_LENGTH = auto()
    """A VARCHAR need not have a length: without one it holds any text."""
    STRICT_NOT_NULL = auto()
    """A new NOT NULL column without a default is refused (elsewhere it is filled with a zero or an empty string)."""


@dataclass(frozen=True, slots=True)
class Impact:
    """
    What a change does to a table that is in use.

    `blocks` says whom it shuts out while it runs: "reads and writes", "writes" or "". `rewrites` copies the table,
    `scans` reads all of it, `builds_index` builds one. `brief` is True where the time it takes does not grow with the
    table. `referenced_blocks` tells whom it shuts out of the table that a foreign key points at.
    """

    lock: str
    blocks: str = ""
    rewrites: bool = False
    scans: bool = False
    builds_index: bool = False
    referenced_blocks: str = ""

    @property
    def brief(self) -> bool:
        """Whether the time it takes is the same for any size of table."""
        return not (self.rewrites or self.scans or self.builds_index)


@dataclass(frozen=True, slots=True)
class Fact:
    """
    A row: from version `since` on, `change` has this `impact`. `source` is where to read it oneself: the manual of a
    version for which it holds, and which does not change with the next one.
    """

    change: Change
    since: tuple[int, ...]
    impact: Impact
    source: str


@dataclass(frozen=True, slots=True)
class Profile:
    """
    One dialect: its rows, what it can do since when, and the classifier that turns an operation into changes.

    `classify(operation, state, target)` sees the schema before the operation.
    """

    dialect: str
    facts: Sequence[Fact]
    abilities: Mapping[Ability, tuple[int, ...]]
    classify: Callable[[Operation, SchemaState, Target], tuple[Change, ...]]


def profile(dialect: str) -> Profile:
    """The profile of a dialect, by its module in this package."""
    found: Profile = import_module(f"migration_guard.dialects.{dialect}").PROFILE
    return found


def changes(operation: Operation, state: SchemaState, target: Target) -> tuple[Change, ...]:
    """What this operation asks of the target, given the schema before it."""
    return profile(target.dialect).classify(operation, state, target)


def impact_of(change: Change, target: Target) -> Impact | None:
    """The newest known impact of this change on this target; None where nothing was measured or cited."""
    rows = [fact for fact in profile(target.dialect).facts if fact.change is change and fact.since <= target.version]
    return max(rows, key=lambda fact: fact.since).impact if rows else None


def can(ability: Ability, target: Target) -> bool:
    """Whether the target has this ability."""
    since = profile(target.dialect).abilities.get(ability)
    return since is not None and since <= target.version


def type_before(operation: AlterColumnType, state: SchemaState) -> ColumnType | Unknown:
    """The type a column has before it is changed: that of the replayed history, else what the author says it is."""
    known = state.column(operation.table, operation.column)
    if known is None or isinstance(known.type, Unknown):
        return operation.existing
    sure = known.certain and known.type.known
    return known.type if sure or isinstance(operation.existing, Unknown) else operation.existing
