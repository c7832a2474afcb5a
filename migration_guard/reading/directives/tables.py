"""The directives on tables and their rows: their calls as operations, in the order in which Alembic emits them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from migration_guard.model.constraints import CreateIndex
from migration_guard.model.named_objects import SetProperties
from migration_guard.model.objects import CreateEnum, InsertRows
from migration_guard.model.operations import CreateTable, DropTable, Operation, RenameTable
from migration_guard.model.schema import Column, Constraint, ConstraintKind, EnumType, Index, Name, Table, comment_of
from migration_guard.model.site import Site
from migration_guard.model.unknown import UNKNOWN, Unknown
from migration_guard.reading.directives.arguments import BoundArguments
from migration_guard.reading.directives.constraints import index_from
from migration_guard.reading.directives.constructs import ColumnParts
from migration_guard.reading.directives.names import constant_columns, table_of
from migration_guard.reading.directives.registry import directive
from migration_guard.reading.interpreter.values import (
    FALSE,
    Attribute,
    CallValue,
    Constant,
    Items,
    Pairs,
    Text,
    Value,
    truth,
)


@directive("create_table", "table_name *columns", needed=("table_name",))
def create_table(ask: BoundArguments) -> Iterator[Operation]:
    """op.create_table(): its enums first, then the table, then the indexes of its columns."""
    name = ask.table()
    assert name is not None
    parts: list[ColumnParts] = []
    constraints: list[Constraint] = []
    indexes: list[Index] = []
    complete = True
    for value in ask.rest:
        made = value
        while isinstance(made, CallValue) and isinstance(made.function, Attribute) and made.name == "copy":
            made = made.function.owner
        if not isinstance(made, CallValue):
            complete = False
        elif made.name == "Column":
            found = ask.constructs.column(made)
            complete &= found is not None
            if found is not None and any(_is_left_out(one, ask) for one in made.arguments):
                found = replace(found, foreign_keys=())
            parts += [found] if found is not None else []
        elif made.name == "Index":
            indexes.append(index_from(made, ask.constructs))
        elif not _is_left_out(made, ask):
            constraint = ask.constructs.constraint(made)
            complete &= constraint is not None
            constraints += [constraint] if constraint is not None else []
    table, own = table_from(name, parts, constraints, complete)
    if_not_exists = ask.flag("if_not_exists")
    prefixes = ask["prefixes"]
    temporary = isinstance(prefixes, Items) and any(
        isinstance(one, Text) and "TEMP" in one.value.upper() for one in prefixes.items
    )
    partitioned = ask["postgresql_partition_by"] is not None
    site = ask.site()
    for part in parts:
        yield from _implicit_enum(part, site)
    made_table = replace(table, partitioned=partitioned)
    comment = _comment(ask["comment"])
    yield CreateTable(site=site, table=made_table, if_not_exists=if_not_exists, temporary=temporary, comment=comment)
    for index in own + indexes:
        yield CreateIndex(site=site, table=name, index=index)


def _is_left_out(value: Value, ask: BoundArguments) -> bool:
    """
    Whether it is a foreign key that CREATE TABLE leaves out: `use_alter` leaves it to a statement of its own, which
    op.create_table() does not write, where the database has ALTER for constraints.
    (https://docs.sqlalchemy.org/en/20/core/constraints.html#sqlalchemy.schema.ForeignKeyConstraint.params.use_alter)
    """
    made = value if isinstance(value, CallValue) and value.name in ("ForeignKey", "ForeignKeyConstraint") else None
    return made is not None and ask.walker.dialect != "sqlite" and truth(made.keyword("use_alter") or FALSE) is True


def table_from(
    name: Name, parts: list[ColumnParts], constraints: list[Constraint], complete: bool
) -> tuple[Table, list[Index]]:
    """A table from its columns and constraints, and the indexes that `index=True` makes."""
    constraints = list(constraints)
    keys = tuple(part.column.name for part in parts if part.primary_key)
    if keys and not any(one.kind is ConstraintKind.PRIMARY_KEY for one in constraints):
        constraints.insert(0, Constraint(ConstraintKind.PRIMARY_KEY, None, keys, by_convention=True))
    own: list[Index] = []
    for part in parts:
        constraints += [*part.foreign_keys, *part.checks]
        own += part.indexes(name)
        if part.unique and not part.index:
            constraints.append(Constraint(ConstraintKind.UNIQUE, None, (part.column.name,), by_convention=True))
    columns = {part.column.name: part.column for part in parts}
    for constraint in constraints:
        if constraint.kind is ConstraintKind.PRIMARY_KEY:
            for part in parts:
                if part.column.name in constraint.columns:
                    counts = len(constraint.columns) == 1 if part.counts is None else part.counts
                    columns[part.column.name] = _key_column(part.column, counts, constraints)
    return Table(name, columns, tuple(constraints), complete=complete), own


def _key_column(column: Column, counts: bool, constraints: list[Constraint]) -> Column:
    """
    A primary key's column: not null, and an integer that counts is drawn from a sequence. It does where it is alone,
    in a key of several columns where autoincrement says so.
    https://docs.sqlalchemy.org/en/20/core/metadata.html#sqlalchemy.schema.Column.params.autoincrement
    """
    foreign = any(one.kind is ConstraintKind.FOREIGN_KEY and column.name in one.columns for one in constraints)
    integer = not isinstance(column.type, Unknown) and column.type.name in ("integer", "bigint", "smallint")
    serial = counts and integer and not foreign and not column.identity and column.default is None
    return replace(column, nullable=False, serial=serial)


def _implicit_enum(part: ColumnParts, site: Site) -> Iterator[Operation]:
    enum = part.column.type
    if isinstance(enum, Unknown) or not enum.is_enum or not enum.native or enum.name == "enum":
        return
    construct = part.enum
    if isinstance(construct, CallValue) and truth(construct.keyword("create_type") or Constant(True)) is False:
        return
    labels = enum.labels
    yield CreateEnum(site=site, type=EnumType(Name(enum.name, enum.schema), labels), implicit=True)


@directive("drop_table", "table_name", needed=("table_name",))
def drop_table(ask: BoundArguments) -> Iterator[Operation]:
    """op.drop_table()."""
    table = ask.table()
    assert table is not None
    yield DropTable(site=ask.site(), table=table, if_exists=ask.flag("if_exists"))


@directive("rename_table", "old_table_name new_table_name schema", needed=("old_table_name", "new_table_name"))
def rename_table(ask: BoundArguments) -> Iterator[Operation]:
    """op.rename_table()."""
    schema = ask.schema()
    old, new = ask.text("old_table_name"), ask.text("new_table_name")
    assert old is not None
    assert new is not None
    yield RenameTable(site=ask.site(), table=Name(old, schema), new_name=Name(new, schema))


@directive("create_table_comment", "table_name comment")
@directive("drop_table_comment", "table_name")
def table_comment(ask: BoundArguments) -> Iterator[Operation]:
    """op.create_table_comment() and drop_table_comment()."""
    table = ask.table()
    tables, keys = ((table,), (comment_of(table),)) if table else ((), ())
    value = _comment(ask["comment"])
    yield SetProperties(site=ask.site(), kind="COMMENT ON TABLE", tables=tables, keys=keys, value=value)


def _comment(value: Value | None) -> str | Unknown | None:
    """A table's comment; None where none is given, or the call takes it away."""
    if value is None or value == Constant(None):
        return None
    return value.value if isinstance(value, Text) and value.known else UNKNOWN


@directive("bulk_insert", "table rows")
def bulk_insert(ask: BoundArguments) -> Iterator[Operation]:
    """op.bulk_insert()."""
    table = table_of(ask["table"], ask.walker.dialect)
    if table is None:
        reason = "the table of bulk_insert is not known"
        ask.opaque(reason, rows_only=True)
        return
    rows = ask["rows"]
    yield InsertRows(site=ask.site(), table=table, literals=tuple(_literals(rows)), given=tuple(_given(rows)))


def _given(rows: Value | None) -> Iterator[str]:
    """The columns whose values are constants in every row."""
    if not isinstance(rows, Items) or not rows.items or not rows.complete:
        return
    known = [set(constant_columns(row.pairs)) if isinstance(row, Pairs) else set() for row in rows.items]
    yield from sorted(set.intersection(*known))


def _literals(rows: Value | None) -> Iterator[str]:
    for row in rows.items if isinstance(rows, Items) else []:
        for _, value in row.pairs if isinstance(row, Pairs) else []:
            if isinstance(value, Text) and value.known:
                yield value.value
