"""
What Python's own functions and methods give for known arguments. Pure, bounded, and silent on whatever it does not
know.
"""

from __future__ import annotations

import builtins
import os.path
import sys
from collections.abc import Callable, Sequence

from migration_guard.model.unknown import Unknown
from migration_guard.reading.interpreter import dates, texts
from migration_guard.reading.interpreter.values import (
    FALSE,
    NONE,
    Attribute,
    Batch,
    CallValue,
    Class,
    Constant,
    Items,
    Module,
    Pairs,
    Symbol,
    Text,
    Value,
    is_known,
    plain,
    truth,
)

MOST_ITEMS = 1000
BUILTINS = frozenset(vars(builtins)) - {"breakpoint", "__name__", "__doc__"}
_EXITS = frozenset({"builtins.exit", "builtins.quit", "sys.exit", "os._exit", "os.abort"})
_SUPPRESSORS = frozenset({"contextlib.suppress", "contextlib.ExitStack", "contextlib.AsyncExitStack"})
_MODULES = (
    "builtins.",
    "alembic.context.",
    "collections.",
    "datetime.",
    "textwrap.",
    "inspect.",
    "os.path.",
    "itertools.",
)


def iterate(value: Value) -> tuple[list[Value], bool]:
    """The items that a loop over this value sees, and whether these are all."""
    match value:
        case Items(items, complete):
            return (items[:MOST_ITEMS], complete) if len(items) <= MOST_ITEMS else (items[:MOST_ITEMS], False)
        case Pairs(pairs, complete):
            keys = [key for key, _ in pairs if isinstance(key, Text | Constant)]
            unknown = [key for key in keys if not is_known(key)]
            return [*dict.fromkeys(filter(is_known, keys)), *unknown], complete
        case Class(names=names) if names and _is_enumeration(value):
            return [each for each in names.values() if isinstance(each, Text | Constant)], True
    return [], False


def _is_enumeration(value: Class) -> bool:
    return any(isinstance(base, Symbol) and base.name in ("Enum", "StrEnum", "IntEnum") for base in value.bases)


def module_of(names: Value, here: Module) -> Module | None:
    """The module whose names globals(), locals() or vars() gives, as called `here`; None for anything else."""
    if not isinstance(names, CallValue) or not isinstance(names.function, Symbol):
        return None
    match names.function.path, names.arguments:
        case "builtins.globals" | "builtins.locals" | "builtins.vars", ():
            return here
        case "builtins.vars", (Module() as module,):
            return module
    return None


def is_suppressing(manager: Value) -> bool | None:
    """
    Whether a block under this context manager may end before its end, and the code behind it runs all the same; None
    where that is not known.
    """
    if isinstance(manager, Batch):
        return False
    root: Value = manager
    while isinstance(root, CallValue | Attribute):
        root = root.function if isinstance(root, CallValue) else root.owner
    if not isinstance(root, Symbol):
        return None
    if root.path in _SUPPRESSORS:
        return True if root.name == "suppress" else None
    package = root.path.partition(".")[0]
    return False if package in ("alembic", "sqlalchemy", "builtins") or package in sys.stdlib_module_names else None


def is_exit(value: Value) -> bool:
    """Whether this is what a call gives that ends the program: `exit()`, `sys.exit()`."""
    return isinstance(value, CallValue) and isinstance(value.function, Symbol) and value.function.path in _EXITS


def is_context(owner: Value) -> bool:
    """Whether this is Alembic's migration context: `op.get_context()`, `context.get_context()`."""
    return isinstance(owner, CallValue) and owner.function in (
        Symbol("alembic.op.get_context"),
        Symbol("alembic.context.get_context"),
    )


def is_dialect(owner: Value) -> bool:
    """Whether this is a connection's dialect or engine, whose name is the target's dialect."""
    match owner:
        case Attribute(owner=inner, name="dialect" | "engine" | "impl"):
            return not isinstance(inner, Symbol) or not inner.path.startswith("sqlalchemy.")
        case CallValue(function=Attribute(name="get_dialect" | "get_engine")):
            return True
        case Symbol(path=path):
            return path.endswith((".context.dialect", ".op.dialect"))
    return False


def is_column(value: Value) -> bool:
    """Whether this is a column in an expression of SQLAlchemy's: `table.c.id`, `Model.id`, `column("id")`."""
    match value:
        case Attribute(owner=Attribute(name="c" | "columns")):
            return True
        case Attribute(owner=Class(names=names)) | CallValue(function=Class(names=names)):
            return isinstance(value, Attribute) and "__tablename__" in names
        case CallValue(function=Symbol(name="column" | "Column" | "literal_column", path=path)):
            return path.startswith("sqlalchemy")
    return False


