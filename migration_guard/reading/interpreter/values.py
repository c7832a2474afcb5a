"""
What a name or an expression is known to be, without running it: constants, texts that remember where they were written,
collections, imported names and the calls made with them. Whatever is not known is Unknown, with its reason.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from operator import attrgetter

import libcst as cst

from migration_guard.model.unknown import HOLE, Unknown, has_hole, show_holes, without_holes
from migration_guard.reading.interpreter.rows import Answer

LONGEST_TEXT = 1_000_000
_START = attrgetter("start")
MOST_PIECES = 10_000
"""Where the rest of a text was written is not kept."""
LARGEST_VALUE = 200_000
"""How many parts a value may have, one that stands in several places counted as often as it stands there."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text that stands character by character at `offset` in the file `path`."""

    start: int
    length: int
    path: str
    offset: int


@dataclass(frozen=True, slots=True)
class Text:
    """
    A string. What is not known of it stands in it as holes (HOLE); `pieces` tell where the rest was written. `final`
    tells that it went through op.f(): no naming convention changes it.
    """

    value: str
    pieces: tuple[Piece, ...] = field(default=(), compare=False)
    final: bool = field(default=False, compare=False)

    @property
    def known(self) -> bool:
        """Whether every character of it is known."""
        return not has_hole(self.value)

    @property
    def shown(self) -> str:
        """The text for a person to read: holes as {...}."""
        return show_holes(self.value)

    def part(self, start: int | None, stop: int | None) -> Text:
        """`text[start:stop]`: nothing of it is known where a hole leaves open which characters these are."""
        for bound in (start, stop):
            counted = "" if bound is None else self.value[:bound] if bound >= 0 else self.value[bound:]
            if has_hole(counted):
                return UNKNOWN_TEXT
        low, high, _ = slice(start, stop).indices(len(self.value))
        return self.slice(low, max(low, high))

    def slice(self, start: int, end: int) -> Text:
        """The part between two offsets."""
        pieces = []
        first = max(0, bisect_right(self.pieces, start, key=_START) - 1)
        for at in range(first, len(self.pieces)):
            piece = self.pieces[at]
            if piece.start >= end:
                break
            low, high = max(start, piece.start), min(end, piece.start + piece.length)
            if low < high:
                pieces.append(Piece(low - start, high - low, piece.path, piece.offset + low - piece.start))
        return Text(self.value[start:end], tuple(pieces))

    def locate(self, start: int, end: int, path: str) -> tuple[int, int, bool] | None:
        """
        Where the part between two offsets stands in the file: start, end, and whether it stands there as it is.
        None where its beginning comes from another file or from no literal at all.
        """
        at = bisect_right(self.pieces, start, key=_START) - 1
        first = self.pieces[at] if at >= 0 else None
        if first is None or start >= first.start + first.length or first.path != path:
            return None
        offset = first.offset + start - first.start
        if end <= first.start + first.length:
            return offset, offset + end - start, True
        before = (self.pieces[at] for at in range(bisect_left(self.pieces, end, key=_START) - 1, -1, -1))
        last = next((one for one in before if one.path == path), first)
        return offset, max(offset, last.offset + min(end - last.start, last.length)), False


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, True, False, None, bytes, a date or a time."""

    value: int | float | complex | bytes | date | timedelta | None


@dataclass(slots=True)
class Items:
    """
    A list, tuple or set. `complete` is False when there may be more items, or other ones; `certain` is False when
    some of those listed may be absent.
    """

    items: list[Value]
    complete: bool = True
    certain: bool = True
    size: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        self.size = 1 + sum(map(size_of, self.items))

    def grow(self, values: Sequence[Value]) -> None:
        """Takes in more items, as long as the whole stays of a size to work with."""
        self.size += sum(map(size_of, values))
        if self.size <= LARGEST_VALUE:
            self.items += values
        else:
            self.complete = False


@dataclass(slots=True)
class Pairs:
    """A dictionary: `complete` and `certain` as of Items."""

    pairs: list[tuple[Value, Value]]
    complete: bool = True
    certain: bool = True
    size: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        self.size = 1 + sum(size_of(key) + size_of(value) for key, value in self.pairs)

    def grow(self, pairs: Sequence[tuple[Value, Value]]) -> None:
        """Takes in more pairs, as long as the whole stays of a size to work with."""
        self.size += sum(size_of(key) + size_of(value) for key, value in pairs)
        if self.size <= LARGEST_VALUE:
            self.pairs += pairs
        else:
            self.complete = False

    def put(self, key: Value, value: Value, *, certain: bool) -> None:
        """Gives a key its value; one that is not certain may be there already, or be another."""
        if not certain:
            before = self.get(key)
            value = value if before is None or same(before, value) else Unknown("it depends on a condition")
            self.certain = False
        self.grow([(key, value)])

    def get(self, key: Value) -> Value | None:
        """The value under a key; None where it is not there, or the key is not known."""
        owner = key
        while isinstance(owner, Attribute):
            owner = owner.owner
        if isinstance(owner, Unknown) or (isinstance(owner, Text) and not owner.known):
            return None
        return next((value for known, value in reversed(self.pairs) if known == key), None)


@dataclass(frozen=True, slots=True)
class Symbol:
    """
    Something imported, by its dotted path: `alembic.op`, `sqlalchemy.Column`. `origin` is the file that imports it; a
    path that begins with dots is relative to that.
    """

    path: str
    origin: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        """The last word of the path."""
        return self.path.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of a value that is no plain name: `bind.dialect`, `table.c.id`."""

    owner: Value
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class CallValue:
    """What a call gave, kept as the call itself: `sa.Column("id", sa.Integer())`, `op.get_bind()`, `table.update()`."""

    function: Value
    arguments: tuple[Value, ...] = ()
    keywords: tuple[tuple[str, Value], ...] = ()
    node: cst.Call | None = None
    path: str = ""
    size: int = field(init=False)

    def __post_init__(self) -> None:
        inner = (self.function, *self.arguments, *(value for _, value in self.keywords))
        object.__setattr__(self, "size", 1 + sum(map(size_of, inner)))

    @property
    def name(self) -> str:
        """The name of what was called: `Column`, `get_bind`, `update`."""
        return self.function.name if isinstance(self.function, NAMED) else ""

    def keyword(self, name: str) -> Value | None:
        """A keyword argument; None where it was not given."""
        return next((value for key, value in self.keywords if key == name), None)

    def argument(self, position: int, name: str) -> Value | None:
        """An argument given by position or by keyword."""
        return self.arguments[position] if position < len(self.arguments) else self.keyword(name)


