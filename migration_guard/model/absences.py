"""What an operation names that is certainly not there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from difflib import get_close_matches

from migration_guard.model.absent_objects import absent_label, absent_object, gone
from migration_guard.model.certainty import extensions_made
from migration_guard.model.constraints import (
    AddConstraint,
    CreateIndex,
    DropConstraint,
    DropIndex,
    RenameConstraint,
    RenameIndex,
    ValidateConstraint,
)
from migration_guard.model.finding import Direction
from migration_guard.model.implied_names import chosen_names, is_chosen
from migration_guard.model.named_objects import (
    AlterSequence,
    DropObjects,
    MakeObject,
    SetObjectComment,
    SetProperties,
)
from migration_guard.model.objects import (
    AddEnumValue,
    DeleteRows,
    DropEnum,
    DropSequence,
    DropView,
    InsertRows,
    RenameEnumValue,
    RenameType,
    UpdateRows,
)
from migration_guard.model.operations import (
    AddColumn,
    ColumnOperation,
    CreateTable,
    DropColumn,
    DropTable,
    Operation,
    RenameTable,
    TableOperation,
)
from migration_guard.model.refusals import Encounter, Refusal, RefusalKind
from migration_guard.model.schema import (
    VERSION_TABLE,
    Column,
    Constraint,
    ConstraintKind,
    Name,
    NamedObject,
    ObjectKey,
    Table,
)
from migration_guard.model.unknown import Unknown

# What PostgreSQL and SQLite have in each table. https://www.postgresql.org/docs/18/ddl-system-columns.html
_SYSTEM_COLUMNS = frozenset({"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "oid", "rowid", "_rowid_"})
_SYSTEM_SCHEMAS = frozenset({"pg_catalog", "information_schema", "mysql", "sys"})
# https://www.postgresql.org/docs/18/contrib.html https://postgis.net/docs/ https://github.com/pgvector/pgvector
_EXTENSIONS = {
    **{name: name for name in ("citext", "hstore", "ltree", "cube", "isn", "vector")},
    **dict.fromkeys(("geometry", "geography", "raster"), "postgis"),
}
LONGEST = 63
"""The longest name of PostgreSQL; a longer one is cut. https://www.postgresql.org/docs/18/sql-syntax-lexical.html"""


def absences(operation: Operation, encounter: Encounter) -> Iterator[Refusal]:
    """What the operation needs and does not meet, the first that the database stumbles upon before the others."""
    if getattr(operation, "if_exists", False):
        return
    for one in _absences(operation, encounter):
        if not (encounter.dialect == "sqlite" and operation.site.batch and _may_come_in_batch(one)):
            yield one


def _may_come_in_batch(refusal: Refusal) -> bool:
    """Whether it may work in a batch on SQLite: Alembic makes the whole table anew, and its indexes behind."""
    return refusal.other is not None or isinstance(refusal.operation, CreateIndex | AddConstraint)


