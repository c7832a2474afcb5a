"""Rows of our own in the throwaway database, and what becomes of them."""

from migration_guard.roundtrip.rows.filler import Filler
from migration_guard.roundtrip.rows.lessons import Lessons
from migration_guard.roundtrip.rows.losses import Rows, TableRows, losses

__all__ = ["Filler", "Lessons", "Rows", "TableRows", "losses"]
