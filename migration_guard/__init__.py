"""Finds trouble in Alembic migrations before production does."""

from migration_guard.api import MigrationGuardError, lint, roundtrip
from migration_guard.model.finding import Finding, Report, Severity
from migration_guard.version import __version__

__all__ = ["Finding", "MigrationGuardError", "Report", "Severity", "__version__", "lint", "roundtrip"]
