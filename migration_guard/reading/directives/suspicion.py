"""Which of the calls that nobody reads could have touched the database unseen."""

from __future__ import annotations

from migration_guard.model.unknown import Unknown
from migration_guard.reading.directives.handles import (
    LINKS,
    OPENERS,
    cost_of_following,
    given,
    hands_over,
    has_directives,
    has_handle,
    holder_of,
    is_handle,
    is_library,
    is_read,
    root_of,
    was_handed_one,
)
from migration_guard.reading.directives.harmless import METHODS, is_of_quiet_package, is_plain_function
from migration_guard.reading.directives.protocol import DirectiveWalker
from migration_guard.reading.interpreter.definitions import may_call
from migration_guard.reading.interpreter.values import (
    Attribute,
    CallValue,
    Class,
    Function,
    Items,
    Module,
    Pairs,
    Symbol,
    Value,
)

# What only keeps the function that it is given: it is followed when what they give is called.
_KEEPERS = frozenset({"partial", "wraps", "contextmanager"})
_CALLERS = frozenset(f"builtins.{name}" for name in ("filter", "iter", "map", "max", "min", "sorted"))
# The directives that nothing else is called like, in Python itself.
_DIRECTIVES = frozenset(
    {
        *("add_column", "alter_column", "batch_alter_table", "bulk_insert", "create_check_constraint"),
        *("create_exclude_constraint", "create_foreign_key", "create_index", "create_primary_key", "create_table"),
        *("create_table_comment", "create_unique_constraint", "drop_column", "drop_constraint", "drop_index"),
        *("drop_table", "drop_table_comment", "rename_table"),
    }
)
_RUN_TEXT = frozenset({"builtins.eval", "builtins.exec", "runpy.run_module", "runpy.run_path"})
# What changes a list or a dictionary that it is given.
_CHANGERS = (
    "bisect.insort",
    "builtins.dict.",
    "builtins.list.",
    "builtins.set.",
    "heapq.",
    "operator.i",
    "operator.setitem",
)
# What gives a connection or a session, or looks at the database.
_GIVES_HANDLES = OPENERS | {"inspect", "Inspector", "from_engine"}


def suspect(walker: DirectiveWalker, made: CallValue) -> None:
    """Notes a call that may have touched the database where we cannot look."""
    walker.budget.spend(cost_of_following(given(made)))
    root = root_of(made.function)
    read = isinstance(root, Symbol) and is_read(root)
    if isinstance(made.function, Symbol) and made.function.path.startswith(_CHANGERS):
        for value in given(made):
            if isinstance(value, Items | Pairs):
                value.complete = False
    reason = _suspicion(walker, made, root, read)
    if not read and isinstance(made.function, LINKS):
        holder = holder_of(made.function)
        if holder is not None and any(map(_is_code, given(made))):
            walker.keep(holder)
    if reason is not None:
        said = f"{reason}{walker.why_unread(root)}"
        runs = may_call(root) and not read
        walker.opaque(made.node, walker.shown(made.node), said, when_imported=runs)


def _suspicion(walker: DirectiveWalker, made: CallValue, root: Value, read: bool) -> str | None:
    """Why a call may have touched the database; None where it has not. What the `root` gives may be `read`."""
    function, name = made.function, made.name
    if isinstance(function, Symbol) and function.path in _RUN_TEXT:
        return "it runs text as code"
    found = isinstance(root, Unknown) or (isinstance(root, Symbol) and _is_other_s(root))
    if found and isinstance(function, Attribute | Symbol) and name in _DIRECTIVES:
        return f"{name} is one of Alembic's directives, and its owner is found at run time"
    if read and isinstance(function, Symbol) and name not in ("create_all", "drop_all"):
        return _suspicion_of_callers(function, made)
    if isinstance(root, Symbol) and not read and is_library(root):
        return _suspicion_of_python(walker, made, root)
    if name in ("create_all", "drop_all") and _is_handed_one(made):
        return "it creates or drops whatever the application's models hold today"
    if isinstance(function, CallValue) and _is_found_in(function, root):
        return "which function is called here is not known"
    if isinstance(function, Attribute) and isinstance(function.owner, Attribute) and function.owner.name == "impl":
        return "it calls Alembic's implementation of the dialect itself" if is_handle(function.owner.owner) else None
    if isinstance(root, Class):
        return _suspicion_of_object(walker, made, root)
    if isinstance(root, Items) and name == "sort" and any(map(_is_code, given(made))):
        return "sort() gets code that uses the connection"
    if isinstance(root, Items | Pairs):
        kept = not isinstance(function, Attribute) or function.owner is not root
        return "which of several is called here is not known" if kept and hands_over(root) else None
    if isinstance(function, Attribute) and is_handle(function.owner) and any(map(_is_function, given(made))):
        return "it gets code that uses the connection"
    if isinstance(function, Attribute) and isinstance(root, Function) and walker.is_holder(root):
        return "it is one of the functions that were kept there, and which is not known"
    if read or isinstance(root, Function | Module) or name in _GIVES_HANDLES:
        return None
    handed = _is_handed_one(made)
    if name in METHODS and not (handed and (is_plain_function(function) or any(map(_is_code, given(made))))):
        return None
    if handed:
        return f"{_whence(root)} gets the connection, and is not read"
    if is_of_quiet_package(root):
        return None
    holder = holder_of(function)
    if isinstance(function, Attribute) and (was_handed_one(function) or (holder and walker.is_holder(holder))):
        return f"{_whence(root)} has got the connection, and is not read"
    if walker.is_statement(made.node) and isinstance(root, Symbol) and isinstance(function, Symbol):
        return f"{_whence(root)} is not part of the migrations"
    if walker.is_statement(made.node) and isinstance(function, Unknown):
        return f"what is called here is not known ({function.reason})"
    return None


