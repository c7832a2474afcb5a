"""What a PostgreSQL expression calls, reads and proves. Knows the parser's tree of an expression, and no statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from google.protobuf.message import Message
from postgast import pg_query_pb2 as pg

from migration_guard.model.schema import ColumnType, Expression, Name
from migration_guard.model.target import without_default
from migration_guard.model.unknown import UNKNOWN, Unknown, has_hole
from migration_guard.reading.sql.tokens import shown
from migration_guard.reading.sql.types import SERIALS, canonical_type

_NOT_CALLED = frozenset({"pg_catalog", "public"})


def name_of(relation: pg.RangeVar) -> Name:
    """The name of a table, view or sequence as it is written."""
    return Name(relation.relname, without_default(relation.schemaname, "postgresql"))


def strings(nodes: Sequence[pg.Node]) -> list[str]:
    """The parts of a dotted name."""
    return [node.string.sval for node in nodes]


def qualified(parts: Sequence[str]) -> Name:
    """A dotted name: the last part names, the one before it is the schema."""
    schema = parts[-2] if len(parts) > 1 else None
    return Name(parts[-1] if parts else "", without_default(schema, "postgresql"))


def type_of(type_name: pg.TypeName) -> ColumnType | Unknown:
    """The type as the model has it; UNKNOWN where its name is put together at run time."""
    parts = strings(type_name.names)
    if not parts or any(map(has_hole, parts)):
        return UNKNOWN
    builtin = parts[0] == "pg_catalog"
    schema = None if builtin or len(parts) == 1 else without_default(parts[-2], "postgresql")
    name = parts[-1]
    if schema is None and name.islower():
        name = SERIALS.get(name, canonical_type(name))
    if parts == ["char"]:
        name = '"char"'  # PostgreSQL's one-byte type; CHAR without quotes arrives as pg_catalog.bpchar
    modifiers = () if name == "interval" else tuple(_integers(type_name.typmods))
    return ColumnType(name, modifiers, len(type_name.array_bounds), schema)


def _integers(nodes: Sequence[pg.Node]) -> Iterator[int]:
    for node in nodes:
        if node.WhichOneof("node") == "a_const" and node.a_const.WhichOneof("val") == "ival":
            yield node.a_const.ival.ival


def expression_of(node: pg.Node, sql: str) -> Expression:
    """The expression with what it calls, reads and proves. `sql` is its source."""
    kind = node.WhichOneof("node")
    sql = shown(sql)
    if kind == "a_const":
        return Expression(sql, literal=_constant(node.a_const))
    functions: dict[str, None] = {}
    columns: dict[str, None] = {}
    _collect(node, functions, columns)
    known = not any(map(has_hole, functions)) and not (kind == "column_ref" and any(map(has_hole, columns)))
    return Expression(
        sql,
        tuple(functions) if known else UNKNOWN,
        tuple(columns),
        tuple(dict.fromkeys(_proven(node))),
        literal_of(node),
    )


def literal_of(node: pg.Node) -> str | None:
    """The value of a literal, also through casts."""
    while node.WhichOneof("node") == "type_cast":
        node = node.type_cast.arg
    return _constant(node.a_const) if node.WhichOneof("node") == "a_const" else None


def _constant(constant: pg.A_Const) -> str | None:
    if constant.isnull:
        return None
    match constant.WhichOneof("val"):
        case "sval":
            value: str = constant.sval.sval
            return None if has_hole(value) else value.replace("\\:", ":")
        case "ival":
            return str(constant.ival.ival)
        case "fval":
            return str(constant.fval.fval)
        case "boolval":
            return "true" if constant.boolval.boolval else "false"
        case "bsval":
            return str(constant.bsval.bsval)
    return None


def inside(message: Message) -> Iterator[Message]:
    """Every message of the tree, outermost first."""
    yield message
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        for child in (value,) if isinstance(value, Message) else value:
            yield from inside(child)


def tables_in(node: pg.Node) -> tuple[Name, ...]:
    """The tables that a statement names, without those that its own WITH clause makes."""
    tables: dict[Name, None] = {}
    local: set[str] = set()
    for message in inside(node):
        match message.DESCRIPTOR.name:
            case "RangeVar":
                tables[name_of(message)] = None
            case "CommonTableExpr":
                local.add(message.ctename)
    return tuple(name for name in tables if name.schema or name.name not in local)


def _collect(node: Message, functions: dict[str, None], columns: dict[str, None]) -> None:
    for message in inside(node):
        match message.DESCRIPTOR.name:
            case "ColumnRef":
                last = message.fields[-1]
                if last.WhichOneof("node") == "string":
                    columns[last.string.sval] = None
            case "FuncCall":
                parts = strings(message.funcname)
                functions[".".join(part for part in parts if part not in _NOT_CALLED).lower()] = None
            case "SQLValueFunction":
                name: str = pg.SQLValueFunctionOp.Name(message.op)
                functions[name.removeprefix("SVFOP_").removesuffix("_N").lower()] = None


def _proven(node: pg.Node, *, holds: bool = True) -> list[str]:
    """The columns PostgreSQL itself takes for not null where this CHECK holds (or, negated, where it does not)."""
    match node.WhichOneof("node"):
        case "bool_expr" if node.bool_expr.boolop == pg.NOT_EXPR:
            return _proven(node.bool_expr.args[0], holds=not holds)
        case "bool_expr":
            parts = [_proven(argument, holds=holds) for argument in node.bool_expr.args]
            if (node.bool_expr.boolop == pg.AND_EXPR) is holds:
                return [name for part in parts for name in part]
            return [name for name in parts[0] if all(name in part for part in parts)]
        case "null_test" if (node.null_test.nulltesttype == pg.IS_NOT_NULL) is holds:
            return _tested(node.null_test.arg, row=holds)
        case "a_expr" if node.a_expr.kind == (pg.AEXPR_DISTINCT if holds else pg.AEXPR_NOT_DISTINCT):
            sides = (node.a_expr.lexpr, node.a_expr.rexpr)
            if any(side.WhichOneof("node") == "a_const" and side.a_const.isnull for side in sides):
                return [name for side in sides for name in _tested(side)]
    return []


def _tested(node: pg.Node, *, row: bool = False) -> list[str]:
    """The column that is tested for null; the columns of a row are tested together by IS NOT NULL alone."""
    match node.WhichOneof("node"):
        case "column_ref":
            return strings(node.column_ref.fields)[-1:]
        case "row_expr" if row:
            return [name for argument in node.row_expr.args for name in _tested(argument)]
    return []
