"""
What the fence decides: every connection of this process goes to the throwaway database, or is refused with one
sentence. It guards against accidents, not against malice: code that wants to get out, does. Knows no driver's inside.

Its layers, each on its own (`child.LAYERS`): `engines` (SQLAlchemy), `entrances` and `narrows` (the drivers' functions
that people call, and those that they all pass inside), `auditing` (what the interpreter itself tells).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from migration_guard.roundtripping.servers.destination import FAMILIES, Destination
from migration_guard.roundtripping.worker.fence import reach
from migration_guard.roundtripping.worker.fence.drivers import DEFAULT_PORTS, Arguments, of_name

# What libpq reads from the environment and would lead it elsewhere, or keep it out of our server:
# https://www.postgresql.org/docs/18/libpq-envars.html
_ELSEWHERE = """
    PGHOSTADDR PGPASSFILE PGSERVICE PGSERVICEFILE PGSYSCONFDIR PGREQUIREAUTH PGCHANNELBINDING PGREQUIREPEER PGSSLMODE
    PGREQUIRESSL PGSSLNEGOTIATION PGSSLCOMPRESSION PGSSLCERT PGSSLKEY PGSSLCERTMODE PGSSLROOTCERT PGSSLCRL PGSSLCRLDIR
    PGSSLSNI PGSSLMINPROTOCOLVERSION PGSSLMAXPROTOCOLVERSION PGGSSENCMODE PGKRBSRVNAME PGGSSLIB PGGSSDELEGATION
    PGTARGETSESSIONATTRS PGLOADBALANCEHOSTS MYSQL_PWD MYSQL_TCP_PORT MYSQL_UNIX_PORT
