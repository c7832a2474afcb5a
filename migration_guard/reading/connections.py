"""
Calls that reach the database beside op.*: SQL through a connection, session or op.execute; SQLAlchemy's own statements; types
and tables that create themselves. Decides what of all other calls could have touched the database unseen.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

from migration_guard.model.constraints import CreateIndex, DropIndex
from migration_guard.model.objects import (
    CreateEnum,
    CreateSequence,
    DeleteRows,
    DropEnum,
    DropSequence,
    InsertRows,
    RunSql,
    UpdateRows,
)
from migration_guard.model.operations import CreateTable, DropTable, Operation
from migration_guard.model.schema import UNKNOWN, EnumType, Name
from migration_guard.model.site import Site
from migration_guard.reading import directives, sql
from migration_guard.reading.constructs import Constructs
from migration_guard.reading.library import HARMLESS, is_column, opened_path
from migration_guard.reading.recorder import Recorder, identifier, table_of
from migration_guard.reading.sql_kinds import is_key
from migration_guard.reading.values import (
    Attribute,
    Batch,
    Class,
    Constant,
    Function,
    Items,
    Made,
    Module,
    Pairs,
    Symbol,
    Text,
    Unknown,
    Value,
    truth,
)

_RUNNERS = frozenset({"execute", "exec_driver_sql", "executemany", "scalar", "scalars", "executescript", "exec"})
_SESSION_WRITES = frozenset(
    {"add", "add_all", "merge", "delete", "bulk_save_objects", "bulk_insert_mappings", "bulk_update_mappings"}
)
_CHANGES = frozenset({"insert", "update", "delete"})
_READS = frozenset({"select", "exists", "union", "union_all", "with_for_update", "intersect", "except_", "query"})
_QUERY_ENDS = frozenset({"update", "delete"})
_OPENERS = frozenset({"Session", "sessionmaker", "scoped_session", "create_engine"})
_LOOKS = frozenset({"inspect", "Inspector", "from_engine"})
_STAYS_HANDLE = frozenset(
    {"connect", "begin", "begin_nested", "execution_options", "connection", "get_bind", "engine", "bind", "session"}
)
_LIBRARIES = frozenset({"sqlalchemy", "alembic", "builtins"})


def call(walker: Recorder, made: Made) -> Value:
    """A call that is neither a directive nor plain Python: what it asks of the database is noted."""
    function = made.function
    if isinstance(function, Attribute):
        owner, name = function.owner, function.name
        if name in ("read", "read_text") and (text := _file_text(walker, made)) is not None:
            return text
        if name in _RUNNERS and made.arguments and not _is_other_api(owner):
            return execute(walker, made, made.arguments[0])
        if name in ("create", "drop") and isinstance(owner, Made):
            return _create_or_drop(walker, made, owner)
        if name in _QUERY_ENDS and _is_query(owner):
            return _query_change(walker, made, owner)
        if name in _SESSION_WRITES and is_handle(owner) and made.arguments:
            return _session_write(walker, made)
    _suspect(walker, made)
    return made


def _file_text(walker: Recorder, made: Made) -> Value | None:
    """The content of a file of the repository that is read here."""
    function = made.function
    opener = made
    if isinstance(function, Attribute) and function.name == "read":
        if not isinstance(function.owner, Made):
            return None
        opener = function.owner
    path = opened_path(opener)
    if path is None:
        return None
    text = walker.files.text(path if path.startswith("/") or path[1:3] == ":\\" else f"{walker.files.root}/{path}")
    return Text(text) if text is not None else Unknown("the file is not in the repository, or cannot be read")


# --- executing ------------------------------------------------------------------------------------------------------


def execute(walker: Recorder, made: Made, statement: Value | None) -> Value:
    """A statement handed to a connection, a session or op.execute()."""
    match statement:
        case Text():
            _run_text(walker, made, statement)
        case Made(function=Symbol(name="text" | "DDL" | "SQL")) if isinstance(inner := _first(statement), Text):
            _run_text(walker, made, inner)
        case Made(function=Attribute(owner=owner, name="bindparams" | "columns" | "execution_options" | "params")):
            execute(walker, made, owner)
        case Items(items=items, complete=True) if items and all(isinstance(item, Text) for item in items):
            for item in items:
                execute(walker, made, item)
        case None:
            walker.opaque(made.node, walker.shown(made.node), "it is called without a statement")
        case _:
            _run_construct(walker, made, statement)
    return made


def _first(made: Made) -> Value | None:
    return made.argument(0, "text") or made.keyword("statement")


def _run_text(walker: Recorder, made: Made, text: Text) -> None:
    """SQL text: each of its statements, at its own place in the source."""
    isolated = _is_autocommit(made.function)

    def site(start: int, end: int) -> Site:
        written = text.value[start:end]
        found = text.locate(start, end, walker.source.path)
        if found is None:
            placed = walker.site(made.node, sql=written)
        else:
            span = walker.source.lines.span(found[0], found[1])
            exact = found[2] and walker.source.text[found[0] : found[1]] == written
            placed = walker.site(made.node, span=span, sql=written, exact=exact)
        return replace(placed, autocommit=True) if isolated else placed

    if not text.known and not sql.HOLE.sub("", text.value).strip():
        walker.opaque(made.node, walker.shown(made.node), "its SQL text is not known")
        return
    for operation in sql.read_sql(text.value, walker.dialect, site):
        walker.emit(operation)
        if isinstance(operation, RunSql):
            _follow_transaction(walker, operation.kind)


def _follow_transaction(walker: Recorder, kind: str) -> None:
    """A COMMIT in the middle ends the transaction; what follows runs alone, until BEGIN."""
    first = kind.split(" ")[0]
    if first in ("COMMIT", "END", "ROLLBACK") and kind in (
        "COMMIT",
        "END",
        "ROLLBACK",
        "COMMIT TRANSACTION",
        "COMMIT WORK",
    ):
        walker.segment += 1
        walker.autocommit = True
    elif first in ("BEGIN", "START"):
        walker.segment += 1
        walker.autocommit = False


def _is_autocommit(value: Value) -> bool:
    """Whether a connection was opened with isolation_level="AUTOCOMMIT"."""
    match value:
        case Made(function=function):
            level = value.keyword("isolation_level")
            return (isinstance(level, Text) and level.value.upper() == "AUTOCOMMIT") or _is_autocommit(function)
        case Attribute(owner=owner):
            return _is_autocommit(owner)
    return False


@dataclass(frozen=True, slots=True)
class _Chain:
    """A statement built by SQLAlchemy, unwound: its verb, the table it is about, and the calls made on it."""

    verb: str
    table: Value | None
    steps: tuple[Made, ...]


def _unwind(value: Value) -> _Chain | None:
    steps: list[Made] = []
    while isinstance(value, Made):
        steps.append(value)
        function = value.function
        if isinstance(function, Symbol):
            table = value.argument(0, "table") if function.name in _CHANGES else None
            return _Chain(function.name, table, tuple(reversed(steps)))
        if not isinstance(function, Attribute):
            return None
        if function.name in _CHANGES | _READS and not _is_statement(function.owner):
            return _Chain(function.name, function.owner, tuple(reversed(steps)))
        value = function.owner
    return None


def _is_statement(value: Value) -> bool:
    chain = _unwind(value)
    return chain is not None and chain.verb in _CHANGES | _READS


def _run_construct(walker: Recorder, made: Made, statement: Value) -> None:
    """A statement that is no text: one that SQLAlchemy builds, or one we cannot tell."""
    chain = _unwind(statement)
    where = walker.site(made.node)
    if chain is not None and chain.verb in _READS:
        walker.emit(RunSql(site=where, kind="SELECT"))
        return
    if chain is not None and chain.verb in _CHANGES:
        table = table_of(chain.table, walker.dialect)
        if table is None:
            reason = f"the table of this {chain.verb} is not known"
            walker.opaque(made.node, walker.shown(made.node), reason, rows_only=True)
        else:
            walker.emit(_change(chain.verb, table, chain.steps, where, made))
        return
    if isinstance(statement, Made) and (found := _ddl(walker, statement, where)) is not None:
        walker.emit(found)
        return
    why = statement.reason if isinstance(statement, Unknown) else "it is put together by code that is not followed"
    walker.opaque(made.node, walker.shown(made.node), f"its statement is not known: {why}")


def _ddl(walker: Recorder, made: Made, where: Site) -> Operation | None:
    """CreateSequence(Sequence("x")) and its kin, executed."""
    inner = made.arguments[0] if made.arguments else None
    name = table_of(inner, walker.dialect) or _object_name(walker, inner)
    match made.name:
        case "CreateSequence" if name:
            return CreateSequence(site=where, sequence=name)
        case "DropSequence" if name:
            return DropSequence(site=where, sequence=name)
        case "CreateSchema" | "DropSchema":
            return RunSql(site=where, kind="CREATE SCHEMA" if made.name == "CreateSchema" else "DROP SCHEMA")
    return None


def _change(verb: str, table: Name, steps: tuple[Made, ...], where: Site, made: Made) -> Operation:
    """INSERT, UPDATE or DELETE, from the calls made on it."""
    conditions = [step for step in steps if step.name in ("where", "filter", "filter_by")]
    literals = tuple(_texts([value for step in steps for value in (*step.arguments, *dict(step.keywords).values())]))
    if verb == "insert":
        return InsertRows(
            site=where, table=table, literals=literals, from_select=any(step.name == "from_select" for step in steps)
        )
    condition = "..." if conditions else None
    bounded = _is_bounded(conditions, made) or any(step.name in ("limit", "with_dialect_options") for step in steps)
    if verb == "delete":
        return DeleteRows(site=where, table=table, where=condition, bounded=bounded, literals=literals)
    columns = tuple(_assigned([step for step in steps if step.name in ("values", "update")]))
    return UpdateRows(site=where, table=table, columns=columns, where=condition, bounded=bounded, literals=literals)


def _is_bounded(conditions: list[Made], made: Made) -> bool:
    """Whether a WHERE picks single rows: a key compared with a value, or parameters handed to execute()."""
    if not conditions:
        return False
    return len(made.arguments) > 1 or any(_has_limit(value) or _picks_key(value) for value in conditions)


def _picks_key(value: Value) -> bool:
    """Whether a condition compares a key with a value: `table.c.id == 7`, `Model.id.in_([1, 2])`, `filter_by(id=7)`."""
    match value:
        case Made(function=Symbol(name="Equal"), arguments=[left, right]):
            return any(is_key(identifier(one) or "") for one in (left, right) if is_column(one)) and not (
                is_column(left) and is_column(right)
            )
        case Made(function=Attribute(owner=owner, name="in_"), arguments=[Items()]):
            return is_key(identifier(owner) or "")
        case Made(function=Symbol(name="or_")):
            return False
        case Made(arguments=arguments, keywords=keywords):
            return any(map(_picks_key, arguments)) or (
                value.name == "filter_by" and any(is_key(key) for key, _ in keywords)
            )
    return False


def _has_limit(value: Value) -> bool:
    match value:
        case Made(function=Attribute(name="limit" | "fetch")):
            return True
        case Made(arguments=arguments, function=function):
            return any(map(_has_limit, arguments)) or _has_limit(function)
        case Attribute(owner=owner):
            return _has_limit(owner)
    return False


def _assigned(steps: list[Made]) -> Iterator[str]:
    for step in steps:
        yield from (key for key, _ in step.keywords if key not in ("whereclause", "synchronize_session"))
        for argument in step.arguments:
            for key, _ in argument.pairs if isinstance(argument, Pairs) else []:
                name = identifier(key)
                if name is not None:
                    yield name


def _texts(values: list[Value], depth: int = 0) -> Iterator[str]:
    if depth > 6:
        return
    for value in values:
        match value:
            case Text(value=text):
                yield text
            case Items(items=items):
                yield from _texts(items, depth + 1)
            case Pairs(pairs=pairs):
                yield from _texts([each for _, each in pairs], depth + 1)


# --- sessions -------------------------------------------------------------------------------------------------------


def _is_query(value: Value) -> bool:
    match value:
        case Made(function=Attribute(name="query")):
            return True
        case Made(function=Attribute(owner=owner)):
            return _is_query(owner)
    return False


def _query_change(walker: Recorder, made: Made, owner: Value) -> Value:
    """session.query(Model).filter(...).update({...}) and .delete()."""
    steps = [made]
    at: Value = owner
    while isinstance(at, Made) and isinstance(at.function, Attribute):
        steps.append(at)
        at = at.function.owner
    model = _model_of(owner)
    table = table_of(model, walker.dialect)
    if table is None:
        reason = f"the table of this {made.name} is not known: its model is not written in the migrations"
        walker.opaque(made.node, walker.shown(made.node), reason, rows_only=True)
    else:
        walker.emit(_change(made.name, table, tuple(steps), walker.site(made.node), Made(made.function)))
    return made


def _model_of(value: Value) -> Value | None:
    """The class that an object is of: one made here, or one that a query on the class gave."""
    while isinstance(value, Made):
        if value.name in ("query", "get") and value.arguments and not isinstance(value.arguments[0], Constant):
            return value.arguments[0]
        if isinstance(value.function, Class):
            return value.function
        if not isinstance(value.function, Attribute):
            return None
        value = value.function.owner
    return value if isinstance(value, Class) else None


def assigned(walker: Recorder, owner: Made, column: str) -> Iterator[Operation]:
    """What becomes of `object.column = value`, where a query on a known model gave the object."""
    model = _model_of(owner)
    table = table_of(model, walker.dialect) if model is not None else None
    if table is not None:
        yield UpdateRows(site=walker.site(None), table=table, columns=(column,), where="...", bounded=True)


def _session_write(walker: Recorder, made: Made) -> Value:
    """session.add(Model(...)) and its kin: rows of the model's table."""
    first = made.arguments[0]
    value = first.items[0] if isinstance(first, Items) and first.items else first
    model = _model_of(value)
    table = table_of(model, walker.dialect) if model is not None else None
    if table is None:
        reason = "the table of the object it writes is not known"
        walker.opaque(made.node, walker.shown(made.node), reason, rows_only=True)
        return made
    where = walker.site(made.node)
    if made.name == "delete":
        walker.emit(DeleteRows(site=where, table=table, where="...", bounded=True))
    elif made.name == "bulk_update_mappings":
        walker.emit(UpdateRows(site=where, table=table, where="...", bounded=True))
    else:
        walker.emit(InsertRows(site=where, table=table))
    return made


