"""
Every operation is known wherever operations are told apart. A new one without a case there fails here, and is told what
to add.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest

from migration_guard import dialects, model
from migration_guard.model.differences import differences
from migration_guard.model.finding import Direction, Span
from migration_guard.model.join import join
from migration_guard.model.migration import Body, Form, Migration
from migration_guard.model.named_objects import (
    AlterObject,
    AlterSequence,
    AttachIndex,
    CreateType,
    DropObjects,
    MakeObject,
    RenameView,
    SetIdentity,
    SetObjectComment,
    SetParent,
    SetProperties,
)
from migration_guard.model.objects import (
    AddEnumValue,
    CreateEnum,
    CreateSchema,
    CreateSequence,
    CreateView,
    DeleteRows,
    DropDatabase,
    DropEnum,
    DropOwned,
    DropSchema,
    DropSequence,
    DropView,
    InsertRows,
    Opaque,
    RenameEnumValue,
    RenameType,
    RunSql,
    TruncateTable,
    UpdateRows,
)
from migration_guard.model.operations import ColumnOperation, Operation, RecreateTable, RestateColumn, TableOperation
from migration_guard.model.replay import ReplayStep, _with_news, replay_one
from migration_guard.model.schema import (
    EMPTY,
    Column,
    ColumnType,
    Constraint,
    ConstraintKind,
    EnumType,
    Index,
    Name,
    NamedObject,
    ObjectKey,
    SchemaState,
    Sequence,
    Table,
    View,
)
from migration_guard.model.site import Site
from migration_guard.model.target import ASSUMED, DIALECTS, Target
from migration_guard.model.unknown import HOLE, Needed, Unknown, with_hole
from migration_guard.reading.cache.codec import decoder, encoder
from migration_guard.reading.sql.holes import settle
from migration_guard.reading.sql.tokens import split

HERE = Span(1, 1, 1, 2)
SITE = Site(Direction.UPGRADE, HERE, HERE)
ABSTRACT: set[type[Operation]] = {Operation, TableOperation, ColumnOperation}


def kinds() -> list[type[Operation]]:
    """Every operation of the model."""
    for module in iter_modules(model.__path__, f"{model.__name__}."):
        import_module(module.name)
    found: set[type[Operation]] = set()
    waiting: list[type[Operation]] = [Operation]
    while waiting:
        one = waiting.pop()
        # slots=True makes a second class; the first one lingers.
        if one.__module__.startswith(model.__name__) and getattr(sys.modules[one.__module__], one.__name__) is one:
            found.add(one)
        waiting += one.__subclasses__()
    return sorted(found - ABSTRACT, key=lambda kind: kind.__name__)


each_operation = pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)


# --- an example of each ---------------------------------------------------------------------------------------------


def example(kind: type[Operation]) -> Operation:
    """An operation with something in all of its fields. Names and texts are called like their field."""
    operation = made(kind, "")
    assert isinstance(operation, Operation)
    return operation


def made(hint: Any, name: str) -> Any:
    """A value of this type for the field of this name; of several types the first that says something."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Site:
        return SITE
    if hint is Name:
        return Name(name, "schema")
    if hint in (str, int, bool):
        return hint(name) if hint is str else hint()
    if origin in (Union, UnionType):
        return made(next(one for one in arguments if one not in (Unknown, type(None))), name)
    if origin is tuple:
        return (made(arguments[0], name),)
    if origin is Mapping:
        part = made(arguments[1], name)
        return {getattr(part, "name", name): part}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return next(iter(hint))
    if isinstance(hint, type) and is_dataclass(hint):
        hints = get_type_hints(hint)
        return hint(**{field.name: made(hints[field.name], field.name) for field in fields(hint)})
    raise AssertionError(
        f"No example can be made of the field {name!r}: teach `made` in {__name__}.py its type, {hint}."
    )


# --- what it does to a schema ---------------------------------------------------------------------------------------

NO_EFFECT: dict[type[Operation], str] = {
    InsertRows: "rows are no part of the schema",
    UpdateRows: "rows are no part of the schema",
    DeleteRows: "rows are no part of the schema",
    TruncateTable: "rows are no part of the schema",
    DropDatabase: "it is another database",
    RunSql: "it is what was read and does nothing to the schema that we keep",
}


def table(name: str, column: Column) -> Table:
    check = Constraint(ConstraintKind.CHECK, "name", valid=False)
    indexes = {one: Index(one, (column.name,)) for one in ("name", "index")}
    indexes["lower"] = Index("lower", ("(lower(x))",))
    return Table(Name(name, "schema"), {column.name: column}, (check,), indexes)


