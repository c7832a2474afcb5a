"""CREATE TABLE and ALTER TABLE of PostgreSQL as operations. Knows the parser's tree of columns and constraints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from postgast import pg_query_pb2 as pg

from migration_guard.model.constraints import AddConstraint, DropConstraint, ValidateConstraint
from migration_guard.model.objects import RunSql
from migration_guard.model.operations import (
    AddColumn,
    AlterColumnType,
    CreateTable,
    DropColumn,
    DropNotNull,
    Operation,
    SetDefault,
    SetNotNull,
)
from migration_guard.model.schema import Column, Constraint, ConstraintKind, Expression, Generated, Name, Table
from migration_guard.model.site import Site
from migration_guard.model.target import is_default
from migration_guard.model.unknown import UNKNOWN, Unknown
from migration_guard.reading.sql.definitions import ColumnDefinition
from migration_guard.reading.sql.postgresql.expressions import expression_of, name_of, strings, type_of
from migration_guard.reading.sql.postgresql.properties import alter_property
from migration_guard.reading.sql.tokens import NAME, WORD, Statement
from migration_guard.reading.sql.types import SERIALS

_KINDS = {
    pg.CONSTR_PRIMARY: ConstraintKind.PRIMARY_KEY,
    pg.CONSTR_FOREIGN: ConstraintKind.FOREIGN_KEY,
    pg.CONSTR_UNIQUE: ConstraintKind.UNIQUE,
    pg.CONSTR_CHECK: ConstraintKind.CHECK,
    pg.CONSTR_EXCLUSION: ConstraintKind.EXCLUDE,
    pg.CONSTR_NOTNULL: ConstraintKind.NOT_NULL,
}
_ACTIONS = {"r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}


# --- columns and constraints ----------------------------------------------------------------------------------------


def read_column(definition: pg.ColumnDef, statement: Statement) -> ColumnDefinition:
    """A column of CREATE TABLE or ADD COLUMN."""
    type_name = strings(definition.type_name.names)
    serial = len(type_name) == 1 and type_name[0] in SERIALS
    read = type_of(definition.type_name)
    column = Column(definition.colname, read, nullable=not serial, default=None, serial=serial, comment=None)
    if definition.HasField("coll_clause") and not isinstance(column.type, Unknown):
        collation = ".".join(strings(definition.coll_clause.collname))
        column = replace(column, type=replace(column.type, collation=collation))
    constraints: list[Constraint] = []
    for node in definition.constraints:
        written = node.constraint
        if written.contype in _KINDS and written.contype != pg.CONSTR_NOTNULL:
            one = read_constraint(written, statement)
            constraints.append(one if one.kind is ConstraintKind.CHECK else replace(one, columns=(column.name,)))
        _DEFERRABLE.get(written.contype, _ignore)(constraints)
        column = _with_clause(column, written, statement)
    return ColumnDefinition(column, tuple(constraints))


def _with_clause(column: Column, written: pg.Constraint, statement: Statement) -> Column:
    """The column with what one clause behind it (NOT NULL, DEFAULT ...) says."""
    match written.contype:
        case pg.CONSTR_NOTNULL | pg.CONSTR_PRIMARY:
            return replace(column, nullable=False)
        case pg.CONSTR_DEFAULT:
            return replace(column, default=_default(written, statement))
        case pg.CONSTR_IDENTITY:
            return replace(column, identity=True, nullable=False)
        case pg.CONSTR_GENERATED:
            expression = expression_of(written.raw_expr, _in_parentheses(written.location, statement))
            stored = _says_stored(written.location, statement)
            return replace(column, generated=Generated(expression, stored if stored is not None else UNKNOWN))
    return column


def _says_stored(location: int, statement: Statement) -> bool | None:
    """True for STORED, False for VIRTUAL, None where neither is written."""
    after = statement.closing(statement.find(statement.token_at(location), "(")) + 1
    word = statement.tokens[after].word if after < len(statement.tokens) else ""
    return {"STORED": True, "VIRTUAL": False}.get(word)


def _default(written: pg.Constraint, statement: Statement) -> Expression:
    """The expression behind DEFAULT: it ends where the next clause of the column begins."""
    first = statement.token_at(written.location)
    first = statement.find(first, "DEFAULT") + 1
    return expression_of(written.raw_expr, statement.slice(first, _end_of_default(first, statement)))


_CLAUSES = ("NOT", "NULL", "CHECK", "UNIQUE", "PRIMARY", "REFERENCES", "CONSTRAINT", "GENERATED", "COLLATE", ",")


def _end_of_default(first: int, statement: Statement) -> int:
    """A default is a b_expr: NOT, NULL and the other clause words cannot stand in it unless in parentheses."""
    opens = first < len(statement.tokens) and statement.tokens[first].raw == "("
    return statement.find(statement.closing(first) + 1 if opens else first + 1, *_CLAUSES)


def _in_parentheses(location: int, statement: Statement) -> str:
    """The source between the first parentheses behind `location`."""
    opening = statement.token_at(location)
    while opening < len(statement.tokens) and statement.tokens[opening].raw != "(":
        opening += 1
    return statement.slice(opening + 1, statement.closing(opening))


def read_constraint(written: pg.Constraint, statement: Statement) -> Constraint:
    """A constraint of a table or a column."""
    kind = _KINDS[written.contype]
    columns = tuple(strings(written.fk_attrs if kind is ConstraintKind.FOREIGN_KEY else written.keys))
    expression = None
    if kind is ConstraintKind.CHECK:
        expression = expression_of(written.raw_expr, _in_parentheses(written.location, statement))
        columns = expression.columns
    if kind is ConstraintKind.EXCLUDE:
        elements = [node.list.items[0].index_elem for node in written.exclusions]
        columns = tuple(element.name for element in elements if element.name)
    return Constraint(
        kind,
        written.conname or None,
        columns,
        references=name_of(written.pktable) if kind is ConstraintKind.FOREIGN_KEY else None,
        in_default_schema=is_default(written.pktable.schemaname, "postgresql"),
        referenced_columns=tuple(strings(written.pk_attrs)),
        options=tuple(_options(written, kind, statement)),
        expression=expression,
        valid=not written.skip_validation,
        using_index=written.indexname or None,
    )


def _options(written: pg.Constraint, kind: ConstraintKind, statement: Statement) -> Iterator[str]:
    """What else is said, in SQL's words."""
    if kind is ConstraintKind.FOREIGN_KEY:
        for event, action in (("DELETE", written.fk_del_action), ("UPDATE", written.fk_upd_action)):
            if action in _ACTIONS:
                yield f"ON {event} {_ACTIONS[action]}"
            elif _says_no_action(event, written, statement):
                yield f"ON {event} NO ACTION"
        if written.fk_matchtype == "f":
            yield "MATCH FULL"
    if written.nulls_not_distinct:
        yield "NULLS NOT DISTINCT"
    if written.deferrable:
        yield "DEFERRABLE"
    if written.initdeferred:
        yield "INITIALLY DEFERRED"
    if kind in (ConstraintKind.CHECK, ConstraintKind.FOREIGN_KEY) and not written.is_enforced:
        yield "NOT ENFORCED"