# --- things that create themselves ----------------------------------------------------------------------------------


def _object_name(walker: Recorder, value: Value | None) -> Name | None:
    if isinstance(value, Made) and value.arguments and isinstance(value.arguments[0], Text):
        return Name(value.arguments[0].value)
    return None


def _create_or_drop(walker: Recorder, made: Made, owner: Made) -> Value:
    """Enum(...).create(bind), Table(...).drop(bind), Index(...).create(bind), Sequence(...).create(bind)."""
    creates = made.name == "create"
    # Measured on SQLAlchemy 2.1.9: postgresql.ENUM looks first unless told otherwise, sa.Enum does not.
    default = Constant(isinstance(owner.function, Symbol) and ".postgresql" in owner.function.path)
    looks_first = truth(made.argument(1, "checkfirst") or default) is True
    where = walker.site(made.node)
    kind = Constructs(walker.dialect).type(owner)
    if owner.name in ("Enum", "ENUM", "with_variant") or (kind is not UNKNOWN and kind.is_enum):
        if kind is UNKNOWN or not kind.known:
            walker.opaque(made.node, walker.shown(made.node), "the name of the enumerated type is not known")
        elif kind.is_enum and kind.native and kind.name != "enum":
            name = Name(kind.name, kind.schema)
            labels = kind.labels if kind.labels is not None else UNKNOWN
            if creates:
                walker.emit(CreateEnum(site=where, type=EnumType(name, labels), if_not_exists=looks_first))
            else:
                walker.emit(DropEnum(site=where, type=name, if_exists=looks_first))
        return made
    about = table_of(owner, walker.dialect)
    if owner.name in ("Table", "table") and about is not None:
        _table(walker, made, owner, about, creates, looks_first)
    elif owner.name == "Sequence" and (sequence := _object_name(walker, owner)) is not None:
        make = CreateSequence(site=where, sequence=sequence, if_not_exists=looks_first)
        walker.emit(make if creates else DropSequence(site=where, sequence=sequence, if_exists=looks_first))
    elif owner.name == "Index" and owner.arguments:
        _own_index(walker, made, owner, creates)
    elif is_handle(made.argument(0, "bind")):
        walker.opaque(made.node, walker.shown(made.node), "what is created or dropped here is not known")
    return made


