"""Git repositories with small histories, for tests of what is new in a branch."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from projects import script

NOBODY = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Nobody"), ("EMAIL", "nobody@example.org"), ("DATE", "2026-01-01T00:00:00Z"))
}
VERSIONS = "migrations/versions"
INI = "[alembic]\nscript_location = migrations\n"


def git(folder: Path, *arguments: str) -> str:
    """Run git there, with nobody's configuration; what it prints."""
    environment = {**os.environ, **NOBODY, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    environment.pop("GIT_DIR", None)
    command = ["git", "-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


@dataclass(frozen=True)
class Repository:
    """A working tree with a history in migrations/versions."""

    folder: Path

    @property
    def versions(self) -> Path:
        return self.folder / VERSIONS

    def write(self, *revisions: str, folder: str = VERSIONS, **bodies: str) -> None:
        """
        A file `a1_.py` for each "a1 <- parent" (or "a1" for a base), and for each keyword one with that body.
        """
        for text in (*revisions, *bodies):
            revision, _, parent = text.partition(" <- ")
            file = self.folder / folder / f"{revision}_.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(script(revision, parent or None, bodies.get(text)), encoding="utf-8")

    def commit(self, *revisions: str, message: str = "work") -> str:
        """Write these revisions and commit everything; the commit."""
        self.write(*revisions)
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--allow-empty", "--message", message)
        return git(self.folder, "rev-parse", "HEAD")

    def branch(self, name: str, start: str = "main") -> None:
        git(self.folder, "switch", "--create", name, start)

    def switch(self, name: str) -> None:
        git(self.folder, "switch", name)

    def clone(self, folder: Path, *arguments: str) -> Repository:
        """A clone of it, made over a transport (so that `--depth` holds)."""
        git(self.folder, "clone", *arguments, f"file://{self.folder}", str(folder))
        return Repository(folder)


def unversioned(folder: Path, *revisions: str, **bodies: str) -> Repository:
    """A history at the root of what looks like a repository, and has no commits: for all that does not ask git."""
    (folder / "alembic.ini").write_text(INI, encoding="utf-8")
    (folder / ".git").mkdir()
    made = Repository(folder)
    made.write(*revisions, **bodies)
    return made


def repository(folder: Path, files: Mapping[str, str] | None = None) -> Repository:
    """A new repository on the branch main, with alembic.ini and these files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "alembic.ini").write_text(INI, encoding="utf-8")
    for name, text in (files or {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    git(folder, "init")
    return Repository(folder)
