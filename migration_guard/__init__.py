"""Finds trouble in Alembic migrations before production does."""

__version__ = "0.1.0"
