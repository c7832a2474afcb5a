"""What Python's operators and functions make of the answers of the database (`rows`): conditions on its schema."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import libcst as cst

from migration_guard.model.guards import (
    ALWAYS,
    NEVER,
    UNDECIDED,
    Guard,
    Matches,
    Relation,
    Undecided,
    all_of,
    any_of,
    opposite_of,
)
from migration_guard.model.listings import Listing
from migration_guard.reading.interpreter.rows import (
    ANSWERS,
    Answer,
    AskedRow,
    AskedRows,
    Cell,
    Cells,
    Condition,
    Count,
    OfRow,
    Tests,
)
from migration_guard.reading.interpreter.scope import Returned
from migration_guard.reading.interpreter.values import (
    NONE,
    Attribute,
    CallValue,
    Constant,
    Items,
    Pairs,
    Symbol,
    Text,
    Value,
    is_known,
    plain,
    truth,
)

_SAME = frozenset({"list", "set", "tuple", "frozenset", "sorted", "iter"})


def condition_of(value: Value) -> Condition | None:
    """The condition under which a value counts as true; None where nobody knows."""
    known = truth(value)
    if known is not None:
        return Condition(ALWAYS if known else NEVER)
    match answer(value):
        case Condition() as condition:
            return condition
        case AskedRows() as rows:
            return Condition(rows.exist())
        case Cells(rows=rows) | Tests(rows=rows) | Count(rows=rows):
            return Condition(rows.exist())
        case AskedRow(is_first=False) as row:
            return Condition(ALWAYS, row.rows)
        case AskedRow(rows=rows):
            return Condition(ALWAYS if rows.lists.listing is Listing.PRIMARY_KEY else rows.exist())
        case Cell() as cell:
            return _of_cell(cell, Relation.IS_TRUE)
    return None


def guard_of(value: Value) -> Guard:
    """The guard under which a branch runs that a value decides."""
    found = condition_of(value)
    if found is None:
        return UNDECIDED
    return found.guard if found.rows is None else OfRow(found)


def negated(guard: Guard) -> Guard:
    """The guard under which the other branch runs."""
    if isinstance(guard, OfRow):
        return OfRow(replace(guard.condition, guard=opposite_of(guard.condition.guard)))
    return opposite_of(guard)


def is_decidable(guard: Guard) -> bool:
    """Whether a replay may decide it."""
    return not isinstance(guard, Undecided)


def behind(ends: Sequence[str | None], ways: Sequence[tuple[Guard, ...]]) -> tuple[Guard, ...]:
    """
    The conditions for what stands behind a fork: how its ways end, and under which conditions each gets to its end. To
    raise is no way to leave: the migration fails, and the rest is for where it does not.
    """
    staying = [way for end, way in zip(ends, ways, strict=True) if end is None]
    if len(staying) == 1:
        return staying[0] if "raise" not in ends else staying[0][1:]
    if len(staying) == 2 and any(len(way) > 1 for way in staying) and all(is_decidable(way[0]) for way in staying):
        return (any_of(*(all_of(*way) for way in staying)),)
    return ()


def result(returned: Iterable[Returned]) -> Value | None:
    """What a function gives that gives other values under other conditions; None where these are no conditions."""
    ways: list[Guard] = []
    for value, guards in returned:
        found = condition_of(value)
        if found is None or found.rows is not None:
            return None
        ways.append(all_of(*guards, found.guard))
    return _decidable(any_of(*ways))


def answer(value: Value) -> Answer | None:
    """The answer that a value is; None for any other value."""
    # Asked of nearly every value that is compared or called: most are known by their class to be none.
    if type(value) is Attribute:
        match value.owner:
            case AskedRow() as row:
                return Cell(row, value.name)
            case AskedRows() as rows if value.name == "rowcount":
                return Count(rows)
        return None
    return value if type(value) in ANSWERS else None  # type: ignore[return-value]


def opposite(value: Value) -> Value | None:
    """`not value`."""
    found = condition_of(value)
    return None if found is None else Condition(opposite_of(found.guard), found.rows)


def together(values: Sequence[Value], put: Callable[..., Guard]) -> Value | None:
    """`a and b`, `a or b`: what is not known of one may yet be decided by the other."""
    if any(isinstance(one, Text | Items | Pairs) for one in values):
        return None  # `name or "default"`: a value, and no condition
    found = [condition_of(one) or Condition(UNDECIDED) for one in values]
    about = {id(one.rows): one.rows for one in found if one.rows is not None}
    if len(about) > 1:
        return None
    return _decidable(put(*(one.guard for one in found)), next(iter(about.values()), None))


def _decidable(guard: Guard, rows: AskedRows | None = None) -> Condition | None:
    return None if isinstance(guard, Undecided) else Condition(guard, rows)


def chosen(guard: Guard, one: Value, other: Value) -> Value | None:
    """What is `one` where the guard holds, else `other`; None where these are no conditions."""
    parts = condition_of(one), condition_of(other)
    if isinstance(guard, Undecided) or not all(map(_is_flag, (one, other))) or None in parts:
        return None
    first, second = (part.guard for part in parts if part is not None and part.rows is None)
    return _decidable(any_of(all_of(guard, first), all_of(opposite_of(guard), second)))


def _is_flag(value: Value) -> bool:
    return value in (Constant(True), Constant(False)) or (isinstance(value, Condition) and value.rows is None)


# --- comparisons ----------------------------------------------------------------------------------------------------


def compared(operator: cst.BaseCompOp, left: Value, right: Value) -> Value | None:
    """What `left operator right` gives for an answer of the database; None where neither is one, or nobody knows."""
    one, other = answer(left), answer(right)
    if one is None and other is None:
        return None
    found: Value | None
    match operator:
        case cst.In() | cst.NotIn():
            found = _contains(left, right)
        case cst.Equal() | cst.NotEqual() | cst.Is() | cst.IsNot():
            found = _equals(one, right) if one is not None else _equals(other, left)
        case _:
            found = _counts(operator, one, right)
    negated = isinstance(operator, cst.NotIn | cst.NotEqual | cst.IsNot)
    return opposite(found) if found is not None and negated else found


def _contains(item: Value, container: Value) -> Value | None:
    match answer(container):
        case Cells(rows=rows, part=part) if is_known(item):
            return Condition(rows.exist(_matches(part, Relation.IS, plain(item))))
        case Cell() as cell if isinstance(item, Text) and item.known:
            return _of_cell(cell, Relation.HAS, item.value)
        case None if isinstance(container, Items) and container.complete and container.certain:
            found = [_equals(answer(item), one) for one in container.items]
            return None if None in found else together([one for one in found if one is not None], any_of)
    return None


def _equals(one: Answer | None, value: Value) -> Value | None:
    match one:
        case Condition() if value in (Constant(True), Constant(False)):
            return one if plain(value) else opposite(one)
        case AskedRow(rows=rows, is_first=True) if value == NONE:
            return Condition(opposite_of(rows.exist()))
        case Cell() as cell if is_known(value):
            return _of_cell(cell, Relation.IS, plain(value))
        case Cell() as cell if isinstance(value, Items) and value.complete and value.certain:
            names = [item.value for item in value.items if isinstance(item, Text) and item.known]
            relation = Relation.SAME_MEMBERS if cell.unordered else Relation.IS
            return _of_cell(cell, relation, tuple(names)) if len(names) == len(value.items) else None
        case AskedRows() | Cells() if value == Items([]):
            return opposite(one)
        case Count() if plain(value) == 0:
            return opposite(one)
    return None


def _counts(operator: cst.BaseCompOp, one: Answer | None, value: Value) -> Value | None:
    """`len(rows) > 0` and what says the same."""
    if not isinstance(one, Count):
        return None
    match operator, plain(value):
        case (cst.GreaterThan(), 0) | (cst.GreaterThanEqual(), 1):
            return condition_of(one)
        case (cst.LessThan(), 1) | (cst.LessThanEqual(), 0):
            return opposite(one)
    return None


def _of_cell(cell: Cell, relation: Relation, value: object = None) -> Condition | None:
    if not isinstance(value, str | bool | tuple | None):
        return None
    rows, test = cell.row.rows, Matches(cell.part, relation, value)
    if not cell.row.is_first:
        return Condition(test, rows)
    return Condition(rows.exist(test)) if rows.is_one else None


def _matches(part: str, relation: Relation, value: object) -> Guard:
    return Matches(part, relation, value) if isinstance(value, str | bool | None) else UNDECIDED


# --- items, methods, functions --------------------------------------------------------------------------------------


def picked(owner: Value, key: Value) -> Value | None:
    """`owner[key]` for an answer of the database; None for any other."""
    match answer(owner), plain(key):
        case AskedRow(rows=rows) as row, int(at) if at in range(len(rows.selected)):
            return Cell(row, rows.selected[at])
        case AskedRow() as row, str(part):
            return Cell(row, part)
        case AskedRows() as rows, 0:
            return AskedRow(rows, is_first=True)
        case Cells(rows=rows, part=part), 0:
            return Cell(AskedRow(rows, is_first=True), part)
        case Cells(mapped=True, rows=rows, part=part), str(name):
            return AskedRow(rows.that(Matches(part, Relation.IS, name)), is_first=True)
    return None


def method(made: CallValue) -> Value | None:
    """What a method of an answer gives; None where it is none, or is not followed."""
    function = made.function
    owner = answer(function.owner) if type(function) is Attribute else None
    if owner is None:
        return None
    match owner, made.name:
        case ((AskedRow() | Cells(mapped=True)), "get") if made.arguments:
            return picked(owner, made.arguments[0])
        case ((AskedRows() | Cells()), "all" | "fetchall" | "copy" | "keys" | "values" | "mappings" | "unique"):
            return _of_mapping(owner) if made.name == "values" else owner
        case AskedRows(), "first" | "fetchone" | "one_or_none" | "scalar" | "scalar_one" | "scalar_one_or_none":
            return AskedRow(owner, is_first=True)
        case AskedRows(selected=[part, *_]), "scalars":
            return Cells(owner, part)
        case Condition(), "scalar" | "scalar_one" | "scalar_one_or_none" | "first" | "fetchone":
            return owner
        case Count(), "scalar" | "scalar_one":
            return owner
    return None


def _of_mapping(owner: AskedRows | Cells) -> Answer:
    return owner.rows if isinstance(owner, Cells) and owner.mapped else owner


def function(made: CallValue, evaluate_call: Callable[[Value, tuple[Value, ...]], Value]) -> Value | None:
    """What a function of Python's gives for an answer of the database; None where none is given, or nobody knows."""
    if not isinstance(made.function, Symbol) or not made.function.path.startswith("builtins.") or not made.arguments:
        return None
    name, one = made.name, answer(made.arguments[-1 if made.name in ("map", "filter") else 0])
    match one:
        case AskedRows() | Cells() if name in _SAME:
            return one
        case Cell() if name in _SAME:
            return replace(one, unordered=one.unordered or name not in ("list", "tuple"))
        case AskedRows() | Cells() if name in ("map", "filter") and len(made.arguments) == 2:
            result = evaluate_call(made.arguments[0], (item_of(one),))
            rows = one if isinstance(one, AskedRows) else one.rows
            if name == "map":
                return each(rows, result, [])
            return each(rows, item_of(one), [result])
        case AskedRows() | Cells() if name == "len":
            return Count(one if isinstance(one, AskedRows) else one.rows)
        case AskedRows() as rows if name == "next":
            return AskedRow(rows, is_first=True)
        case Cells(rows=rows, part=part) if name == "next":
            return Cell(AskedRow(rows, is_first=True), part)
        case Tests(rows=rows, test=test) if name == "any":
            return Condition(rows.exist(test))
        case Tests(rows=rows, test=test) if name == "all":
            return Condition(opposite_of(rows.exist(opposite_of(test))))
        case AskedRows() | Cells() if name == "any":
            return condition_of(one)
    return condition_of(one) if one is not None and name == "bool" else None


def item_of(values: AskedRows | Cells) -> AskedRow | Cell:
    """What a loop over these comes to."""
    return AskedRow(values) if isinstance(values, AskedRows) else Cell(AskedRow(values.rows), values.part)


def first_of(value: Value, rows: AskedRows) -> Value:
    """What a loop gives that ends at the first of these rows."""
    match value:
        case AskedRow():
            return AskedRow(rows, is_first=True)
        case Cell():
            return replace(value, row=AskedRow(rows, is_first=True))
    return value


def each(rows: AskedRows, element: Value, tests: Iterable[Value]) -> Value | None:
    """What a comprehension gives that takes the element for each row that passes the tests; None if nobody knows."""
    passed = [condition_of(one) for one in tests]
    if any(one is None or one.rows not in (None, rows) for one in passed):
        return None
    kept = rows.that(*(one.guard for one in passed if one is not None))
    match answer(element):
        case AskedRow(rows=own, is_first=False) if own is rows:
            return kept
        case Cell(row=AskedRow(rows=own, is_first=False), part=part) if own is rows:
            return Cells(kept, part)
        case Condition(guard=guard, rows=own) if own in (None, rows):
            return Tests(kept, guard)
    if element == Constant(True) or element == Constant(1):
        return kept
    return None