def _absences(operation: Operation, encounter: Encounter) -> Iterator[Refusal]:
    match operation:
        case CreateTable(temporary=False):
            for column in operation.table.columns.values():
                yield from _type_of_extension(operation, column, encounter)
            yield from _references(operation, operation.table, operation.table.constraints, encounter)
        case AddColumn():
            yield from _table(operation, operation.table, encounter)
            yield from _type_of_extension(operation, operation.column, encounter)
        case AddConstraint():
            yield from _table(operation, operation.table, encounter)
            yield from _columns(operation, operation.table, operation.constraint.columns, encounter)
            table = encounter.there(operation.table)
            if table is not None:
                yield from _references(operation, table, (operation.constraint,), encounter)
        case DropIndex():
            yield from _index(operation, encounter)
        case RenameIndex():
            yield from gone(operation, "index", Name(operation.name), operation.name, encounter)
        case DropConstraint() | ValidateConstraint() | RenameConstraint():
            yield from _table(operation, operation.table, encounter)
            yield from _constraint(operation, encounter)
        case DropEnum() | AddEnumValue() | RenameType():
            yield from gone(operation, "type", operation.type, str(operation.type), encounter)
        case RenameEnumValue():
            yield from gone(operation, "type", operation.type, str(operation.type), encounter)
            yield from absent_label(operation, encounter)
        case DropObjects(keys=keys):
            for key in keys:
                yield from absent_object(operation, key, encounter)
        case MakeObject(made=NamedObject(key=ObjectKey(table=Name() as table))):
            yield from _table(operation, table, encounter)
        case SetProperties(keys=keys):
            for name in dict.fromkeys(key.table for key in keys if key.table is not None):
                yield from _table(operation, name, encounter)
        case SetObjectComment(key=key) if key.kind != "view":
            yield from absent_object(operation, key, encounter)
        case SetObjectComment(key=key):
            yield from gone(operation, "view", key.name, str(key.name), encounter)
        case DropView():
            yield from gone(operation, "view", operation.view, str(operation.view), encounter)
        case AlterSequence():
            yield from gone(operation, "sequence", operation.sequence, str(operation.sequence), encounter)
            place = encounter.meant(operation.sequence, encounter.state.sequences)
            if place is not None:
                why = f"as it is {place}, as the other revisions write it"
                yield Refusal(RefusalKind.ABSENT, operation, "sequence", str(operation.sequence), why, None, str(place))
        case DropSequence():
            yield from gone(operation, "sequence", operation.sequence, str(operation.sequence), encounter)
        case TableOperation():
            yield from _table(operation, operation.table, encounter)
            yield from _columns(operation, operation.table, _needed(operation), encounter)


def _needed(operation: TableOperation) -> tuple[str, ...]:
    """The columns that an operation on a table takes for granted."""
    match operation:
        case ColumnOperation():
            return (operation.column,)
        case CreateIndex(index=index) if not isinstance(index.columns, Unknown):
            return tuple(one for one in index.columns if not one.startswith("("))
        case UpdateRows():
            return (*operation.columns, *operation.reads)
        case InsertRows():
            return operation.columns
        case DeleteRows():
            return operation.reads
    return ()


def _table(operation: Operation, name: Name, encounter: Encounter) -> Iterator[Refusal]:
    state = encounter.state
    if name in state.tables or name in state.views or name in state.sequences or encounter.certainty.is_astray(name):
        return
    if name.name == VERSION_TABLE or name.schema in _SYSTEM_SCHEMAS or name.name.startswith("pg_"):
        return
    other: Operation | None = None
    departure = encounter.departure(("table", name, "")) or encounter.departure(("view", name, ""))
    if departure is not None:
        why, other = encounter.how_it_went(departure), encounter.opposite(departure)
        near = departure.new_name or _near(name, state.tables)
    elif (place := encounter.meant(name, state.tables)) is not None and encounter.shows_all:
        why, near = f"as it is {place}, as the other revisions write it", str(place)
    elif (other := _made_behind(name, operation, encounter)) is not None:
        why, near = "which is made only later, in this function", ""
    elif not state.clouded and (maker := encounter.outlook.maker(name, encounter.revision, own=_is_up(operation))):
        why, near = f"which only {maker} makes, later on", ""
    elif _is_misspelled(name, encounter):
        why, near = "which nothing in this history makes", _near(name, state.tables)
    else:
        return
    yield Refusal(RefusalKind.ABSENT, operation, "table", str(name), why, None, near, other)


def _is_up(operation: Operation) -> bool:
    return operation.site.direction is Direction.UPGRADE


def _made_behind(name: Name, operation: Operation, encounter: Encounter) -> Operation | None:
    """The statement of the same function that makes the table, behind this one and before any takes it away."""
    behind = False
    for one in encounter.function:
        if one is operation:
            behind = True
        elif not behind:
            continue
        elif isinstance(one, CreateTable) and one.table.name == name:
            return None if one.if_not_exists or one.site.conditional else one
        elif isinstance(one, DropTable | RenameTable) and one.table == name:
            return None
    return None


