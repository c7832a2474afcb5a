"""Where a file may be written that the linted tree names: below a folder of it, through no link, and not for git."""

from __future__ import annotations

import os
from pathlib import Path


def refusal(file: Path, folder: Path) -> str:
    """
    Why a file is not written that a configuration in this folder names, as what follows its name; empty where it is.

    A configuration comes with a repository: it must not choose what else of the user's is overwritten. What git keeps
    in `.git` are programs and the names of programs (https://git-scm.com/docs/githooks).
    """
    place, top = Path(os.path.abspath(file)), Path(os.path.abspath(folder))
    if place == top or not place.is_relative_to(top):
        return f"is not below {top}"
    for part in (place, *place.parents):
        if part == top:
            break
        if part.is_symlink():
            return f"leads through the link {part}"
        if part.name.lower() == ".git":
            return "is git's own"
    return "" if place.is_file() or not place.exists() else "is no regular file"