def _suspicion_of_callers(function: Symbol, made: CallValue) -> str | None:
    """As _suspicion(), for functions of Python and SQLAlchemy that call what they are given."""
    if function.path not in _CALLERS and not function.path.startswith("sqlalchemy.event."):
        return None
    return f"{_whence(function)} gets code that uses the connection" if any(map(_is_code, given(made))) else None


def _suspicion_of_python(walker: DirectiveWalker, made: CallValue, root: Symbol) -> str | None:
    """As _suspicion(), for what comes with Python."""
    function, name = made.function, made.name
    if root.path.startswith(("subprocess.", "os.system", "os.popen")) and isinstance(function, Symbol):
        return "it runs another program"
    if name in ("exec_module", "load_module"):
        return "it runs another file"
    if isinstance(function, Symbol):
        code = name not in _KEEPERS and any(map(_is_code, given(made)))
        return f"{_whence(root)} gets code that uses the connection" if code else None
    if name in METHODS and not any(map(_is_code, given(made))):
        return None
    holder = holder_of(function)
    got = _is_handed_one(made) or was_handed_one(function) or (holder is not None and walker.is_holder(holder))
    return f"{_whence(root)} gets the connection, and is not read" if got else None


def _suspicion_of_object(walker: DirectiveWalker, made: CallValue, kind: Class) -> str | None:
    """As _suspicion(), for an object of the project whose class does not say what is called."""
    handed = _is_handed_one(made)
    if isinstance(made.function, Class) and not handed:
        return None
    unread = any(not isinstance(base, Class) and not _is_known(base) for one in kind.order() for base in one.bases)
    called = unread and walker.is_statement(made.node) and made.name not in METHODS
    if handed or called or has_handle(kind):
        return f"{kind.name} comes from a class that is not read" if unread else f"{kind.name} is not followed here"
    return None


def _is_found_in(function: CallValue, root: Value) -> bool:
    """Whether Python's getattr(), or another function of its own, finds this in a handle, a module or an object."""
    return (
        isinstance(root, Symbol)
        and root.path.startswith("builtins.")
        and any(has_directives(one) if isinstance(one, Module) else hands_over(one) for one in function.arguments)
    )


def _is_other_s(symbol: Symbol) -> bool:
    """Whether nothing of this name is one of Alembic's directives, unless it was put there."""
    return is_library(symbol) and not symbol.path.startswith("alembic.op") and symbol.path not in _RUN_TEXT


def _is_known(base: Value) -> bool:
    return isinstance(base, Symbol) and (is_library(base) or is_of_quiet_package(base))


def _is_handed_one(made: CallValue) -> bool:
    """Whether a call hands a handle on, or what leads to one."""
    return any(map(hands_over, given(made)))


def _is_function(value: Value) -> bool:
    return isinstance(value, Function)


def _is_code(value: Value) -> bool:
    """Whether a value is a directive or a function that runs one, and no handle by itself."""
    return not is_handle(value) and hands_over(value)


def _whence(root: Value) -> str:
    return root.path.lstrip(".") if isinstance(root, Symbol) else "what is called here"
