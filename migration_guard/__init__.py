"""Finds trouble in Alembic migrations before production does."""

from migration_guard.version import __version__

__all__ = ["__version__"]
