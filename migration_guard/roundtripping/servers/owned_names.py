"""
The names of our databases and folders, which say whose they are, so that the next run knows what a killed one left.
Opens nothing.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

GRACE = 300  # seconds for which even what nobody owns is let be
DAY = 86_400  # seconds after which a run on another machine is over

_NAME = re.compile(
    r"migration[-_]guard_(?P<host>[0-9a-f]{8})(?P<pid>[0-9a-f]{6})(?P<start>[0-9a-f]{8})(?P<made>[0-9a-f]{8})"
    r"_[0-9a-f]{10}"
)


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that made something, and when: the machine, the process and its start, a Unix time in seconds."""

    host: str
    pid: int
    start: str
    made: int

    def is_gone(self, *, grace: int = GRACE) -> bool:
        """
        Whether nobody needs any more what this owner made.

        On this machine its process must have ended, and `grace` seconds have passed; of other machines we see no
        processes, so a day must have passed.
        """
        age = time.time() - self.made
        if self.host != this_host():
            return age > DAY
        return age >= grace and started(self.pid) != self.start


def name(prefix: str = "migration_guard_") -> str:
    """A new name (57 characters, within PostgreSQL's 63 and MySQL's 64), with its owner in it: this process, now."""
    pid = os.getpid()
    owner = f"{this_host()}{pid:06x}{started(pid) or '0' * 8}{int(time.time()):08x}"
    return f"{prefix}{owner}_{secrets.token_hex(5)}"


def owner_of(name: str) -> Owner | None:
    """Who made what bears this name. None where it is not a name of ours."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    return Owner(found["host"], int(found["pid"], 16), found["start"], int(found["made"], 16))


@cache
def this_host() -> str:
    """
    Eight hex digits for all whose process numbers mean the same as ours: this machine, since it was started, and in a
    container that container alone.
    """
    parts = [platform.node()]
    if sys.platform == "linux":
        parts += _of_the_kernel()
    elif sys.platform == "darwin":
        parts.append(_output("sysctl", "-n", "kern.bootsessionuuid"))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:8]


def _of_the_kernel() -> list[str]:
    try:
        return [Path("/proc/sys/kernel/random/boot_id").read_text(), os.readlink("/proc/self/ns/pid")]
    except OSError:
        return []


def started(pid: int) -> str | None:
    """When a process started, as eight hex digits to compare. None where there is none."""
    if sys.platform == "linux":
        try:
            # https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: field 22; the second may hold anything.
            fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            return None
        return None if fields[0] in (b"Z", b"X") else f"{int(fields[19]) & 0xFFFFFFFF:08x}"
    if sys.platform == "win32":
        return "0" * 8  # so nobody is gone before a day has passed
    words = _output("ps", "-o", "lstart=", "-p", str(pid))
    return hashlib.sha256(words.encode()).hexdigest()[:8] if words else None


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})
    return done.stdout.strip()
