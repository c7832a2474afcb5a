"""What an operation makes that is certainly there already."""

from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.constraints import WITH_INDEX, AddConstraint, CreateIndex, RenameConstraint, RenameIndex
from migration_guard.model.named_objects import MakeObject
from migration_guard.model.objects import AddEnumValue, CreateSequence, CreateView, RenameType
from migration_guard.model.operations import AddColumn, CreateTable, Operation, RenameColumn, RenameTable
from migration_guard.model.refusals import Encounter, Refusal, RefusalKind
from migration_guard.model.schema import Constraint, ConstraintKind, Index, Name, Table
from migration_guard.model.unknown import Unknown


def clashes(operation: Operation, encounter: Encounter) -> Iterator[Refusal]:
    """The names that the operation gives, and that something else has."""
    if getattr(operation, "if_not_exists", False) or getattr(operation, "or_replace", False):
        return
    match operation:
        case CreateTable(temporary=False):
            yield from _relation(operation, operation.table.name, encounter)
        case RenameTable():
            yield from _relation(operation, operation.new_name, encounter)
        case CreateView():
            yield from _relation(operation, operation.view.name, encounter)
        case CreateSequence():
            yield from _relation(operation, operation.sequence, encounter)
        case AddColumn():
            yield from _column(operation, operation.table, operation.column.name, encounter)
        case RenameColumn():
            yield from _column(operation, operation.table, operation.new_name, encounter)
        case CreateIndex(index=index) if index.name is not None:
            yield from _index(operation, operation.table, index.name, encounter)
        case RenameIndex():
            found = encounter.state.index(operation.name)
            if found is not None:
                yield from _index(operation, found[0].name, operation.new_name, encounter)
        case AddConstraint(constraint=constraint) if constraint.name is not None:
            yield from _constraint(operation, operation.table, constraint, constraint.name, encounter)
            yield from _hidden_not_null(operation, constraint.name, encounter)
        case RenameConstraint():
            yield from _renamed_constraint(operation, encounter)
        case MakeObject(made=made) if encounter.sure_of(made.key):
            table = made.key.table
            yield _there(
                operation, made.key.kind, str(made.key.name), table, f"on {table}" if table is not None else ""
            )
        case AddEnumValue():
            yield from _label(operation, encounter)
        case RenameType():
            known = encounter.state.enums.get(operation.new_name)
            if (
                known is not None
                and known.certain
                and not encounter.state.clouded
                and not isinstance(known.labels, Unknown)
            ):
                yield _there(operation, "type", str(operation.new_name))


def _there(operation: Operation, what: str, name: str, table: Name | None = None, why: str = "") -> Refusal:
    return Refusal(RefusalKind.EXISTS, operation, what, name, why, table)


def _relation(operation: Operation, name: Name, encounter: Encounter) -> Iterator[Refusal]:
    """A table, view or sequence that is there: PostgreSQL keeps all of them under one name."""
    state, certainty = encounter.state, encounter.certainty
    # What is not shown in full may be a partition, and gone with its parent.
    if encounter.known(name) is not None and name in certainty.made:
        yield _there(operation, "table", str(name))
    elif (view := state.views.get(name)) is not None and view.certain and name in certainty.reads:
        yield _there(operation, "view", str(name))


def _column(operation: Operation, name: Name, column: str, encounter: Encounter) -> Iterator[Refusal]:
    table = encounter.there(name)
    known = table.columns.get(column) if table is not None else None
    # What is only taken for granted in a table that the history does not show has no default that is known.
    if known is not None and known.certain and (encounter.known(name) or not isinstance(known.default, Unknown)):
        yield _there(operation, "column", column, name)


def _index(operation: Operation, table: Name, name: str, encounter: Encounter) -> Iterator[Refusal]:
    for owner, index in _indexes_called(name, table, encounter):
        if index.certain and not isinstance(index.unique, Unknown):
            why = f"on {owner.name}" if owner.name != table else ""
            yield _there(operation, "index", name, owner.name, why)
            return
    for each in _in_schema(table, encounter):
        for constraint in each.constraints:
            same = constraint.name == name and constraint.kind in WITH_INDEX and encounter.dialect == "postgresql"
            if same and _surely_made(constraint, each, encounter):
                yield _there(operation, "constraint", name, each.name, f"of {each.name}, with an index of its name")
                return


