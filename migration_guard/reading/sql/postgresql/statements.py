"""One PostgreSQL statement as operations, read with PostgreSQL's own parser. Knows every kind of statement."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import postgast
from google.protobuf.message import DecodeError
from postgast import pg_query_pb2 as pg

from migration_guard.model.constraints import DropIndex, RenameConstraint, RenameIndex
from migration_guard.model.named_objects import AlterSequence, AttachIndex, RenameView
from migration_guard.model.objects import (
    CreateSchema,
    CreateView,
    DropDatabase,
    DropEnum,
    DropOwned,
    DropSchema,
    DropSequence,
    DropView,
    Opaque,
    RenameType,
    RunSql,
)
from migration_guard.model.operations import (
    CreateTable,
    DropTable,
    Operation,
    RenameColumn,
    RenameTable,
    SetColumnComment,
)
from migration_guard.model.schema import ColumnType, Expression, Name, Table
from migration_guard.model.site import Site
from migration_guard.model.target import without_default
from migration_guard.model.unknown import UNKNOWN
from migration_guard.reading.sql.holes import shorten
from migration_guard.reading.sql.kinds import kind_of
from migration_guard.reading.sql.named_objects import ObjectReader
from migration_guard.reading.sql.postgresql.expressions import (
    expression_of,
    name_of,
    qualified,
    strings,
    tables_in,
    type_of,
)
from migration_guard.reading.sql.postgresql.indexes import create_index
from migration_guard.reading.sql.postgresql.objects import (
    alter_enum,
    alter_sequence,
    create_enum,
    create_sequence,
    create_view,
)
from migration_guard.reading.sql.postgresql.rows import CHANGES, changes_of, truncate
from migration_guard.reading.sql.postgresql.tables import alter_table, create_table
from migration_guard.reading.sql.postgresql.views import view_of
from migration_guard.reading.sql.tokens import Statement
from migration_guard.reading.sql.types import type_from_text


class NotAccepted(Exception):
    """PostgreSQL's parser does not take the statement. The message is the parser's."""


def parse(clean: str) -> pg.Node:
    """The parser's tree of one statement."""
    try:
        statements = postgast.parse(clean).stmts
    except postgast.PgQueryError as error:
        raise NotAccepted(error.message) from None
    except DecodeError:
        raise NotAccepted("the statement is nested too deeply") from None
    except UnicodeEncodeError:  # half of a surrogate pair
        raise NotAccepted("it has a character that no encoding holds") from None
    if len(statements) != 1:
        raise NotAccepted("it is not one statement" if statements else "it is empty")
    return statements[0].stmt


def read_statement(statement: Statement, site: Site) -> tuple[Operation, ...]:
    """The operations of one statement. Raises NotAccepted where the parser refuses it."""
    node = parse(statement.clean)
    kind = node.WhichOneof("node") or ""
    reader = _READERS.get(kind)
    operations = tuple(reader(node, statement, site)) if reader else ()
    return operations or (_run(node, statement, site),)


def _run(node: pg.Node, statement: Statement, site: Site) -> RunSql:
    kind = kind_of(statement)
    tables = () if kind.startswith("REINDEX INDEX") else tables_in(node)
    return ObjectReader(statement, RunSql(site=site, kind=kind, tables=tables, literals=statement.literals())).read()


# --- rows -----------------------------------------------------------------------------------------------------------


def _select(node: pg.Node, statement: Statement, site: Site) -> Iterator[Operation]:
    select = node.select_stmt
    if select.HasField("into_clause"):
        yield _table_from_query(select.into_clause.rel, site)
    for query in select.with_clause.ctes:
        if query.common_table_expr.ctequery.WhichOneof("node") in CHANGES:
            yield from changes_of(query.common_table_expr.ctequery, statement, site)


def _truncate(node: pg.Node, statement: Statement, site: Site) -> Iterator[Operation]:
    return truncate(node.truncate_stmt, site)


# --- tables ---------------------------------------------------------------------------------------------------------


def _create_table(node: pg.Node, statement: Statement, site: Site) -> Iterator[Operation]:
    foreign = node.WhichOneof("node") == "create_foreign_table_stmt"
    create = node.create_foreign_table_stmt.base_stmt if foreign else node.create_stmt
    return create_table(create, statement, site)


def _create_table_as(node: pg.Node, statement: Statement, site: Site) -> Iterator[Operation]:
    create = node.create_table_as_stmt
    if create.objtype == pg.OBJECT_MATVIEW:
        yield CreateView(site=site, view=view_of(name_of(create.into.rel), create.query, statement, materialized=True))
    else:
        yield _table_from_query(create.into.rel, site, if_not_exists=create.if_not_exists)


