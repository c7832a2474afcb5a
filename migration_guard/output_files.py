"""Where a file may be written that the linted tree names: below a folder of it, through no link, and not for git."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def refusal(file: Path, folder: Path) -> str:
    """
    Why a file is not written that a configuration in this folder names, as what follows its name; empty where it is.

    A configuration comes with a repository: it must not choose what else of the user's is overwritten. What git keeps
    in `.git` are programs and the names of programs (https://git-scm.com/docs/githooks).
    """
    try:
        return _refusal(Path(os.path.abspath(file)), Path(os.path.abspath(folder)))
    except (OSError, ValueError):
        return "is no name that a file can have"


def _refusal(place: Path, top: Path) -> str:
    if place == top or not place.is_relative_to(top):
        return f"is not below {top}"
    for part in (place, *place.parents):
        if part == top:
            break
        if part.is_symlink():
            return f"leads through the link {part}"
        if part.name.lower() == ".git":
            return "is git's own"
    try:
        return "" if stat.S_ISREG(os.stat(place).st_mode) else "is no regular file"
    except FileNotFoundError:
        return ""