def _indexes_called(name: str, table: Name, encounter: Encounter) -> Iterator[tuple[Table, Index]]:
    for each in _in_schema(table, encounter):
        if name in each.indexes:
            yield each, each.indexes[name]


def _in_schema(table: Name, encounter: Encounter) -> Iterator[Table]:
    """The tables among whose indexes a name has to be new: MySQL and MariaDB ask the table alone."""
    for name, each in encounter.state.tables.items():
        near = name == table or (encounter.dialect in ("postgresql", "sqlite") and name.schema == table.schema)
        if near and encounter.certainty.is_there(each, encounter.state):
            yield each


def _constraint(
    operation: Operation, table: Name, constraint: Constraint, name: str, encounter: Encounter
) -> Iterator[Refusal]:
    """PostgreSQL asks the table, MySQL and MariaDB all tables for foreign keys; SQLite lets two have one name."""
    if encounter.dialect == "sqlite":
        return
    everywhere = constraint.kind is ConstraintKind.FOREIGN_KEY and encounter.dialect in ("mysql", "mariadb")
    for each in encounter.state.tables.values() if everywhere else filter(None, [encounter.state.table(table)]):
        for one in each.constraints:
            alike = one.kind is constraint.kind or not everywhere
            if alike and one.name == name and _surely_made(one, each, encounter):
                yield _there(operation, "constraint", name, each.name, f"of {each.name}" if each.name != table else "")
                return
    if constraint.kind in WITH_INDEX and constraint.using_index is None:
        for owner, index in _indexes_called(name, table, encounter):
            if index.certain and not isinstance(index.unique, Unknown):
                yield _there(operation, "index", name, owner.name, f"on {owner.name}")
                return


NAMED_NOT_NULL = (18,)
"""Since then PostgreSQL keeps each NOT NULL as a constraint, `table_column_not_null` (measured on 15 and 18)."""


def _hidden_not_null(operation: AddConstraint, name: str, encounter: Encounter) -> Iterator[Refusal]:
    """A NOT NULL keeps its name where table or column are renamed: of these nothing is said."""
    table = encounter.known(operation.table)
    if table is None or encounter.dialect != "postgresql" or encounter.target.version < NAMED_NOT_NULL:
        return
    renamed = {departure.new_name for departure in encounter.certainty.gone.values()}
    for column in table.columns.values():
        taken = name == f"{table.name.name}_{column.name}_not_null"
        if taken and column.nullable is False and column.certain and not renamed & {str(table.name), column.name}:
            yield _there(operation, "constraint", name, table.name, f"as the NOT NULL of {column.name}")


def _surely_made(constraint: Constraint, table: Table, encounter: Encounter) -> bool:
    """
    Whether the constraint is certainly there. PostgreSQL leaves out a second key on the same columns, where it stands
    in the same CREATE TABLE (measured on 15 and 18).
    """
    twice = [one for one in table.constraints if one.kind in WITH_INDEX and one.columns == constraint.columns]
    there = constraint.certain and bool(constraint.columns) and encounter.certainty.is_there(table, encounter.state)
    seen = encounter.certainty.has_constraint(table.name, constraint.kind)
    return there and seen and not (constraint.kind in WITH_INDEX and len(twice) > 1)


def _renamed_constraint(operation: RenameConstraint, encounter: Encounter) -> Iterator[Refusal]:
    there = encounter.there(operation.table) if encounter.dialect != "sqlite" else None
    for one in there.constraints if there is not None else ():
        if (
            one.name == operation.new_name
            and one.certain
            and encounter.certainty.has_constraint(operation.table, one.kind)
        ):
            yield _there(operation, "constraint", operation.new_name, operation.table)


def _label(operation: AddEnumValue, encounter: Encounter) -> Iterator[Refusal]:
    known = encounter.state.enums.get(operation.type)
    if known is None or not known.certain or encounter.state.clouded or isinstance(known.labels, Unknown):
        return
    if operation.value in known.labels:
        yield _there(operation, "value", operation.value, operation.type, f"of {operation.type}")