def schema(column: Column, *labels: str) -> SchemaState:
    """A schema with all that the examples work on."""
    tables = [table(name, column) for name in ("table", "tables")]
    tables.append(replace(table("child", column), parents=(Name("parent", "schema"),)))
    type, view, sequence = (Name(name, "schema") for name in ("type", "view", "sequence"))
    key = ObjectKey("kind", Name("name", "schema"), Name("table", "schema"))
    return SchemaState(
        {each.name: each for each in tables},
        {type: EnumType(type, labels)},
        {view: View(view, comment=None)},
        {sequence: Sequence(sequence)},
        others={key: NamedObject(key, "definition", comment=None)},
        properties={key: "a value"},
    )


COLUMN = Column("column", ColumnType("type", schema="schema"), nullable=True, default=None, comment=None)
FULL = schema(COLUMN, "value")
STATES = (EMPTY, FULL, schema(replace(COLUMN, nullable=False, identity=True)))


def replayed(operation: Operation) -> Iterator[tuple[ReplayStep, SchemaState]]:
    """What the operation meets, and what it leaves, in a migration of its own."""
    for state in STATES:
        one = replay_one(Migration("1.py", "1", upgrade=Body(Form.BODY, None, (operation,))), state)
        yield one.upgrade[0], one.after


@each_operation
def test_it_changes_the_schema_or_is_said_to_leave_it_alone(kind: type[Operation]) -> None:
    changes = any(step.before != after for step, after in replayed(example(kind)))
    if kind in NO_EFFECT:
        assert not changes, f"{kind.__name__}.apply changes the schema: take it out of NO_EFFECT."
    else:
        assert changes, (
            f"{kind.__name__}.apply changes nothing in a schema that has all it works on. Write what it does to the"
            " schema; where the schema has nothing of the kind, list it in NO_EFFECT with the reason. What it works on"
            " has the name of its field: add it to `schema` if it is not there."
        )


@each_operation
def test_it_leaves_in_doubt_what_it_may_have_changed(kind: type[Operation]) -> None:
    surely = example(kind)
    maybe = replace(surely, site=replace(SITE, conditional=True))
    changes, may_change = (any(step.before != after for step, after in replayed(one)) for one in (surely, maybe))
    assert may_change is changes, (
        f"A {kind.__name__} that may not run is taken for one that does not: join() in migration_guard/model/join.py"
        " does not see what it changes."
    )


@pytest.mark.parametrize("part", [field.name for field in fields(SchemaState) if field.name != "clouded"])
def test_every_part_of_a_schema_is_joined_and_compared(part: str) -> None:
    # A property of a table that is not known is itself not known.
    nothing = replace(EMPTY, tables=FULL.tables) if part == "properties" else EMPTY
    only = replace(nothing, **{part: getattr(FULL, part)})
    assert only != nothing, f"A schema has {part} now: give `schema` in this file one of them."
    assert getattr(join(nothing, only), part), f"join() in migration_guard/model/join.py loses the {part}."
    assert differences(nothing, only), f"differences() in migration_guard/model/differences.py does not see the {part}."


@pytest.mark.parametrize("part", [one.name for one in fields(SchemaState) if one.name not in ("clouded", "properties")])
def test_what_a_migration_takes_for_granted_was_there_before_it(part: str) -> None:
    only = replace(EMPTY, **{part: getattr(FULL, part)})
    before = _with_news(EMPTY, EMPTY, only, ())
    assert getattr(before, part), f"_with_news in migration_guard/model/replay.py loses the {part}."


@each_operation
def test_it_is_made_by_somebody_who_reads(kind: type[Operation]) -> None:
    assert kind.__name__ in made_by_readers(), (
        f"Nothing in migration_guard/reading/ makes a {kind.__name__}: read it from SQL (sql/postgresql/statements.py,"
        " sql/others/statements.py), and from the directive that asks for it."
    )


