"""Who reads the catalogue of which database. Knows the dialects by name only."""

from __future__ import annotations

from migration_guard.roundtripping.catalogues.definitions import (
    Catalogue,
    CatalogueObject,
    Definition,
    Reader,
    Snapshot,
)
from migration_guard.roundtripping.catalogues.differ import differences
from migration_guard.roundtripping.catalogues.mysql.catalogue import MySQLCatalogue
from migration_guard.roundtripping.catalogues.postgresql.catalogue import PostgreSQLCatalogue
from migration_guard.roundtripping.catalogues.sqlite.catalogue import SQLiteCatalogue

__all__ = ["Catalogue", "CatalogueObject", "Definition", "Reader", "Snapshot", "catalogue", "differences"]


def catalogue(access: Reader, dialect: str, *, version_table: str, version_schema: str | None) -> Catalogue:
    """The catalogue of the database that `access` is connected to, without Alembic's own table."""
    if dialect == "postgresql":
        return PostgreSQLCatalogue(access, version_table, version_schema)
    if dialect == "sqlite":
        return SQLiteCatalogue(access, version_table)
    if dialect in ("mysql", "mariadb"):
        return MySQLCatalogue(access, version_table)
    raise ValueError(f"There is no catalogue for {dialect!r}: postgresql, mysql, mariadb and sqlite have one.")