def path_join(parts: Sequence[Value], module_path: str) -> Value:
    """os.path.join, and `/` between paths."""
    known = [_path(part) for part in parts]
    if all(isinstance(part, str) for part in known):
        return Text(os.path.normpath(os.path.join(*[part for part in known if part is not None])))
    return Unknown("the path is not known")


def _path(value: Value) -> str | None:
    """The file system path a value stands for: a text, or Path(text) and its parents."""
    match value:
        case Text(value=text) if value.known:
            return text
        case CallValue(
            function=Symbol(name="Path" | "PurePath" | "dirname" | "abspath" | "realpath"), arguments=[first, *rest]
        ):
            inner = _path(first)
            if inner is None:
                return None
            if isinstance(value.function, Symbol) and value.function.name == "dirname":
                return os.path.dirname(inner)
            others = [_path(one) for one in rest]
            return None if None in others else os.path.join(inner, *[one for one in others if one is not None])
        case CallValue(function=Attribute(owner=owner, name="resolve" | "absolute" | "expanduser")):
            return _path(owner)
        case CallValue(function=Attribute(owner=owner, name="joinpath"), arguments=arguments):
            known = [_path(one) for one in (owner, *arguments)]
            return None if None in known else os.path.join(*[one for one in known if one is not None])
        case CallValue(function=Attribute(owner=owner, name="with_name"), arguments=[Text(value=name)]):
            inner = _path(owner)
            return None if inner is None else os.path.join(os.path.dirname(inner), name)
        case CallValue(function=Attribute(owner=owner, name="with_suffix"), arguments=[Text(value=suffix)]):
            inner = _path(owner)
            return None if inner is None else os.path.splitext(inner)[0] + suffix
        case Attribute(owner=owner, name="parent"):
            inner = _path(owner)
            return None if inner is None else os.path.dirname(inner)
    return None


def opened_path(made: CallValue) -> str | None:
    """The path that `open(...)`, `Path(...).open()` or `Path(...).read_text()` reads; None where it is not known."""
    match made:
        case CallValue(function=Symbol(path="builtins.open" | "io.open" | "codecs.open"), arguments=[first, *_]):
            return _path(first)
        case CallValue(function=Attribute(owner=owner, name="open" | "read_text")):
            return _path(owner)
    return None


def call(
    made: CallValue,
    evaluate_call: Callable[[Value, tuple[Value, ...]], Value],
    attribute: Callable[[Value, str], Value],
) -> Value | None:
    """What a call of a known function gives; None where the function is not one of ours."""
    if not isinstance(made.function, Symbol) or not made.function.path.startswith(_MODULES):
        return None
    arguments = made.arguments
    match made.function.path, arguments:
        case "builtins.str", [value]:
            return value if isinstance(value, Text) else _text_of(value)
        case "builtins.repr", [Text() | Constant() as value]:
            return texts.as_repr(value)
        case "builtins.len", [Text(value=text) as whole] if whole.known:
            return Constant(len(text))
        case "builtins.len", [Items(items, True, True)]:
            return Constant(len(items))
        case "builtins.bool", [value] if (known := truth(value)) is not None:
            return Constant(known)
        case "builtins.int", [Constant(int(number))]:
            return Constant(number)
        case "builtins.int", [Text(value=text)] if text.strip().isdigit() and len(text) < 19:
            return Constant(int(text))
        case "builtins.getattr", [owner, Text(value=name) as text, *_] if text.known:
            return attribute(owner, name)
        case "builtins.staticmethod", [function]:
            return function
        case "builtins.next", [Items([first, *_]), *_]:
            return first
        case "builtins.isinstance", [owner, kind]:
            return _is_instance(owner, kind)
        case "builtins.dict", []:
            return Pairs([(Text(key), value) for key, value in made.keywords if key != "**"])
        case "builtins.dict", [Pairs(pairs, complete)]:
            return Pairs([*pairs, *((Text(key), value) for key, value in made.keywords)], complete)
        case "alembic.context.is_offline_mode", []:
            return FALSE  # what runs on a server is judged, not what a script for later would hold
        case "builtins.range", _:
            return _range(arguments)
        case "builtins.map" | "builtins.filter" | "builtins.sorted", _ if len(arguments) == 2 or made.keyword("key"):
            return _applied(made, evaluate_call)
        case "textwrap.dedent" | "inspect.cleandoc", [Text() as text]:
            return texts.dedent(text)
        case ("os.path.join", _):
            return path_join(arguments, made.path)
        case "collections.namedtuple", [Text() as name, fields] if (listed := _words(fields)) is not None:
            return Class(name.shown, (), {}, listed)
        case "builtins.iter", [_]:
            return _collection(made)
        case ("itertools.product", _):
            return _product(arguments)
        case ("itertools.chain", _):
            lists = [iterate(value) for value in arguments]
            return Items([item for items, _ in lists for item in items], all(complete for _, complete in lists))
        case (
            "builtins.enumerate"
            | "builtins.zip"
            | "builtins.list"
            | "builtins.tuple"
            | "builtins.set"
            | "builtins.frozenset"
            | "builtins.sorted"
            | "builtins.reversed",
            _,
        ):
            return _collection(made)
    return dates.made(made) if made.function.path.startswith("datetime.") else None


