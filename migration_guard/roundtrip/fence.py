"""
Leads every connection of this process to the throwaway database, or refuses it with one sentence.

It guards against accidents, not against malice: code that wants to get out, does.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import event, exc
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.pool import Pool

from migration_guard.roundtrip.destination import FAMILIES, Destination
from migration_guard.roundtrip.drivers import of_dialect

_MARK = "migration_guard"


class Refused(RuntimeError):
    """A connection or statement that would not have stayed in the throwaway database."""

    def __init__(self, sentence: str, asked_for: str | None = None) -> None:
        super().__init__(sentence)
        self.asked_for = asked_for


class Fence:
    """One in a process, installed before any of the user's code is imported."""

    def __init__(self) -> None:
        self.destination: Destination | None = None
        self.refusals: list[Refused] = []
        self._generation = 0
        self._open: list[Any] = []

    def install(self) -> None:
        """Put all layers in place."""
        event.listen(Engine, "do_connect", self._do_connect, insert=True)
        original = DefaultDialect.connect

        def connect(dialect: DefaultDialect, *arguments: Any, **keywords: Any) -> Any:
            arguments, keywords = self.redirected(dialect, arguments, keywords)
            return original(dialect, *arguments, **keywords)

        DefaultDialect.connect = connect  # type: ignore[method-assign, assignment]
        event.listen(Pool, "connect", self._connected, insert=True)
        event.listen(Pool, "checkout", self._checkout, insert=True)

    def lead_to(self, destination: Destination | None) -> None:
        """From now on everything goes there; connections that are open are closed, or opened anew by their pools."""
        self.close_connections()
        self.destination = destination
        self.refusals.clear()
        self._generation += 1

    def close_connections(self) -> None:
        """Close what SQLAlchemy's pools still hold: the database may be dropped."""
        while self._open:
            connection = self._open.pop()
            # Of any driver, in any state: an event loop that is gone, a broken socket.
            with suppress(Exception):
                connection.close()
        self._generation += 1

    def refuse(self, sentence: str, asked_for: str | None = None) -> Refused:
        """The refusal, to be raised; remembered, in case somebody catches it."""
        refusal = Refused(sentence, asked_for)
        self.refusals.append(refusal)
        return refusal

    def raise_swallowed(self) -> None:
        """Raise the first refusal that somebody has caught and kept for himself."""
        if self.refusals:
            raise self.refusals[0]

    def check_dialect(self, name: str, *, memory: bool = False) -> None:
        """Raise Refused for a backend that the throwaway database is not."""
        if self.destination is None:
            raise self.refuse(
                f"The project connects to a database ({name}) while it is loaded, before there is a throwaway one.",
                name,
            )
        if FAMILIES.get(name) != self.destination.family and not memory:
            raise self.refuse(
                f"The project asks for {name}, and the throwaway database is {self.destination.dialect}. "
                "Nothing was opened.",
                name,
            )

    def redirected(
        self, dialect: Dialect, arguments: Sequence[Any], keywords: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """SQLAlchemy's arguments for a connection, as they lead to the throwaway database."""
        memory = dialect.name == "sqlite" and _in_memory(arguments, keywords)
        self.check_dialect(dialect.name, memory=memory)
        assert self.destination is not None
        if memory and self.destination.family != "sqlite":
            return tuple(arguments), keywords
        driver = of_dialect(dialect.driver)
        if driver is None:
            raise self.refuse(
                f"The project connects with {dialect.name}+{dialect.driver}, a driver that cannot be led to the "
                "throwaway database. Use another driver for this run.",
                dialect.name,
            )
        return (), driver.redirected(self.destination, arguments, keywords)

    def _do_connect(self, dialect: Dialect, record: object, arguments: list[Any], keywords: dict[str, Any]) -> None:
        positional, named = self.redirected(dialect, arguments, keywords)
        arguments[:] = positional
        keywords.clear()
        keywords.update(named)

    def _connected(self, connection: Any, record: Any) -> None:
        record.info[_MARK] = self._generation
        self._open.append(connection)

    def _checkout(self, connection: Any, record: Any, proxy: object) -> None:
        if record.info.get(_MARK) != self._generation:
            raise exc.DisconnectionError("This connection belongs to a throwaway database that is gone.")


def _in_memory(arguments: Sequence[Any], keywords: dict[str, Any]) -> bool:
    name = str(arguments[0] if arguments else keywords.get("database", ""))
    return name in ("", ":memory:") or ":memory:" in name or "mode=memory" in name


def environment(destination: Destination) -> None:
    """What drivers take from the environment where nobody tells them."""
    for name in list(os.environ):
        if name in ("PGSERVICE", "PGSERVICEFILE", "PGPASSWORD", "PGPASSFILE", "PGHOSTADDR") or name.startswith("PGSSL"):
            del os.environ[name]
