"""
Each call of op.* and batch_op.*, and of a function of a plugin, as operations. Alembic's directives are read in
`tables`, `columns` and `constraints`, op.batch_alter_table() in `batch`, op.execute() in `execution`, those of packages
in `packages`; here stand those that only give a value.
"""

from __future__ import annotations

from migration_guard.model.naming_convention import cut
from migration_guard.model.schema import Name
from migration_guard.model.unknown import Unknown

# Each of these registers the directives that it reads.
from migration_guard.reading.directives import batch, columns, constraints, execution, packages, tables  # noqa: F401
from migration_guard.reading.directives.arguments import BoundArguments
from migration_guard.reading.directives.handles import hands_over
from migration_guard.reading.directives.names import identifier, schema_of
from migration_guard.reading.directives.protocol import DirectiveWalker
from migration_guard.reading.directives.registry import answer, find, silent
from migration_guard.reading.interpreter.definitions import IMPLEMENTATION
from migration_guard.reading.interpreter.values import (
    Attribute,
    Batch,
    CallValue,
    Class,
    Function,
    Symbol,
    Text,
    Value,
)

_TABLES = frozenset({"table_name", "table", "tablename", "source_table", "relation"})
silent("get_bind", "get_context", "implementation_for", "register_operation")


def operation(walker: DirectiveWalker, made: CallValue) -> Value | None:
    """
    Notes what a call of a directive asks for, and gives what the call returns; None where it calls no directive, and
    no attribute of op or of a batch.
    """
    function = made.function
    directive = find(function)
    owner = function.owner if isinstance(function, Attribute) and isinstance(function.owner, Batch) else None
    if directive is not None:
        return directive.call(walker, made, owner)
    if owner is None and not (isinstance(function, Symbol) and function.path.startswith("alembic.op.")):
        return None
    method = walker.registered(made.name)
    if method is not None:
        given = (owner or Symbol("alembic.op"), *made.arguments)
        return walker.call_value(method, CallValue(method, given, made.keywords, made.node, made.path))
    registered = "nothing that env.py or this file imports registers it"
    reason = f"{made.name} is not a directive of Alembic, and {registered}; a plugin can say how it reads"
    walker.opaque(made.node, walker.shown(made.node), reason, tables=_tables(walker, made))
    return made


def _tables(walker: DirectiveWalker, made: CallValue) -> tuple[Name, ...]:
    """The tables that the literal arguments of a call name: those called so, else the first one."""
    schema = schema_of(made.keyword("schema"), walker.dialect)
    named = [identifier(value) for key, value in made.keywords if key in _TABLES]
    first = identifier(made.arguments[0]) if made.arguments and isinstance(made.arguments[0], Text) else None
    return tuple(Name(name, schema) for name in named or [first] if name)


@answer("f", "name")
@answer("sqlalchemy.sql.elements.conv", "name")
@answer("sqlalchemy.sql.naming.conv", "name")
@answer("sqlalchemy.sql.base.conv", "name")
@answer("sqlalchemy.schema.conv", "name")
def final_name(ask: BoundArguments) -> Value:
    """op.f(): a name that no convention changes, cut where it is too long."""
    name = ask["name"]
    if not isinstance(name, Text):
        return name or Unknown("op.f() without a name")
    shorter = cut(name.value, ask.walker.dialect) if name.known else name.value
    return Text(shorter, name.pieces if shorter == name.value else (), final=True)


@answer("inline_literal", "value")
def given_value(ask: BoundArguments) -> Value:
    """op.inline_literal(): what it is given."""
    return ask["value"] or Unknown("op.inline_literal() without a value")


@answer("alembic.operations.Operations", "migration_context")
@answer("alembic.operations.Operations.context", "migration_context")
@answer("alembic.operations.base.Operations", "migration_context")
def operations_of(ask: BoundArguments) -> Value:
    """Operations(context): another `op`."""
    return Symbol("alembic.op")


@answer("contextlib.closing", "value")
def closing(ask: BoundArguments) -> Value:
    """contextlib.closing(): calls close() where the block ends."""
    value = ask["value"] or ask.made
    if isinstance(ask.walker.attribute_of(value, "close"), Function) and hands_over(value):
        ask.opaque("it calls close(), which leads to the database")
    return value


@answer("contextlib.nullcontext", "value")
@answer("copy.copy", "value")
@answer("typing.cast", "type value")
def passed_through(ask: BoundArguments) -> Value:
    """What Python's own helpers give back as they got it."""
    return ask["value"] or ask.made


@answer("run_async", "async_function *args")
def run_async(ask: BoundArguments) -> Value:
    """op.run_async(function, *arguments): the function gets a connection."""
    made = ask.made
    if not made.arguments:
        return made
    connection = CallValue(Symbol("alembic.op.get_bind"), path=made.path)
    inner = CallValue(made.arguments[0], (connection, *made.arguments[1:]), made.keywords, made.node, made.path)
    return ask.walker.call_value(made.arguments[0], inner)


@answer("invoke", "operation")
def invoke(ask: BoundArguments) -> Value:
    """op.invoke(): where the project's own code says what an operation does, that is followed."""
    operation = ask["operation"]
    kind = operation.function if isinstance(operation, CallValue) else None
    implementation = kind.find(IMPLEMENTATION) if isinstance(kind, Class) else None
    if not isinstance(implementation, Function) or operation is None:
        ask.opaque("op.invoke() takes an operation made elsewhere")
        return ask.made
    given = (Symbol("alembic.op"), operation)
    return ask.walker.call_value(implementation, CallValue(implementation, given, (), ask.made.node, ask.made.path))
