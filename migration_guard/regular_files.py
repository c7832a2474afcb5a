"""
The one door through which files are read: what is opened is a regular file, inside a fence, and not too large.

A repository is written by others. What it calls a file can be a device, a pipe that nobody writes to, or a link to
what the user keeps elsewhere. So nothing else in this package opens what it did not write itself (tests/test_floors.py
holds that), and whatever is asked for is either bytes or a reason in words.
"""

from __future__ import annotations

import errno
import os
import stat
from functools import lru_cache
from pathlib import Path

LARGEST_FILE = 5_000_000
LARGEST_CONFIGURATION = 1_000_000
LARGEST_BASELINE = 20_000_000
"""Bytes: a finding takes some 300 of them."""

# A pipe without a writer answers at once, and a link that was put in a file's place meanwhile is not followed. Windows
# has neither.
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class FileNotRead(Exception):
    """
    A file that was not read. The message says why, as what follows its name: "is a device, no regular file".

    `absent`: there is nothing of this name, not even a link that leads nowhere.
    """

    def __init__(self, reason: str, *, absent: bool = False) -> None:
        super().__init__(reason)
        self.absent = absent


def read(path: str | Path, root: str | Path | None, largest: int = LARGEST_FILE) -> bytes:
    """
    The bytes of a regular file that is inside the folder `root`, where links lead, too. Without a `root` the path is
    the user's own word, and may be anywhere. Raises FileNotRead.
    """
    try:
        _refuse_all_but_files(os.stat(path), path)  # most that are asked for are absent: that is told soonest
        real = _real_path(path)
        if root is not None and not is_below(real, _real(root)):
            raise FileNotRead(f"leads to {real}, which is outside of {root}")
        # Between a look at a name and its opening it may become another file: what was opened is looked at again.
        handle = os.open(real, _FLAGS)
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            _refuse_all_but_files(status, real)
            content = file.read(min(status.st_size, largest) + 1)
            if len(content) > status.st_size:  # it has grown, or its size is not known before it is read
                content += file.read(largest + 1 - len(content))
    except FileNotFoundError:
        if os.path.islink(path):
            raise FileNotRead("is a link that leads nowhere") from None
        raise FileNotRead("is not there", absent=True) from None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise FileNotRead("is a link that leads nowhere") from None
        if error.errno == errno.ENAMETOOLONG:
            raise FileNotRead("is not there", absent=True) from None
        raise FileNotRead(f"cannot be opened ({error.strerror})") from None
    except ValueError:  # no file can have such a name
        raise FileNotRead("is not there", absent=True) from None
    if len(content) > largest:
        raise FileNotRead(f"is larger than {largest:,} bytes")
    return content


def content(path: str | Path, root: str | Path | None, largest: int = LARGEST_FILE) -> bytes | None:
    """The bytes of a file, as read() finds them; None where it does not."""
    try:
        return read(path, root, largest)
    except FileNotRead:
        return None


def refusal(path: str | Path, root: str | Path | None) -> str:
    """Why a file is not read; empty where it is."""
    try:
        read(path, root)
    except FileNotRead as reason:
        return str(reason)
    return ""


def is_ours(path: str | Path, root: str | Path) -> bool:
    """Whether the path is a regular file inside the folder."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(mode) and leads_below(path, root)


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether this is a folder or leads to one. A link that leads in a circle is none, and no error either."""
    return os.path.isdir(entry.path) if entry.is_symlink() else entry.is_dir(follow_symlinks=False)


def leads_below(path: str | Path, root: str | Path) -> bool:
    """Whether the path is the folder or inside it, wherever links lead."""
    return is_below(_real_path(path), _real(root))


def is_below(path: str, root: str) -> bool:
    """Whether the path is the folder, or inside it, by their names."""
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)


def repository_of(folder: Path) -> Path | None:
    """The root of the repository around a folder; None where there is none."""
    return next((one for one in (folder, *folder.parents) if (one / ".git").exists()), None)


def fence_of(folder: Path) -> Path:
    """What may be read for the sake of a file in this folder: its repository; without one, the folder itself."""
    return repository_of(folder) or folder


def _real_path(path: str | Path) -> str:
    """Where a path leads. A folder is asked once in a run, and not for each of its files."""
    folder, name = os.path.split(path)
    if not os.path.isabs(folder) or name in ("", os.curdir, os.pardir):
        return os.path.realpath(path)
    real = os.path.join(_real(folder), name)
    return os.path.realpath(real) if os.path.islink(real) else real


@lru_cache(maxsize=1024)
def _real(folder: str | Path) -> str:
    """Where a folder is. It is asked for each file, and stays where it is in a run."""
    return os.path.realpath(folder)


def _refuse_all_but_files(status: os.stat_result, path: str | Path) -> None:
    kind = stat.S_IFMT(status.st_mode)
    if kind == stat.S_IFREG:
        return
    if kind == stat.S_IFDIR:
        try:
            os.scandir(path).close()
        except OSError as error:
            raise FileNotRead(f"is a folder that cannot be opened ({error.strerror})") from None
    raise FileNotRead(f"is {_KINDS.get(kind, 'something else')}, no regular file")
