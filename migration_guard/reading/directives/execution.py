"""Calls that reach the database beside op.*: SQL through a connection, a session or op.execute."""

from __future__ import annotations

import re

from migration_guard.model.objects import Mistake
from migration_guard.model.unknown import Unknown, without_marks
from migration_guard.reading.directives.arguments import BoundArguments
from migration_guard.reading.directives.create_drop import create_or_drop, create_or_drop_model, model_table
from migration_guard.reading.directives.handles import (
    RUNNERS,
    is_handle,
    is_other_api,
)
from migration_guard.reading.directives.protocol import DirectiveWalker
from migration_guard.reading.directives.registry import answer
from migration_guard.reading.directives.sql_text import sql_operations
from migration_guard.reading.directives.sqlalchemy_statements import (
    is_query,
    query_change,
    run_construct,
    session_write,
)
from migration_guard.reading.directives.suspicion import suspect
from migration_guard.reading.interpreter.library import opened_path
from migration_guard.reading.interpreter.rows import Answer, AskedRow, AskedRows, Condition, Count
from migration_guard.reading.interpreter.values import (
    Attribute,
    CallValue,
    Items,
    Pairs,
    Symbol,
    Text,
    Value,
)
from migration_guard.reading.sql.catalogue_queries import read_query

_SESSION_WRITES = frozenset(
    {"add", "add_all", "merge", "delete", "bulk_save_objects", "bulk_insert_mappings", "bulk_update_mappings"}
)
_QUERY_ENDS = frozenset({"update", "delete"})


def call(walker: DirectiveWalker, made: CallValue) -> Value:
    """A call that is neither a directive nor plain Python: what it asks of the database is noted."""
    function = made.function
    if isinstance(function, Attribute):
        owner, name = function.owner, function.name
        if name in ("read", "read_text") and (text := _file_text(walker, made)) is not None:
            return text
        if name == "run_sync" and is_handle(owner) and made.arguments:
            inner = CallValue(made.arguments[0], (owner, *made.arguments[1:]), made.keywords, made.node, made.path)
            return walker.call_value(made.arguments[0], inner)
        if name == "enter_context" and made.arguments:
            return made.arguments[0]
        if name in RUNNERS and made.arguments and not is_other_api(owner):
            _note_parameters(walker, made, made.arguments[0])
            asked = catalogue_answer(walker, made) if is_handle(owner) else None
            given = execute(walker, made, made.arguments[0])
            return asked or given
        if name in ("create", "drop") and isinstance(owner, CallValue):
            return create_or_drop(walker, made, owner)
        if name in ("create", "drop") and (table := model_table(owner, walker.dialect)) is not None:
            return create_or_drop_model(walker, made, table)
        if name in _QUERY_ENDS and is_query(owner):
            return query_change(walker, made, owner)
        if name in _SESSION_WRITES and is_handle(owner) and made.arguments:
            return session_write(walker, made)
    suspect(walker, made)
    return made


def _file_text(walker: DirectiveWalker, made: CallValue) -> Value | None:
    """The content of a file of the repository that is read here."""
    function = made.function
    opener = made
    if isinstance(function, Attribute) and function.name == "read":
        if not isinstance(function.owner, CallValue):
            return None
        opener = function.owner
    path = opened_path(opener)
    if path is None:
        return None
    text = walker.files.text(path if path.startswith("/") or path[1:3] == ":\\" else f"{walker.files.root}/{path}")
    if text is None:
        return Unknown("the file is not in the repository, or cannot be read")
    return Text(without_marks(text))


# --- executing ------------------------------------------------------------------------------------------------------


def execute(walker: DirectiveWalker, made: CallValue, statement: Value | None) -> Value:
    """A statement handed to a connection, a session or op.execute()."""
    match statement:
        case Text():
            walker.emit(*sql_operations(walker, made, statement))
        case CallValue(function=Symbol(name="text" | "DDL" | "SQL")) if isinstance(inner := _first(statement), Text):
            walker.emit(*sql_operations(walker, made, inner))
        case CallValue(function=Attribute(owner=owner, name="bindparams" | "columns" | "execution_options" | "params")):
            execute(walker, made, owner)
        case Items(items=items, complete=True) if items and all(isinstance(item, Text) for item in items):
            for item in items:
                execute(walker, made, item)
        case None:
            walker.opaque(made.node, walker.shown(made.node), "it is called without a statement")
        case _:
            run_construct(walker, made, statement)
    return made


def catalogue_answer(walker: DirectiveWalker, made: CallValue) -> Answer | None:
    """What a query on the catalogue gives that a connection or a session runs; None for any other statement."""
    statement: Value | None = made.arguments[0]
    given = [pair for one in made.arguments[1:2] if isinstance(one, Pairs) for pair in one.pairs]
    while isinstance(statement, CallValue) and isinstance(statement.function, Attribute):
        if statement.name in ("bindparams", "params"):
            given += [(Text(name), value) for name, value in statement.keywords]
        statement = statement.function.owner
    if isinstance(statement, CallValue) and statement.name == "text":
        statement = _first(statement)
    if not isinstance(statement, Text) or not statement.known:
        return None
    parameters = {key.value: value.value for key, value in given if isinstance(key, Text) and isinstance(value, Text)}
    query = read_query(statement.value, walker.dialect, parameters, len(walker.operations))
    if query is None:
        return None
    rows = AskedRows(query.lists, query.given, query.selected)
    if query.is_count:
        return Count(rows)
    if query.is_test:
        return Condition(rows.exist())
    return AskedRow(rows, is_first=True) if made.name == "scalar" else rows


# What text() takes for a parameter. (https://docs.sqlalchemy.org/en/20/core/sqlelement.html#sqlalchemy.sql.expression.text)
# A piece that is not known may end in what keeps the colon from being one.
_PARAMETER = re.compile(r"(?<![:\w\\\ufdd0]):(\w+)(?!:)")


def _note_parameters(walker: DirectiveWalker, made: CallValue, statement: Value | None) -> None:
    """A name behind a colon, in a text that goes to the database with no value for it."""
    alone = len(made.arguments) == 1 and all(key == "execution_options" for key, _ in made.keywords)
    of_op = made.function == Symbol("alembic.op.execute")
    text = statement if of_op and isinstance(statement, Text) else None
    if isinstance(statement, CallValue) and isinstance(statement.function, Symbol) and statement.name == "text":
        inner = _first(statement)
        text = inner if isinstance(inner, Text) and (of_op or made.name == "execute") else None
    if text is None or not alone or walker.conditional or walker.repeated:
        return
    found = _PARAMETER.search(text.value)
    if found is not None:
        walker.opaque(made.node, found[1], f":{found[1]}", rows_only=True, mistake=Mistake.BIND)


@answer("execute", "sqltext")
@answer("alembic.context.execute", "sqltext")
def op_execute(ask: BoundArguments) -> Value:
    """op.execute(), context.execute()."""
    _note_parameters(ask.walker, ask.made, ask["sqltext"])
    return execute(ask.walker, ask.made, ask["sqltext"])


def _first(made: CallValue) -> Value | None:
    return made.argument(0, "text") or made.keyword("statement")