def _table_from_query(relation: pg.RangeVar, site: Site, if_not_exists: bool = False) -> CreateTable:
    table = Table(name_of(relation), complete=False)
    temporary = relation.relpersistence == "t"
    return CreateTable(site=site, table=table, if_not_exists=if_not_exists, temporary=temporary)


def _alter_table(node: pg.Node, statement: Statement, site: Site) -> Iterator[Operation]:
    alter = node.alter_table_stmt
    # ALTER INDEX, ALTER VIEW and ALTER TYPE arrive here too; what they alter is no table.
    if alter.objtype not in (pg.OBJECT_TABLE, pg.OBJECT_FOREIGN_TABLE):
        return iter((_alter_other(alter, statement, site),))
    return alter_table(alter, statement, site)


def _alter_other(alter: pg.AlterTableStmt, statement: Statement, site: Site) -> RunSql:
    kind, literals = kind_of(statement), statement.literals()
    command = alter.cmds[0].alter_table_cmd
    if command.subtype == pg.AT_AttachPartition:
        attached: pg.Node = getattr(command, "def")
        index = attached.partition_cmd.name.relname
        return AttachIndex(site=site, kind=kind, literals=literals, index=index, parent=alter.relation.relname)
    return RunSql(site=site, kind=kind, literals=literals)


def _drop(node: pg.Node, statement: Statement, site: Site) -> Iterator[Operation]:
    drop = node.drop_stmt
    if_exists, cascade = drop.missing_ok, drop.behavior == pg.DROP_CASCADE
    for each in drop.objects:
        name = _object_name(each)
        match drop.remove_type:
            case pg.OBJECT_TABLE | pg.OBJECT_FOREIGN_TABLE:
                yield DropTable(site=site, table=name, if_exists=if_exists, cascade=cascade)
            case pg.OBJECT_INDEX:
                yield DropIndex(
                    site=site, name=name.name, concurrently=drop.concurrent, if_exists=if_exists, cascade=cascade
                )
            case pg.OBJECT_TYPE:
                yield DropEnum(site=site, type=name, if_exists=if_exists, cascade=cascade)
            case pg.OBJECT_VIEW | pg.OBJECT_MATVIEW:
                materialized = drop.remove_type == pg.OBJECT_MATVIEW
                yield DropView(site=site, view=name, materialized=materialized, if_exists=if_exists, cascade=cascade)
            case pg.OBJECT_SEQUENCE:
                yield DropSequence(site=site, sequence=name, if_exists=if_exists)
            case pg.OBJECT_SCHEMA:
                schema = without_default(name.name, "postgresql")
                yield DropSchema(site=site, schema=schema, cascade=cascade, if_exists=if_exists)
            case pg.OBJECT_TRIGGER | pg.OBJECT_POLICY | pg.OBJECT_RULE:
                table = qualified([item.string.sval for item in each.list.items[:-1]])
                yield ObjectReader(statement, RunSql(site=site, kind=kind_of(statement), tables=(table,))).read()


def _object_name(node: pg.Node) -> Name:
    match node.WhichOneof("node"):
        case "list":
            return qualified([item.string.sval for item in node.list.items])
        case "type_name":
            return qualified(strings(node.type_name.names))
    return Name(node.string.sval)


# --- renaming -------------------------------------------------------------------------------------------------------


def _rename(node: pg.Node, statement: Statement, site: Site) -> Iterator[Operation]:
    rename = node.rename_stmt
    new = rename.newname
    match rename.rename_type:
        case pg.OBJECT_TABLE:
            table = name_of(rename.relation)
            yield RenameTable(site=site, table=table, new_name=Name(new, table.schema))
        case pg.OBJECT_COLUMN if rename.relation_type == pg.OBJECT_TABLE:
            yield RenameColumn(site=site, table=name_of(rename.relation), column=rename.subname, new_name=new)
        case pg.OBJECT_TABCONSTRAINT:
            yield RenameConstraint(site=site, table=name_of(rename.relation), name=rename.subname, new_name=new)
        case pg.OBJECT_INDEX:
            yield RenameIndex(site=site, name=rename.relation.relname, new_name=new)
        case pg.OBJECT_TYPE:
            name = _object_name(rename.object)
            yield RenameType(site=site, type=name, new_name=Name(new, name.schema))
        case pg.OBJECT_SEQUENCE:
            name = name_of(rename.relation)
            kind, new_name = kind_of(statement), Name(new, name.schema)
            yield AlterSequence(site=site, kind=kind, tables=(name,), sequence=name, new_name=new_name)
        case pg.OBJECT_VIEW | pg.OBJECT_MATVIEW:
            name = name_of(rename.relation)
            kind, new_name = kind_of(statement), Name(new, name.schema)
            yield RenameView(site=site, kind=kind, tables=(name,), view=name, new_name=new_name)


