"""CREATE INDEX of PostgreSQL as an operation: what it is built on, in which order, and the name it gets without one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from postgast import pg_query_pb2 as pg

from migration_guard.model.constraints import CreateIndex
from migration_guard.model.operations import Operation
from migration_guard.model.schema import Index
from migration_guard.model.site import Site
from migration_guard.reading.sql.postgresql.expressions import name_of, strings
from migration_guard.reading.sql.tokens import Statement


def create_index(node: pg.Node, statement: Statement, site: Site) -> Iterator[Operation]:
    """CREATE INDEX."""
    create = node.index_stmt
    table = name_of(create.relation)
    opening = statement.find(statement.token_at(create.relation.location), "(")
    columns = tuple(_index_columns(create.index_params, opening, statement))
    where = None
    if create.HasField("where_clause"):
        where = statement.slice(statement.find(opening, "WHERE") + 1, len(statement.tokens))
    index = Index(
        create.idxname or _chosen_name(table.name, create.index_params),
        columns,
        create.unique,
        where,
        create.access_method if create.access_method != "btree" else None,
        orders=_orders(create.index_params),
        include=tuple(parameter.index_elem.name for parameter in create.index_including_params),
    )
    yield CreateIndex(
        site=site,
        table=table,
        index=index,
        concurrently=create.concurrent,
        if_not_exists=create.if_not_exists,
        only=not create.relation.inh,
    )


_ORDERS = {pg.SORTBY_DESC: "DESC"}
_NULLS = {pg.SORTBY_NULLS_FIRST: "NULLS FIRST", pg.SORTBY_NULLS_LAST: "NULLS LAST"}


def _orders(parameters: Sequence[pg.Node]) -> tuple[str, ...]:
    """What is written behind each column: its operator class, DESC, NULLS FIRST; empty where nothing is."""
    found = []
    for parameter in parameters:
        element = parameter.index_elem
        words = (
            *strings(element.opclass),
            _ORDERS.get(element.ordering, ""),
            _NULLS.get(element.nulls_ordering, ""),
        )
        found.append(" ".join(filter(None, words)))
    return tuple(found) if any(found) else ()


def _index_columns(parameters: list[pg.Node], opening: int, statement: Statement) -> Iterator[str]:
    """The columns by name, expressions as their source in parentheses."""
    first = opening + 1
    for parameter in parameters:
        element = parameter.index_elem
        if element.name:
            yield element.name
        else:
            start = first
            while start < len(statement.tokens) and statement.tokens[start].raw != "(":
                start += 1
            source = statement.slice(first, statement.closing(start) + 1)
            yield source if start == first else f"({source})"
        first = statement.find(first, ",") + 1


def _chosen_name(table: str, parameters: list[pg.Node]) -> str:
    """The name PostgreSQL gives an index without one: table_column_idx, cut to fit."""
    columns = "_".join(_part(parameter.index_elem) for parameter in parameters)
    while len(table) + len(columns) > 63 - len("__idx"):
        if len(table) > len(columns):
            table = table[:-1]
        else:
            columns = columns[:-1]
    return f"{table}_{columns}_idx"


def _part(element: pg.IndexElem) -> str:
    """What one column of an index gives to its chosen name."""
    name: str = element.name
    if name:
        return name
    expression = element.expr
    while expression.WhichOneof("node") == "type_cast":
        expression = expression.type_cast.arg
    match expression.WhichOneof("node"):
        case "func_call":
            return strings(expression.func_call.funcname)[-1]
        case "column_ref":
            return strings(expression.column_ref.fields)[-1]
        case "coalesce_expr":
            return "coalesce"
    return "expr"
