"""Defaults of the server that may suit a new column, by its type."""

from __future__ import annotations

from migration_guard import source_edits
from migration_guard.model.constraints import AddConstraint, CreateIndex
from migration_guard.model.finding import Edit, Fix
from migration_guard.model.operations import AddColumn
from migration_guard.model.schema import ColumnType, ConstraintKind
from migration_guard.model.unknown import Unknown
from migration_guard.rules import Context
from migration_guard.rules._fixes import in_sql

DECIDE = "decide which value the rows that are there get"
NUMBERS = ("smallint", "integer", "bigint", "numeric", "real", "double precision")


def with_default(subject: AddColumn, context: Context) -> Fix | None:
    """A default of the server that suits the column's type. A person decides whether it suits the column."""
    value = None if _is_one_of_a_kind(subject, context) else _default_for(subject.column.type)
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


def _is_one_of_a_kind(subject: AddColumn, context: Context) -> bool:
    """Whether the column is unique or refers to another table, so that no value would do for every row."""
    unlike = (ConstraintKind.UNIQUE, ConstraintKind.FOREIGN_KEY)
    name = subject.column.name
    added = (one.constraint for one in context.later(subject, AddConstraint))
    if any(one.kind in unlike and name in one.columns for one in (*subject.inline, *added)):
        return True
    indexes = (one.index for one in context.later(subject, CreateIndex) if one.table == subject.table)
    return any(one.unique is True and not isinstance(one.columns, Unknown) and name in one.columns for one in indexes)