def _table(walker: Recorder, made: Made, owner: Made, name: Name, creates: bool, looks_first: bool) -> None:
    if not creates:
        walker.emit(DropTable(site=walker.site(made.node), table=name, if_exists=looks_first))
        return
    rest = tuple(value for value in owner.arguments[2:])
    keywords = (*owner.keywords, ("if_not_exists", Constant(looks_first)))
    call_again = Made(Symbol("alembic.op.create_table"), (owner.arguments[0], *rest), keywords, made.node, made.path)
    for operation in directives.create_table(directives.Ask(walker, call_again, "create_table", None)):
        if isinstance(operation, CreateEnum | CreateTable | CreateIndex):
            walker.emit(operation)


def _own_index(walker: Recorder, made: Made, owner: Made, creates: bool) -> None:
    name = identifier(owner.arguments[0])
    columns = [one for one in owner.arguments[1:] if isinstance(one, Attribute)]
    tables = [table_of(getattr(one.owner, "owner", None), walker.dialect) for one in columns]
    table = next((one for one in tables if one is not None), None)
    if name is None or (creates and table is None):
        walker.opaque(made.node, walker.shown(made.node), "the index or its table is not known")
    elif creates and table is not None:
        index = directives.index_from(owner, Constructs(walker.dialect))
        walker.emit(CreateIndex(site=walker.site(made.node), table=table, index=index))
    else:
        walker.emit(DropIndex(site=walker.site(made.node), name=name, table=table))