def _applied(made: CallValue, evaluate_call: Callable[[Value, tuple[Value, ...]], Value]) -> Value | None:
    """What map(), filter() and sorted() give for a function and items that are known."""
    is_sorted = made.name == "sorted"
    function = made.keyword("key") if is_sorted else made.arguments[0]
    items, complete = iterate(made.arguments[0 if is_sorted else -1])
    if not complete:
        return None
    if function is None or function == NONE:
        return _collection(made) if is_sorted else None
    results = [evaluate_call(function, (item,)) for item in items]
    if made.name == "map":
        return Items(results)
    if is_sorted:
        return Items(items)
    kept = [(item, truth(result)) for item, result in zip(items, results, strict=True) if truth(result) is not False]
    return Items([item for item, _ in kept], certain=all(known for _, known in kept))


def _text_of(value: Value) -> Value | None:
    if isinstance(value, Constant):
        return Text(str(value.value))
    path = _path(value)
    return None if path is None else Text(path)


def _is_instance(owner: Value, kind: Value) -> Value:
    classes = {"str": Text, "list": Items, "tuple": Items, "dict": Pairs}
    names = [one.name for one in (kind.items if isinstance(kind, Items) else [kind]) if isinstance(one, Symbol)]
    if names and all(name in classes for name in names) and isinstance(owner, Text | Items | Pairs | Constant):
        return Constant(any(isinstance(owner, classes[name]) for name in names))
    return Unknown("its class is not known")


def _words(value: Value) -> tuple[str, ...] | None:
    """Names in a list, or in one text with blanks or commas between them; None where they are not known."""
    if isinstance(value, Text):
        return tuple(value.value.replace(",", " ").split()) if value.known else None
    items, complete = iterate(value)
    known = [item.value for item in items if isinstance(item, Text) and item.known]
    return tuple(known) if complete and len(known) == len(items) else None


def _range(arguments: Sequence[Value]) -> Value:
    numbers = [plain(value) for value in arguments]
    if numbers and all(isinstance(number, int) and abs(number) < 10**9 for number in numbers) and len(numbers) <= 3:
        if len(numbers) == 3 and numbers[2] == 0:
            return Unknown("a range without a step")
        counted = range(*[number for number in numbers if isinstance(number, int)])
        return Items([Constant(number) for number in counted[: MOST_ITEMS + 1]])
    return Unknown("the range is not known")


def _product(arguments: Sequence[Value]) -> Value:
    rows: list[list[Value]] = [[]]
    complete = True
    for value in arguments:
        items, known = iterate(value)
        complete &= known
        rows = [[*row, item] for row in rows for item in items]
        if len(rows) > MOST_ITEMS:
            return Unknown("the product is too large")
    return Items([Items(row) for row in rows], complete)


def _collection(made: CallValue) -> Value:
    name = made.name
    lists = [iterate(value) for value in made.arguments]
    if not lists:
        return Items([])
    items, complete = lists[0]
    if name == "enumerate":
        start = plain(made.argument(1, "start") or Constant(0))
        first = start if isinstance(start, int) else 0
        return Items([Items([Constant(first + at), item]) for at, item in enumerate(items)], complete)
    if name == "zip":
        rows = zip(*[items for items, _ in lists], strict=False)
        return Items([Items(list(row)) for row in rows], all(known for _, known in lists))
    if name == "reversed":
        return Items(items[::-1], complete)
    if name == "sorted":
        if made.keywords or not all(isinstance(item, Text) and item.known for item in items):
            return Items(items, complete)
        ordered = sorted(items, key=lambda item: str(plain(item)))
        return Items(ordered, complete)
    return Items(list(items), complete)
