"""What the readers of directives may ask of the walker that came to a call. They know nothing else of it."""

from __future__ import annotations

from typing import Protocol

import libcst as cst

from migration_guard.model.finding import Span
from migration_guard.model.objects import Mistake
from migration_guard.model.operations import Operation
from migration_guard.model.schema import Name
from migration_guard.model.site import Site
from migration_guard.reading.interpreter.budget import Budget
from migration_guard.reading.interpreter.modules import Files
from migration_guard.reading.interpreter.values import CallValue, Function, Text, Value
from migration_guard.reading.source.source import Source


class DirectiveWalker(Protocol):
    """A walk through a migration that takes down operations."""

    dialect: str
    source: Source
    files: Files
    budget: Budget
    segment: int
    autocommit: bool
    operations: list[Operation]
    """What the function has asked for until now."""
    repeated: bool

    @property
    def conditional(self) -> bool:
        """Whether what stands here may not run."""

    def emit(self, *operations: Operation) -> None:
        """Notes operations."""

    def opaque(
        self,
        node: cst.CSTNode | None,
        what: str,
        reason: str,
        *,
        tables: tuple[Name, ...] = (),
        rows_only: bool = False,
        when_imported: bool = False,
        mistake: Mistake | None = None,
    ) -> None:
        """
        Notes something that could not be read, or of which all is known and which can never work; at a module's top
        level, where it runs `when_imported`.
        """

    def site(
        self, node: cst.Call | None, span: Span | None = None, sql: str | None = None, exact: bool = False
    ) -> Site:
        """Where the operation stands that this call asks for."""

    def spend(self, text: Text) -> None:
        """Counts what it takes to read SQL text."""

    def is_statement(self, node: cst.CSTNode | None) -> bool:
        """Whether the call stands alone as a statement, its value unused."""

    def shown(self, node: cst.CSTNode | None) -> str:
        """A node's code on one line, shortened."""

    def why_unread(self, value: Value) -> str:
        """What to add to a sentence, where a name is of a file of the project that is not read."""

    def registered(self, name: str) -> Function | None:
        """The method that the project registers as a directive of op."""

    def keep(self, holder: Value) -> None:
        """Notes that a function or an object of a package got code of the project, which it may call later."""

    def is_holder(self, value: Value) -> bool:
        """Whether a function or an object of a package got such code."""

    def attribute_of(self, owner: Value, name: str) -> Value:
        """The attribute of a value."""

    def call_value(self, function: Value, made: CallValue) -> Value:
        """What a call gives."""
