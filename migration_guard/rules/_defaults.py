"""Defaults of the server that may suit a new column, by its type."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migration_guard import source_edits
from migration_guard.model.constraints import AddConstraint, CreateIndex
from migration_guard.model.finding import Edit, Fix
from migration_guard.model.operations import AddColumn, Operation
from migration_guard.model.schema import ColumnType, Constraint, ConstraintKind, Name
from migration_guard.model.unknown import Unknown
from migration_guard.rules import Context
from migration_guard.rules._fixes import in_sql

DECIDE = "decide which value the rows that are there get"
NUMBERS = ("smallint", "integer", "bigint", "numeric", "real", "double precision")

_WHY = {
    ConstraintKind.UNIQUE: "it is made unique",
    ConstraintKind.PRIMARY_KEY: "it becomes a primary key",
    ConstraintKind.FOREIGN_KEY: "it refers to a row of {parent}",
}


def with_default(subject: AddColumn, context: Context) -> Fix | None:
    """A default of the server that suits the column's type. A person decides whether it suits the column."""
    value = None if needs_own_values(subject, context) else _default_for(subject.column.type)
    site = subject.site
    edit: Edit | None = None
    if value is None or site.helper:
        return None
    if site.sql is not None:
        alone = context.is_alone(subject)
        edit = in_sql(subject, context, r"\bNOT\s+NULL\b", f" DEFAULT {value}") if alone else None
    elif site.call and site.call.column:
        column = site.call.column
        module = column.name.rpartition(".")[0]
        if not module and not value.startswith("'"):
            return None
        text = f'{module}.text("{value}")' if module else f'"{value[1:-1]}"'
        edit = source_edits.set_keyword(context.source, column, "server_default", text)
    return Fix(False, (edit,), DECIDE) if edit else None


def _default_for(type: ColumnType | Unknown) -> str | None:
    """An innocent value of the type, as SQL; None where there is none that anybody would agree on."""
    if isinstance(type, Unknown) or not type.known or type.is_enum:
        return None
    if type.dimensions:
        return "'{}'"
    if type.name in NUMBERS:
        return "0"
    return {"boolean": "false", "text": "''", "varchar": "''", "json": "'{}'", "jsonb": "'{}'"}.get(type.name)


def needs_own_values(subject: AddColumn, context: Context) -> str:
    """
    What each row needs a value of its own for, in words: the column is, or becomes in a later statement or revision,
    unique or a reference to another table, so that no constant would do. Empty where nothing says so.
    """
    name = subject.column.name
    inline = ((subject.table, one) for one in subject.inline)
    for table, constraint in (*inline, *_constraints_behind(subject, context)):
        if table == subject.table and name in constraint.columns and constraint.kind in _WHY:
            return _WHY[constraint.kind].format(parent=constraint.references or "the other table")
    for one in _behind(subject, context):
        if isinstance(one, CreateIndex) and one.table == subject.table and one.index.unique is True:
            columns = () if isinstance(one.index.columns, Unknown) else one.index.columns
            if any(name == column or (column[0] == "(" and _says(column, name)) for column in columns):
                return _WHY[ConstraintKind.UNIQUE]
    return ""


def _constraints_behind(subject: AddColumn, context: Context) -> Iterator[tuple[Name, Constraint]]:
    for one in _behind(subject, context):
        if isinstance(one, AddConstraint):
            yield one.table, one.constraint
        elif isinstance(one, AddColumn):
            yield from ((one.table, constraint) for constraint in one.inline)


def _behind(subject: AddColumn, context: Context) -> Iterator[Operation]:
    """What comes behind the operation, in this revision and in those after it."""
    yield from context.later(subject)
    order = context.history.graph.order
    for one in order[order.index(context.migration) + 1 :] if context.migration in order else ():
        yield from one.upgrade.operations


def _says(sql: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", sql) is not None
