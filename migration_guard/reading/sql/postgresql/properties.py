"""The actions of ALTER TABLE that set a property, an identity or a parent. Knows the parser's tree of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from postgast import pg_query_pb2 as pg

from migration_guard.model.named_objects import SetIdentity, SetParent, SetProperties
from migration_guard.model.objects import RunSql
from migration_guard.model.schema import Name, ObjectKey
from migration_guard.model.unknown import UNKNOWN, Unknown
from migration_guard.reading.sql.postgresql.expressions import name_of

Value = str | Unknown | None


def _storage(definition: pg.Node) -> Value:
    return definition.string.sval.upper() or UNKNOWN


def _statistics(definition: pg.Node) -> Value:
    target = definition.integer.ival
    return None if target < 0 else str(target)


def _replica_identity(definition: pg.Node) -> Value:
    statement = definition.replica_identity_stmt
    words = {"d": None, "f": "FULL", "n": "NOTHING", "i": f"USING INDEX {statement.name}"}
    return words.get(statement.identity_type, UNKNOWN)


def _always(value: str | None) -> Callable[[pg.Node], Value]:
    return lambda definition: value


# What an action sets, and what to: of its table, or of one of its columns.
_OF_TABLE: Mapping[int, tuple[str, Callable[[pg.Node], Value]]] = {
    pg.AT_EnableRowSecurity: ("row level security of", _always("enabled")),
    pg.AT_DisableRowSecurity: ("row level security of", _always(None)),
    pg.AT_ForceRowSecurity: ("forced row level security of", _always("enabled")),
    pg.AT_NoForceRowSecurity: ("forced row level security of", _always(None)),
    pg.AT_ReplicaIdentity: ("replica identity of", _replica_identity),
    pg.AT_SetLogged: ("persistence of", _always(None)),
    pg.AT_SetUnLogged: ("persistence of", _always("UNLOGGED")),
}
_OF_COLUMN: Mapping[int, tuple[str, Callable[[pg.Node], Value]]] = {
    pg.AT_SetStorage: ("storage of", _storage),
    pg.AT_SetStatistics: ("statistics target of", _statistics),
    pg.AT_SetCompression: ("compression of", _storage),
}
_OPTIONS = (pg.AT_SetRelOptions, pg.AT_ResetRelOptions)
_PARENTS = {
    pg.AT_AttachPartition: (True, True),
    pg.AT_DetachPartition: (True, False),
    pg.AT_AddInherit: (False, True),
    pg.AT_DropInherit: (False, False),
}


def alter_property(base: RunSql, command: pg.AlterTableCmd, table: Name) -> RunSql:
    """The action as what it does to the schema we keep; `base` where that is nothing."""
    definition: pg.Node = getattr(command, "def")
    kind = command.subtype
    if kind in _OF_TABLE:
        what, value = _OF_TABLE[kind]
        return _set(base, (ObjectKey(what, table, table),), value(definition))
    if kind in _OF_COLUMN:
        what, value = _OF_COLUMN[kind]
        return _set(base, (ObjectKey(f"{what} {command.name} of", table, table),), value(definition))
    if kind in _OPTIONS:
        return _storage_options(base, definition, table, reset=kind == pg.AT_ResetRelOptions)
    if kind in _PARENTS:
        partition, joins = _PARENTS[kind]
        other = name_of(definition.partition_cmd.name if partition else definition.range_var)
        child, parent = (other, table) if partition else (table, other)
        return SetParent(
            site=base.site,
            kind=base.kind,
            tables=base.tables,
            literals=base.literals,
            child=child,
            parent=parent,
            partition=partition,
            joins=joins,
        )
    if kind in (pg.AT_AddIdentity, pg.AT_DropIdentity):
        return SetIdentity(
            site=base.site,
            kind=base.kind,
            tables=base.tables,
            literals=base.literals,
            table=table,
            column=command.name,
            identity=kind == pg.AT_AddIdentity,
        )
    return base


def _storage_options(base: RunSql, definition: pg.Node, table: Name, *, reset: bool) -> RunSql:
    """SET (fillfactor = 70) and RESET (fillfactor): several are set to values that differ, so each counts as set."""
    names = [item.def_elem.defname for item in definition.list.items]
    values = {_shown(item.def_elem.arg) for item in definition.list.items}
    value = None if reset else values.pop() if len(values) == 1 else UNKNOWN
    return _set(base, tuple(ObjectKey(f"storage option {name} of", table, table) for name in names), value)


def _shown(value: pg.Node) -> str | Unknown:
    match value.WhichOneof("node"):
        case "integer":
            return str(value.integer.ival)
        case "float":
            return str(value.float.fval)
        case "string":
            return str(value.string.sval)
        case "type_name":
            return ".".join(name.string.sval for name in value.type_name.names)
    return UNKNOWN


def _set(base: RunSql, keys: tuple[ObjectKey, ...], value: Value) -> RunSql:
    return SetProperties(
        site=base.site, kind=base.kind, tables=base.tables, literals=base.literals, keys=keys, value=value
    )
