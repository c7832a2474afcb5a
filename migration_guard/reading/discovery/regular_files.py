"""What may be opened on behalf of a migration: regular files of the repository, never through a link that leaves it."""

from __future__ import annotations

import os
import stat

LARGEST_FILE = 5_000_000


def content(path: str, root: str) -> bytes | None:
    """The bytes of a file of the repository; None where it is not there, too large or not ours to read."""
    if not is_ours(path, root):
        return None
    try:
        if os.path.getsize(path) > LARGEST_FILE:
            return None
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def is_ours(path: str, root: str) -> bool:
    """Whether the path is a regular file inside the repository."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(mode) and is_below(os.path.realpath(path), os.path.realpath(root))


def is_below(path: str, root: str) -> bool:
    """Whether the path is the folder, or inside it."""
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)
