"""
The pytest plugin: what `pytest --migration-guard` adds, and the fixtures for people's own tests of migrations. It is
loaded into every test run, so whatever is heavy waits until somebody asks for it.
"""

from __future__ import annotations

from importlib import import_module

from migration_guard.pytest_plugin.fixtures import migration_guard, throwaway_database
from migration_guard.pytest_plugin.hooks import (
    pytest_addoption,
    pytest_collection,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_report_header,
    pytest_sessionstart,
)
from migration_guard.pytest_plugin.items import MigrationGuardWarning

__all__ = [
    "MigrationFailed",
    "MigrationGuard",
    "MigrationGuardWarning",
    "ThrowawayDatabase",
    "migration_guard",
    "pytest_addoption",
    "pytest_collection",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_report_header",
    "pytest_sessionstart",
    "throwaway_database",
]


def __getattr__(name: str) -> object:
    """The classes that tests name in annotations; they need SQLAlchemy, and __init__.pyi tells their types."""
    if name in ("MigrationFailed", "MigrationGuard", "ThrowawayDatabase"):
        found: object = getattr(import_module("migration_guard.roundtripping.fixtures"), name)
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