@cache
def made_by_readers() -> set[str]:
    """The names of all that is called in reading/."""
    trees = (ast.parse(file.read_bytes()) for file in (Path(model.__file__).parents[1] / "reading").rglob("*.py"))
    calls = (node.func for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {name.id for name in calls if isinstance(name, ast.Name)}


# --- what it asks of a database -------------------------------------------------------------------------------------

NO_CHANGE: dict[type[Operation], str] = {
    **dict.fromkeys((CreateEnum, DropEnum, RenameType), "a type is no table"),
    **dict.fromkeys((AddEnumValue, RenameEnumValue), "a type is no table"),
    **dict.fromkeys((CreateView, DropView, CreateSequence, DropSequence), "a view or a sequence is no table"),
    **dict.fromkeys((InsertRows, UpdateRows, DeleteRows), "rows are written as they always are"),
    **dict.fromkeys((CreateSchema, DropSchema, DropDatabase, DropOwned), "it is no change of one table"),
    **dict.fromkeys((MakeObject, DropObjects, AlterObject, SetObjectComment), "it is no table"),
    **dict.fromkeys((CreateType, RenameView, AlterSequence), "it is no table"),
    **dict.fromkeys((SetProperties, SetIdentity, SetParent, AttachIndex), "what it does to a table is not known"),
    RestateColumn: "what it changes is asked for by operations of their own",
    RecreateTable: "SQLite alone makes tables anew, and its rows speak of what the batch asks for",
    RunSql: "what it does to a table is not known",
    Opaque: "what it does is not known",
}


@each_operation
def test_a_dialect_knows_what_it_asks_for(kind: type[Operation]) -> None:
    targets = [Target(dialect, ASSUMED[dialect]) for dialect in DIALECTS]
    changes = {change for target in targets for change in dialects.changes(example(kind), FULL, target)}
    if kind in NO_CHANGE:
        assert not changes, f"{kind.__name__} asks for {changes}: take it out of NO_CHANGE."
    else:
        assert changes, (
            f"No dialect knows what {kind.__name__} asks for: give it a Change in ALWAYS of"
            " migration_guard/dialects/plain.py. Where it asks nothing of a table, list it in NO_CHANGE with the"
            " reason."
        )


# --- what is left of it where its SQL is put together at run time ---------------------------------------------------

UNKNOWN_TEXT = f"x_{HOLE}"
[STATEMENT] = split(f"SELECT {UNKNOWN_TEXT}", "postgresql")


def texts(hint: Any) -> bool:
    """Whether values of this type are texts or names, one or several."""
    return hint in (str, Name) or any(map(texts, get_args(hint)))


def parts(kind: type) -> Iterator[type]:
    """The dataclasses that an operation is made of, itself among them, but for where it was written."""
    found = {kind}
    waiting: list[Any] = [kind]
    while waiting:
        hint = waiting.pop()
        if isinstance(hint, type) and is_dataclass(hint):
            found.add(hint)
            waiting += get_type_hints(hint).values()
        waiting += get_args(hint)
        waiting = [one for one in waiting if one not in (Site, Name, Unknown) and one not in found]
    return iter(sorted(found, key=lambda part: part.__name__))


def with_holes(value: Any, *place: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The value with a hole in one of its texts, each in turn, behind the fields that lead there."""
    if isinstance(value, str):
        yield place, UNKNOWN_TEXT
    elif isinstance(value, tuple):
        yield from ((where, (hole,)) for part in value for where, hole in with_holes(part, *place))
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from ((where, {getattr(hole, "name", key): hole}) for where, hole in with_holes(part, *place))
    elif is_dataclass(value) and not isinstance(value, Site):
        for field in fields(value):
            step = f"{type(value).__name__}.{field.name}"
            for where, hole in with_holes(getattr(value, field.name), *place, step):
                yield where, replace(value, **{field.name: hole})  # type: ignore[type-var]


def settled(kind: type[Operation]) -> Iterator[tuple[tuple[str, ...], Operation]]:
    """What becomes of the operation with a hole in one of its texts, each in turn."""
    for place, operation in with_holes(example(kind)):
        yield place, settle(operation, STATEMENT)


@each_operation
def test_each_field_with_text_says_what_becomes_of_a_hole(kind: type[Operation]) -> None:
    silent = [
        f"{part.__name__}.{field.name}"
        for part in parts(kind)
        for field in fields(part)
        if texts(get_type_hints(part)[field.name]) and not with_hole(field)
    ]
    assert not silent, (
        f"Where SQL is put together at run time, a hole may stand in {silent}: say in its metadata whether the name is"
        " needed, or what becomes of it (migration_guard/model/unknown.py)."
    )


@each_operation
def test_no_hole_is_left_in_it(kind: type[Operation]) -> None:
    left = [" > ".join(place) for place, operation in settled(kind) if repr(HOLE)[1:-1] in repr(operation)]
    assert not left, f"settle() leaves in {kind.__name__} what is put together at run time: {left}."


@each_operation
def test_it_is_opaque_without_a_name_that_it_needs(kind: type[Operation]) -> None:
    for place, operation in settled(kind):
        for field in fields(kind):
            if place == (f"{kind.__name__}.{field.name}",) and isinstance(declared := with_hole(field), Needed):
                assert isinstance(operation, Opaque)
                assert operation.reason == f"the {declared.what} is put together at run time"


@each_operation
def test_without_a_hole_it_stays_as_it_is(kind: type[Operation]) -> None:
    assert settle(example(kind), STATEMENT) == example(kind)


@each_operation
def test_it_clouds_the_schema_only_where_it_would_have_changed_it(kind: type[Operation]) -> None:
    opaque = [one for _, one in settled(kind) if isinstance(one, Opaque)]
    assert all(one.rows_only is (kind in NO_EFFECT) for one in opaque)


# --- what is kept of it ---------------------------------------------------------------------------------------------


@each_operation
def test_it_comes_back_from_the_cache_as_it_was(kind: type[Operation]) -> None:
    operation = example(kind)
    kept = json.dumps(encoder(Operation)(operation))
    assert decoder(Operation)(json.loads(kept)) == operation, (
        f"{kind.__name__} comes back from the cache as another one: migration_guard/reading/cache/codec.py does not"
        " keep what is in its fields."
    )
