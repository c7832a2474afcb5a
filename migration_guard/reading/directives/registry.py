"""
The one table of directives: by its path, each function that asks something of the database, with its signature and what
reads a call of it. Alembic's own are registered by the modules beside this one when they are imported, those of plugins
through the same decorators.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass

from migration_guard.model.operations import Operation
from migration_guard.model.plugin import blamed, is_ours
from migration_guard.reading.directives.arguments import BoundArguments, Signature
from migration_guard.reading.directives.calls import refused_call
from migration_guard.reading.directives.protocol import DirectiveWalker
from migration_guard.reading.directives.yielded import operations
from migration_guard.reading.interpreter.budget import OutOfSteps
from migration_guard.reading.interpreter.values import Attribute, Batch, CallValue, Symbol, Value

Reader = Callable[[BoundArguments], Iterator[Operation]]
Answer = Callable[[BoundArguments], Value]
OP = "alembic.op."
_OF_PACKAGES = "migration_guard.reading.directives.packages."


@dataclass(frozen=True, slots=True)
class Directive:
    """A function whose calls are read: its path, its parameters, and what notes the call and gives what it returns."""

    path: str
    signature: Signature
    answer: Answer
    source: str
    """The module and the name of the function that was registered."""
    function: Reader | Answer

    def call(self, walker: DirectiveWalker, made: CallValue, batch: Batch | None) -> Value:
        """Reads a call. Where an argument that is needed is not known, the call is Opaque, and the reader not asked."""
        ask = BoundArguments(walker, made, self.signature, batch)
        ours = self.path.startswith(OP) and is_ours(self.source.partition(":")[0])
        refused = refused_call(self.path.removeprefix(OP), ask) if ours else None
        sure = not (walker.conditional or walker.repeated)
        if refused is not None and sure:
            ask.fails(refused)
        missing = ask.missing()
        if missing is not None and refused is not None and sure:
            return made
        if missing is not None:
            about = ask.table()
            ask.opaque(missing, *((about,) if about is not None else ()))
            return made
        module = self.source.partition(":")[0]
        with nullcontext() if is_ours(module) else blamed(module, (OutOfSteps, RecursionError)):
            return self.answer(ask)


_DIRECTIVES: dict[str, Directive] = {}


def directive(
    name: str,
    parameters: str,
    *,
    needed: tuple[str, ...] = (),
    objects: tuple[str, ...] = (),
    closed: bool = False,
) -> Callable[[Reader], Reader]:
    """
    Registers the function below as what makes operations of a directive.

    Parameters:
        name: The directive of `op` (`drop_table`), or the whole path of a function of a package
            (`sqlalchemy_searchable.sync_trigger`), of a method of a class (`alembic_enums.EnumMigration.upgrade`), or
            of what a `with` calls in the end (`alembic_enums.EnumMigration.upgrade_ctx.__exit__`).
        parameters: The names of its parameters, as Signature.of() takes them.
        needed: The parameters that give a name, without which nothing is known.
        objects: The parameters that give anything else (an object, a list), without which nothing is known.
        closed: Whether a keyword of another name is refused, as Python refuses it. Most directives take any.

    Raises ValueError where the name or the parameters cannot be those of a function, where the name has a reader
    already, or where what is needed is no parameter.
    """
    signature = Signature.of(parameters, needed, objects, closed=closed)

    def register(reader: Reader) -> Reader:
        def read(ask: BoundArguments) -> Value:
            given = reader(ask)
            ask.walker.emit(*(given if is_ours(reader.__module__) else operations(given, name)))
            return ask.made

        _add(name, signature, read, reader)
        return reader

    return register


def answer(name: str, parameters: str) -> Callable[[Answer], Answer]:
    """As directive(), for a function that gives the value of the call, and itself notes what that asks for."""

    def register(function: Answer) -> Answer:
        _add(name, Signature.of(parameters), function, function)
        return function

    return register


def silent(*names: str) -> None:
    """Registers functions whose calls ask nothing of the database: `get_bind`, a class that is only made."""
    for name in names:
        _add(name, Signature(), _nothing, _nothing)


def _nothing(ask: BoundArguments) -> Value:
    return ask.made


def _add(name: str, signature: Signature, answer: Answer, function: Reader | Answer) -> None:
    owner, _, last = name.rpartition(".")
    if owner in ("op", "batch_op"):
        raise ValueError(f"{name!r} is how a migration calls the directive: write {last}")
    if not all(part.isidentifier() for part in name.split(".")):
        raise ValueError(f"{name!r} is no name of a directive: write audit_table, or the whole path acme.audits.start")
    path = name if owner else f"{OP}{name}"
    source = f"{function.__module__}:{function.__qualname__}"
    known = _DIRECTIVES.get(path)
    # The same function made anew: its module is imported once more, after it failed the first time. And a plugin that a
    # user has named goes before what we know of a package: the name may be that of another operation there.
    twice = known is not None and (known.source != source or known.function is function is not _nothing)
    if known is not None and twice and not known.source.startswith(_OF_PACKAGES):
        raise ValueError(f"the directive {name} is registered already, by {known.source.partition(':')[0]}")
    _DIRECTIVES[path] = Directive(path, signature, answer, source, function)


def may_be_directive(function: Symbol | Attribute) -> bool:
    """Whether a call of this function may be one of a directive: asked of every call, so before all else."""
    if isinstance(function, Symbol):
        return function.path in _DIRECTIVES or function.path.startswith(OP)
    return type(function.owner) in (Batch, CallValue)


def find(function: Value) -> Directive | None:
    """The directive that a call of this function is; None where it is none that is registered."""
    match function:
        case Symbol(path=path):
            return _DIRECTIVES.get(f"{OP}{function.name}" if path.startswith(OP) else path)
        case Attribute(owner=Batch(), name=name):
            return _DIRECTIVES.get(f"{OP}{name}")
        case Attribute(owner=CallValue(function=Symbol(path=path)), name=name):
            return _DIRECTIVES.get(f"{path}.{name}")
        case Attribute(owner=CallValue(function=Attribute(owner=CallValue(function=Symbol(path=path)), name=method))):
            return _DIRECTIVES.get(f"{path}.{method}.{function.name}")
    return None


def directives() -> dict[str, Directive]:
    """The directives of `op`, by their names: Alembic's, and those that plugins add to it."""
    return {path.removeprefix(OP): found for path, found in _DIRECTIVES.items() if path.startswith(OP)}