def _set_schema(node: pg.Node, statement: Statement, site: Site) -> Iterator[Operation]:
    move = node.alter_object_schema_stmt
    schema = without_default(move.newschema, "postgresql")
    match move.object_type:
        case pg.OBJECT_TABLE:
            table = name_of(move.relation)
            yield RenameTable(site=site, table=table, new_name=Name(table.name, schema))
        case pg.OBJECT_TYPE:
            name = _object_name(move.object)
            yield RenameType(site=site, type=name, new_name=Name(name.name, schema))


def _comment(node: pg.Node, statement: Statement, site: Site) -> Iterator[Operation]:
    comment = node.comment_stmt
    if comment.objtype == pg.OBJECT_COLUMN:
        *table, column = strings(comment.object.list.items)
        text = comment.comment.replace("\\:", ":") or None
        yield SetColumnComment(site=site, table=qualified(table), column=column, comment=text)


# --- schemas, databases -----------------------------------------------------------------------------------------------


def _create_schema(node: pg.Node, statement: Statement, site: Site) -> Iterator[Operation]:
    create = node.create_schema_stmt
    # Without a name it takes that of its owner: CREATE SCHEMA AUTHORIZATION joe.
    schema = without_default(create.schemaname or create.authrole.rolename, "postgresql")
    yield CreateSchema(site=site, schema=schema, if_not_exists=create.if_not_exists)
    if create.schema_elts:
        reason = "what CREATE SCHEMA makes inside the schema is not read"
        yield Opaque(site=site, what=shorten(statement.text), reason=reason)


def _drop_database(node: pg.Node, statement: Statement, site: Site) -> Iterator[Operation]:
    yield DropDatabase(site=site, database=node.dropdb_stmt.dbname)


def _drop_owned(node: pg.Node, statement: Statement, site: Site) -> Iterator[Operation]:
    roles = (role.role_spec for role in node.drop_owned_stmt.roles)
    yield DropOwned(site=site, roles=tuple(role.rolename or "the current role" for role in roles))


Reader = Callable[[pg.Node, Statement, Site], Iterator[Operation]]

_READERS: dict[str, Reader] = {
    "select_stmt": _select,
    **dict.fromkeys(CHANGES, changes_of),
    "truncate_stmt": _truncate,
    "create_stmt": _create_table,
    "create_foreign_table_stmt": _create_table,
    "create_table_as_stmt": _create_table_as,
    "alter_table_stmt": _alter_table,
    "drop_stmt": _drop,
    "rename_stmt": _rename,
    "alter_object_schema_stmt": _set_schema,
    "comment_stmt": _comment,
    "index_stmt": create_index,
    "create_enum_stmt": create_enum,
    "alter_enum_stmt": alter_enum,
    "view_stmt": create_view,
    "create_seq_stmt": create_sequence,
    "alter_seq_stmt": alter_sequence,
    "create_schema_stmt": _create_schema,
    "dropdb_stmt": _drop_database,
    "drop_owned_stmt": _drop_owned,
}


# --- loose expressions and types ------------------------------------------------------------------------------------


def read_expression(text: str, clean: str) -> Expression:
    """An expression on its own; `functions` is Unknown where the parser does not take it."""
    try:
        node = parse(f"SELECT ({clean}\n)")
    except NotAccepted:
        return Expression(text, functions=UNKNOWN)
    select = node.select_stmt
    if len(select.target_list) != 1 or select.from_clause:
        return Expression(text, functions=UNKNOWN)
    return expression_of(select.target_list[0].res_target.val, text)


def read_type(text: str) -> ColumnType:
    """A type on its own."""
    try:
        node = parse(f"SELECT NULL::{text}\n")
        cast = node.select_stmt.target_list[0].res_target.val
        found = type_of(cast.type_cast.type_name) if cast.WhichOneof("node") == "type_cast" else None
    except NotAccepted:
        found = None
    return found if isinstance(found, ColumnType) else type_from_text(text, "postgresql")