"""


class Refused(RuntimeError):
    """What would not have stayed in the throwaway database. `asked_for` is the dialect that the project wanted."""

    def __init__(self, sentence: str, asked_for: str | None = None) -> None:
        super().__init__(sentence)
        self.asked_for = asked_for


class Fence:
    """One in a process. `generation` counts the databases that it has led to: what is open belongs to one of them."""

    def __init__(self) -> None:
        self.destination: Destination | None = None
        self.generation = 0
        self.refusals: list[Refused] = []
        # Not held: a connection that its owner forgets is closed with its locks, as it would be without us.
        self._open: WeakKeyDictionary[Any, Callable[[Any], object]] = WeakKeyDictionary()
        self._older: WeakSet[Any] = WeakSet()
        self._ended: WeakSet[Any] = WeakSet()

    def lead_to(self, destination: Destination | None) -> None:
        """From now on everything goes there. What is open is closed, and opened anew by whoever pools it."""
        self.close_connections()
        self.destination = destination
        self.refusals.clear()
        if destination is not None:
            _set_environment(destination)

    def opened(self, connection: Any, close: Callable[[Any], object] = lambda connection: connection.close()) -> None:
        """There is a connection, which this function closes."""
        with suppress(TypeError):  # What SQLAlchemy puts around asynchronous ones; those themselves are told of, too.
            self._open[connection] = close

    def close_connections(self) -> None:
        """Close what is still open: the database may be dropped or copied now."""
        for connection, close in list(self._open.items()):
            # Of any driver, in any state: it may be closed already, its event loop gone, its socket broken.
            with suppress(Exception):
                close(connection)
        self._open.clear()
        self.generation += 1

    def remember(self) -> None:
        """What is open now is older than what comes."""
        self._older = WeakSet(self._open)

    def close_younger(self) -> None:
        """Close what was opened since `remember`, as if that process had ended: it may hold locks."""
        for connection, close in list(self._open.items()):
            if connection not in self._older:
                with suppress(Exception):
                    close(connection)
                self._ended.add(connection)
                self._open.pop(connection, None)

    def has_ended(self, connection: Any) -> bool:
        """Whether this connection, which a pool may still have, was closed by us."""
        return connection in self._ended

    def refuse(self, sentence: str, asked_for: str | None = None) -> Refused:
        """The refusal, to be raised; remembered, in case somebody catches it."""
        refusal = Refused(sentence, asked_for)
        self.refusals.append(refusal)
        return refusal

    def raise_swallowed(self) -> None:
        """Raise the first refusal that somebody has caught and told nobody of."""
        if self.refusals:
            raise self.refusals[0]

    def blamed(self, error: BaseException) -> BaseException:
        """What an exception is really about: the refusal before it, where there was one."""
        if not self.refusals or isinstance(error, Refused):
            return error
        refusal = self.refusals[0]
        refusal.__context__ = error
        return refusal

    def check_dialect(self, name: str) -> None:
        """Raise Refused for another database than the throwaway one."""
        if self.destination is None:
            raise self.refuse(
                f"The project connects to {name} while it is loaded, before there is a throwaway database for it.",
                name,
            )
        if FAMILIES.get(name) != self.destination.family:
            hint = f" Use --database {name} if that is what the migrations are for." if name in FAMILIES else ""
            raise self.refuse(
                f"The project connects to {name}, but the throwaway database is {self.destination.dialect}. "
                f"Nothing was opened.{hint}",
                name,
            )

    def redirected(self, driver: str, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Arguments | None:
        """
        The keywords with which a driver connects to the throwaway database, in place of the user's arguments.

        None for a SQLite database in memory beside a throwaway database of another kind: it may stay what it is. Raises
        Refused for a driver of another database.
        """
        known = of_name(driver)
        if known is None:
            raise self.refuse(
                f"The project connects with the driver {driver}, which cannot be led to the throwaway database. "
                "Let it use another one for this run."
            )
        if known.family == "sqlite" and self.allows_memory() and reach.in_memory(known.database(arguments, keywords)):
            return None
        self.check_dialect(known.family)
        assert self.destination is not None
        return known.redirected(self.destination, arguments, keywords)

    def allows_memory(self) -> bool:
        """Whether SQLite in memory is no concern of ours."""
        return self.destination is None or self.destination.family != "sqlite"

    def confirm(self, database: object) -> None:
        """Raise Refused unless this, which the server has said of a new connection, is our random name."""
        name = database.decode() if isinstance(database, bytes) else str(database)
        destination = self.destination
        if destination is not None and _same(destination, name):
            return
        raise self.refuse(
            f"A connection went to the database {name}, which is not the throwaway one. It was closed again. "
            "Please report this: it should have been led elsewhere."
        )

    def check_program(self, *words: object) -> None:
        """Raise Refused for a command line that starts a database client."""
        for word in words:
            client = reach.program(os.fsdecode(word)) if isinstance(word, (str, bytes, os.PathLike)) else None
            if client is not None:
                raise self.refuse(
                    f"The project starts {client}, a program that connects to databases by itself. It was not started."
                )

    def check_statement(self, sql: str) -> None:
        """Raise Refused for a statement that reaches beyond the throwaway database."""
        if self.destination is not None:
            trouble = reach.beyond(sql, self.destination)
            if trouble:
                raise self.refuse(trouble)


def _same(destination: Destination, name: str) -> bool:
    if destination.family == "sqlite":
        return reach.same_file(name, destination.database)
    # MySQL's names may be folded to lower case: https://dev.mysql.com/doc/refman/8.4/en/identifier-case-sensitivity.html
    return name == destination.database or (
        destination.family == "mysql" and name.lower() == destination.database.lower()
    )


def _set_environment(destination: Destination) -> None:
    """What drivers read there where nobody tells them. What projects may read for themselves is set, not removed."""
    for name in _ELSEWHERE.split():
        os.environ.pop(name, None)
    if destination.family == "postgresql":
        os.environ["PGHOST"] = destination.socket or destination.host or "localhost"
        os.environ["PGPORT"] = str(destination.port or DEFAULT_PORTS["postgresql"])
        os.environ["PGDATABASE"] = destination.database
        if destination.user is not None:
            os.environ["PGUSER"] = destination.user
        if destination.password is not None or "PGPASSWORD" in os.environ:
            os.environ["PGPASSWORD"] = destination.password or ""
