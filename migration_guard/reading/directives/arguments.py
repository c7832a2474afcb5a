"""
The arguments of a directive's call, bound to the names of its signature. Signatures are those of Alembic 1.8 to 1.20
(https://alembic.sqlalchemy.org/en/latest/ops.html), with the argument names that older releases took.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from migration_guard.model.objects import Mistake
from migration_guard.model.operations import Operation
from migration_guard.model.schema import Name
from migration_guard.model.site import Site
from migration_guard.model.unknown import UNKNOWN, Unknown
from migration_guard.reading.directives.constructs import Constructs, names
from migration_guard.reading.directives.names import identifier, schema_of
from migration_guard.reading.directives.protocol import DirectiveWalker
from migration_guard.reading.directives.sql_text import sql_operations
from migration_guard.reading.interpreter.values import (
    FALSE,
    Batch,
    CallValue,
    Constant,
    Items,
    Pairs,
    Text,
    Value,
    truth,
)

_TABLES = ("table_name", "source_table")
ALIASES = {
    "name": ("constraint_name", "index_name", "table_name"),
    "tablename": ("table_name",),
    "source": ("source_table", "table_name"),
    "referent": ("referent_table",),
    "type": ("type_",),
    "local_cols": ("columns",),
}


@dataclass(frozen=True, slots=True)
class Signature:
    """
    The parameters of a directive: those that take arguments by position, in their order; whether one behind them takes
    all the rest; those that have to give a known name, and those that have to be known as anything at all. Keywords are
    taken by any name, for dialects add some to most directives; `only` are the names of a signature that is closed.
    """

    positional: tuple[str, ...] = ()
    takes_rest: bool = False
    needed: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    only: tuple[str, ...] | None = None

    @classmethod
    def of(
        cls, parameters: str, needed: tuple[str, ...] = (), objects: tuple[str, ...] = (), *, closed: bool = False
    ) -> Signature:
        """
        The signature that the names of parameters spell: `table_name column`, `table_name *columns` where the last
        takes all the rest, `entity * schema` where what is behind the star is given by keyword only. One that is
        `closed` takes nothing else.

        Raises ValueError where these are no parameters, or where one that is needed is not among them.
        """
        names = parameters.split()
        plain = [name.removeprefix("*") for name in names if name != "*"]
        wrong = next((name for name in plain if not name.isidentifier()), None)
        if wrong is not None:
            raise ValueError(f"({parameters}) are no parameters: {wrong!r} is no name; write table_name * schema")
        if len(set(plain)) < len(plain) or sum(name.startswith("*") for name in names) > 1:
            raise ValueError(f"({parameters}) are no parameters: each name is there once, and one star at most")
        if names[-1:] == ["*"]:
            raise ValueError(f"({parameters}) are no parameters: behind the star are those given by keyword only")
        for name in (*needed, *objects):
            if name not in names:
                raise ValueError(f"{name} is needed, and is no parameter of ({parameters})")
        star = next((at for at, name in enumerate(names) if name.startswith("*")), len(names))
        takes_rest = any(len(name) > 1 for name in names[star : star + 1])
        return cls(tuple(names[:star]), takes_rest, needed, objects, tuple(plain) if closed else None)


class BoundArguments:
    """One directive call with its arguments bound to the names of its signature."""

    def __init__(self, walker: DirectiveWalker, made: CallValue, signature: Signature, batch: Batch | None) -> None:
        self.walker, self.made, self.signature, self.batch = walker, made, signature, batch
        self.constructs = Constructs(walker.dialect)
        self.values: dict[str, Value] = {}
        self.rest: list[Value] = []
        parameters = signature.positional
        if batch is not None:
            parameters = tuple(name for name in parameters if name not in (*_TABLES, "schema"))
        self.parameters = parameters
        self.values.update(zip(parameters, made.arguments, strict=False))
        if signature.takes_rest:
            self.rest += made.arguments[len(parameters) :]
        for key, value in made.keywords:
            names = [one for one in ALIASES.get(key, ()) if one in parameters and key not in parameters]
            self.values.setdefault(names[0] if names else key, value)

    def __getitem__(self, name: str) -> Value | None:
        return self.values.get(name)

    def flag(self, name: str) -> bool:
        """Whether a keyword argument is given and true."""
        return truth(self.values.get(name) or FALSE) is True

    def decision(self, name: str) -> bool | Unknown:
        """As flag(); UNKNOWN where it is decided at run time."""
        decided = truth(self.values.get(name) or FALSE)
        return UNKNOWN if decided is None else decided

    def text(self, name: str) -> str | None:
        """The name that an argument gives; None where it is not given or not known."""
        return identifier(self.values.get(name))

    def names(self, name: str) -> tuple[str, ...] | None:
        """The names in a list that an argument gives; None where one of them is not known."""
        return names(self.values.get(name))

    def literal(self, name: str) -> object:
        """
        An argument as Python has it: a text, a number, True, False, None, or lists and dictionaries of these. None
        where it is not given, UNKNOWN where a part of it is not known.
        """
        value = self.values.get(name)
        return None if value is None else literal(value)

    def made_with(self, name: str, parameters: str) -> BoundArguments | None:
        """
        The arguments of the call that an argument is made by, bound to these parameters: of `View("adults")` in
        `op.create_entity(View("adults"))`. None where it is made by no call that is known.
        """
        value = self.values.get(name)
        if not isinstance(value, CallValue):
            return None
        return BoundArguments(self.walker, value, Signature.of(parameters), None)

    def schema(self, name: str = "schema") -> str | None:
        """The schema that an argument names."""
        return schema_of(self.values.get(name), self.walker.dialect)

    def table(self) -> Name | None:
        """The table that the directive works on."""
        if self.batch is not None:
            name = identifier(self.batch.table)
            return Name(name, schema_of(self.batch.schema, self.walker.dialect)) if name is not None else None
        given = self.values.get("table_name") or self.values.get("source_table")
        name = identifier(given)
        schema = self.schema("source_schema" if "source_schema" in self.values else "schema")
        return Name(name, schema) if name is not None else None

    def missing(self) -> str | None:
        """What of the arguments is missing, unknown or refused, in words; None where all that are needed are known."""
        only = self.signature.only
        refused = next((key for key, _ in self.made.keywords if only is not None and key not in (*only, "**")), None)
        if refused is not None:
            return f"it takes no argument {refused}: Python stops here with a TypeError"
        of_batch = _TABLES if self.batch is not None else ()
        works_on_batch = any(name in self.signature.positional for name in of_batch)
        if works_on_batch and self.table() is None:
            return "the table name of batch_alter_table is not known"
        for name in (*self.signature.needed, *self.signature.objects):
            if name in of_batch:
                continue
            value = self.values.get(name)
            if value is None:
                return f"the argument {name} is missing"
            if isinstance(value, Unknown) or (name in self.signature.needed and identifier(value) is None):
                why = f" ({value.reason})" if isinstance(value, Unknown) else ""
                return f"the {name.replace('_', ' ')} is not known{why}"
        return None

    def opaque(self, reason: str, *tables: Name, rows_only: bool = False) -> Iterator[Operation]:
        """
        Notes that the call, or a part of it, could not be read, and the tables that it is about. Gives no operations:
        `yield from` it, return it, or leave it.
        """
        made = self.made.node
        self.walker.opaque(made, self.walker.shown(made), reason, tables=tables, rows_only=rows_only)
        return iter(())

    def fails(self, reason: str) -> None:
        """Notes that the call can never work. What it would do is another matter, and read as if it did."""
        made = self.made.node
        self.walker.opaque(made, self.walker.shown(made), reason, rows_only=True, mistake=Mistake.CALL)

    def sql(self, text: str | Text) -> Iterator[Operation]:
        """The operations of SQL that the directive runs at its place, read as that of op.execute() is."""
        return sql_operations(self.walker, self.made, Text(text) if isinstance(text, str) else text)

    def site(self) -> Site:
        """Where the call stands."""
        return self.walker.site(self.made.node)


def literal(value: Value) -> object:
    """A value as Python has it; UNKNOWN where it is no literal, or not all of it is known."""
    match value:
        case Text(value=text) if value.known:
            return text
        case Constant(value=constant):
            return constant
        case Items(items=items, complete=True, certain=True):
            parts = [literal(one) for one in items]
            return UNKNOWN if UNKNOWN in parts else parts
        case Pairs(pairs=pairs, complete=True) if all(isinstance(key, Text | Constant) for key, _ in pairs):
            both = {literal(key): literal(one) for key, one in pairs}
            return UNKNOWN if UNKNOWN in (*both, *both.values()) else both
    return UNKNOWN
