"""Types, tables, indexes and sequences that create or drop themselves: `Enum(...).create(bind)`, `table.drop(bind)`."""

from __future__ import annotations

from migration_guard.model.constraints import CreateIndex, DropIndex
from migration_guard.model.objects import CreateEnum, CreateSequence, DropEnum, DropSequence
from migration_guard.model.operations import CreateTable, DropTable
from migration_guard.model.schema import EnumType, Name, Table
from migration_guard.model.unknown import Unknown
from migration_guard.reading.directives.constraints import index_from
from migration_guard.reading.directives.constructs import Constructs
from migration_guard.reading.directives.handles import is_handle
from migration_guard.reading.directives.names import identifier, schema_of, table_of
from migration_guard.reading.directives.protocol import DirectiveWalker
from migration_guard.reading.interpreter.values import Attribute, CallValue, Class, Constant, Symbol, Text, Value, truth


def object_name(value: Value | None, dialect: str) -> Name | None:
    """The name that a Sequence(...) or its like gives first, with its schema."""
    if isinstance(value, CallValue) and value.arguments and isinstance(value.arguments[0], Text):
        return Name(value.arguments[0].value, schema_of(value.keyword("schema"), dialect))
    return None


def create_or_drop(walker: DirectiveWalker, made: CallValue, owner: CallValue) -> Value:
    """Enum(...).create(bind), Table(...).drop(bind), Index(...).create(bind), Sequence(...).create(bind)."""
    creates = made.name == "create"
    # Measured on SQLAlchemy 2.1.9: postgresql.ENUM looks first unless told otherwise, sa.Enum does not.
    default = Constant(isinstance(owner.function, Symbol) and ".postgresql" in owner.function.path)
    looks_first = truth(made.argument(1, "checkfirst") or default) is True
    where = walker.site(made.node)
    kind = Constructs(walker.dialect).type(owner)
    if owner.name in ("Enum", "ENUM", "with_variant") or (not isinstance(kind, Unknown) and kind.is_enum):
        if isinstance(kind, Unknown) or not kind.known:
            walker.opaque(made.node, walker.shown(made.node), "the name of the enumerated type is not known")
        elif kind.is_enum and kind.native and kind.name != "enum":
            name = Name(kind.name, kind.schema)
            labels = kind.labels
            if creates:
                walker.emit(CreateEnum(site=where, type=EnumType(name, labels), if_not_exists=looks_first))
            else:
                walker.emit(DropEnum(site=where, type=name, if_exists=looks_first))
        return made
    about = table_of(owner, walker.dialect)
    if owner.name in ("Table", "table") and about is not None:
        _table(walker, made, owner, about, creates, looks_first)
    elif owner.name == "Sequence" and (sequence := object_name(owner, walker.dialect)) is not None:
        make = CreateSequence(site=where, sequence=sequence, if_not_exists=looks_first)
        walker.emit(make if creates else DropSequence(site=where, sequence=sequence, if_exists=looks_first))
    elif owner.name == "Index" and owner.arguments:
        _own_index(walker, made, owner, creates)
    elif is_handle(made.argument(0, "bind")):
        walker.opaque(made.node, walker.shown(made.node), "what is created or dropped here is not known")
    return made


def model_table(value: Value, dialect: str) -> Name | None:
    """The table of `Model.__table__`, for a mapped class of the project; None for anything else."""
    match value:
        case Attribute(owner=Class() as model, name="__table__"):
            return table_of(model, dialect)
    return None


def create_or_drop_model(walker: DirectiveWalker, made: CallValue, table: Name) -> Value:
    """Model.__table__.create(bind), Model.__table__.drop(bind): the table is known by name, its columns are not."""
    looks_first = truth(made.argument(1, "checkfirst") or Constant(False)) is True
    where = walker.site(made.node)
    if made.name == "drop":
        walker.emit(DropTable(site=where, table=table, if_exists=looks_first))
        return made
    walker.emit(CreateTable(site=where, table=Table(table, complete=False), if_not_exists=looks_first))
    reason = f"it creates the table {table} as a model describes it, whose columns are not read"
    walker.opaque(made.node, walker.shown(made.node), reason, tables=(table,))
    return made


def _table(
    walker: DirectiveWalker, made: CallValue, owner: CallValue, name: Name, creates: bool, looks_first: bool
) -> None:
    if not creates:
        walker.emit(DropTable(site=walker.site(made.node), table=name, if_exists=looks_first))
        return
    rest = tuple(value for value in owner.arguments[2:])
    keywords = (*owner.keywords, ("if_not_exists", Constant(looks_first)))
    call_again = CallValue(
        Symbol("alembic.op.create_table"), (owner.arguments[0], *rest), keywords, made.node, made.path
    )
    walker.call_value(call_again.function, call_again)


def _own_index(walker: DirectiveWalker, made: CallValue, owner: CallValue, creates: bool) -> None:
    name = identifier(owner.arguments[0])
    columns = [one for one in owner.arguments[1:] if isinstance(one, Attribute)]
    tables = [table_of(getattr(one.owner, "owner", None), walker.dialect) for one in columns]
    table = next((one for one in tables if one is not None), None)
    if name is None or (creates and table is None):
        walker.opaque(made.node, walker.shown(made.node), "the index or its table is not known")
    elif creates and table is not None:
        index = index_from(owner, Constructs(walker.dialect))
        walker.emit(CreateIndex(site=walker.site(made.node), table=table, index=index))
    else:
        walker.emit(DropIndex(site=walker.site(made.node), name=name, table=table))
