"""What the readers of SQL give each other: a column as it is written. Knows no dialect."""

from __future__ import annotations

from dataclasses import dataclass

from migration_guard.model.schema import Column, Constraint


@dataclass(frozen=True, slots=True)
class ColumnDefinition:
    """A column as it is written, with the constraints written behind it."""

    column: Column
    constraints: tuple[Constraint, ...]
