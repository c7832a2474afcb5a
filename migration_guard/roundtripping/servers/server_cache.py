"""What is kept from run to run, because making it takes time: new data folders, programs out of a closed home."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import secrets
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from migration_guard.roundtripping.servers import folders
from migration_guard.roundtripping.servers.access import DatabaseError
from migration_guard.roundtripping.servers.binaries import Installation
from migration_guard.roundtripping.servers.processes import Account, run

UNUSED = 30 * 86_400  # seconds after which what was kept is removed
SYSTEM = (Path("/"), Path("/usr"), Path("/usr/local"))  # too much to be copied
HALF_MADE = 3600  # seconds after which nobody is still making it


def key(installation: Installation, *words: str) -> str:
    """A name for what was made by exactly this program with these words, which others cannot use."""
    status = installation.program.stat()
    parts = (str(installation.program), status.st_size, status.st_mtime_ns, platform.machine(), words)
    digest = hashlib.sha256(repr(parts).encode()).hexdigest()[:12]
    return f"{installation.dialect}-{'.'.join(map(str, installation.version))}-{digest}"


def find(name: str) -> Path | None:
    """What is kept under this name. It was made whole, by us, and is now known to be in use."""
    cache = folders.cache_folder()
    if cache is None or not folders.is_ours(cache / name):
        return None
    with contextlib.suppress(OSError):
        os.utime(cache / name)
    return cache / name


def keep(name: str, fill: Callable[[Path], object]) -> Path | None:
    """
    Has a folder filled that does not exist yet, and keeps it under this name. None where nothing can be kept.

    It is filled beside and renamed, which either happens or does not: whoever comes second finds that of the first.
    """
    cache = folders.cache_folder()
    if cache is None:
        return None
    beside = cache / f"{name}.{secrets.token_hex(5)}.tmp"
    try:
        fill(beside)
        with contextlib.suppress(OSError):  # another process was faster
            beside.rename(cache / name)
        _prune(cache)
    except OSError:  # a full disk
        return None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return find(name)


def forget(name: str) -> None:
    """Removes what is kept under this name, where it turned out to be of no use."""
    found = find(name)
    if found is not None:
        gone = found.with_name(f"{name}.{secrets.token_hex(5)}.tmp")
        with contextlib.suppress(OSError):
            found.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)


def _prune(cache: Path) -> None:
    for folder in cache.iterdir():
        if not re.fullmatch(r"[a-z]+-[0-9.]+-[0-9a-f]{12}(\.[0-9a-f]{10}\.tmp)?", folder.name):
            continue
        limit = HALF_MADE if folder.suffix == ".tmp" else UNUSED
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > limit and folders.is_ours(folder):
                shutil.rmtree(folder, ignore_errors=True)


def reachable(installation: Installation, account: Account | None, folder: Path) -> Installation:
    """
    The installation where that account may run it: as it is, else a copy of it out of a home that is closed to
    others, together with the libraries that a wheel keeps beside its package. Without a cache the copy is in `folder`.
    """
    if account is None or _can_run(installation.program, account):
        return installation
    if installation.folder.parent in SYSTEM:
        raise _unreachable(installation)
    name = key(installation, "programs")
    copy = find(name) or keep(name, lambda new: _copy_programs(installation, new))
    if copy is None or not _can_run(_program(installation, copy), account):
        copy = folder / "programs"
        _copy_programs(installation, copy)
    program = _program(installation, copy)
    if not _can_run(program, account):
        raise _unreachable(installation)
    return Installation(installation.dialect, installation.version, program)


def _unreachable(installation: Installation) -> DatabaseError:
    return DatabaseError(
        f"As root we run a database server as another user, and that one cannot run {installation.program} nor a "
        "copy of it. Run migration-guard as a normal user, or give a server with --database-url."
    )


def _can_run(program: Path, account: Account) -> bool:
    try:
        return run([program, "--version"], account=account).returncode == 0
    except OSError:
        return False


def _program(installation: Installation, copy: Path) -> Path:
    install = installation.folder.parent
    return copy / install.parent.name / install.name / installation.folder.name / installation.program.name


def _copy_programs(installation: Installation, copy: Path) -> None:
    install = installation.folder.parent
    package = copy / install.parent.name
    shutil.copytree(install, package / install.name, symlinks=True)
    for libraries in install.parent.parent.glob(f"{install.parent.name}.libs"):
        shutil.copytree(libraries, copy / libraries.name, symlinks=True)
    for folder in (copy, package):
        folder.chmod(0o755)


def failed(what: str, words: str, log: Sequence[str] = ()) -> DatabaseError:
    """A program of a server did not do what it should: what it said last."""
    lines = [line for line in (words, *log) for line in line.strip().splitlines()]
    return DatabaseError(f"{what}. Its last words: {' | '.join(lines[-8:])}")
