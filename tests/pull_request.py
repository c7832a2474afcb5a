"""A pull request on a small project with a history: its origin, its base, its branch, and the checkout of a machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from projects import GENERIC
from repositories import git

# pip takes every option from the environment, so what really installs us finds all that is here, without a network.
OFFLINE = {
    "PYTHONPATH": os.pathsep.join(path for path in sys.path if path.endswith("site-packages")),
    "PIP_NO_INDEX": "1",
    "PIP_NO_BUILD_ISOLATION": "0",  # pip reads it the other way round: no isolation
    "PIP_CONFIG_FILE": os.devnull,
}
INI = "[alembic]\nscript_location = %(here)s/migrations\nsqlalchemy.url = sqlite:///shop.db\n"
REVISION = '''
"""{what}"""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {parent!r}


def upgrade():
    {up}


def downgrade():
    {down}
'''
USERS = ("users", 'op.create_table("users", sa.Column("id", sa.Integer(), primary_key=True))', 'op.drop_table("users")')
CARTS = ("carts", 'op.create_table("carts", sa.Column("id", sa.Integer(), primary_key=True))', 'op.drop_table("carts")')
ORDERS = ("orders", 'op.create_table("orders", sa.Column("id", sa.Integer(), primary_key=True))', "pass")
SILENT_ORDERS = (*ORDERS[:2], 'op.drop_table("orders")')


def add(project: Path, revision: str, parent: str | None, what: tuple[str, str, str]) -> None:
    name, up, down = what
    text = REVISION.format(what=name, revision=revision, parent=parent, up=up, down=down)
    (project / "migrations" / "versions" / f"{revision}_{name}.py").write_text(text.lstrip(), encoding="utf-8")


def make_project(project: Path) -> None:
    (project / "migrations" / "versions").mkdir(parents=True)
    (project / "alembic.ini").write_text(INI, encoding="utf-8")
    (project / "migrations" / "env.py").write_text(GENERIC, encoding="utf-8")
    # Old and bad, but on the base already.
    add(project, "a1", None, ("users", USERS[1], "pass"))


class PullRequest:
    """An origin with a base and a pull request, and the checkout that actions/checkout makes of it."""

    def __init__(self, folder: Path, change: Callable[[Path], None], *, project: str = ".") -> None:
        self.origin, self.checkout = folder / "origin", folder / "work"
        (self.origin / project).mkdir(parents=True)
        git(self.origin, "init", "--quiet", "--initial-branch=main")
        # As GitHub has it: any commit that a ref reaches may be asked for.
        git(self.origin, "config", "uploadpack.allowAnySHA1InWant", "true")
        make_project(self.origin / project)
        self.base = self._commit("The base")
        git(self.origin, "checkout", "--quiet", "-b", "topic")
        change(self.origin / project)
        self.head = self._commit("The change")
        git(self.origin, "checkout", "--quiet", "--detach", "main")
        git(self.origin, "merge", "--quiet", "--no-ff", "topic", "-m", "The pull request, merged")
        git(self.origin, "update-ref", "refs/pull/7/merge", "HEAD")
        git(self.origin, "checkout", "--quiet", "main")
        self.checkout.mkdir()
        git(self.checkout, "init", "--quiet", "--initial-branch=main")
        git(self.checkout, "remote", "add", "origin", self.origin.as_uri())
        self.fetch("+refs/pull/7/merge:refs/remotes/pull/7/merge", "--depth=1")
        git(self.checkout, "checkout", "--quiet", "--force", "refs/remotes/pull/7/merge")

    def fetch(self, what: str, *options: str) -> None:
        git(self.checkout, "fetch", "--quiet", "--no-tags", *options, "origin", what)

    def _commit(self, message: str) -> str:
        git(self.origin, "add", "--all")
        git(self.origin, "commit", "--quiet", "--allow-empty", "-m", message)
        return git(self.origin, "rev-parse", "HEAD")


def bad_orders(project: Path) -> None:
    add(project, "b2", "a1", ORDERS)


def good_orders(project: Path) -> None:
    add(project, "b2", "a1", SILENT_ORDERS)


def nothing_new(project: Path) -> None:
    (project / "README").write_text("Shop", encoding="utf-8")
