"""Removes the folders that killed runs left: only those that are provably ours, and nobody's any more."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from migration_guard.roundtripping.servers import folders, owned_names, processes


def sweep() -> None:
    """
    Removes what runs on this machine left when they were killed, and ends the servers that outlived them.

    A folder is ours where its name says so, and it belongs to us or to an account that we run servers as. It is
    nobody's where the process that the name tells has ended (on this machine; of others a day must have passed).
    """
    for folder in _left():
        processes.end_those_in(folder)
        folders.remove(folder)


def _left() -> Iterator[Path]:
    for root in folders.roots():
        with contextlib.suppress(OSError), os.scandir(root) as entries:
            for entry in entries:
                owner = owned_names.owner_of(entry.name) if entry.name.startswith(folders.PREFIX) else None
                if owner is None or not owner.is_gone(grace=0):
                    continue
                if entry.is_dir(follow_symlinks=False) and _is_ours(entry):
                    yield Path(entry.path)


def _is_ours(entry: os.DirEntry[str]) -> bool:
    if os.name != "posix":
        return True  # the temporary folder there is the user's own
    return entry.stat(follow_symlinks=False).st_uid in processes.our_numbers()
