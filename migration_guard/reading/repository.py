"""Knows what git has: which revisions of a history a ref holds already. Changes nothing there."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from migration_guard.reading.project import Project, ProjectError

DECLARATION = r"""^revision\b[^=]*=\s*\(?\s*["']([^"']+)["']"""


def known_revisions(ref: str, project: Project) -> frozenset[str]:
    """
    The ids of the revisions that the commit has in the folders of this history, whatever their files are called there.

    Where it has none there, the folders have moved since: then its whole tree counts. Raises ProjectError where git
    cannot say.
    """
    root = project.versions[0] if project.versions else project.root
    if _git(root, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}") is None:
        if _git(root, "rev-parse", "--git-dir") is None:
            raise ProjectError(f"--since: {root} is in no git repository. Leave the option out, or name revisions.")
        shallow = (_git(root, "rev-parse", "--is-shallow-repository") or "").strip() == "true"
        depth = "--unshallow " if shallow else ""
        raise ProjectError(
            f"--since: git has no commit {ref!r} here. Fetch it first: git fetch {depth}origin"
            f" {ref.removeprefix('origin/')}"
        )
    folders = [str(folder) for folder in project.versions]
    return _declared(root, ref, folders) or _declared(root, ref, [":/*.py"])


def _declared(root: Path, ref: str, where: Sequence[str]) -> frozenset[str]:
    lines = _git(root, "grep", "-h", "-E", "^revision", ref, "--", *where) or ""
    return frozenset(re.findall(DECLARATION, lines, re.MULTILINE))


def _git(folder: Path, *arguments: str) -> str | None:
    """What git says; None where it refuses, or is not there."""
    # The owner of a checkout is often another one in a container; we only read.
    command = ["git", "-c", "safe.directory=*", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    except OSError:
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
