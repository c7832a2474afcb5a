"""MariaDB and MySQL: a private server from the programs on this machine, and the databases on any server."""

from __future__ import annotations

import hashlib
import re
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from migration_guard.model.target import DATABASES
from migration_guard.roundtripping.servers import folders, server_cache
from migration_guard.roundtripping.servers.access import Access, DatabaseError, database_message
from migration_guard.roundtripping.servers.binaries import Installation
from migration_guard.roundtripping.servers.databases import dropping, make
from migration_guard.roundtripping.servers.destination import Destination
from migration_guard.roundtripping.servers.processes import Account, account, run, start, stop, undisturbed

START = 60.0  # seconds
# Where nobody's data is: every user may connect there.
MAINTENANCE = "information_schema"

# Nothing here survives a crash, and nothing has to.
SETTINGS = (
    "--skip-networking",
    "--character-set-server=utf8mb4",
    "--default-time-zone=+00:00",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--innodb-buffer-pool-size=64M",
    "--performance-schema=off",
    "--skip-log-bin",
)
INSTALL = ("--auth-root-authentication-method=normal", "--skip-test-db", "--innodb-log-file-size=8M")


@dataclass(slots=True)
class MySQLServer:
    """
    A server, and the databases that we made on it. Nothing is dropped that we did not make.

    On a shared one each database has a user of its own, with rights on nothing else, where we may make users.
    """

    maintenance: Destination
    access: Access
    dialect: str
    version: tuple[int, ...]
    description: str
    made: set[str] = field(default_factory=set)

    def create(self) -> Destination:
        """A new empty database with a name of its own."""
        there = "SELECT 1 FROM information_schema.schemata WHERE schema_name = :1"
        destination = make(self, there=there, create="CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
        return self._with_a_user(destination) if self.maintenance.shared else destination

    def copy(self, source: Destination) -> Destination | None:
        """None: there is no way to copy a whole database here that is faster than making it again."""
        return None

    def drop(self, destination: Destination) -> None:
        """Drops a database of ours and its user, whoever is connected to it."""
        with dropping(self, destination) as name:
            drop(self.access, name, shared=self.maintenance.shared)

    def client(self) -> Path | None:
        """None: there is no psql here."""
        return None

    def _with_a_user(self, destination: Destination) -> Destination:
        user, password = user_of(destination.database), secrets.token_urlsafe(24) + "aA1!"
        pattern = destination.database.replace("_", r"\_")
        try:
            self.access.execute(f"CREATE USER `{user}`@`%` IDENTIFIED BY '{password}'")
            self.access.execute(f"GRANT ALL PRIVILEGES ON `{pattern}`.* TO `{user}`@`%`")
        except DBAPIError as error:
            # With its own user a migration reaches what that user does: only where that is nothing but ours.
            others = self.access.query(OTHERS, destination.database)
            if not others:
                return destination
            self.drop(destination)
            raise DatabaseError(
                f"The user of the URL reaches other databases on {self.description} ({others[0][0]}) and may not make a"
                f" user for ours alone: {database_message(error)}. Name a user with CREATE USER, or one that reaches"
                " none of them."
            ) from error
        return replace(destination, user=user, password=password)


# The databases in which a user has rights, as information_schema shows them to it:
# https://mariadb.com/kb/en/information-schema-schemata-table/
OTHERS = """
SELECT schema_name FROM information_schema.schemata
WHERE schema_name NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys', 'test', :1)
AND schema_name NOT LIKE 'migration\\_guard\\_%'
"""


def user_of(name: str) -> str:
    """The user of a database of ours: 30 characters, of the 32 that MySQL allows."""
    return f"migration_guard_{hashlib.sha256(name.encode()).hexdigest()[:14]}"


def drop(access: Access, name: str, *, shared: bool) -> None:
    """Drops a database, ending the connections that it has, and its user."""
    for (number,) in access.query("SELECT id FROM information_schema.processlist WHERE db = :1", name):
        with _ignoring_what_is_gone():
            access.execute(f"KILL {number}")
    if shared and access.query("SELECT 1 FROM information_schema.schemata WHERE schema_name = :1", name):
        with _ignoring_what_is_gone():  # or what we may not do
            access.execute(f"DROP USER IF EXISTS `{user_of(name)}`@`%`")
    access.execute(f"DROP DATABASE IF EXISTS `{name}`")


@contextmanager
def _ignoring_what_is_gone() -> Iterator[None]:
    try:
        yield
    except DBAPIError:
        return


def server_version(access: Access) -> tuple[str, tuple[int, ...]]:
    """("mariadb", (10, 11, 6)), of a server that calls itself `10.11.6-MariaDB-0+deb12u1`."""
    words = str(access.query("SELECT VERSION()")[0][0])
    found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", words)
    version = tuple(int(part) for part in found.groups() if part) if found else ()
    return "mariadb" if "mariadb" in words.lower() else "mysql", version


def described(dialect: str, version: tuple[int, ...], wanted: str) -> str:
    """The server in words, and what it stands in for: MariaDB 10.11.6 in place of MySQL."""
    words = f"{DATABASES[dialect]} {'.'.join(map(str, version))}"
    return words if dialect == wanted else f"{words} in place of {DATABASES[wanted]}"


@contextmanager
def private(installation: Installation, wanted: str) -> Iterator[MySQLServer]:
    """Runs a server of our own, reached by a socket in a folder of its own; nothing of it is left afterwards."""
    user = account("mysql")
    with folders.temporary(user, in_memory=installation.dialect == "mariadb") as folder:
        programs = server_cache.reachable(installation, user, folder)
        with _running(programs, server_cache.key(installation, *INSTALL), folder, user) as socket_file:
            place = Destination(dialect=programs.dialect, database=MAINTENANCE, socket=str(socket_file), user="root")
            with Access.open(place) as access:
                dialect, version = server_version(access)
                words = f"{described(dialect, version, wanted)}, a private server"
                yield MySQLServer(place, access, dialect, version, words)


@contextmanager
def _running(programs: Installation, name: str, folder: Path, user: Account | None) -> Iterator[Path]:
    """
    The server itself, while the block runs. `name` is that of the data folder that is kept; where no server starts on
    a copy of it, it is made anew, once.
    """
    data, log, socket_file = folder / "data", folder / "log", folder / "socket"
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
                server = start(_command(programs, folder), log=log, account=user, dies_by=signal.SIGKILL)
            if _is_ready(server, socket_file):
                yield socket_file
                return
            words = log.read_text(errors="replace")
        finally:
            with undisturbed():
                if server is not None:
                    stop(server, signal.SIGKILL)  # told to end in order, it would write what nobody will read
        if attempt is None:
            raise server_cache.failed(f"{programs.program} did not start", words)
        server_cache.forget(name)
        folders.remove(data)


def _initialise(programs: Installation, data: Path, user: Account | None) -> None:
    if programs.dialect == "mysql":
        command: list[str | Path] = [programs.program, "--no-defaults", "--initialize-insecure", f"--datadir={data}"]
    else:
        install = programs.other("mariadb-install-db", "mysql_install_db")
        if install is None:
            raise DatabaseError(f"{programs.program} is there, but the program mariadb-install-db is not. Install it.")
        base = programs.folder.parent
        command = [install, "--no-defaults", f"--basedir={base}", f"--datadir={data}", *INSTALL]
    made = run(command, account=user)
    if made.returncode:
        raise server_cache.failed(f"{command[0]} failed", made.stdout + made.stderr)


def _command(programs: Installation, folder: Path) -> list[str | Path]:
    own = (f"--datadir={folder / 'data'}", f"--socket={folder / 'socket'}", f"--pid-file={folder / 'pid'}")
    return [programs.program, "--no-defaults", *own, f"--tmpdir={folder}", *SETTINGS, *_OWN_SETTINGS[programs.dialect]]


_OWN_SETTINGS = {"mysql": ("--loose-mysqlx=OFF",), "mariadb": ("--innodb-log-file-size=8M",)}


def _is_ready(server: subprocess.Popen[bytes], socket_file: Path) -> bool:
    """Waits until the server greets whoever connects."""
    end = time.monotonic() + START
    while time.monotonic() < end:
        if socket_file.exists():
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(max(end - time.monotonic(), 1))
                try:
                    connection.connect(str(socket_file))
                    if connection.recv(1):
                        return True
                except OSError:
                    pass
        try:
            server.wait(0.005)
        except subprocess.TimeoutExpired:
            continue
        return False
    return False
