"""What stopped a step, told from the exception: who refused it, in which words, at which line. Opens nothing."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from types import TracebackType

from sqlalchemy.exc import DBAPIError

from migration_guard.model.trip import Cause, Failure, Place, SentStatement
from migration_guard.roundtripping.worker.fence import Refused

AUTOCOMMIT = """\
autocommit_block() cannot work in a transaction that Alembic has not begun, and the connection of env.py is in one"""
_DRIVERS = frozenset(
    {"psycopg", "psycopg2", "asyncpg", "pg8000", "sqlite3", "pymysql", "MySQLdb", "mysql", "mariadb", "asyncmy"}
)
# SQLAlchemy puts the class in front of what asyncpg said, MySQL's connector the number and the state.
_IN_FRONT = re.compile(r"^(<class '[\w.]+'>|\d+ \(\w{5}\)): ")
# What PostgreSQL's drivers show of the statement, which the report shows itself, and where within a function it was.
_SHOWN = re.compile(r"^LINE \d+: .*\n[ \t]*\^[ \t]*$|^(?:CONTEXT|QUERY): (?s:.*)", re.MULTILINE)
_BELOW = re.compile(r"^(?:DETAIL|HINT): +|\n\t(?=[A-Z])", re.MULTILINE)

# The words of PostgreSQL for an extension whose files are not installed, before and since version 13.
_LACKING = re.compile(r'extension "([^"]+)" is not available|extension control file "[^"]*/([^"/]+)\.control"')


class Uncommitted(Exception):
    """A step came to its end, and what it did is not committed. `place` is the line that ended the transaction."""

    def __init__(self, place: Place | None) -> None:
        super().__init__(
            "it ends the transaction that Alembic began, and nobody commits what comes after that, which is rolled back"
            " without an error. Leave the commit out, or put what needs it into op.get_context().autocommit_block()"
        )
        self.place = place


def describe(error: BaseException, scripts: frozenset[str], folder: str) -> Failure:
    """
    The failure that an exception stands for.

    `scripts` are the names under which the interpreter knows the migration's file; `folder` holds the project.
    """
    place = _place(error, scripts, folder)
    refused = next((one for one in _related(error) if isinstance(one, Refused)), None)
    if refused is not None:
        return Failure(Cause.REFUSED, str(refused), type(refused).__name__, place=place)
    if isinstance(error, Uncommitted):
        return Failure(Cause.DATABASE, str(error), place=error.place)
    if isinstance(error, SystemExit):
        code = "" if error.code is None else repr(error.code)
        return Failure(Cause.EXIT, f"It called sys.exit({code}).", "SystemExit", place=place)
    for one in _causes(error):
        if isinstance(one, DBAPIError) and one.orig is not None:
            state = _state(one.orig)
            return Failure(Cause.DATABASE, message_of(one.orig), type(one).__name__, state, place, one.statement)
        if isinstance(one, Exception) and _of_driver(one):
            return Failure(Cause.DATABASE, message_of(one), type(one).__name__, _state(one), place)
    where = _innermost(error)
    if isinstance(error, AssertionError) and where == ("alembic.runtime.migration", "autocommit_block"):
        return Failure(Cause.PYTHON, AUTOCOMMIT, place=place)
    if isinstance(error, KeyError) and where == ("os", "__getitem__"):
        name = error.args[0]
        sentence = f"the environment variable {name} is not set. Give it a value for this run: --env {name}=..."
        return Failure(Cause.PYTHON, sentence, place=place)
    message = str(error).strip() or f"{type(error).__name__} without a message."
    return Failure(Cause.PYTHON, message, type(error).__name__, place=place)


def first_of(failure: Failure, refused: SentStatement, error: BaseException) -> Failure:
    """
    Where PostgreSQL only says that the transaction is over: the statement that ended it, whose error the migration has
    caught. It takes nothing more then (https://www.postgresql.org/docs/18/errcodes-appendix.html, 25P02).
    """
    if failure.sqlstate != "25P02":
        return failure
    message = (
        f"{message_of(error).rstrip('.')}. The migration catches this error, and PostgreSQL takes no statement after it"
    )
    return replace(
        failure, message=message, sqlstate=_state(error), place=refused.place or failure.place, statement=refused.sql
    )


def lacking(failure: Failure) -> str | None:
    """The extension that this server does not have, where that is why something failed."""
    match = _LACKING.search(failure.message)
    return match and (match[1] or match[2])


def sentence_of(failure: Failure, what: str) -> str:
    """A failure of no single migration, as a sentence: what could not be done, where, why, and what helps."""
    if failure.kind == "ProjectLoadError":
        return failure.message
    place = f" ({failure.place.path}:{failure.place.line})" if failure.place else ""
    kind = f"{failure.kind}: " if failure.kind and not failure.message.startswith(failure.kind) else ""
    sentence = f"{what}{place}: {kind}{failure.message}"
    lacks = lacking(failure)
    if lacks:
        return f"{sentence} Install {lacks} there, or name a server that has it with --database-url."
    if failure.kind not in ("ModuleNotFoundError", "ImportError"):
        return sentence
    return (
        f"{sentence}. The round trip needs all that the project imports, in the Python that runs it ({sys.executable}):"
        " install migration-guard beside the application."
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and what it was raised from, on purpose."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.exceptions[0] if isinstance(current, BaseExceptionGroup) else current.__cause__


def _related(error: BaseException) -> Iterator[BaseException]:
    """The exception and everything that it was raised from or in the handling of."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [current.__context__, current.__cause__]
        if isinstance(current, BaseExceptionGroup):
            waiting += current.exceptions


def _of_driver(error: Exception) -> bool:
    """Whether a driver raised it: its class, or one that it derives from, is called Error or like it there."""
    return any(
        kind.__module__.split(".")[0] in _DRIVERS and kind.__name__ in ("Error", "PostgresError", "DatabaseError")
        for kind in type(error).__mro__
    )


def message_of(error: BaseException) -> str:
    """What the database said, without what the driver puts around it."""
    if error.args and isinstance(error.args[0], dict) and "M" in error.args[0]:
        fields = error.args[0]  # pg8000: https://www.postgresql.org/docs/18/protocol-error-fields.html
        return _sentences(*(str(fields[key]) for key in ("M", "D", "H") if key in fields))
    if len(error.args) == 2 and isinstance(error.args[0], int):
        return str(error.args[1]).strip()  # MySQL's number comes first.
    parts = _BELOW.split(_SHOWN.sub("", _IN_FRONT.sub("", str(error).strip())))
    return _sentences(*parts) or type(error).__name__


def _sentences(*parts: str) -> str:
    """One after the other, on one line."""
    said = [" ".join(part.split()) for part in parts]
    return ". ".join([one.rstrip(".") for one in said[:-1]] + said[-1:])


def _state(error: BaseException) -> str | None:
    """PostgreSQL's SQLSTATE, or MySQL's number, which says more than the state beside it."""
    number = getattr(error, "errno", None) or next(iter(error.args), None)
    if isinstance(number, int):
        return str(number)
    for name in ("sqlstate", "pgcode"):
        state = getattr(error, name, None)
        if isinstance(state, str):
            return state
    if error.args and isinstance(error.args[0], dict):
        return error.args[0].get("C")
    return None


def _place(error: BaseException, scripts: frozenset[str], folder: str) -> Place | None:
    """The innermost line of the migration, else of the project's own code."""
    frames = [
        frame
        for one in _related(error)
        for frame in reversed(list(_frames(one.__traceback__)))
        if not frame[0].startswith("<")  # <frozen importlib._bootstrap>, <string>
    ]
    own = [frame for frame in frames if frame[0] in scripts]
    inside = os.path.join(folder, "")
    near = [frame for frame in frames if _absolute(frame[0]).startswith(inside) and "site-packages" not in frame[0]]
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return Place(_absolute(error.filename), error.lineno)
    found = next(iter(own or near), None)
    return Place(_absolute(found[0]), found[1]) if found else None


def _frames(traceback: TracebackType | None) -> Iterator[tuple[str, int]]:
    while traceback is not None:
        yield traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
        traceback = traceback.tb_next


def _innermost(error: BaseException) -> tuple[object, str] | None:
    """The module and the name of the function that raised it."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    frame = traceback.tb_frame if traceback is not None else None
    return (frame.f_globals.get("__name__"), frame.f_code.co_name) if frame is not None else None


def _absolute(path: str) -> str:
    return os.path.abspath(path)
