"""The servers that the tests can start, and a look at what is left of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from migration_guard.roundtripping.servers import access, binaries, folders, mysql, owned_names, postgresql
from migration_guard.roundtripping.servers.access import Access, DatabaseError, Driver
from migration_guard.roundtripping.servers.destination import FAMILIES, Destination
from migration_guard.roundtripping.servers.given import Either

HERE = Path(__file__).parent


def drivable(dialect: str, *drivers: Driver) -> bool:
    """Whether one of these drivers, by default any, can be imported."""
    family = FAMILIES[dialect]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(access, "DRIVERS", {**access.DRIVERS, family: drivers or access.DRIVERS[family]})
        try:
            access.available(family)
        except DatabaseError:
            return False
    return True


INSTALLED = [one for one in (*binaries.postgresql(), *binaries.mysql()) if drivable(one.dialect)]
NEWEST = binaries.preferred(binaries.postgresql(), "postgresql", None)[0]
each_installation = pytest.mark.parametrize(
    "installation", INSTALLED, ids=lambda one: f"{one.dialect}{'.'.join(map(str, one.version))}"
)


@contextmanager
def private(installation: binaries.Installation) -> Iterator[Either]:
    if installation.dialect == "postgresql":
        with postgresql.private(installation) as server:
            yield server
    else:
        with mysql.private(installation, installation.dialect) as server:
            yield server


def use(destination: Destination) -> list[tuple[object, ...]]:
    """What a database gives back, if it is there and takes rows: [(1,)]."""
    with Access.open(destination) as ours:
        ours.execute("CREATE TABLE things (id integer)")
        ours.execute("INSERT INTO things VALUES (1)")
        return ours.query("SELECT id FROM things")


def address(server: Either) -> str:
    """A URL that leads to this private server, as if it were one that others use, too."""
    place = replace(server.maintenance, database="postgres")
    if place.family == "postgresql":
        return f"postgresql://{place.user}@/{place.database}?host={place.socket}"
    return f"{place.dialect}://{place.user}@/?unix_socket={place.socket}"


def names(server: Either) -> set[str]:
    """All the databases on a server."""
    table = (
        "datname FROM pg_database" if server.dialect == "postgresql" else "schema_name FROM information_schema.schemata"
    )
    return {str(name) for (name,) in server.access.query(f"SELECT {table}")}


def left(pid: int | None = None) -> list[Path]:
    """The folders that a process, by default this one, made and did not remove."""
    found = []
    for root in folders.roots():
        for path in root.glob(f"{folders.PREFIX}*"):
            owner = owned_names.owner_of(path.name)
            if owner and owner.pid == (pid or os.getpid()):
                found.append(path)
    return found


def script(source: str, *arguments: str) -> subprocess.Popen[str]:
    """A fresh Python that runs this, with what it prints in pipes."""
    return subprocess.Popen(
        [sys.executable, "-c", source, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=HERE.parent,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parent), *sys.path])},
    )
