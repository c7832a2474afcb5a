"""Reads the source of one migration for a test, and shows its operations in few words."""

from __future__ import annotations

import textwrap
from dataclasses import fields
from pathlib import Path

from migration_guard.model.migration import Migration
from migration_guard.model.operations import Operation
from migration_guard.reading.interpreter.modules import Files
from migration_guard.reading.migration import read_migration

HEAD = """\
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = "one"
down_revision = None

"""


def migration(root: Path, source: str, dialect: str = "postgresql", database: str | None = None) -> Migration:
    """
    The migration of this source, read in the folder `root`. A source without `def upgrade` is the body of upgrade().
    """
    text = textwrap.dedent(source)
    if "def upgrade" not in text:
        text = "def upgrade():\n" + textwrap.indent(text.strip("\n"), "    ") + "\n"
    folder = root / "versions"
    folder.mkdir(exist_ok=True)
    read = read_migration(str(folder / "one.py"), (HEAD + text).encode(), dialect, Files(str(root)), database)
    assert isinstance(read, Migration), read
    return read


def operations(root: Path, source: str, dialect: str = "postgresql", database: str | None = None) -> list[Operation]:
    """The operations of upgrade()."""
    return list(migration(root, source, dialect, database).upgrade.operations)


def shown(root: Path, source: str, dialect: str = "postgresql", database: str | None = None) -> list[str]:
    """The operations of upgrade() as "DropColumn users age": the class and whatever names it carries."""
    return [words(operation) for operation in operations(root, source, dialect, database)]


def words(operation: Operation) -> str:
    """An operation in few words."""
    parts = [type(operation).__name__]
    for field in fields(operation):
        value = getattr(operation, field.name)
        if field.name in ("table", "name", "column", "new_name", "old_name", "view", "type", "sequence", "index"):
            parts.append(str(getattr(value, "name", value)))
    return " ".join(part for part in parts if part != "None")