def _says_no_action(event: str, written: pg.Constraint, statement: Statement) -> bool:
    """Whether NO ACTION is written: the parser gives the same for nothing at all."""
    first = statement.token_at(written.location)
    tokens = range(first, statement.find(first, ","))
    return any(statement.words(4, at) == ("ON", event, "NO", "ACTION") for at in tokens)


def _ignore(constraints: list[Constraint]) -> None:
    """Most clauses say nothing about the constraint before them."""


def _add_option(option: str) -> Callable[[list[Constraint]], None]:
    def add(constraints: list[Constraint]) -> None:
        if constraints:
            constraints[-1] = replace(constraints[-1], options=(*constraints[-1].options, option))

    return add


# Behind a column, DEFERRABLE is a clause of its own that belongs to the constraint before it.
_DEFERRABLE: dict[int, Callable[[list[Constraint]], None]] = {
    pg.CONSTR_ATTR_DEFERRABLE: _add_option("DEFERRABLE"),
    pg.CONSTR_ATTR_DEFERRED: _add_option("INITIALLY DEFERRED"),
    pg.CONSTR_ATTR_NOT_ENFORCED: _add_option("NOT ENFORCED"),
}


# --- CREATE TABLE ---------------------------------------------------------------------------------------------------


def _bounds(statement: Statement) -> str | None:
    """What stands behind FOR VALUES."""
    first = statement.find(1, "FOR", "VALUES")
    ends = (statement.find(first, word) for word in ("PARTITION", "WITH", "TABLESPACE", "USING"))
    if statement.has_hole:
        return None
    return " ".join(token.raw for token in statement.tokens[first + 2 : min(ends)]) or None


def create_table(create: pg.CreateStmt, statement: Statement, site: Site) -> Iterator[Operation]:
    """CREATE TABLE: columns from LIKE, INHERITS, OF and PARTITION OF are not known."""
    columns: dict[str, Column] = {}
    constraints: list[Constraint] = []
    complete = not (create.inh_relations or create.HasField("partbound") or create.HasField("of_typename"))
    for node in create.table_elts:
        match node.WhichOneof("node"):
            case "column_def":
                read = read_column(node.column_def, statement)
                columns[read.column.name] = read.column
                constraints += read.constraints
            case "constraint" if node.constraint.contype in _KINDS:
                constraints.append(read_constraint(node.constraint, statement))
            case "table_like_clause":
                complete = False
    for constraint in constraints:
        if constraint.kind in (ConstraintKind.PRIMARY_KEY, ConstraintKind.NOT_NULL):
            for name in constraint.columns:
                columns[name] = replace(columns.get(name, Column(name)), nullable=False)
    table = Table(
        name_of(create.relation),
        columns,
        tuple(constraints),
        partitioned=create.HasField("partspec"),
        complete=complete,
        parents=tuple(name_of(node.range_var) for node in create.inh_relations),
        partition=create.HasField("partbound"),
        bounds=_bounds(statement) if create.HasField("partbound") else None,
    )
    temporary = create.relation.relpersistence == "t"
    yield CreateTable(site=site, table=table, if_not_exists=create.if_not_exists, temporary=temporary)


