"""The fence around SQLAlchemy, 1.4 to 2.1: engines of any age, their pools and their statements."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event, exc
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.pool import Pool

from migration_guard.roundtripping.servers.destination import FAMILIES
from migration_guard.roundtripping.worker.fence import Fence, Refused, reach
from migration_guard.roundtripping.worker.fence.drivers import MODULES, of_dialect

_MARK = "migration_guard"
_QUESTIONS = {"postgresql": "SELECT current_database()", "mysql": "SELECT DATABASE()", "sqlite": "PRAGMA database_list"}


def install(fence: Fence) -> None:
    """
    Listen to all engines and pools, those made before included (the listeners are on the classes).

    `do_connect` is where a foreign backend is refused before its driver is even loaded. An application's own listener
    comes after ours and may replace the arguments again, so `Dialect.connect` has the last word. What a `creator=`
    connects to is the business of the other layers, but where it came out is asked here, of every new connection.
    """

    def redirected(dialect: Dialect, arguments: Any, keywords: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        if FAMILIES.get(dialect.name) != "sqlite" or not fence.allows_memory():
            fence.check_dialect(dialect.name)
        found = fence.redirected(of_dialect(dialect.driver), arguments, keywords)
        return (tuple(arguments), dict(keywords)) if found is None else ((), found)

    def do_connect(dialect: Dialect, record: object, arguments: list[Any], keywords: dict[str, Any]) -> None:
        positional, named = redirected(dialect, arguments, keywords)
        arguments[:] = positional
        keywords.clear()
        keywords.update(named)

    original = DefaultDialect.connect

    def connect(dialect: DefaultDialect, *arguments: Any, **keywords: Any) -> Any:
        positional, named = redirected(dialect, arguments, keywords)
        return original(dialect, *positional, **named)

    def connected(connection: Any, record: Any) -> None:
        record.info[_MARK] = fence.generation
        fence.opened(connection)
        _confirm(fence, connection)

    def checkout(connection: Any, record: Any, proxy: object) -> None:
        if record.info.get(_MARK) != fence.generation or fence.has_ended(connection):
            raise exc.DisconnectionError("This connection belongs to an earlier step, or an earlier database.")

    def before_execute(connection: object, cursor: object, statement: str, *rest: object) -> None:
        fence.check_statement(statement)

    event.listen(Engine, "do_connect", do_connect)
    DefaultDialect.connect = connect  # type: ignore[method-assign, assignment]
    event.listen(Pool, "connect", connected, insert=True)
    event.listen(Pool, "checkout", checkout, insert=True)
    event.listen(Engine, "before_cursor_execute", before_execute)


def _confirm(fence: Fence, connection: Any) -> None:
    """Ask the server where a new connection has come out; close it where that is not ours."""
    family = _family(connection) or (fence.destination.family if fence.destination else "")
    cursor = connection.cursor()
    try:
        cursor.execute(_QUESTIONS.get(family, _QUESTIONS["postgresql"]))
        row = cursor.fetchone()
    finally:
        cursor.close()
    values = list(row.values()) if isinstance(row, dict) else list(row)
    if family == "sqlite":
        if fence.allows_memory() and reach.in_memory(values[2]):
            return
    else:
        connection.rollback()
    try:
        fence.confirm(values[2 if family == "sqlite" else 0])
    except Refused:
        connection.close()
        raise


def _family(connection: object) -> str | None:
    """What a driver's connection speaks: told by where its class comes from."""
    for kind in type(connection).__mro__:
        words = kind.__module__.split(".")
        if words[:2] == ["sqlalchemy", "dialects"]:  # What SQLAlchemy puts around asynchronous drivers.
            return words[2]
        if words[0] in MODULES:
            return MODULES[words[0]]
    return None
