"""Server processes: whom to run them as, and that they end with us. Knows no database."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from migration_guard.roundtripping.servers import owned_names
from migration_guard.roundtripping.servers.access import DatabaseError

PATIENCE = 10.0  # seconds for a server to end when told to
ACCOUNTS = ("postgres", "mysql", "nobody")
SERVERS = ("postgres", "mariadbd", "mysqld")

_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG in <linux/prctl.h>


@dataclass(frozen=True, slots=True)
class Account:
    """A user and a group of the system, by their numbers."""

    uid: int
    gid: int


def account(*names: str) -> Account | None:
    """
    Whom to run a server as: None for ourselves, and for root the first of these users that exists, then nobody.

    PostgreSQL, MariaDB and MySQL refuse to run as root.
    """
    if sys.platform == "win32" or os.geteuid() != 0:
        return None
    import pwd

    for name in (*names, "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise DatabaseError(
        f"A database server does not run as root, and there is no user {' or '.join((*names, 'nobody'))} to run it as. "
        "Make one, or give a server with --database-url."
    )


def our_numbers() -> set[int]:
    """The users whose files may be ours: ourselves, and for root those that it runs servers as."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return {os.geteuid()} if sys.platform != "win32" else set()
    import pwd

    found = {0}
    for name in ACCOUNTS:
        with contextlib.suppress(KeyError):
            found.add(pwd.getpwnam(name).pw_uid)
    return found


def run(
    command: Sequence[str | Path], *, account: Account | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a program to its end, as that account, and keeps what it prints. Raises OSError where it cannot run."""
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        cwd="/",
        env={**os.environ, **(environment or {})},
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )


def start(
    command: Sequence[str | Path], *, log: Path, account: Account | None = None, dies_by: signal.Signals
) -> subprocess.Popen[bytes]:
    """
    Starts a server, apart from our terminal and its Ctrl-C.

    On Linux it gets `dies_by` when we die, even by kill -9. The kernel sends it at the end of the *thread* that
    started it, so that should be the main one. Elsewhere the next run ends what it finds (`sweeping`).
    """
    with log.open("wb") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            preexec_fn=_dying_with(os.getpid(), dies_by),
        )


def _dying_with(parent: int, by: signal.Signals) -> Callable[[], None] | None:
    """What the new process does once it is the other user (a change of user would take the wish back)."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)

    def wish() -> None:
        library.prctl(_DEATH_SIGNAL, int(by), 0, 0, 0)
        if os.getppid() != parent:  # died already
            os._exit(1)

    return wish


def stop(process: subprocess.Popen[bytes], by: signal.Signals) -> None:
    """Ends a server at once, whatever it is doing."""
    if process.poll() is None:
        process.send_signal(by)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(PATIENCE)


def end_those_in(folder: Path) -> None:
    """
    Ends the database servers whose command names this folder, where they outlived the run that started them.

    First in the way in which they take their shared memory with them, then by force.
    """
    for pid, words in _commands():
        name = os.path.basename(words[0])
        if name in SERVERS and any(str(folder) in word for word in words[1:]):
            began, end = owned_names.started(pid), time.monotonic() + PATIENCE
            for number in (signal.SIGQUIT, signal.SIGKILL) if name == "postgres" else (signal.SIGKILL,):
                with contextlib.suppress(OSError):
                    os.kill(pid, number)
                while began and owned_names.started(pid) == began and time.monotonic() < end:
                    time.sleep(0.01)


def _commands() -> Iterator[tuple[int, list[str]]]:
    """The number and the words of every process that we can see."""
    if sys.platform == "linux":
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and (words := (entry / "cmdline").read_text(errors="replace").split("\0")):
                    yield int(entry.name), words
        return
    for line in run(["ps", "-axo", "pid=,command="]).stdout.splitlines():
        pid, *words = line.split()
        if words:
            yield int(pid), words


@contextmanager
def undisturbed() -> Iterator[None]:
    """Puts off Ctrl-C and SIGTERM to the end of the block: for what is short and must not be left half done."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def later(number: int, frame: FrameType | None) -> None:
        came.append(number)

    # One that ignores stays; one that was not set from Python could not be set again.
    before = {
        number: handler
        for number in (signal.SIGINT, signal.SIGTERM)
        if (handler := signal.getsignal(number)) not in (None, signal.SIG_IGN)
    }
    try:
        for each in before:
            signal.signal(each, later)
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        for number in dict.fromkeys(came):
            signal.raise_signal(number)
