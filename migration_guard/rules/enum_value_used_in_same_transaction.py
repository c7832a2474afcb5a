from __future__ import annotations

import re
from collections.abc import Iterator

from migration_guard.dialects import Ability
from migration_guard.model.constraints import AddConstraint, CreateIndex
from migration_guard.model.finding import Direction, Finding, Fix
from migration_guard.model.objects import AddEnumValue, CreateEnum, DeleteRows, InsertRows, RunSql, UpdateRows
from migration_guard.model.operations import AddColumn, CreateTable, Operation, SetDefault
from migration_guard.model.schema import Column, ColumnType, Expression, Name, SchemaState
from migration_guard.model.unknown import UNKNOWN, Unknown
from migration_guard.rules import Context, Fixable, Rule
from migration_guard.rules._fixes import outside_the_transaction


class EnumValueUsedInSameTransaction(Rule[AddEnumValue]):
    """
    A value added to an enum cannot be used before the transaction that adds it has committed.

    ## What happens

    PostgreSQL refuses the INSERT, UPDATE, default or condition that names it.

    ```python bad
    op.execute("ALTER TYPE mood ADD VALUE IF NOT EXISTS 'calm'")
    op.alter_column("users", "mood", server_default="calm")
    ```

    ## To whom

    The deployment: it stops there, each time that it is tried.

    ## When it is no hazard

    Adding the value without using it:

    ```python good
    op.execute("ALTER TYPE mood ADD VALUE 'calm'")
    ```

    A renamed value is no new one:

    ```python good
    op.execute("ALTER TYPE mood RENAME VALUE 'quiet' TO 'calm'")  # migration-guard: ignore[MG625] nobody writes it
    op.execute("UPDATE users SET mood = 'calm' WHERE id = 1")
    ```

    The same word in a column of text:

    ```python given
    op.create_table("notes", sa.Column("id", sa.Integer()), sa.Column("text", sa.Text()))
    ```

    ```python good
    op.execute("ALTER TYPE mood ADD VALUE 'calm'")
    op.execute("UPDATE notes SET text = 'calm' WHERE id = 1")
    ```

    From PostgreSQL 18 on, the values of a type that is made in the same transaction may be used.

    ## What to write instead

    Add the value in an autocommit block, or in a migration of its own, and use it after that has committed.
    `--unsafe-fixes` writes the block: the value then stays when the rest fails.

    ```python bad
    op.execute("ALTER TYPE mood ADD VALUE 'calm'")
    op.execute("UPDATE users SET mood = 'calm' WHERE id = 1")
    ```

    ```python fixed
    with op.get_context().autocommit_block():
        op.execute("ALTER TYPE mood ADD VALUE 'calm'")
    op.execute("UPDATE users SET mood = 'calm' WHERE id = 1")
    ```

    ## Sources

    - https://www.postgresql.org/docs/18/sql-altertype.html, measured by tests/test_failures_on_postgresql.py
    """

    code = "MG605"
    directions = (Direction.UPGRADE, Direction.DOWNGRADE)
    dialects = ("postgresql",)
    fixable = Fixable.UNSAFE
    message = "Line {line} uses the new value '{value}' of {type} in the transaction that adds it: PostgreSQL refuses."
    help = "Add the value in an autocommit block (or in a migration of its own), and use it after that has committed."

    def check(self, subject: AddEnumValue, context: Context) -> Iterator[Finding]:
        known = context.before.enums.get(subject.type)
        if known and not isinstance(known.labels, Unknown) and known.certain and subject.value in known.labels:
            return
        if not context.in_transaction(subject) or self.is_of_this_transaction(subject, context):
            return
        steps = (
            context.replayed.downgrade if subject.site.direction is Direction.DOWNGRADE else context.replayed.upgrade
        )
        for step in steps[len(context.earlier(subject)) + 1 :]:
            user = step.operation
            if user.site.segment != subject.site.segment or user.site.autocommit:
                continue
            if uses(user, subject, step.before):
                fix = outside_the_transaction(subject, context)
                yield self.finding(
                    subject,
                    objects=[str(subject.type)],
                    fix=Fix(False, fix.edits, fix.reason or "the value stays when the rest fails") if fix else None,
                    value=subject.value,
                    type=subject.type,
                    line=user.site.span.line,
                )
                return

    @staticmethod
    def is_of_this_transaction(subject: AddEnumValue, context: Context) -> bool:
        """Whether the type itself is made in this transaction, on a version that lets its values be used."""
        return context.can(Ability.ENUM_VALUE_OF_NEW_TYPE) and any(
            one.type.name == subject.type and one.site.segment == subject.site.segment and not one.site.autocommit
            for one in context.earlier(subject, CreateEnum)
        )


def uses(operation: Operation, added: AddEnumValue, before: SchemaState) -> bool:
    """Whether the operation names the new value where a value of the enum is meant."""
    match operation:
        case UpdateRows() | DeleteRows() | InsertRows():
            return added.value in operation.literals and has_column_of(added.type, operation.table, before)
        case RunSql(kind="SELECT"):
            tables = operation.tables
            return added.value in operation.literals and any(has_column_of(added.type, one, before) for one in tables)
        case SetDefault():
            known = before.column(operation.table, operation.column)
            return may_be(known.type if known else UNKNOWN, added.type) and says(operation.default, added.value)
        case AddColumn():
            return _column_uses(operation.column, added)
        case CreateTable():
            return any(_column_uses(column, added) for column in operation.table.columns.values())
        case AddConstraint():
            expression = operation.constraint.expression
            return says(expression, added.value) and has_column_of(added.type, operation.table, before)
        case CreateIndex():
            quoted = re.escape(f"'{added.value}'")
            found = re.search(quoted, operation.index.where or "")
            return bool(found) and has_column_of(added.type, operation.table, before)
        case _:
            return False


def _column_uses(column: Column, added: AddEnumValue) -> bool:
    return may_be(column.type, added.type) and says(column.default, added.value)


def says(expression: Expression | Unknown | None, value: str) -> bool:
    """Whether an expression names the value."""
    if expression is None or isinstance(expression, Unknown):
        return False
    return expression.literal == value or f"'{value}'" in expression.sql


def may_be(type: ColumnType | Unknown, enum: Name) -> bool:
    """Whether a column of this type may hold the enum."""
    return isinstance(type, Unknown) or not type.known or Name(type.name, type.schema) == enum


def has_column_of(enum: Name, table: Name, state: SchemaState) -> bool:
    """Whether the table may have a column of this enum: it has one, or not all of its columns are known."""
    known = state.table(table)
    return known is None or not known.complete or any(may_be(column.type, enum) for column in known.columns.values())
