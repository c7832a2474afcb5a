"""
What a downgrade leaves behind, loses or changes: two schemas compared, object by object. What is unknown or uncertain
in either is no difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from migration_guard.model.named_objects import changed_properties
from migration_guard.model.same_columns import collation, differ, drawn, same_default, same_type
from migration_guard.model.schema import (
    UNKNOWN_WORD,
    Column,
    Constraint,
    ConstraintKind,
    EnumType,
    Expression,
    Index,
    Name,
    NamedObject,
    SchemaState,
    Sequence,
    Table,
    View,
    changed,
)
from migration_guard.model.spelling import bare, ordered, surely_differ
from migration_guard.model.unknown import Unknown

SchemaObject = Table | Column | Index | EnumType | View | Sequence | NamedObject
Other = TypeVar("Other", EnumType, View, Sequence, NamedObject)

NOT_SET = "not set"


class Fate(Enum):
    """What became of an object, seen from the state it should be in."""

    LEFT_BEHIND = "left behind"
    MISSING = "missing"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class SchemaDifference:
    """
    One object that is not as it was. `fate` is what became of it, `kind` says what it is, in SQL's word; `was` and
    `now` show a change.
    """

    fate: Fate
    kind: str
    name: str
    table: Name | None = None
    was: str = ""
    now: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def differences(before: SchemaState, after: SchemaState) -> tuple[SchemaDifference, ...]:
    """How `after` differs from `before`, tables first."""
    return tuple(_differences(before, after))


def _differences(before: SchemaState, after: SchemaState) -> Iterator[SchemaDifference]:
    for name, was, now in changed(before.tables, after.tables):
        if was is None or now is None:
            yield from _one_sided("table", str(name), was, now, name)
        elif was.certain and now.certain:
            yield from _table(was, now)
    yield from _objects("type", before.enums, after.enums)
    for name, had, has in changed(before.enums, after.enums):
        if had is not None and has is not None and had.certain and has.certain and differ(had.labels, has.labels):
            yield SchemaDifference(Fate.CHANGED, LABELS, str(name), None, _listed(had.labels), _listed(has.labels))
    yield from _objects("view", before.views, after.views)
    yield from _objects("sequence", before.sequences, after.sequences)
    for _, owned, owns in changed(before.sequences, after.sequences):
        if owned is not None and owns is not None and owned.certain and owns.certain:
            yield from _owned(owned, owns, after)
    yield from _others(before, after)


LABELS = "labels of type"


def _listed(labels: tuple[str, ...] | Unknown) -> str:
    return "not known" if isinstance(labels, Unknown) else ", ".join(labels)


def _objects(kind: str, one: Mapping[Name, Other], other: Mapping[Name, Other]) -> Iterator[SchemaDifference]:
    for name, had, has in changed(one, other):
        if had is None or has is None:
            yield from _one_sided(kind, str(name), had, has, None)
        elif isinstance(had, View) and isinstance(has, View) and had.certain and has.certain:
            yield from _redefined(f"{kind} {name}", had.definition, has.definition, None)
            yield from _commented(kind, str(name), had.comment, has.comment, None)


def _others(before: SchemaState, after: SchemaState) -> Iterator[SchemaDifference]:
    for key, had, has in changed(before.others, after.others):
        on = "" if key.table is None else f" on {key.table}"
        if had is None or has is None:
            yield from _one_sided(key.kind, f"{key.name}{on}", had, has, key.table)
        elif had.certain and has.certain:
            yield from _redefined(f"{key.kind} {key.name}{on}", had.definition, has.definition, key.table)
            yield from _commented(key.kind, f"{key.name}{on}", had.comment, has.comment, key.table)
    for key in changed_properties(before, after):
        was, now = (str(one.properties.get(key) or NOT_SET) for one in (before, after))
        if key.kind.startswith("privilege "):
            fate = Fate.LEFT_BEHIND if was == NOT_SET else Fate.MISSING
            yield SchemaDifference(fate, key.kind, str(key.name), key.table)
        else:
            yield SchemaDifference(Fate.CHANGED, key.kind, str(key.name), key.table, was, now)


def _owned(was: Sequence, now: Sequence, after: SchemaState) -> Iterator[SchemaDifference]:
    """A sequence that was OWNED BY a column, which is still there, and is not any more: it outlives its table."""
    if was.owner is None or was.column is None or after.column(was.owner, was.column) is None:
        return
    if (was.owner, was.column) != (now.owner, now.column):
        owners = [f"{one.owner}.{one.column}" if one.owner else NOT_SET for one in (was, now)]
        yield SchemaDifference(Fate.CHANGED, "owner of sequence", str(was.name), None, *owners)


DEFINITION = "definition of"


def _redefined(name: str, was: str | None, now: str | None, table: Name | None) -> Iterator[SchemaDifference]:
    if was is not None and now is not None and was != now:
        yield SchemaDifference(Fate.CHANGED, DEFINITION, name, table, was, now)


def _commented(
    kind: str, name: str, was: str | Unknown | None, now: str | Unknown | None, table: Name | None
) -> Iterator[SchemaDifference]:
    if differ(was, now) and (was or now):
        said = (str(one or NOT_SET) for one in (was, now))
        yield SchemaDifference(Fate.CHANGED, f"comment of {kind}", name, table, *said)


def _one_sided(
    kind: str, name: str, was: SchemaObject | None, now: SchemaObject | None, table: Name | None
) -> Iterator[SchemaDifference]:
    present = was if was is not None else now
    if present is not None and present.certain:
        yield SchemaDifference(Fate.MISSING if now is None else Fate.LEFT_BEHIND, kind, name, table)


def _table(was: Table, now: Table) -> Iterator[SchemaDifference]:
    name = was.name
    if was.bounds and now.bounds and surely_differ(was.bounds, now.bounds):
        yield SchemaDifference(Fate.CHANGED, "bounds of partition", str(name), name, was.bounds, now.bounds)
    known = was.complete and now.complete
    for key in {**was.columns, **now.columns}:
        old, new = was.columns.get(key), now.columns.get(key)
        if old is new:
            continue
        if old is not None and new is not None:
            yield from _column(name, old, new)
        elif known or _surely(was, now, old is None):
            yield from _one_sided("column", f"{name}.{key}", old, new, name)
    for index in {**was.indexes, **now.indexes}:
        before, after = was.indexes.get(index), now.indexes.get(index)
        if before is None or after is None:
            if not _covered(before or after, was if before is None else now):
                yield from _one_sided("index", index, before, after, name)
        elif _is_on(before, now) and not _is_same_index(before, after):
            yield SchemaDifference(Fate.CHANGED, "index", index, name, _shown_index(before), _shown_index(after))
    yield from _constraints(was, now)


def _surely(was: Table, now: Table, appeared: bool) -> bool:
    """
    Whether a column on one side only is a difference though a table is incomplete: the two states are the same table
    seen before and after, so that a column can only have appeared or gone by an operation that we saw.
    """
    return now.complete == was.complete or not appeared


def _covered(index: Index | None, other: Table) -> bool:
    """Whether a unique constraint of the same name stands for the index: making one USING INDEX consumes it."""
    return index is not None and any(one.name == index.name for one in other.constraints)


def _is_on(index: Index, table: Table) -> bool:
    """Whether the table has all that the index is on: of a column with another name, the column is what has changed."""
    if isinstance(index.columns, Unknown) or not table.complete:
        return True
    return all(one in table.columns for one in index.columns if not one.startswith("("))


def _is_same_index(one: Index, other: Index) -> bool:
    """Whether two indexes of a name are the same as far as both are known."""
    if isinstance(one.columns, Unknown) or isinstance(other.columns, Unknown):
        return not differ(one.unique, other.unique)
    if not (one.certain and other.certain):
        return True
    elements = [list(map(bare, _elements(each))) for each in (one, other)]
    known = "(expression)" not in (*one.columns, *other.columns)
    return not (
        differ(one.unique, other.unique)
        or (known and elements[0] != elements[1])
        or surely_differ(one.where, other.where)
        or one.method != other.method
        or sorted(one.include) != sorted(other.include)
    )


def _elements(index: Index) -> tuple[str, ...]:
    """What the index is built on, each with what is written behind it: `name`, `name DESC`, `lower(name)`."""
    if isinstance(index.columns, Unknown):
        return ("...",)
    columns = [one[1:-1] if one.startswith("(") and one.endswith(")") else one for one in index.columns]
    orders = index.orders or ("",) * len(columns)
    return tuple(ordered(f"{column} {order}".strip()) for column, order in zip(columns, orders, strict=False))


def _shown_index(index: Index) -> str:
    columns = "unknown" if isinstance(index.columns, Unknown) else ", ".join(_elements(index))
    words = [
        "unique" if index.unique is True else "",
        f"using {index.method}" if index.method else "",
        f"on ({columns})",
        f"include ({', '.join(index.include)})" if index.include else "",
        f"where {index.where}" if index.where else "",
    ]
    return " ".join(filter(None, words))


def _column(table: Name, was: Column, now: Column) -> Iterator[SchemaDifference]:
    if not (was.certain and now.certain):
        return
    name = f"{table}.{was.name}"
    if not isinstance(was.type, Unknown) and not isinstance(now.type, Unknown) and not same_type(was.type, now.type):
        yield SchemaDifference(Fate.CHANGED, "type of", name, table, str(was.type), str(now.type))
    if differ(was.nullable, now.nullable):
        words = {True: "NULL", False: "NOT NULL"}
        yield SchemaDifference(
            Fate.CHANGED, "nullability of", name, table, words[was.nullable is True], words[now.nullable is True]
        )
    if isinstance(was.default, Unknown) or isinstance(now.default, Unknown):
        return
    if drawn(was) != drawn(now):
        yield SchemaDifference(Fate.CHANGED, "default of", name, table, _shown_default(was), _shown_default(now))
    elif not drawn(was) and not same_default(was.default, now.default):
        yield SchemaDifference(Fate.CHANGED, "default of", name, table, _shown(was.default), _shown(now.default))
    if collation(was) != collation(now):
        shown = [str(collation(one) or NOT_SET) for one in (was, now)]
        yield SchemaDifference(Fate.CHANGED, "collation of", name, table, *shown)
    if was.autoincrement != now.autoincrement:
        shown = ["set" if one.autoincrement else NOT_SET for one in (was, now)]
        yield SchemaDifference(Fate.CHANGED, "AUTOINCREMENT of", name, table, *shown)
    yield from _commented("column", name, was.comment, now.comment, table)
    shown = [one.generated.expression.sql if one.generated else NOT_SET for one in (was, now)]
    if (was.generated is None) != (now.generated is None) or surely_differ(*shown):
        yield SchemaDifference(Fate.CHANGED, "generated expression of", name, table, *shown)


def _shown_default(column: Column) -> str:
    """The default; of a column that draws from a sequence, so in words."""
    words = {"identity": "generated as identity", "sequence": "drawn from its sequence"}
    return words.get(drawn(column)) or _shown(column.default)


def _shown(default: Expression | Unknown | None) -> str:
    return "none" if default is None or isinstance(default, Unknown) else default.sql


def _constraints(was: Table, now: Table) -> Iterator[SchemaDifference]:
    """Constraints by what they say: a name may have been left to the database on one side."""
    for own in was.constraints:
        other = next((two for two in now.constraints if own is two or _alike(own, two)), None)
        if other is not None and own is not other and _say_something_else(own, other, now):
            name, kind = constraint_name(was.name, own), f"{own.kind.value} constraint"
            yield SchemaDifference(Fate.CHANGED, kind, name, was.name, _said_by(own), _said_by(other))
    gone = [one for one in was.constraints if one.certain and not any(_alike(one, two) for two in now.constraints)]
    come = [one for one in now.constraints if one.certain and not any(_alike(one, two) for two in was.constraints)]
    if not (was.complete and now.complete):
        # A constraint that the history never showed may be the one that was dropped.
        come = [one for one in come if one.name is not None]
    for one in list(gone):
        renamed = next((two for two in come if _says_the_same(one, two)), None)
        if renamed is not None:
            gone.remove(one)
            come.remove(renamed)
            if one.kind is not ConstraintKind.PRIMARY_KEY:
                names = constraint_name(was.name, one), constraint_name(was.name, renamed)
                yield SchemaDifference(Fate.CHANGED, f"name of {one.kind.value} constraint", names[0], was.name, *names)
    for fate, constraints, table in ((Fate.MISSING, gone, now), (Fate.LEFT_BEHIND, come, was)):
        for constraint in constraints:
            if fate is Fate.MISSING and not set(constraint.columns) <= set(table.columns):
                continue
            yield SchemaDifference(
                fate, f"{constraint.kind.value} constraint", constraint_name(was.name, constraint), was.name
            )


def _say_something_else(one: Constraint, other: Constraint, table: Table) -> bool:
    """Whether two constraints of one name are certainly not the same."""
    if not (one.certain and other.certain and one.columns and other.columns):
        return False
    if table.complete and not set(one.columns) <= set(table.columns):
        return False  # a column has another name, which is said of the column
    if one.kind is ConstraintKind.CHECK:
        texts = [each.expression.sql if each.expression else None for each in (one, other)]
        return None not in texts and surely_differ(*texts)
    both = (one.referenced_columns, other.referenced_columns)
    return (
        one.columns != other.columns
        or one.references != other.references
        or (all(both) and both[0] != both[1])
        or _clauses(one) != _clauses(other)
    )


_IMPLIED = frozenset({"ON DELETE NO ACTION", "ON UPDATE NO ACTION", "INITIALLY IMMEDIATE", "MATCH SIMPLE"})


def _clauses(constraint: Constraint) -> frozenset[str]:
    """Its other clauses, without those that say what holds anyway; INITIALLY DEFERRED says DEFERRABLE, too."""
    said = {one.upper() for one in constraint.options if UNKNOWN_WORD not in one} - _IMPLIED
    return frozenset(said | ({"DEFERRABLE"} if "INITIALLY DEFERRED" in said else set()))


def _said_by(constraint: Constraint) -> str:
    """What a constraint says, in SQL's words."""
    if constraint.expression is not None:
        return f"CHECK ({constraint.expression.sql})"
    words = [f"({', '.join(constraint.columns)})"]
    if constraint.references is not None:
        words.append(f"to {constraint.references} ({', '.join(constraint.referenced_columns)})".replace(" ()", ""))
    return " ".join([*words, *sorted(_clauses(constraint))])


def _says_the_same(one: Constraint, other: Constraint) -> bool:
    """Whether two constraints differ in nothing but their names."""
    return (one.kind, one.columns, one.references) == (other.kind, other.columns, other.references) and bool(
        one.columns
    )


def _alike(one: Constraint, other: Constraint) -> bool:
    if one.kind is not other.kind:
        return False
    if one.name is not None and other.name is not None and one.name != other.name:
        return False
    if one.name is not None and one.name == other.name:
        return True
    return one.columns == other.columns or not one.columns or not other.columns


def constraint_name(table: Name, constraint: Constraint) -> str:
    """The constraint's name; where it has none of its own, what it is about."""
    if constraint.name is not None:
        return constraint.name
    columns = ", ".join(constraint.columns)
    if constraint.kind is ConstraintKind.FOREIGN_KEY and constraint.references is not None:
        return f"{table} ({columns}) to {constraint.references}"
    return f"{table} ({columns})"
