"""
Each call of op.* and batch_op.*, and of a function of a plugin, as operations. Alembic's directives are read in
`tables`, `columns` and `constraints`, op.execute() in `execution`; here stand those that only give a value.
"""

from __future__ import annotations

# Each of these registers the directives that it reads.
from migration_guard.reading.directives import columns, constraints, execution, tables  # noqa: F401
from migration_guard.reading.directives.arguments import BoundArguments
from migration_guard.reading.directives.protocol import DirectiveWalker
from migration_guard.reading.directives.registry import answer, find, silent
from migration_guard.reading.interpreter.values import Attribute, Batch, CallValue, Symbol, UnknownValue, Value

silent("get_bind", "get_context", "implementation_for", "register_operation")


def operation(walker: DirectiveWalker, made: CallValue) -> Value | None:
    """
    Notes what a call of a directive asks for, and gives what the call returns; None where it calls no directive, and
    no attribute of op or of a batch.
    """
    function = made.function
    directive = find(function)
    batch = function.owner if isinstance(function, Attribute) and isinstance(function.owner, Batch) else None
    if directive is not None:
        return directive.call(walker, made, batch)
    if batch is None and not (isinstance(function, Symbol) and function.path.startswith("alembic.op.")):
        return None
    reason = f"{made.name} is not a directive of Alembic; a plugin or the application adds it"
    walker.opaque(made.node, walker.shown(made.node), reason)
    return made


@answer("f", "name")
@answer("inline_literal", "value")
def given_name(ask: BoundArguments) -> Value:
    """op.f() and op.inline_literal(): what they are given."""
    return ask["name"] or ask["value"] or UnknownValue("op.f() without a name")


@answer("batch_alter_table", "table_name schema")
def batch_alter_table(ask: BoundArguments) -> Value:
    """op.batch_alter_table(): the block on a table."""
    return Batch(ask["table_name"] or UnknownValue("no table name"), ask["schema"], ask.made)


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
    """op.invoke()."""
    ask.opaque("op.invoke() takes an operation made elsewhere")
    return ask.made