# --- suspicion ------------------------------------------------------------------------------------------------------


def is_handle(value: Value | None) -> bool:
    """Whether a value leads to the database: op, a batch, a connection or a session made from one."""
    match value:
        case Symbol(path=path):
            return path == "alembic.op"
        case Batch():
            return True
        case Made(function=Symbol(path=path)):
            if path.startswith(("alembic.op.get_", "alembic.context.get_")):
                return True
            return path.rpartition(".")[2] in _OPENERS
        case Made(function=Attribute(name=name)) if name in _OPENERS:
            return True
        case Made(function=Attribute(owner=owner, name=name)) | Attribute(owner=owner, name=name):
            return name in _STAYS_HANDLE and is_handle(owner)
        case Made(function=function):
            return is_handle(function)
    return False


def _is_other_api(owner: Value) -> bool:
    """Whether `.execute` belongs to something that is no connection: a thread pool, a command object."""
    root = _root(owner)
    return isinstance(root, Symbol) and root.path.partition(".")[0] in sys.stdlib_module_names


def _root(value: Value) -> Value:
    while isinstance(value, Made | Attribute):
        value = value.function if isinstance(value, Made) else value.owner
    return value


def _suspect(walker: Recorder, made: Made) -> None:
    """Notes a call that may have touched the database where we cannot look."""
    function, name = made.function, made.name
    handed = any(is_handle(value) for value in (*made.arguments, *dict(made.keywords).values()))
    root = _root(function)
    library = isinstance(root, Symbol) and (
        root.path.partition(".")[0] in _LIBRARIES or root.path.partition(".")[0] in sys.stdlib_module_names
    )
    if name in ("create_all", "drop_all") and (handed or is_handle(made.keyword("bind"))):
        reason = "it creates or drops whatever the application's models hold today"
        walker.opaque(made.node, walker.shown(made.node), reason)
        return
    if isinstance(function, Made) and function.name == "getattr" and any(map(is_handle, function.arguments[:1])):
        walker.opaque(made.node, walker.shown(made.node), "which directive is called here is not known")
        return
    if library or name in HARMLESS | _OPENERS | _LOOKS or isinstance(root, Class | Function | Module):
        return
    if handed:
        walker.opaque(made.node, walker.shown(made.node), f"{_whence(root)} gets the connection, and is not read")
    elif walker.is_statement(made.node) and isinstance(root, Symbol) and isinstance(function, Symbol):
        walker.opaque(made.node, walker.shown(made.node), f"{_whence(root)} is not part of the migrations")
    elif walker.is_statement(made.node) and isinstance(function, Unknown):
        walker.opaque(made.node, walker.shown(made.node), f"what is called here is not known ({function.reason})")


def _whence(root: Value) -> str:
    return root.path.lstrip(".") if isinstance(root, Symbol) else "what is called here"
