"""Rows of our own in the throwaway database, and what becomes of them."""

from migration_guard.roundtripping.rows.filler import Filler
from migration_guard.roundtripping.rows.lessons import Lessons
from migration_guard.roundtripping.rows.losses import Rows, TableRows, losses

__all__ = ["Filler", "Lessons", "Rows", "TableRows", "losses"]