@dataclass(slots=True, eq=False)
class Module:
    """
    A Python file whose names were read. `names` fills up as its body is walked, and so do `directives`, the methods
    that it registers as directives of `op`, and `patched`, what it sets on what it imports (`sa.GUID = GUID`), by
    dotted path. `holders` are the functions, and the calls that made objects of packages, which got code of the
    project to keep: `@app.task`, `@function.register`. `works` says that it asks for operations where it is imported.
    """

    path: str
    names: dict[str, Value] = field(default_factory=dict)
    directives: dict[str, Function] = field(default_factory=dict)
    patched: dict[str, Value] = field(default_factory=dict)
    holders: set[cst.CSTNode] = field(default_factory=set)
    works: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """
    A function or lambda of a file that was read. `closure` are the names around it, `bound` the object whose method it
    is, `home` the class that it was found in; `is_bare` is True for what a decorator gets: the function without its
    decorators. `defaults` are those of its parameters that were settled where it was defined.
    """

    node: cst.FunctionDef | cst.Lambda
    module: Module
    closure: Mapping[str, Value] = field(default_factory=dict)
    bound: Value | None = None
    home: Class | None = None
    is_bare: bool = False
    defaults: Mapping[str, Value] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name; `lambda` for one without."""
        return self.node.name.value if isinstance(self.node, cst.FunctionDef) else "lambda"


@dataclass(frozen=True, slots=True, eq=False)
class Class:
    """A class of a file that was read, with what its body assigns; `fields` are the names it annotates, in order."""

    name: str
    bases: tuple[Value, ...]
    names: dict[str, Value]
    fields: tuple[str, ...] = ()

    def find(self, name: str) -> Value | None:
        """What it or a class that it comes from assigns to a name; None where none of them does."""
        return _found(name, [self] if name in self.names else self.order())

    def find_behind(self, home: Class, name: str) -> Value | None:
        """What `super()` finds in a method of `home`, one of the classes that it comes from."""
        order = self.order()
        return _found(name, order[order.index(home) + 1 :] if home in order else home.order()[1:])

    def every(self) -> Iterator[Value]:
        """What it and the classes that it comes from assign to names."""
        for one in self.order():
            yield from one.names.values()

    def order(self) -> list[Class]:
        """It and the classes that it comes from, in the order in which Python asks them for a name."""
        known: dict[int, list[Class]] = {}

        def ordered(one: Class) -> list[Class]:
            if id(one) not in known:
                behind = [each for base in one.bases if isinstance(base, Class) for each in ordered(base)]
                known[id(one)] = [one, *reversed(dict.fromkeys(reversed(behind)))]
            return known[id(one)]

        return ordered(self)


def _found(name: str, classes: Iterable[Class]) -> Value | None:
    home = next((one for one in classes if name in one.names), None)
    if home is None:
        return None
    found = home.names[name]
    return replace(found, home=home) if isinstance(found, Function) else found


@dataclass(frozen=True, slots=True)
class Batch:
    """What `with op.batch_alter_table(...) as batch_op` gives."""

    table: Value
    schema: Value | None
    made: CallValue


_Plain = Text | Constant | Items | Pairs | Symbol | Attribute | CallValue
Value = _Plain | Module | Function | Class | Batch | Answer | Unknown

SIZED = frozenset({CallValue, Items, Pairs})
# What a call may be known by. To ask for a union makes it anew each time.
NAMED = (Symbol, Attribute, Class)
NONE = Constant(None)
UNKNOWN_TEXT = Text(HOLE)
TOO_LONG = Unknown(f"the text grows past {LONGEST_TEXT:,} characters")
TRUE = Constant(True)
FALSE = Constant(False)


def size_of(value: Value) -> int:
    """How many parts a value has when it is written out."""
    while type(value) is Attribute:
        value = value.owner
    return value.size if type(value) in SIZED else 1  # type: ignore[union-attr]


def truth(value: Value) -> bool | None:
    """Whether a value counts as true; None where that cannot be told."""
    match value:
        case Constant():
            return bool(value.value)
        case Text():
            return bool(value.value) if value.known else (True if without_holes(value.value) else None)
        case Items(items, complete, certain):
            if items:
                return True if certain else None
            return False if complete else None
        case Pairs(pairs, complete, certain):
            if pairs:
                return True if certain else None
            return False if complete else None
        case Function() | Class() | Module() | Batch():
            return True
        case Symbol(path="alembic.op"):
            return True
        case Symbol(path="typing.TYPE_CHECKING"):
            return False
    return None


def same(left: Value, right: Value) -> bool | None:
    """Whether two values are equal; None where that cannot be told."""
    for value in (left, right):
        if not isinstance(value, Items) and not is_known(value):
            return None
    if isinstance(left, Items) and isinstance(right, Items):
        exact = left.complete and left.certain and right.complete and right.certain
        if not exact or len(left.items) != len(right.items):
            return False if exact else None
        results = [same(*pair) for pair in zip(left.items, right.items, strict=True)]
        return False if False in results else (None if None in results else True)
    return False if isinstance(left, Items) or isinstance(right, Items) else plain(left) == plain(right)


def is_known(value: Value) -> bool:
    """Whether this is a constant, or a text without holes."""
    return value.known if isinstance(value, Text) else isinstance(value, Constant)


def plain(value: Value) -> str | int | float | complex | bytes | date | timedelta | None:
    """The Python value of a constant, or of a text that is known; None for anything else."""
    if isinstance(value, Text):
        return value.value if value.known else None
    return value.value if isinstance(value, Constant) else None


def join(parts: Iterable[Text]) -> Text | Unknown:
    """Texts one behind the other."""
    values: list[str] = []
    pieces: list[Piece] = []
    length = 0
    for part in parts:
        if len(pieces) < MOST_PIECES:
            pieces += [Piece(one.start + length, one.length, one.path, one.offset) for one in part.pieces]
        values.append(part.value)
        length += len(part.value)
        if length > LONGEST_TEXT:
            return TOO_LONG
    return Text("".join(values), tuple(pieces))
