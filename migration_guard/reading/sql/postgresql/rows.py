"""INSERT, UPDATE, DELETE and TRUNCATE of PostgreSQL as operations. Knows when a statement bounds the rows it takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from postgast import pg_query_pb2 as pg

from migration_guard.model.objects import DeleteRows, InsertRows, TruncateTable, UpdateRows
from migration_guard.model.operations import Operation
from migration_guard.model.site import Site
from migration_guard.model.unknown import has_hole
from migration_guard.reading.sql.inserted import given_columns, skips_rows
from migration_guard.reading.sql.kinds import is_key
from migration_guard.reading.sql.postgresql.expressions import inside, literal_of, name_of, strings
from migration_guard.reading.sql.tokens import Statement

CHANGES = ("insert_stmt", "update_stmt", "delete_stmt", "merge_stmt")


def changes_of(node: pg.Node, statement: Statement, site: Site) -> Iterator[Operation]:
    """The rows that a statement changes, and those that the queries in its WITH clause change."""
    kind = node.WhichOneof("node")
    change = getattr(node, kind)
    limited: frozenset[str] = frozenset()
    if change.HasField("with_clause"):
        queries = [each.common_table_expr for each in change.with_clause.ctes]
        limited = frozenset(query.ctename for query in queries if _is_limited(query.ctequery))
        for query in queries:
            if query.ctequery.WhichOneof("node") in CHANGES:
                yield from changes_of(query.ctequery, statement, site)
    match kind:
        case "insert_stmt":
            yield InsertRows(
                site=site,
                table=name_of(change.relation),
                literals=statement.literals(),
                from_select=_reads_rows(change.select_stmt),
                given=given_columns(statement),
                skips=skips_rows(statement),
                columns=tuple(target.res_target.name for target in change.cols),
            )
        case "update_stmt":
            yield UpdateRows(
                site=site,
                table=name_of(change.relation),
                columns=tuple(dict.fromkeys(target.res_target.name for target in change.target_list)),
                where=_where(change, statement),
                bounded=_is_bounded(change.where_clause, change.from_clause, limited),
                literals=statement.literals(),
                reads=tuple(_reads(change, change.from_clause)),
            )
        case "delete_stmt":
            yield DeleteRows(
                site=site,
                table=name_of(change.relation),
                where=_where(change, statement),
                bounded=_is_bounded(change.where_clause, change.using_clause, limited),
                literals=statement.literals(),
                reads=tuple(_reads(change, change.using_clause)),
            )
        case "merge_stmt":
            yield from _merge(change, statement, site)


def _reads(change: pg.UpdateStmt | pg.DeleteStmt, sources: Sequence[pg.Node]) -> Iterator[str]:
    """
    The columns of its table that the statement reads, where it reads no other: a name that stands alone is a column
    then, unless it is that of the table, which means the whole row.
    """
    relation = change.relation
    rows = {relation.relname, relation.alias.aliasname}
    more = ("SubLink", "RangeVar", "CommonTableExpr")
    others = [one for one in inside(change) if one.DESCRIPTOR.name in more and one is not relation]
    if sources or any(one.DESCRIPTOR.name != "RangeVar" or one != relation for one in others):
        return
    for message in inside(change):
        if message.DESCRIPTOR.name == "ColumnRef" and message.fields[-1].WhichOneof("node") == "string":
            parts = strings(message.fields)
            if (len(parts) == 1 and parts[0] not in rows) or (len(parts) == 2 and parts[0] in rows):
                yield parts[-1]


def _merge(merge: pg.MergeStmt, statement: Statement, site: Site) -> Iterator[Operation]:
    """MERGE is what its WHEN clauses do. Its ON condition stands for the WHERE."""
    table, literals = name_of(merge.relation), statement.literals()
    commands = {clause.merge_when_clause.command_type for clause in merge.merge_when_clauses}
    if pg.CMD_INSERT in commands:
        yield InsertRows(site=site, table=table, literals=literals, from_select=True)
    if pg.CMD_UPDATE in commands:
        yield UpdateRows(site=site, table=table, where="ON", literals=literals)
    if pg.CMD_DELETE in commands:
        yield DeleteRows(site=site, table=table, where="ON", literals=literals)


def truncate(node: pg.TruncateStmt, site: Site) -> Iterator[Operation]:
    """TRUNCATE: one operation for each table."""
    for relation in node.relations:
        cascade = node.behavior == pg.DROP_CASCADE
        yield TruncateTable(site=site, table=name_of(relation.range_var), cascade=cascade)


def _reads_rows(node: pg.Node) -> bool:
    """True where the rows to insert come from tables, not from constants."""
    if node.WhichOneof("node") != "select_stmt":
        return False
    select = node.select_stmt
    if select.HasField("larg"):
        return any(bool(side.from_clause or side.HasField("larg")) for side in (select.larg, select.rarg))
    return bool(select.from_clause)


# --- the condition --------------------------------------------------------------------------------------------------


def _where(change: pg.UpdateStmt, statement: Statement) -> str | None:
    """The condition's source text; None without one, and where it is true for every row."""
    if not change.HasField("where_clause") or _is_always_true(change.where_clause):
        return None
    first = statement.find(statement.token_at(change.relation.location), "WHERE") + 1
    return statement.slice(first, statement.find(first, "RETURNING"))


