"""
Statements that SQLAlchemy builds: insert(), update(), delete(), select(), and what sessions and mapped objects make
of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from migration_guard.model.objects import (
    CreateSchema,
    CreateSequence,
    DeleteRows,
    DropSchema,
    DropSequence,
    InsertRows,
    Opaque,
    RunSql,
    UpdateRows,
)
from migration_guard.model.operations import Operation
from migration_guard.model.schema import Name
from migration_guard.model.site import Site
from migration_guard.model.target import without_default
from migration_guard.model.unknown import UNKNOWN, Unknown
from migration_guard.reading.directives.create_drop import object_name
from migration_guard.reading.directives.names import constant_columns, identifier, table_of
from migration_guard.reading.directives.protocol import DirectiveWalker
from migration_guard.reading.directives.python_conditions import decided_by_python
from migration_guard.reading.interpreter.library import is_column
from migration_guard.reading.interpreter.values import (
    FALSE,
    Attribute,
    CallValue,
    Class,
    Constant,
    Items,
    Pairs,
    Symbol,
    Text,
    Value,
    truth,
)
from migration_guard.reading.sql.kinds import is_key

CHANGES = frozenset({"insert", "update", "delete"})
_READS = frozenset({"select", "exists", "union", "union_all", "with_for_update", "intersect", "except_", "query"})


@dataclass(frozen=True, slots=True)
class _Chain:
    """A statement built by SQLAlchemy, unwound: its verb, the table it is about, and the calls made on it."""

    verb: str
    table: Value | None
    steps: tuple[CallValue, ...]


def _unwind(value: Value) -> _Chain | None:
    """The innermost verb of a chain of calls is what it is about."""
    steps: list[CallValue] = []
    found: tuple[str, Value] | None = None
    while isinstance(value, CallValue):
        steps.append(value)
        function = value.function
        if isinstance(function, Symbol):
            if found is None or function.name in CHANGES | _READS:
                table = value.argument(0, "table") if function.name in CHANGES else None
                return _Chain(function.name, table, tuple(reversed(steps)))
            break
        if not isinstance(function, Attribute):
            break
        if function.name in CHANGES | _READS:
            found = function.name, function.owner
        value = function.owner
    return _Chain(*found, tuple(reversed(steps))) if found is not None else None


def run_construct(walker: DirectiveWalker, made: CallValue, statement: Value) -> None:
    """A statement that is no text: one that SQLAlchemy builds, or one we cannot tell."""
    chain = _unwind(statement)
    where = walker.site(made.node)
    if chain is not None and chain.verb in _READS:
        walker.emit(RunSql(site=where, kind="SELECT"))
        return
    if chain is not None and chain.verb in CHANGES:
        table = table_of(chain.table, walker.dialect)
        if table is None:
            reason = f"the table of this {chain.verb} is not known"
            walker.opaque(made.node, walker.shown(made.node), reason, rows_only=True)
        else:
            walker.emit(_with_constant(_change(chain.verb, table, chain.steps, where, made), chain.steps, walker))
        return
    if isinstance(statement, CallValue) and (found := _ddl(walker, statement, where)) is not None:
        walker.emit(found)
        return
    why = statement.reason if isinstance(statement, Unknown) else "it is put together by code that is not followed"
    walker.opaque(made.node, walker.shown(made.node), f"its statement is not known: {why}")


def _ddl(walker: DirectiveWalker, made: CallValue, where: Site) -> Operation | None:
    """CreateSequence(Sequence("x")), DropSchema("x") and their kin, executed."""
    inner = made.arguments[0] if made.arguments else None
    name = table_of(inner, walker.dialect) or object_name(inner, walker.dialect)
    schema = identifier(made.argument(0, "name"))
    match made.name:
        case "CreateSequence" if name:
            return CreateSequence(site=where, sequence=name)
        case "DropSequence" if name:
            return DropSequence(site=where, sequence=name)
        case "CreateSchema":
            guarded = truth(made.keyword("if_not_exists") or FALSE) is True
            known = UNKNOWN if schema is None else without_default(schema, walker.dialect)
            return CreateSchema(site=where, schema=known, if_not_exists=guarded)
        case "DropSchema" if schema is None:
            return Opaque(site=where, what=walker.shown(made.node), reason="the schema name is not known")
        case "DropSchema":
            # MySQL and MariaDB have no RESTRICT: what SQLAlchemy writes without CASCADE drops all that is in it.
            cascade = walker.dialect in ("mysql", "mariadb") or truth(made.keyword("cascade") or FALSE) is True
            return DropSchema(
                site=where,
                schema=without_default(schema, walker.dialect),
                cascade=cascade,
                if_exists=truth(made.keyword("if_exists") or FALSE) is True,
            )
    return None


def _change(verb: str, table: Name, steps: tuple[CallValue, ...], where: Site, made: CallValue) -> Operation:
    """INSERT, UPDATE or DELETE, from the calls made on it."""
    conditions = [step for step in steps if step.name in ("where", "filter", "filter_by")]
    literals = tuple(_texts([value for step in steps for value in (*step.arguments, *dict(step.keywords).values())]))
    if verb == "insert":
        names = {step.name for step in steps}
        return InsertRows(
            site=where,
            table=table,
            literals=literals,
            from_select="from_select" in names,
            given=tuple(_given([step for step in steps if step.name == "values"])),
            skips=any(name.startswith(("on_conflict", "on_duplicate", "prefix_with")) for name in names),
        )
    condition = "..." if conditions else None
    bounded = _is_bounded(conditions, made) or any(step.name in ("limit", "with_dialect_options") for step in steps)
    if verb == "delete":
        return DeleteRows(site=where, table=table, where=condition, bounded=bounded, literals=literals)
    columns = tuple(_columns_set([step for step in steps if step.name in ("values", "update")]))
    return UpdateRows(site=where, table=table, columns=columns, where=condition, bounded=bounded, literals=literals)


def _with_constant(change: Operation, steps: Sequence[CallValue], walker: DirectiveWalker) -> Operation:
    """The change, with what of its condition the database never hears."""
    conditions = [step for step in steps if step.name in ("where", "filter")]
    found = next((node for step in conditions if (node := decided_by_python(step)) is not None), None)
    if found is None or not isinstance(change, UpdateRows | DeleteRows):
        return change
    return replace(change, constant=walker.shown(found))


def _is_bounded(conditions: list[CallValue], made: CallValue) -> bool:
    """Whether a WHERE picks single rows: a key compared with a value, or parameters handed to execute()."""
    if not conditions:
        return False
    return len(made.arguments) > 1 or any(_has_limit(value) or _picks_key(value) for value in conditions)


def _picks_key(value: Value) -> bool:
    """Whether a condition compares a key with a value: `table.c.id == 7`, `Model.id.in_([1, 2])`, `filter_by(id=7)`."""
    match value:
        case CallValue(function=Symbol(name="Equal"), arguments=[left, right]):
            return any(is_key(identifier(one) or "") for one in (left, right) if is_column(one)) and not (
                is_column(left) and is_column(right)
            )
        case CallValue(function=Attribute(owner=owner, name="in_"), arguments=[Items()]):
            return is_key(identifier(owner) or "")
        case CallValue(function=Symbol(name="or_")):
            return False
        case CallValue(arguments=arguments, keywords=keywords):
            return any(map(_picks_key, arguments)) or (
                value.name == "filter_by" and any(is_key(key) for key, _ in keywords)
            )
    return False


def _has_limit(value: Value) -> bool:
    match value:
        case CallValue(function=Attribute(name="limit" | "fetch")):
            return True
        case CallValue(arguments=arguments, function=function):
            return any(map(_has_limit, arguments)) or _has_limit(function)
        case Attribute(owner=owner):
            return _has_limit(owner)
    return False


def _columns_set(steps: list[CallValue]) -> Iterator[str]:
    for step in steps:
        yield from (key for key, _ in step.keywords if key not in ("whereclause", "synchronize_session"))
        for argument in step.arguments:
            for key, _ in argument.pairs if isinstance(argument, Pairs) else []:
                name = identifier(key)
                if name is not None:
                    yield name


def _given(steps: list[CallValue]) -> Iterator[str]:
    """The columns that values() sets to constants."""
    for step in steps:
        yield from constant_columns((Text(key), value) for key, value in step.keywords)
        for argument in step.arguments:
            yield from constant_columns(argument.pairs) if isinstance(argument, Pairs) else ()


def _texts(values: list[Value], depth: int = 0) -> Iterator[str]:
    if depth > 6:
        return
    for value in values:
        match value:
            case Text(value=text) if value.known:
                yield text
            case Items(items=items):
                yield from _texts(items, depth + 1)
            case Pairs(pairs=pairs):
                yield from _texts([each for _, each in pairs], depth + 1)


def is_query(value: Value) -> bool:
    match value:
        case CallValue(function=Attribute(name="query")):
            return True
        case CallValue(function=Attribute(owner=owner)):
            return is_query(owner)
    return False


def query_change(walker: DirectiveWalker, made: CallValue, owner: Value) -> Value:
    """session.query(Model).filter(...).update({...}) and .delete()."""
    steps = [made]
    at: Value = owner
    while isinstance(at, CallValue) and isinstance(at.function, Attribute):
        steps.append(at)
        at = at.function.owner
    model = model_of(owner)
    table = table_of(model, walker.dialect)
    if table is None:
        reason = f"the table of this {made.name} is not known: its model is not written in the migrations"
        walker.opaque(made.node, walker.shown(made.node), reason, rows_only=True)
    else:
        change = _change(made.name, table, tuple(steps), walker.site(made.node), CallValue(made.function))
        walker.emit(_with_constant(change, steps, walker))
    return made


def model_of(value: Value) -> Value | None:
    """The class that an object is of: one made here, or one that a query on the class gave."""
    while isinstance(value, CallValue):
        if value.name in ("query", "get") and value.arguments and not isinstance(value.arguments[0], Constant):
            return value.arguments[0]
        if isinstance(value.function, Class):
            return value.function
        if not isinstance(value.function, Attribute):
            return None
        value = value.function.owner
    return value if isinstance(value, Class) else None


def assigned(walker: DirectiveWalker, owner: CallValue, column: str) -> Iterator[Operation]:
    """What becomes of `object.column = value`, where a query on a known model gave the object."""
    model = model_of(owner)
    table = table_of(model, walker.dialect) if model is not None else None
    if table is not None:
        yield UpdateRows(site=walker.site(None), table=table, columns=(column,), where="...", bounded=True)


def session_write(walker: DirectiveWalker, made: CallValue) -> Value:
    """session.add(Model(...)) and its kin: rows of the model's table."""
    first = made.arguments[0]
    value = first.items[0] if isinstance(first, Items) and first.items else first
    model = model_of(value)
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
