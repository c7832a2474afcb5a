from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from migration_guard.model.constraints import AddConstraint, CreateIndex, DropConstraint, DropIndex
from migration_guard.model.finding import Direction, Finding, Severity
from migration_guard.model.operations import AddColumn, AlterColumnType, Operation, SetNotNull
from migration_guard.model.schema import Constraint, Name
from migration_guard.rules import Context, Rule
from migration_guard.rules.autoincrement_column_added import AutoincrementColumnAdded
from migration_guard.rules.blocking_index_build import BlockingIndexBuild
from migration_guard.rules.check_validated_in_place import CheckValidatedInPlace
from migration_guard.rules.foreign_key_validated_in_place import ForeignKeyValidatedInPlace
from migration_guard.rules.not_null_without_default import NotNullWithoutDefault
from migration_guard.rules.primary_key_built_in_place import PrimaryKeyBuiltInPlace
from migration_guard.rules.set_not_null_scan import SetNotNullScan
from migration_guard.rules.stored_generated_column import StoredGeneratedColumn
from migration_guard.rules.type_change_rewrite import TypeChangeRewrite
from migration_guard.rules.unique_built_in_place import UniqueBuiltInPlace
from migration_guard.rules.volatile_default_rewrite import VolatileDefaultRewrite

_WEIGHTY: tuple[Rule[Any], ...] = (
    NotNullWithoutDefault(),
    SetNotNullScan(),
    VolatileDefaultRewrite(),
    AutoincrementColumnAdded(),
    StoredGeneratedColumn(),
    TypeChangeRewrite(),
    ForeignKeyValidatedInPlace(),
    CheckValidatedInPlace(),
    UniqueBuiltInPlace(),
    PrimaryKeyBuiltInPlace(),
    BlockingIndexBuild(),
)
_BACK = """\
Give it a server_default and drop that below, or add it as nullable, fill it with an UPDATE, and set NOT NULL then."""


class UnsafeDowngrade(Rule[Operation]):
    """
    The downgrade does what would be found in an upgrade: it fails on rows, or shuts people out while it runs.

    ## What happens

    A column that autogenerate brings back is NOT NULL and has no default, as it was when the table was empty:

    ```python given
    op.create_table("parcels", sa.Column("id", sa.Integer()), sa.Column("label", sa.Text(), nullable=False))
    ```

    ```python bad
    def upgrade():
        op.drop_column("parcels", "label")  # migration-guard: ignore[MG102] No release reads it.

    def downgrade():
        op.add_column("parcels", sa.Column("label", sa.Text(), nullable=False))
    ```

    ## To whom

    The person who rolls back, under pressure, on a database full of rows.

    ## When it is no hazard

    Bringing back what the upgrade took away needs its locks: an index that comes back, a key, a type. That only undoes
    the upgrade, and is left alone.

    ```python given
    op.create_table("parcels", sa.Column("id", sa.Integer()), sa.Column("label", sa.Text(), nullable=False))
    op.create_index("ix_parcels_label", "parcels", ["label"])
    ```

    ```python good
    def upgrade():
        with op.get_context().autocommit_block():
            op.drop_index("ix_parcels_label", "parcels", postgresql_concurrently=True)

    def downgrade():
        op.create_index("ix_parcels_label", "parcels", ["label"])
    ```

    ## What to write instead

    Give a column that comes back a server default, and take it away again behind it.

    ## Sources

    - The rule that the finding names has its own.
    """

    code = "MG710"
    severity = Severity.WARNING
    directions = (Direction.DOWNGRADE,)
    message = "On the way back, as {rule} says: {said}"
    help = "{advice}"

    def check(self, subject: Operation, context: Context) -> Iterator[Finding]:
        for rule in _WEIGHTY:
            if not isinstance(subject, rule.subject()) or context.target.dialect not in rule.dialects:
                continue
            if not isinstance(rule, NotNullWithoutDefault) and _was_there(subject, context):
                continue
            for found in rule.check(subject, context):
                plain = self.finding(subject, objects=found.objects, rule=rule.code, said="", advice="")
                help = _BACK if isinstance(rule, NotNullWithoutDefault) else found.help
                yield replace(plain, message=f"{plain.message}{found.message}", help=help)


def _was_there(operation: Operation, context: Context) -> bool:
    """
    Whether it brings back what was there before the upgrade, as the history shows it or the upgrade itself: it drops
    what is called so. A name that is found out at run time may be this one.
    """
    before, upgrade = context.replayed.before, context.migration.upgrade.operations
    match operation:
        case CreateIndex(index=index, table=table):
            known = before.table(table)
            named = (one for one in upgrade if index.name in _indexes(one))
            brought_back = index.name is None or isinstance(next(named, None), DropIndex)
            return brought_back or (known is not None and index.name in known.indexes)
        case AddConstraint(constraint=constraint, table=table):
            known = before.table(table)
            if any(_drops(one, table, constraint) for one in upgrade):
                return True
            return known is not None and any(
                one.kind is constraint.kind and (one.name == constraint.name or one.columns == constraint.columns)
                for one in known.constraints
            )
        case AddColumn(table=table, column=made):
            return before.column(table, made.name) is not None
        case AlterColumnType() | SetNotNull():
            name = context.name_at_end(operation.table, operation.column, operation)
            return before.column(operation.table, operation.column) is not None or before.column(*name) is not None
    return False


def _indexes(operation: Operation) -> tuple[str | None, ...]:
    match operation:
        case CreateIndex(index=index):
            return (index.name,)
        case DropIndex(name=name):
            return (name,)
    return ()


def _drops(operation: Operation, table: Name, constraint: Constraint) -> bool:
    if not (isinstance(operation, DropConstraint) and operation.table == table):
        return False
    if operation.kind is not None and operation.kind is not constraint.kind:
        return False
    return not isinstance(operation.name, str) or operation.name == constraint.name
