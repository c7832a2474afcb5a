"""Remembers the statements of a step, each with the line of the migration that led to it. Judges nothing."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import FrameType

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine, ExceptionContext

from migration_guard.model.trip import Place, SentStatement

# A data migration may send millions of statements: the last ones are those that a failure is about.
_STATEMENTS = 5_000
_CHARACTERS = 2_000


@dataclass(slots=True)
class Tracer:
    """
    Listens to every SQLAlchemy connection of the process, from `start` to `stop`.

    `ended` is the line of the migration that ended a transaction last, if any did. `refused` is the first statement
    that the database refused, and its error, whatever the migration made of it.
    """

    autocommit: bool = False
    ended: Place | None = None
    refused: tuple[SentStatement, BaseException] | None = None
    _scripts: frozenset[str] | None = None
    _statements: deque[SentStatement] = field(default_factory=lambda: deque(maxlen=_STATEMENTS))

    def listen(self) -> None:
        """Once in a process."""
        event.listen(Engine, "before_cursor_execute", self._before)
        event.listen(Engine, "commit", self._end)
        event.listen(Engine, "rollback", self._end)
        event.listen(Engine, "handle_error", self._refuse)
        event.listen(Engine, "set_connection_execution_options", self._options)

    def start(self, scripts: frozenset[str]) -> None:
        """A step begins; the interpreter knows its file under these names."""
        self._scripts = scripts
        self._statements.clear()
        self.autocommit = False
        self.ended = None
        self.refused = None

    def stop(self) -> None:
        """What comes now is Alembic's."""
        self._scripts = None

    @property
    def statements(self) -> tuple[SentStatement, ...]:
        """Those of the last step."""
        return tuple(self._statements)

    def _before(self, connection: Connection, cursor: object, statement: str, *rest: object) -> None:
        if self._scripts is not None:
            place = _line(sys._getframe(1), self._scripts)
            self._statements.append(SentStatement(statement[:_CHARACTERS], place))

    def _refuse(self, context: ExceptionContext) -> None:
        if self._scripts is not None and self.refused is None:
            place = _line(sys._getframe(1), self._scripts)
            self.refused = SentStatement((context.statement or "")[:_CHARACTERS], place), context.original_exception

    def _end(self, connection: Connection) -> None:
        if self._scripts is not None:
            self.ended = _line(sys._getframe(1), self._scripts) or self.ended

    def _options(self, connection: Connection, options: Mapping[str, object]) -> None:
        if self._scripts is not None and options.get("isolation_level") == "AUTOCOMMIT":
            self.autocommit = True


def _line(frame: FrameType | None, scripts: frozenset[str]) -> Place | None:
    """The innermost line of these files on the stack."""
    while frame is not None:
        if frame.f_code.co_filename in scripts:
            return Place(os.path.abspath(frame.f_code.co_filename), frame.f_lineno)
        frame = frame.f_back
    return None
