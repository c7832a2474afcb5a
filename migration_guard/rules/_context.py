"""What a rule may know beside the operation, the migration or the history that it judges."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, overload

from migration_guard import dialects
from migration_guard.dialects import Ability, Change, Impact
from migration_guard.model.conventions import Conventions
from migration_guard.model.finding import Direction
from migration_guard.model.migration import History, Migration
from migration_guard.model.novelty import Novelty
from migration_guard.model.operations import AlterColumnType, Operation, RenameColumn, RenameTable, TableOperation
from migration_guard.model.refusals import Refusal, RefusalKind
from migration_guard.model.replay import Replayed
from migration_guard.model.schema import ColumnType, Name, SchemaState
from migration_guard.model.target import Target
from migration_guard.model.unknown import Unknown
from migration_guard.rules._surroundings import Surroundings, both

Kind = TypeVar("Kind", bound=Operation)
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Context:
    """
    What a rule may know beside its subject.

    `operation` is the one being judged, None for a rule on anything else; `before` is the schema that it meets.
    `source` is the text of the migration's file, and `source_of` gives that of any file. `releases_between` tells how
    many tags of git have the first of two files and not the second, None where nobody knows. `judged` are the revisions
    that are judged in this run. For a Rule[History],
    `replayed` and the states are those of an empty history.
    """

    target: Target
    history: History
    replayed: Replayed
    before: SchemaState
    source: str = ""
    filename_pattern: str | None = None
    conventions: Conventions = field(default_factory=Conventions)
    source_of: Callable[[str], str] = field(default=lambda path: "")
    releases_between: Callable[[str, str], int | None] = field(default=lambda older, newer: None)
    judged: Collection[str] = ()
    operation: Operation | None = None
    _kept: dict[Callable[..., Any], tuple[Replayed, Any]] = field(default_factory=dict, repr=False, compare=False)

    @property
    def migration(self) -> Migration:
        """The revision that is being judged."""
        return self.replayed.migration

    def is_new(self, table: Name, at: Operation | None = None) -> bool:
        """
        Whether this migration itself has made the table (or view) before an operation: nobody reads or writes it yet.
        That is the operation being judged, where no other is given; for a revision as a whole the end of upgrade().
        """
        return self.novelty.has_table(table, at or self.operation)

    def is_new_column(self, table: Name, column: str, at: Operation | None = None) -> bool:
        """Whether this migration itself has added the column (or made its table) before an operation, as is_new()."""
        return self.novelty.has_column(table, column, at or self.operation)

    def is_empty(self, operation: TableOperation) -> bool:
        """Whether the migration has made the operation's table, or thrown all its rows away before."""
        return self.novelty.is_empty(operation.table, operation)

    @property
    def novelty(self) -> Novelty:
        """What is new at which moment of the revision."""
        return self.once(_novelty)

    def together(self, operation: Operation) -> tuple[Operation, ...]:
        """Everything the same function of the migration asks for, in its order."""
        downgrade = operation.site.direction is Direction.DOWNGRADE
        return (self.migration.downgrade if downgrade else self.migration.upgrade).operations

    @overload
    def earlier(self, operation: Operation) -> Sequence[Operation]: ...
    @overload
    def earlier(self, operation: Operation, *kinds: type[Kind]) -> Sequence[Kind]: ...
    def earlier(self, operation: Operation, *kinds: type[Operation]) -> Sequence[Operation]:
        """What runs before the operation in the same function; of these kinds, where any are named."""
        return self._around(operation).earlier(operation, kinds)

    @overload
    def later(self, operation: Operation) -> Sequence[Operation]: ...
    @overload
    def later(self, operation: Operation, *kinds: type[Kind]) -> Sequence[Kind]: ...
    def later(self, operation: Operation, *kinds: type[Operation]) -> Sequence[Operation]:
        """What runs after the operation in the same function; of these kinds, where any are named."""
        return self._around(operation).later(operation, kinds)

    def name_at_end(self, table: Name, column: str, operation: Operation) -> tuple[Name, str]:
        """What a column and its table are called at the end of the operation's function, after what it renames."""
        for one in self.later(operation):
            match one:
                case RenameTable(table=old, new_name=Name() as new) if old == table:
                    table = new
                case RenameColumn(table=of, column=called, new_name=str() as name) if (of, called) == (table, column):
                    column = name
        return table, column

    def is_alone(self, operation: Operation) -> bool:
        """Whether its statement asks for nothing else (a loop may ask for the same several times)."""
        return self._around(operation).is_alone(operation)

    def in_transaction(self, operation: Operation) -> bool:
        """Whether the operation runs in the migration's transaction, together with what stands around it."""
        environment = self.history.environment
        if operation.site.autocommit or environment.autocommit or environment.transactional_ddl is False:
            return False
        return self._around(operation).has_transaction(operation)

    def _around(self, operation: Operation) -> Surroundings:
        return self.once(both)[operation.site.direction is Direction.DOWNGRADE]

    def once(self, find_out: Callable[[Context], Found]) -> Found:
        """What is found out of the revision as a whole, once for all the operations that a rule is asked about."""
        known = self._kept.get(find_out)
        if known is None or known[0] is not self.replayed:
            known = self._kept[find_out] = self.replayed, find_out(self)
        found: Found = known[1]
        return found

    def changes(self, operation: Operation) -> tuple[Change, ...]:
        """What the operation asks of the target, in the schema before it."""
        return dialects.changes(operation, self.before, self.target)

    def impact(self, operation: Operation) -> Impact | None:
        """What the operation does to a table in use: the worst of its changes; None where nothing is known."""
        known = [dialects.impact_of(change, self.target) for change in self.changes(operation)]
        found = [impact for impact in known if impact is not None]
        return max(found, key=lambda one: (not one.brief, one.rewrites, len(one.blocks)), default=None)

    def refused(self, operation: Operation, kind: RefusalKind) -> tuple[Refusal, ...]:
        """What the database certainly refuses of the operation for this reason."""
        return tuple(one for one in self.replayed.refusals if one.operation is operation and one.kind is kind)

    def type_before(self, operation: AlterColumnType) -> ColumnType | Unknown:
        """The type the column has before this change."""
        return dialects.type_before(operation, self.before)

    def can(self, ability: Ability) -> bool:
        """Whether the target has this ability."""
        return dialects.can(ability, self.target)


def _novelty(context: Context) -> Novelty:
    return Novelty(context.replayed)
