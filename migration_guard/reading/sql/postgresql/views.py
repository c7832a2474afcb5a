"""What a view of PostgreSQL has and reads. Knows the parser's tree of its query."""

from __future__ import annotations

from collections.abc import Sequence

from postgast import pg_query_pb2 as pg

from migration_guard.model.schema import Name, View
from migration_guard.model.unknown import UNKNOWN, Unknown, has_hole
from migration_guard.reading.sql.named_objects import written
from migration_guard.reading.sql.postgresql.expressions import inside, name_of, strings, tables_in
from migration_guard.reading.sql.tokens import Statement

_MORE = frozenset({"SubLink", "RangeSubselect", "RangeFunction", "CommonTableExpr", "RangeTableFunc"})


def view_of(
    name: Name, query: pg.Node, statement: Statement, aliases: Sequence[str] = (), *, materialized: bool = False
) -> View:
    """A view under this name: its columns and, where its query is a plain one, what that reads."""
    plain = not any(message.DESCRIPTOR.name in _MORE for message in inside(query))
    tables = dict.fromkeys(name_of(one) for one in inside(query) if plain and one.DESCRIPTOR.name == "RangeVar")
    columns = dict.fromkeys(_last(one) for one in inside(query) if plain and one.DESCRIPTOR.name == "ColumnRef")
    return View(
        name,
        materialized,
        columns=tuple(aliases) or _columns(query),
        reads=tuple(tables),
        read_columns=tuple(columns),
        tables=tables_in(query),
        definition=None if statement.has_hole else written(statement, statement.find(1, "AS")),
        comment=None,
    )


def _last(column: pg.ColumnRef) -> str:
    """The column of a reference; "*" where it takes all of them."""
    last = column.fields[-1]
    return last.string.sval if last.WhichOneof("node") == "string" else "*"


def _columns(query: pg.Node) -> tuple[str, ...] | Unknown:
    """
    The names that PostgreSQL gives to what a query selects: that behind AS, of the column, or of the function.
    (https://www.postgresql.org/docs/18/queries-select-lists.html; FigureColname in its sources)
    """
    if query.WhichOneof("node") != "select_stmt":
        return UNKNOWN
    select = query.select_stmt
    while select.HasField("larg"):
        select = select.larg
    names = [_named(target.res_target) for target in select.target_list]
    known = [name for name in names if name is not None and not has_hole(name)]
    return tuple(known) if names and len(known) == len(names) else UNKNOWN


def _named(target: pg.ResTarget) -> str | None:
    name: str = target.name
    if name:
        return name
    value = target.val
    while value.WhichOneof("node") == "type_cast":
        value = value.type_cast.arg
    match value.WhichOneof("node"):
        case "column_ref":
            last = _last(value.column_ref)
            return last if last != "*" else None
        case "func_call":
            return strings(value.func_call.funcname)[-1]
    return None
