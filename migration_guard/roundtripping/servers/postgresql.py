"""PostgreSQL: a private server from the programs on this machine, and the databases on any server."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from migration_guard.roundtripping.servers import folders, server_cache
from migration_guard.roundtripping.servers.access import PORT, Access
from migration_guard.roundtripping.servers.binaries import Installation
from migration_guard.roundtripping.servers.databases import dropping, make
from migration_guard.roundtripping.servers.destination import Destination
from migration_guard.roundtripping.servers.processes import Account, account, run, start, stop, undisturbed

START = 30.0  # seconds
FORCED_DROPS = (13,)  # https://www.postgresql.org/docs/13/sql-dropdatabase.html
STRATEGIES = (15,)  # https://www.postgresql.org/docs/15/sql-createdatabase.html

# Nothing here survives a crash, and nothing has to. No workers in parallel: they hide locks and cost time on small
# tables. A history may hold locks on many tables at once.
SETTINGS = {
    "autovacuum": "off",
    "bgwriter_delay": "10s",
    "checkpoint_timeout": "1d",
    "dynamic_shared_memory_type": "mmap",  # in the data folder, not in /dev/shm, where a killed server leaves it
    "fsync": "off",
    "full_page_writes": "off",
    "jit": "off",
    "listen_addresses": "",
    "log_min_messages": "warning",
    "logging_collector": "off",
    "port": str(PORT),  # or the one of PGPORT
    "max_connections": "100",
    "max_locks_per_transaction": "1024",
    "max_parallel_workers": "0",
    "max_parallel_maintenance_workers": "0",
    "max_parallel_workers_per_gather": "0",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "shared_buffers": "32MB",
    "synchronous_commit": "off",
    "timezone": "UTC",
    "wal_level": "minimal",
    "wal_writer_delay": "10s",
}
INITDB = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")


@dataclass(slots=True)
class PostgreSQLServer:
    """
    A server, and the databases that we made on it.

    `maintenance` is the database from which we make and drop the others. Nothing is dropped that we did not make.
    """

    maintenance: Destination
    access: Access
    version: tuple[int, ...]
    description: str
    programs: Installation | None = None
    made: set[str] = field(default_factory=set)

    dialect = "postgresql"

    def create(self) -> Destination:
        """A new empty database with a name of its own."""
        return self._make(self._strategy())

    def copy(self, source: Destination) -> Destination | None:
        """A new database like `source`, to which nobody may be connected."""
        return self._make(f' TEMPLATE "{source.database}"{self._strategy()}')

    def drop(self, destination: Destination) -> None:
        """Drops a database of ours, whoever is connected to it."""
        with dropping(self, destination) as name:
            drop(self.access, self.version, name)

    def client(self) -> Path | None:
        """The `psql` that belongs to the server, where it is on this machine."""
        return self.programs.other("psql") if self.programs else None

    def _strategy(self) -> str:
        """
        Copying files took 7 to 10 ms for a new database and 25 for a copy of 200 tables; copying pages through the
        log 14 to 19 and 70. But it makes the whole server write what it holds: not to be asked of one that works for
        others.
        """
        return "" if self.maintenance.shared or self.version < STRATEGIES else " STRATEGY file_copy"

    def _make(self, how: str) -> Destination:
        there = "SELECT 1 FROM pg_database WHERE datname = :1"
        return make(self, there=there, create=f'CREATE DATABASE "{{name}}"{how}')


def drop(access: Access, version: tuple[int, ...], name: str) -> None:
    """Drops a database, ending the connections that it has."""
    if version >= FORCED_DROPS:
        access.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        return
    access.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :1", name)
    access.execute(f'DROP DATABASE IF EXISTS "{name}"')


def server_version(access: Access) -> tuple[int, ...]:
    """(15, 18), of a server that may call itself `15.18 (Debian 15.18-0+deb12u1)`."""
    number = int(str(access.query("SHOW server_version_num")[0][0]))
    return divmod(number, 10_000) if number >= 100_000 else (number // 10_000, number // 100 % 100, number % 100)


@contextmanager
def private(installation: Installation) -> Iterator[PostgreSQLServer]:
    """Runs a server of our own, reached by a socket in a folder of its own; nothing of it is left afterwards."""
    user = account("postgres")
    with folders.temporary(user) as folder:
        programs = server_cache.reachable(installation, user, folder)
        with _running(programs, server_cache.key(installation, *INITDB), folder, user):
            place = Destination(dialect="postgresql", database="postgres", socket=str(folder), user="postgres")
            with Access.open(place) as access:
                version = server_version(access)
                words = f"PostgreSQL {'.'.join(map(str, version))}, a private server"
                yield PostgreSQLServer(place, access, version, words, installation)


@contextmanager
def _running(programs: Installation, name: str, folder: Path, user: Account | None) -> Iterator[None]:
    """
    The server itself, while the block runs. `name` is that of the data folder that is kept; where no server starts on
    a copy of it, it is made anew, once.
    """
    data, log = folder / "data", folder / "log"
    kept = server_cache.find(name)
    for attempt in (kept, None) if kept else (None,):
        if attempt is not None:
            folders.copy(attempt, data, user)
        else:
            _initialise(programs, data, user)
            server_cache.keep(name, lambda new: folders.copy(data, new))
        server: subprocess.Popen[bytes] | None = None
        try:
            with undisturbed():
                server = start(_command(programs, folder), log=log, account=user, dies_by=signal.SIGQUIT)
            if _is_ready(server, data / "postmaster.pid"):
                yield
                return
            words = log.read_text(errors="replace")
        finally:
            with undisturbed():
                if server is not None:
                    stop(server, signal.SIGQUIT)
        if attempt is None:
            raise server_cache.failed(f"{programs.program} did not start", words)
        server_cache.forget(name)
        folders.remove(data)


def _initialise(programs: Installation, data: Path, user: Account | None) -> None:
    made = run([programs.folder / "initdb", "-D", data, *INITDB], account=user, environment={"LC_ALL": "C"})
    if made.returncode:
        raise server_cache.failed(f"{programs.folder / 'initdb'} failed", made.stdout + made.stderr)


def _command(programs: Installation, folder: Path) -> list[str | Path]:
    settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
    return [programs.program, "-D", folder / "data", "-k", folder, *settings]


def _is_ready(server: subprocess.Popen[bytes], pid_file: Path) -> bool:
    """Waits for the eighth line of postmaster.pid, which says `ready` as soon as the server takes connections."""
    end = time.monotonic() + START
    while time.monotonic() < end:
        try:
            lines = pid_file.read_text().splitlines()
        except OSError:
            lines = []
        if len(lines) > 7 and lines[7].strip() == "ready":
            return True
        try:
            server.wait(0.002)
        except subprocess.TimeoutExpired:
            continue
        return False
    return False
