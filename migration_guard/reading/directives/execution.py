"""
Calls that reach the database beside op.*: SQL through a connection, a session or op.execute. Decides what of all
other calls could have touched the database unseen.
"""

from __future__ import annotations

from migration_guard.model.unknown import Unknown, without_marks
from migration_guard.reading.directives.arguments import BoundArguments
from migration_guard.reading.directives.create_drop import create_or_drop
from migration_guard.reading.directives.handles import (
    OPENERS,
    RUNNERS,
    given,
    hands_over,
    has_handle,
    is_handle,
    is_library,
    is_other_api,
    is_read,
    root_of,
    was_handed_one,
)
from migration_guard.reading.directives.harmless import METHODS, is_of_quiet_package, is_plain_function
from migration_guard.reading.directives.protocol import DirectiveWalker
from migration_guard.reading.directives.registry import answer
from migration_guard.reading.directives.sql_text import sql_operations
from migration_guard.reading.directives.sqlalchemy_statements import (
    is_query,
    query_change,
    run_construct,
    session_write,
)
from migration_guard.reading.interpreter.library import opened_path
from migration_guard.reading.interpreter.values import (
    Attribute,
    CallValue,
    Class,
    Function,
    Items,
    Module,
    Pairs,
    Symbol,
    Text,
    Value,
)

_SESSION_WRITES = frozenset(
    {"add", "add_all", "merge", "delete", "bulk_save_objects", "bulk_insert_mappings", "bulk_update_mappings"}
)
_QUERY_ENDS = frozenset({"update", "delete"})
# What only keeps the function that it is given: it is followed when what they give is called.
_KEEPERS = frozenset({"partial", "wraps", "contextmanager", "register"})
_LOOKS = frozenset({"inspect", "Inspector", "from_engine"})


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
            return execute(walker, made, made.arguments[0])
        if name in ("create", "drop") and isinstance(owner, CallValue):
            return create_or_drop(walker, made, owner)
        if name in _QUERY_ENDS and is_query(owner):
            return query_change(walker, made, owner)
        if name in _SESSION_WRITES and is_handle(owner) and made.arguments:
            return session_write(walker, made)
    _suspect(walker, made)
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


@answer("execute", "sqltext")
@answer("alembic.context.execute", "sqltext")
def op_execute(ask: BoundArguments) -> Value:
    """op.execute(), context.execute()."""
    return execute(ask.walker, ask.made, ask["sqltext"])


def _first(made: CallValue) -> Value | None:
    return made.argument(0, "text") or made.keyword("statement")


# --- suspicion ------------------------------------------------------------------------------------------------------


def _suspect(walker: DirectiveWalker, made: CallValue) -> None:
    """Notes a call that may have touched the database where we cannot look."""
    reason = _suspicion(walker, made)
    if reason is not None:
        walker.opaque(made.node, walker.shown(made.node), reason)


def _suspicion(walker: DirectiveWalker, made: CallValue) -> str | None:
    """Why a call may have touched the database; None where it has not."""
    function, name, root = made.function, made.name, root_of(made.function)
    if isinstance(function, Symbol) and is_read(function) and name not in ("create_all", "drop_all"):
        return None
    handed = any(map(hands_over, given(made)))
    if isinstance(root, Symbol) and is_library(root) and not is_read(root):
        return _suspicion_of_python(walker, made, root, handed)
    if name in ("create_all", "drop_all") and handed:
        return "it creates or drops whatever the application's models hold today"
    if isinstance(function, CallValue) and function.name == "getattr" and any(map(is_handle, function.arguments[:1])):
        return "which directive is called here is not known"
    if isinstance(function, Attribute) and isinstance(function.owner, Attribute) and function.owner.name == "impl":
        return "it calls Alembic's implementation of the dialect itself" if is_handle(function.owner.owner) else None
    if isinstance(root, Class):
        return _suspicion_of_object(walker, made, root, handed)
    if isinstance(root, Items | Pairs):
        kept = not isinstance(function, Attribute) or function.owner is not root
        return "which of several is called here is not known" if kept and hands_over(root) else None
    if isinstance(root, Function | Module) or (isinstance(root, Symbol) and is_read(root)) or name in OPENERS | _LOOKS:
        return None
    if name in METHODS and not (handed and is_plain_function(function)):
        return None
    if handed:
        return f"{_whence(root)} gets the connection, and is not read"
    if is_of_quiet_package(root):
        return None
    if isinstance(function, Attribute) and was_handed_one(function):
        return f"{_whence(root)} has got the connection, and is not read"
    if walker.is_statement(made.node) and isinstance(root, Symbol) and isinstance(function, Symbol):
        return f"{_whence(root)} is not part of the migrations"
    if walker.is_statement(made.node) and isinstance(function, Unknown):
        return f"what is called here is not known ({function.reason})"
    return None


def _suspicion_of_python(walker: DirectiveWalker, made: CallValue, root: Symbol, handed: bool) -> str | None:
    """As _suspicion(), for what comes with Python."""
    function, name = made.function, made.name
    if root.path.startswith(("subprocess.", "os.system", "os.popen")) and isinstance(function, Symbol):
        return "it runs another program"
    if isinstance(function, Symbol):
        code = name not in _KEEPERS and any(map(_is_code, given(made)))
        return f"{_whence(root)} gets code that uses the connection" if code else None
    if name in METHODS and not any(map(_is_code, given(made))):
        return None
    got = handed or was_handed_one(function)
    return f"{_whence(root)} gets the connection, and is not read" if got else None


def _suspicion_of_object(walker: DirectiveWalker, made: CallValue, kind: Class, handed: bool) -> str | None:
    """As _suspicion(), for an object of the project whose class does not say what is called."""
    if isinstance(made.function, Class) and not handed:
        return None
    unread = any(not isinstance(base, Class) and not _is_known(base) for one in kind.order() for base in one.bases)
    called = unread and walker.is_statement(made.node) and made.name not in METHODS
    if handed or called or has_handle(kind):
        return f"{kind.name} comes from a class that is not read" if unread else f"{kind.name} is not followed here"
    return None


def _is_known(base: Value) -> bool:
    return isinstance(base, Symbol) and (is_library(base) or is_of_quiet_package(base))


def _is_code(value: Value) -> bool:
    """Whether a value is a directive or a function that runs one, and no handle by itself."""
    return not is_handle(value) and hands_over(value)


def _whence(root: Value) -> str:
    return root.path.lstrip(".") if isinstance(root, Symbol) else "what is called here"
