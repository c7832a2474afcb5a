"""Where an operation stands in the source, and under which circumstances it runs."""

from __future__ import annotations

from dataclasses import dataclass

from migration_guard.model.finding import Direction, Span
from migration_guard.model.guards import Guard


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call as it is written. `name` is None for a positional one, `*` or `**` for a starred one."""

    name: str | None
    span: Span
    value: Span


@dataclass(frozen=True, slots=True)
class Call:
    """
    The call that asks for an operation, so far as an edit must know it.

    `name` is the function as written (`op.create_index`). `arguments_end` is where a further keyword argument goes:
    just behind the last argument (or behind the opening parenthesis when there is none); `trailing_comma` tells
    whether a comma already stands there. `column` is the Column(...) written inside an add_column.
    """

    name: str
    span: Span
    arguments: tuple[Argument, ...]
    arguments_end: Span
    trailing_comma: bool = False
    column: Call | None = None

    def argument(self, name: str) -> Argument | None:
        """The keyword argument of this name, if it is written."""
        return next((argument for argument in self.arguments if argument.name == name), None)


@dataclass(frozen=True, slots=True)
class Site:
    """
    Where an operation is written and how it runs.

    `span` is what a finding points at: the call, or the statement inside an SQL string. `statement` is the whole
    Python statement around it, without its indentation; `block` is the `with op.batch_alter_table()` statement around
    that, if any. `sql` is the text of the SQL statement where the operation came from SQL. `text_span` is where exactly
    that text stands in the source, character by character; None where it is put together at run time.

    `segment` numbers the transactions of the migration: operations of one segment commit together. `autocommit` is
    True inside `autocommit_block()`, where each statement commits alone. `conditional` operations may not run;
    `guards` are conditions on the schema, which all have to hold for it to run: a replay decides them.
    `repeated` ones run in a loop whose length is unknown. `batch` marks operations of `batch_alter_table`. `helper`
    is the function of another file that the operation stands in, `drop_all() of app/helpers.py`, where it does; `span`
    then points at the call that led there. `turn` is how many times the call has run before: in earlier rounds of a
    loop, or as its function was called.
    """

    direction: Direction
    span: Span
    statement: Span
    call: Call | None = None
    block: Span | None = None
    sql: str | None = None
    text_span: Span | None = None
    segment: int = 0
    autocommit: bool = False
    conditional: bool = False
    guards: tuple[Guard, ...] = ()
    repeated: bool = False
    batch: bool = False
    helper: str = ""
    turn: int = 0