def _is_misspelled(name: Name, encounter: Encounter) -> bool:
    """
    Whether nothing else in a history that shows everything names the table, and another one is called nearly so.
    Without such a likeness it may be a table that others made: of an extension, another tool, another application. One
    of the same name in another schema may be meant, by the search path.
    """
    state, outlook = encounter.state, encounter.outlook
    unheard = not state.clouded and outlook.is_unheard_of(name, encounter.revision) and encounter.shows_all
    elsewhere = any(one.name == name.name for one in state.tables)
    return unheard and not elsewhere and bool(_near(name, state.tables))


def _near(name: Name, every: Collection[Name]) -> str:
    names = list(map(str, every))
    return next(iter(get_close_matches(str(name), names, 1, 0.8)), "")


def _columns(operation: Operation, name: Name, columns: Iterable[str], encounter: Encounter) -> Iterator[Refusal]:
    for column in dict.fromkeys(columns):
        yield from _column(operation, name, column, encounter)


def _column(operation: Operation, name: Name, column: str, encounter: Encounter) -> Iterator[Refusal]:
    table = encounter.state.table(name)
    if table is None or column.lower() in {one.lower() for one in table.columns} | _SYSTEM_COLUMNS:
        return
    departure = encounter.departure(("column", name, column)) if encounter.there(name) is not None else None
    other = encounter.opposite(departure) if departure is not None else None
    if departure is not None:
        near, why = departure.new_name or _near_column(column, table), encounter.how_it_went(departure)
    elif encounter.known(name) is not None:
        near, why = _near_column(column, table), f"as the table has {_listed(list(table.columns))}"
    else:
        return
    yield Refusal(RefusalKind.ABSENT, operation, "column", column, why, name, near, other)


def _near_column(column: str, table: Table) -> str:
    return next(iter(get_close_matches(column, table.columns, 1, 0.6)), "")


def _listed(names: list[str]) -> str:
    if not names:
        return "no column"
    shown = names if len(names) <= 6 else [*names[:5], f"{len(names) - 5} more"]
    word = "column" if len(names) == 1 else "columns"
    return f"the {word} {' and '.join(filter(None, [', '.join(shown[:-1]), shown[-1]]))} only"


def _references(
    operation: Operation, table: Table, constraints: Iterable[Constraint], encounter: Encounter
) -> Iterator[Refusal]:
    """The tables and columns that foreign keys point at. SQLite asks for them when rows come, not before."""
    if encounter.dialect == "sqlite" or encounter.certainty.unchecked:
        return
    for constraint in constraints:
        target = constraint.references
        if constraint.kind is not ConstraintKind.FOREIGN_KEY or target is None or target == table.name:
            continue
        yield from _table(operation, target, encounter)
        yield from _columns(operation, target, constraint.referenced_columns, encounter)


def _type_of_extension(operation: Operation, column: Column, encounter: Encounter) -> Iterator[Refusal]:
    """A type of an extension that this function makes further on, and nothing in the history before."""
    if encounter.dialect != "postgresql" or isinstance(column.type, Unknown):
        return
    extension = _EXTENSIONS.get(column.type.name)
    if extension is None or extension in encounter.certainty.extensions or encounter.state.clouded:
        return
    at = next(place for place, one in enumerate(encounter.function) if one is operation)
    maker = next((one for one in encounter.function[at:] if extension in extensions_made(one)), None)
    if maker is not None:
        why = f"as the extension {extension} is made only later, in this function"
        yield Refusal(RefusalKind.ABSENT, operation, "type", column.type.name, why, None, "", maker)


