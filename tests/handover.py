"""Small histories that are summarized: each body is the upgrade of one revision, r0, r1 and so on."""

from __future__ import annotations

import textwrap
from pathlib import Path

import projects

from migration_guard.change_summary import SummarizedHistory, open_history, summarize
from migration_guard.chosen_revisions import RevisionChoice
from migration_guard.config import Overrides
from migration_guard.model.change_summary import ChangeSummary
from migration_guard.model.schema_changes import SchemaChanges

USERS = 'op.create_table("users", sa.Column("id", sa.Integer, primary_key=True), sa.Column("email", sa.String(50)))'
ORDERS = """
op.create_table(
    "orders",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), index=True),
)
"""


def body(upgrade: str, downgrade: str = "pass") -> str:
    """The two functions of a migration."""
    functions = (("upgrade", upgrade), ("downgrade", downgrade))
    return "\n\n".join(
        f"def {name}():\n" + textwrap.indent(textwrap.dedent(text).strip("\n"), "    ") for name, text in functions
    )


def history(folder: Path, *upgrades: str, dialect: str = "postgresql", environment: str = projects.GENERIC) -> Path:
    """A project whose revisions do this, one after the other."""
    scripts = {
        f"r{number}": projects.script(f"r{number}", f"r{number - 1}" if number else None, body(upgrade))
        for number, upgrade in enumerate(upgrades)
    }
    projects.write(folder, scripts, url=f"{dialect}://localhost/shop", environment=environment)
    return folder


def opened(folder: Path, path: Path | None = None) -> SummarizedHistory:
    """The history in a folder, with nothing kept of it."""
    return open_history(path or folder, folder, overrides=Overrides(cache=False))


def summary(folder: Path, word: str | None = None) -> ChangeSummary:
    """The summary of the revisions that a word stands for."""
    return summarize(opened(folder), RevisionChoice(word=word))


def changes(folder: Path, *upgrades: str, word: str | None = None, dialect: str = "postgresql") -> SchemaChanges:
    """What the revisions do that a word stands for; without one, what the last does."""
    return summary(history(folder, *upgrades, dialect=dialect), word).changes
