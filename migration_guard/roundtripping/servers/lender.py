"""Servers that are lent to whoever needs one, and live until all is done. Knows no project."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from migration_guard.roundtripping.servers.find import Server, ServerRequest, server


class Lender:
    """
    Starts a server when it is first asked for, and lends the same one whenever it is asked for again.

    Ask for it in the main thread: on Linux a private server ends with the thread that started it.
    """

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._running: dict[ServerRequest, Server] = {}

    @contextmanager
    def lend(self, wanted: ServerRequest) -> Iterator[Server]:
        """The server. Raises NoDatabase or DatabaseError, as `server` does."""
        if wanted not in self._running:
            self._running[wanted] = self._stack.enter_context(server(wanted))
        yield self._running[wanted]

    def close(self) -> None:
        """End all servers, and leave nothing behind."""
        self._running.clear()
        self._stack.close()