def _index(operation: DropIndex, encounter: Encounter) -> Iterator[Refusal]:
    name, state = operation.name, encounter.state
    by_name_alone = encounter.dialect in ("postgresql", "sqlite")
    there = state.index(name, None if by_name_alone else operation.table)
    if there is not None and by_name_alone and operation.table is not None:
        yield from _index_elsewhere(operation, operation.table, there[0].name, encounter)
    if len(name) > LONGEST or there is not None or _belongs_to_constraint(name, state.tables.values()):
        return
    schema = operation.table.schema if operation.table is not None else None
    departure = encounter.departure(("index", Name(name, schema), ""))
    if departure is not None and not by_name_alone and isinstance(departure.operation, DropColumn):
        return  # MySQL and MariaDB keep an index while it has another column
    if departure is not None and (by_name_alone or getattr(departure.operation, "table", None) == operation.table):
        yield from gone(operation, "index", Name(name, schema), name, encounter)
        return
    if operation.table is None:
        return
    table = encounter.known(operation.table)
    if table is None:
        yield from _table(operation, operation.table, encounter)
        return
    # PostgreSQL finds it by its name alone: it may be that of a table which is not known to the last index.
    tables = list(state.tables.values())
    elsewhere = by_name_alone and not all(encounter.certainty.is_known(one, state) for one in tables)
    if elsewhere or any(index is None for index in table.indexes) or _has_nameless(table):
        return
    near = next(iter(get_close_matches(name, table.indexes, 1, 0.6)), "")
    # MySQL and MariaDB make an index for each foreign key, which stays when the key goes.
    if not by_name_alone and not near and state.index(name) is None:
        return
    why = f"as {table.name} has {', '.join(table.indexes) or 'no index'}"
    yield Refusal(RefusalKind.ABSENT, operation, "index", name, why, table.name, near)


def _index_elsewhere(operation: DropIndex, table: Name, owner: Name, encounter: Encounter) -> Iterator[Refusal]:
    """PostgreSQL looks for an index in the schemas of the search path, wherever its table is."""
    if encounter.dialect == "postgresql" and encounter.meant(table, encounter.state.tables) == owner:
        why = f"as it is in {owner.schema}, the schema of its table"
        yield Refusal(
            RefusalKind.ABSENT, operation, "index", operation.name, why, owner, f"{owner.schema}.{operation.name}"
        )


def _belongs_to_constraint(name: str, tables: Iterable[Table]) -> bool:
    return any(
        name == one.name or name in chosen_names(table.name, one) for table in tables for one in table.constraints
    )


def _has_nameless(table: Table) -> bool:
    """Whether a constraint with an index has no name that the history shows."""
    return any(one.name is None and one.kind is ConstraintKind.UNIQUE for one in table.constraints)


def _constraint(
    operation: DropConstraint | ValidateConstraint | RenameConstraint, encounter: Encounter
) -> Iterator[Refusal]:
    table, name = encounter.known(operation.table), operation.name
    kind = operation.kind if isinstance(operation, DropConstraint) else None
    if table is None or not isinstance(name, str) or len(name) > LONGEST:
        return
    if any((table.name, one) in encounter.certainty.doubted_keys for one in (*ConstraintKind, None)):
        return
    of_kind = [one for one in table.constraints if kind is None or one.kind in (kind, ConstraintKind.NOT_NULL)]
    lost = any(what == "column" and of == table.name for what, of, _ in encounter.certainty.gone)
    if lost and encounter.dialect in ("mysql", "mariadb"):
        return  # they keep a key while it has another column
    # A naming convention may have named those without, and written its own words around the names of the others.
    if any(_may_be(one, name, table.name, encounter) for one in of_kind):
        return
    if any(one.name == name for one in table.constraints) or name in table.indexes:
        return
    if kind is None and name.endswith(("_not_null", "_pkey")):
        return
    names = [one.name for one in of_kind if one.name]
    words = f"constraint {', '.join(names)}" if names else "no constraint"
    why = f"as {table.name} has {words} of its kind"
    if of_kind and not names:
        why = f"as the one of {table.name} has no name of its own, and the database calls it otherwise"
    near = next(iter(get_close_matches(name, [one.name or "" for one in of_kind], 1, 0.6)), "")
    yield Refusal(RefusalKind.ABSENT, operation, "constraint", name, why, table.name, near)


def _may_be(constraint: Constraint, name: str, table: Name, encounter: Encounter) -> bool:
    """Whether the constraint may have this name on the server, as far as the history shows."""
    if constraint.name is None and encounter.names_itself and not constraint.named and constraint.certain:
        return is_chosen(name, table, constraint, encounter.dialect)
    if constraint.name is None:
        return constraint.kind is not ConstraintKind.PRIMARY_KEY or "pk" in name.lower() or "primary" in name.lower()
    return not constraint.certain or name.endswith(constraint.name)