def _is_always_true(node: pg.Node) -> bool:
    if node.WhichOneof("node") == "a_const":
        return literal_of(node) == "true"
    if node.WhichOneof("node") != "a_expr" or strings(node.a_expr.name) != ["="]:
        return False
    left, right = literal_of(node.a_expr.lexpr), literal_of(node.a_expr.rexpr)
    return left is not None and left == right


def _is_bounded(where: pg.Node, sources: Sequence[pg.Node], limited: frozenset[str]) -> bool:
    """
    True where the statement itself limits its rows: one of the conditions it joins by AND picks them from a query with
    LIMIT, compares a key with given values, or keeps a column between two given values; or it joins such a query.
    """
    conditions = list(_conjuncts(where))
    lower: set[str] = set()
    upper: set[str] = set()
    for condition in conditions:
        match condition.WhichOneof("node"):
            case "sub_link":
                if _is_limited(condition.sub_link.subselect) or _takes_from(condition.sub_link.subselect, limited):
                    return True
            case "a_expr" if _compares_key(condition.a_expr, lower, upper, limited):
                return True
    if lower & upper:
        return True
    return bool(conditions) and any(_is_limited_source(source, limited) for source in sources)


def _conjuncts(node: pg.Node) -> Iterator[pg.Node]:
    if node.WhichOneof("node") == "bool_expr" and node.bool_expr.boolop == pg.AND_EXPR:
        for argument in node.bool_expr.args:
            yield from _conjuncts(argument)
    elif node.WhichOneof("node") is not None:
        yield node


def _compares_key(compared: pg.A_Expr, lower: set[str], upper: set[str], limited: frozenset[str]) -> bool:
    """True for a comparison that bounds the rows by itself; one side of a range is noted in `lower` or `upper`."""
    column = _column(compared.lexpr)
    right = compared.rexpr
    operator = strings(compared.name)[-1:]
    if column is None:
        column, right = _column(compared.rexpr), compared.lexpr
        operator = [{"<": ">", ">": "<", "<=": ">=", ">=": "<="}.get(each, each) for each in operator]
    if column is None:
        return False
    if compared.kind in (pg.AEXPR_BETWEEN, pg.AEXPR_BETWEEN_SYM):
        return all(_is_given(bound) for bound in right.list.items)
    if compared.kind == pg.AEXPR_IN:
        return is_key(column) and operator == ["="] and all(_is_given(each) for each in right.list.items)
    if right.WhichOneof("node") == "sub_link":
        return operator == ["="] and _is_limited(right.sub_link.subselect)
    if not _is_given(right) or compared.kind not in (pg.AEXPR_OP, pg.AEXPR_OP_ANY):
        return False
    if operator in ([">"], [">="]) and not has_hole(column):
        lower.add(column)
    elif operator in (["<"], ["<="]):
        upper.add(column)
    return operator == ["="] and is_key(column)


def _column(node: pg.Node) -> str | None:
    return strings(node.column_ref.fields[-1:])[0] if node.WhichOneof("node") == "column_ref" else None


def _is_given(node: pg.Node) -> bool:
    """True for a literal, a bind parameter, and what is put together of them."""
    match node.WhichOneof("node"):
        case "a_const" | "param_ref":
            return True
        case "column_ref":
            return has_hole(_column(node) or "")
        case "type_cast":
            return _is_given(node.type_cast.arg)
        case "a_expr":
            return _is_given(node.a_expr.lexpr) and _is_given(node.a_expr.rexpr)
        case "a_array_expr":
            return all(_is_given(each) for each in node.a_array_expr.elements)
    return False


def _is_limited(query: pg.Node) -> bool:
    return query.WhichOneof("node") == "select_stmt" and bool(query.select_stmt.HasField("limit_count"))


def _takes_from(query: pg.Node, limited: frozenset[str]) -> bool:
    """True for a query on nothing but a WITH query that has a LIMIT."""
    return query.WhichOneof("node") == "select_stmt" and any(
        _is_limited_source(source, limited) for source in query.select_stmt.from_clause
    )


def _is_limited_source(source: pg.Node, limited: frozenset[str]) -> bool:
    match source.WhichOneof("node"):
        case "range_var":
            return source.range_var.relname in limited
        case "range_subselect":
            return _is_limited(source.range_subselect.subquery)
    return False
