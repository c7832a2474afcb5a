"""
The door for operations and rules of your own: all that the module of a plugin needs. docs/plugins.md shows one.

A plugin is a Python module that registers, when it is imported, how the calls of an operation read (`directive`), and
what is judged (`rule`). It is imported where a user names it: nothing else that `lint` does runs code of a project.
"""

from __future__ import annotations

import tempfile
from inspect import cleandoc
from pathlib import Path
from typing import Any, TypeVar

from migration_guard import rules
from migration_guard.dialects import Ability, Change, Impact
from migration_guard.model.constraints import (
    AddConstraint,
    CreateIndex,
    DropConstraint,
    DropIndex,
    RenameConstraint,
    RenameIndex,
    ValidateConstraint,
)
from migration_guard.model.finding import Direction, Edit, Finding, Fix, Severity, Span
from migration_guard.model.migration import History, Migration
from migration_guard.model.objects import (
    AddEnumValue,
    CreateEnum,
    CreateSchema,
    CreateSequence,
    CreateView,
    DeleteRows,
    DropDatabase,
    DropEnum,
    DropOwned,
    DropSchema,
    DropSequence,
    DropView,
    InsertRows,
    Opaque,
    RenameEnumValue,
    RenameType,
    RunSql,
    TruncateTable,
    UpdateRows,
)
from migration_guard.model.operations import (
    AddColumn,
    AlterColumnType,
    ColumnOperation,
    CreateTable,
    DropColumn,
    DropNotNull,
    DropTable,
    Operation,
    RecreateTable,
    RenameColumn,
    RenameTable,
    RestateColumn,
    SetColumnComment,
    SetDefault,
    SetNotNull,
    TableOperation,
)
from migration_guard.model.schema import (
    Column,
    ColumnType,
    Constraint,
    ConstraintKind,
    EnumType,
    Expression,
    Index,
    Name,
    SchemaState,
    Sequence,
    Table,
    View,
    in_sql,
)
from migration_guard.model.target import Target
from migration_guard.model.trip import Trip
from migration_guard.model.unknown import UNKNOWN

# Alembic's own directives are registered before any of a plugin: none can take their names.
from migration_guard.reading.directives import operations as _alembic  # noqa: F401
from migration_guard.reading.directives.arguments import BoundArguments
from migration_guard.reading.directives.registry import directive, silent
from migration_guard.rules import Context, Fixable, Rule
from migration_guard.rules._page import HEADINGS

__all__ = [
    "UNKNOWN",
    "Ability",
    "AddColumn",
    "AddConstraint",
    "AddEnumValue",
    "AlterColumnType",
    "BoundArguments",
    "Change",
    "Column",
    "ColumnOperation",
    "ColumnType",
    "Constraint",
    "ConstraintKind",
    "Context",
    "CreateEnum",
    "CreateIndex",
    "CreateSchema",
    "CreateSequence",
    "CreateTable",
    "CreateView",
    "DeleteRows",
    "Direction",
    "DropColumn",
    "DropConstraint",
    "DropDatabase",
    "DropEnum",
    "DropIndex",
    "DropNotNull",
    "DropOwned",
    "DropSchema",
    "DropSequence",
    "DropTable",
    "DropView",
    "Edit",
    "EnumType",
    "Expression",
    "Finding",
    "Fix",
    "Fixable",
    "History",
    "Impact",
    "Index",
    "InsertRows",
    "Migration",
    "Name",
    "Opaque",
    "Operation",
    "RecreateTable",
    "RenameColumn",
    "RenameConstraint",
    "RenameEnumValue",
    "RenameIndex",
    "RenameTable",
    "RenameType",
    "RestateColumn",
    "Rule",
    "RunSql",
    "SchemaState",
    "Sequence",
    "SetColumnComment",
    "SetDefault",
    "SetNotNull",
    "Severity",
    "Span",
    "Table",
    "TableOperation",
    "Target",
    "Trip",
    "TruncateTable",
    "UpdateRows",
    "ValidateConstraint",
    "View",
    "check_examples",
    "directive",
    "in_sql",
    "rule",
    "silent",
]

R = TypeVar("R", bound=Rule[Any])


def rule(one: type[R]) -> type[R]:
    """
    Registers a rule, as a decorator of its class. Raises ValueError where its code does not begin with capitals of your
    own, where code or name are taken, where it judges what is never judged, or where it has no page.
    """
    rules.add(one)
    return one


def check_examples(one: type[R]) -> None:
    """
    Runs the examples in the page of a rule, as our own tests run ours: what is `bad` yields this rule and no other,
    what is `good` yields nothing, and `fixed` is what the fix makes of the bad one before it.

    Raises AssertionError, in whole sentences, where an example is judged in another way, where one is missing, or where
    the page lacks a section.
    """
    from migration_guard.rule_examples import check, of_page

    page = one.page()
    headings = tuple(section.heading for section in page.sections)
    assert headings == HEADINGS, f"The page of {one.code} has the headings {headings}, and needs {HEADINGS}."
    examples = of_page(one.code, cleandoc(one.__doc__ or ""), one.slug())
    for kind in ("bad", "good"):
        assert any(example.kind == kind for example in examples), f"{one.code} has no example ```python {kind}."
    for example in examples:
        with tempfile.TemporaryDirectory() as folder:
            check(example, Path(folder))
