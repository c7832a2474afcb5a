"""How databases are made and dropped on a server of any kind: none that is there, and none dropped that is not ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol

from sqlalchemy.exc import DBAPIError

from migration_guard.roundtripping.servers import owned_names
from migration_guard.roundtripping.servers.access import Access, DatabaseError, database_message
from migration_guard.roundtripping.servers.destination import Destination
from migration_guard.roundtripping.servers.processes import undisturbed


class Maker(Protocol):
    """A server with the database from which others are made, and the names of those that are ours."""

    maintenance: Destination
    access: Access
    description: str
    made: set[str]


def make(server: Maker, *, there: str, create: str) -> Destination:
    """
    A new database with a name of its own. `there` asks whether a name is taken, `create` makes `{name}`.

    Raises DatabaseError where the server refuses.
    """
    name = owned_names.name()
    assert not server.access.query(there, name)
    # Before it is there: after a Ctrl-C on the way nobody knows whether it is.
    server.made.add(name)
    try:
        server.access.execute(create.format(name=name))
    except DBAPIError as error:
        server.made.discard(name)
        need = " The user of the URL needs the right to make databases." if server.maintenance.shared else ""
        raise DatabaseError(
            f"A database could not be made on {server.description}: {database_message(error)}.{need}"
        ) from error
    return replace(server.maintenance, database=name)


@contextmanager
def dropping(server: Maker, destination: Destination) -> Iterator[str]:
    """Around the statements that drop a database: gives its name. Raises DatabaseError where it is not ours."""
    name = destination.database
    if name not in server.made:
        raise DatabaseError(f"{name} is no database that this run made, so it is not dropped.")
    with undisturbed():
        yield name
        server.made.discard(name)