# --- ALTER TABLE ----------------------------------------------------------------------------------------------------


def alter_table(alter: pg.AlterTableStmt, statement: Statement, site: Site) -> Iterator[Operation]:
    """ALTER TABLE: one operation for each of its actions."""
    table = name_of(alter.relation)
    for number, node in enumerate(alter.cmds):
        yield from _action(node.alter_table_cmd, number, table, statement, site)


def _action(
    command: pg.AlterTableCmd, number: int, table: Name, statement: Statement, site: Site
) -> Iterator[Operation]:
    name, cascade = command.name, command.behavior == pg.DROP_CASCADE
    definition: pg.Node = getattr(command, "def")
    match command.subtype:
        case pg.AT_AddColumn:
            read = read_column(definition.column_def, statement)
            guarded = command.missing_ok
            yield AddColumn(site=site, table=table, column=read.column, inline=read.constraints, if_not_exists=guarded)
        case pg.AT_DropColumn:
            yield DropColumn(site=site, table=table, column=name, if_exists=command.missing_ok, cascade=cascade)
        case pg.AT_AlterColumnType:
            yield _alter_type(name, definition.column_def, number, table, statement, site)
        case pg.AT_SetNotNull:
            yield SetNotNull(site=site, table=table, column=name)
        case pg.AT_DropNotNull:
            yield DropNotNull(site=site, table=table, column=name)
        case pg.AT_ColumnDefault:
            default = None
            if command.HasField("def"):
                first, last = _action_tokens(number, statement)
                first = statement.find(first, "DEFAULT") + 1
                default = expression_of(definition, statement.slice(first, last))
            yield SetDefault(site=site, table=table, column=name, default=default)
        case pg.AT_AddConstraint:
            yield AddConstraint(site=site, table=table, constraint=read_constraint(definition.constraint, statement))
        case pg.AT_DropConstraint:
            yield DropConstraint(site=site, table=table, name=name, if_exists=command.missing_ok, cascade=cascade)
        case pg.AT_ValidateConstraint:
            yield ValidateConstraint(site=site, table=table, name=name)
        case _:
            kind = _kind(name, number, statement)
            base = RunSql(site=site, kind=kind, tables=(table,), literals=statement.literals())
            yield alter_property(base, command, table)


def _alter_type(
    name: str, definition: pg.ColumnDef, number: int, table: Name, statement: Statement, site: Site
) -> AlterColumnType:
    using = None
    if definition.HasField("raw_default"):
        first, last = _action_tokens(number, statement)
        using = statement.slice(statement.find(first, "USING") + 1, last)
    read = type_of(definition.type_name)
    if not isinstance(read, Unknown) and definition.HasField("coll_clause"):
        read = replace(read, collation=".".join(strings(definition.coll_clause.collname)))
    return AlterColumnType(site=site, table=table, column=name, type=read, using=using)


def _action_tokens(number: int, statement: Statement) -> tuple[int, int]:
    """Where the action with this number begins and ends: actions are parted by commas outside parentheses."""
    first = _first_action(statement)
    for _ in range(number):
        first = statement.find(first, ",") + 1
    return first, statement.find(first, ",")


def _first_action(statement: Statement) -> int:
    """The token behind ALTER TABLE [IF EXISTS] [ONLY] name [*]."""
    position = 1
    words = ("TABLE", "FOREIGN", "INDEX", "VIEW", "MATERIALIZED", "SEQUENCE", "TYPE", "IF", "EXISTS", "ONLY")
    while position < len(statement.tokens) and statement.tokens[position].word in words:
        position += 1
    position += 1
    while position + 1 < len(statement.tokens) and statement.tokens[position].raw == ".":
        position += 2
    return position


# Words behind the action's name of a column, a trigger or a role would make a kind no rule could compare.
_NAMED = frozenset({"COLUMN", "TRIGGER", "RULE", "TO", "CONSTRAINT", "PARTITION", "INHERIT", "BY", "ON", "OF"})


def _kind(name: str, number: int, statement: Statement) -> str:
    """ALTER TABLE and the words of one action, without the names in it: ALTER TABLE ENABLE ROW LEVEL SECURITY."""
    first, last = _action_tokens(number, statement)
    kinds = ["ALTER", next((each for each in statement.words(3)[1:] if each != "FOREIGN"), "TABLE")]
    skip = False
    for token in statement.tokens[first:last]:
        if token.kind == NAME:
            continue
        if token.kind != WORD or token.word == "FOR":
            break
        if not skip and token.word not in ("COLUMN", name.upper()):
            kinds.append(token.word)
        skip = not skip and token.word in _NAMED
    return " ".join(kinds)
