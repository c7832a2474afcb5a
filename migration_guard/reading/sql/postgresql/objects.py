"""Types, views and sequences of PostgreSQL: the statements that make and change them as operations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from postgast import pg_query_pb2 as pg

from migration_guard.model.named_objects import AlterSequence
from migration_guard.model.objects import AddEnumValue, CreateEnum, CreateSequence, CreateView, RenameEnumValue
from migration_guard.model.operations import Operation
from migration_guard.model.schema import EnumType, Name
from migration_guard.model.site import Site
from migration_guard.reading.sql.kinds import kind_of
from migration_guard.reading.sql.postgresql.expressions import name_of, qualified, strings
from migration_guard.reading.sql.postgresql.views import view_of
from migration_guard.reading.sql.tokens import Statement


def create_enum(node: pg.Node, statement: Statement, site: Site) -> Iterator[Operation]:
    """CREATE TYPE ... AS ENUM."""
    create = node.create_enum_stmt
    labels = tuple(label.replace("\\:", ":") for label in strings(create.vals))
    yield CreateEnum(site=site, type=EnumType(qualified(strings(create.type_name)), labels))


def alter_enum(node: pg.Node, statement: Statement, site: Site) -> Iterator[Operation]:
    """ALTER TYPE ... ADD VALUE or RENAME VALUE."""
    alter = node.alter_enum_stmt
    name = qualified(strings(alter.type_name))
    if alter.old_val:
        yield RenameEnumValue(site=site, type=name, value=alter.old_val, new_value=alter.new_val)
    else:
        guarded = alter.skip_if_new_val_exists
        yield AddEnumValue(site=site, type=name, value=alter.new_val, if_not_exists=guarded)


def create_view(node: pg.Node, statement: Statement, site: Site) -> Iterator[Operation]:
    """CREATE VIEW."""
    create = node.view_stmt
    view = view_of(name_of(create.view), create.query, statement, strings(create.aliases))
    yield CreateView(site=site, view=view, or_replace=create.replace)


def create_sequence(node: pg.Node, statement: Statement, site: Site) -> Iterator[Operation]:
    """CREATE SEQUENCE."""
    create = node.create_seq_stmt
    _, owner, column = _owned_by(create.options)
    yield CreateSequence(
        site=site,
        sequence=name_of(create.sequence),
        if_not_exists=create.if_not_exists,
        owner=owner,
        column=column,
    )


def alter_sequence(node: pg.Node, statement: Statement, site: Site) -> Iterator[Operation]:
    """ALTER SEQUENCE."""
    alter = node.alter_seq_stmt
    name = name_of(alter.sequence)
    owns, owner, column = _owned_by(alter.options)
    yield AlterSequence(
        site=site, kind=kind_of(statement), tables=(name,), sequence=name, owns=owns, owner=owner, column=column
    )


def _owned_by(options: Sequence[pg.Node]) -> tuple[bool, Name | None, str | None]:
    """Whether OWNED BY is said, and of which column."""
    for option in options:
        if option.def_elem.defname == "owned_by":
            *table, column = strings(option.def_elem.arg.list.items)
            return True, qualified(table) if table else None, column if table else None
    return False, None, None
