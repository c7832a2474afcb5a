"""
SQLAlchemy's constructs as schema facts: Column, types, constraints, defaults. Knows what SQLAlchemy renders for each
dialect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

from migration_guard.model.naming_convention import cut
from migration_guard.model.schema import (
    UNKNOWN_WORD,
    Column,
    Constraint,
    ConstraintKind,
    Expression,
    Generated,
    Index,
    Name,
)
from migration_guard.model.target import is_default, without_default
from migration_guard.model.unknown import UNKNOWN, Unknown
from migration_guard.reading.directives.names import is_by_convention, table_of
from migration_guard.reading.directives.types import Types
from migration_guard.reading.interpreter.values import (
    Attribute,
    CallValue,
    Class,
    Constant,
    Items,
    Symbol,
    Text,
    Value,
    plain,
    truth,
)
from migration_guard.reading.sql import reader

# What puts a column of an index in another order. https://docs.sqlalchemy.org/en/20/core/sqlelement.html
_ORDERS = {
    "asc": "ASC",
    "desc": "DESC",
    "nulls_first": "NULLS FIRST",
    "nullsfirst": "NULLS FIRST",
    "nulls_last": "NULLS LAST",
    "nullslast": "NULLS LAST",
}
_SERIAL = frozenset({"integer", "bigint", "smallint"})


@dataclass(frozen=True, slots=True)
class Constructs(Types):
    """Reads constructs for one dialect."""

    # --- columns ------------------------------------------------------------------------------------------------

    def column(self, made: CallValue) -> ColumnParts | None:
        """A Column(...) with the constraints written in it; None where its name is not known."""
        arguments = list(made.arguments)
        name = made.keyword("name")
        if name is None and arguments and isinstance(arguments[0], Text):
            name = arguments.pop(0)
        if not isinstance(name, Text) or not name.known:
            return None
        extras = [one for one in arguments if _name_of(one) in _EXTRAS]
        types = [one for one in arguments if _name_of(one) not in _EXTRAS]
        given = types[0] if types else made.keyword("type_")
        primary = truth(made.keyword("primary_key") or Constant(False)) is True
        column_type = self.type(given)
        identity = any(_name_of(one) == "Identity" for one in extras)
        foreign = [one for one in extras if _name_of(one) == "ForeignKey"]
        automatic = made.keyword("autoincrement")
        counts = None if automatic in (None, Text("auto")) else truth(automatic)
        serial = (
            primary
            and not identity
            and not foreign
            and not isinstance(column_type, Unknown)
            and column_type.name in _SERIAL
            and made.keyword("server_default") is None
            and counts is not False
        )
        column = Column(
            name.value,
            column_type,
            nullable=self._nullable(made, primary or identity),
            default=self.default(made.keyword("server_default")),
            identity=identity,
            serial=serial,
            generated=next((self._generated(one) for one in extras if _name_of(one) == "Computed"), None),
            comment=_comment(made.keyword("comment")),
        )
        return ColumnParts(
            column,
            primary,
            tuple(self._foreign_key(one, name.value) for one in foreign if isinstance(one, CallValue)),
            tuple(
                found
                for one in extras
                if isinstance(one, CallValue) and one.name == "CheckConstraint" and (found := self.constraint(one))
            ),
            truth(made.keyword("unique") or Constant(False)) is True,
            truth(made.keyword("index") or Constant(False)) is True,
            self.spatial_index(given, name.value),
            given if not isinstance(column_type, Unknown) and column_type.is_enum else None,
            counts,
            self.dialect,
        )

    def _nullable(self, made: CallValue, required: bool) -> bool | Unknown:
        given = made.keyword("nullable")
        if given is None:
            return not required
        known = truth(given)
        return UNKNOWN if known is None else known

    def _generated(self, value: Value) -> Generated | None:
        if not isinstance(value, CallValue):
            return None
        persisted = value.argument(1, "persisted")
        known = truth(persisted) if persisted is not None and persisted != Constant(None) else None
        return Generated(self.expression(value.argument(0, "sqltext")), UNKNOWN if known is None else known)

    def default(self, value: Value | None) -> Expression | Unknown | None:
        """What `server_default=` renders: a str is quoted, text() and func.*() are not."""
        match value:
            case None | Constant(None):
                return None
            case Text(value=text) if value.known:
                quoted = text.replace("'", "''")
                return Expression(f"'{quoted}'", literal=text)
            case Constant(known):
                return Expression(str(known).lower(), literal=str(known).lower())
            case Attribute(name="value", owner=Text(value=text) as owner) if owner.known:
                return Expression(f"'{text}'", literal=text)
            case Attribute(name="name", owner=Text()):
                return UNKNOWN  # the name of a member of an Enum, of which only the value is known here
            case CallValue(function=Symbol(name="FetchedValue" | "Sequence")):
                return UNKNOWN
        found = self.expression(value)
        return UNKNOWN if found.sql == "" else found

    def expression(self, value: Value | None) -> Expression:
        """An SQL expression: text, text(), func.*(), true(), null(), a literal; empty SQL where it cannot be told."""
        match value:
            case Text(value=text):
                return reader.read_expression(text, self.dialect)
            case CallValue(
                function=Symbol(name="text" | "literal_column" | "DDL" | "DefaultClause"),
                arguments=[Text(value=text), *_],
            ):
                return reader.read_expression(text, self.dialect)
            case CallValue(function=Symbol(name="true" | "false" | "null" as name)):
                return Expression(name, literal=None if name == "null" else name)
            case Symbol(name="true" | "false" | "null" as name):
                return Expression(name)
            case CallValue(function=Symbol(path=path), arguments=arguments) if ".func." in path or path.startswith(
                "sqlalchemy.func"
            ):
                return self._function(path.rpartition(".")[2], arguments)
            case CallValue(function=Symbol(name="literal" | "cast" | "type_coerce"), arguments=[first, *_]):
                return (
                    self.expression(first)
                    if not isinstance(first, Text)
                    else Expression(repr(first.shown), literal=first.value if first.known else None)
                )
            case Constant(known) if known is not None:
                return Expression(str(known).lower(), literal=str(known).lower())
            case CallValue(function=Attribute(owner=owner, name="isnot" | "is_not"), arguments=(Constant(None),)) if (
                tested := _column_names((owner,))
            ):
                return reader.read_expression(f'"{tested[0]}" IS NOT NULL', self.dialect)
            case CallValue(function=Attribute(owner=owner, name="op" | "bindparams" | "self_group" | "label")):
                return self.expression(owner)
        return Expression("", functions=UNKNOWN)

    def _function(self, name: str, arguments: tuple[Value, ...]) -> Expression:
        if self.dialect == "sqlite" and name.lower() == "now":
            # SQLAlchemy renders func.now() so there: SQLite has no function of that name.
            return Expression("CURRENT_TIMESTAMP", functions=("current_timestamp",))
        inner = [
            self.expression(one) if not isinstance(one, Text) else Expression(repr(one.shown)) for one in arguments
        ]
        called = [one.functions for one in inner if not isinstance(one.functions, Unknown)]
        functions = (name.lower(), *chain(*called)) if len(called) == len(inner) else UNKNOWN
        return Expression(f"{name}({', '.join(one.sql or '...' for one in inner)})", functions=functions)

    # --- constraints --------------------------------------------------------------------------------------------

    def constraint(self, made: CallValue) -> Constraint | None:
        """A table constraint; None where it is none that we know."""
        given = made.keyword("name") or made.keyword("**")
        name = _optional_name(given)
        found = self._constraint(made, name)
        named = name is None and given not in (None, Constant(None))
        return found and replace(found, named=named, by_convention=is_by_convention(given))

    def _constraint(self, made: CallValue, name: str | None) -> Constraint | None:
        match made.name:
            case "PrimaryKeyConstraint":
                columns = _column_names(made.arguments)
                return Constraint(ConstraintKind.PRIMARY_KEY, name, columns, options=options(made.keyword))
            case "UniqueConstraint":
                columns = _column_names(made.arguments)
                return Constraint(ConstraintKind.UNIQUE, name, columns, options=options(made.keyword))
            case "ForeignKeyConstraint":
                return self._foreign_key_constraint(made, name)
            case "CheckConstraint":
                expression = self.expression(made.argument(0, "sqltext"))
                valid = truth(made.keyword("postgresql_not_valid") or Constant(False)) is not True
                return Constraint(ConstraintKind.CHECK, name, expression.columns, expression=expression, valid=valid)
            case "ExcludeConstraint":
                first = [one.items[0] for one in made.arguments if isinstance(one, Items) and one.items]
                return Constraint(ConstraintKind.EXCLUDE, name, _column_names(first))
        return None

    def _foreign_key_constraint(self, made: CallValue, name: str | None) -> Constraint:
        local, remote = made.argument(0, "columns"), made.argument(1, "refcolumns")
        targets = [_target(one, self.dialect) for one in (remote.items if isinstance(remote, Items) else [])]
        found = [one for one in targets if one is not None]
        return Constraint(
            ConstraintKind.FOREIGN_KEY,
            name,
            _column_names(local.items if isinstance(local, Items) else []),
            references=found[0][0] if found else None,
            in_default_schema=isinstance(remote, Items) and any(_is_default(one, self.dialect) for one in remote.items),
            referenced_columns=tuple(column for _, column in found),
            options=options(made.keyword),
            valid=truth(made.keyword("postgresql_not_valid") or Constant(False)) is not True,
        )

    def _foreign_key(self, made: CallValue, column: str) -> Constraint:
        target = _target(made.argument(0, "column"), self.dialect)
        return Constraint(
            ConstraintKind.FOREIGN_KEY,
            _optional_name(made.keyword("name")),
            (column,),
            references=target[0] if target else None,
            in_default_schema=_is_default(made.argument(0, "column"), self.dialect),
            referenced_columns=(target[1],) if target else (),
            options=options(made.keyword),
            valid=truth(made.keyword("postgresql_not_valid") or Constant(False)) is not True,
            by_convention=is_by_convention(made.keyword("name")),
        )


@dataclass(frozen=True, slots=True)
class ColumnParts:
    """
    A column with what was written inside its Column(...). `spatial_index` is what the index is built on that comes with
    its type, empty where none does. `enum` is the enum's construct, where its type is one. `counts` is what is said of
    autoincrement, None for nothing.
    """

    column: Column
    primary_key: bool
    foreign_keys: tuple[Constraint, ...]
    checks: tuple[Constraint, ...]
    unique: bool
    index: bool
    spatial_index: str
    enum: Value | None
    counts: bool | None
    dialect: str

    def indexes(self, table: Name) -> Iterator[Index]:
        """The indexes that the column brings with it."""
        if self.index:
            name = index_name(table, self.column.name, self.dialect)
            yield Index(name, (self.column.name,), self.unique, by_convention=True)
        if self.spatial_index:
            yield Index(f"idx_{table.name}_{self.column.name}", (self.spatial_index,), False, method="gist")


def index_name(table: Name, column: str, dialect: str) -> str:
    """The name of an index that nobody has named, where no convention of the project's own does."""
    schema = f"{table.schema}_" if table.schema else ""
    return cut(f"ix_{schema}{table.name}_{column}", dialect)


_EXTRAS = frozenset(
    {"ForeignKey", "CheckConstraint", "Identity", "Computed", "Sequence", "FetchedValue", "DefaultClause"}
)


def _name_of(value: Value) -> str:
    return value.name if isinstance(value, CallValue | Symbol) else ""


def _comment(value: Value | None) -> str | Unknown | None:
    if value is None:
        return None
    known = plain(value)
    return known if isinstance(known, str) or value == Constant(None) else UNKNOWN  # type: ignore[return-value]


def _optional_name(value: Value | None) -> str | None:
    """The name that a value gives, None where it gives none, or it is not known."""
    known = plain(value) if value is not None else None
    return known if isinstance(known, str) else None


def _column_names(values: Iterable[Value]) -> tuple[str, ...]:
    return tuple(name for name in map(_column_name, values) if name is not None)


def _column_name(value: Value | None) -> str | None:
    """The name of a column, or an expression in parentheses; None where neither is known."""
    match value:
        case Text():
            return value.value if value.known else None
        case CallValue(name="Column" | "column", arguments=[first, *_]):
            return str(plain(first))
        case CallValue(name="text" | "literal_column", arguments=[Text(shown=sql), *_]):
            return f"({sql})"
        case CallValue(name=name, arguments=arguments, function=function) if name in _ORDERS:
            ordered = arguments[0] if arguments else function.owner if isinstance(function, Attribute) else None
            inner = _column_name(ordered)
            return inner and f"({inner[1:-1] if inner.startswith('(') else inner} {_ORDERS[name]})"
        case Attribute(name=name):
            return name
    return None


def _target(value: Value | None, dialect: str) -> tuple[Name, str] | None:
    """What "schema.table.column" points at."""
    if isinstance(value, Text) and value.known:
        parts = value.value.split(".")
        if len(parts) >= 2:
            return Name(parts[-2], without_default(".".join(parts[:-2]), dialect)), parts[-1]
    if isinstance(value, Attribute) and isinstance(value.owner, Class):
        table = table_of(value.owner, dialect)
        return (table, value.name) if table is not None else None
    return None


def _is_default(value: Value | None, dialect: str) -> bool:
    """Whether "schema.table.column" names the default schema."""
    return (
        isinstance(value, Text)
        and value.known
        and is_default(value.value.rpartition(".")[0].rpartition(".")[0], dialect)
    )


def options(given: Callable[[str], Value | None]) -> tuple[str, ...]:
    """A constraint's clauses in SQL's words, from the arguments of its call."""
    words = []
    for key, clause in (
        ("match", "MATCH"),
        ("onupdate", "ON UPDATE"),
        ("ondelete", "ON DELETE"),
        ("initially", "INITIALLY"),
    ):
        said = given(key) or Constant(None)
        known = plain(said)
        if isinstance(known, str):
            words.append(f"{clause} {known.upper()}")
        elif not isinstance(said, Constant) or (given(key) is None and given("**") is not None):
            words.append(f"{clause} {UNKNOWN_WORD}")
    if truth(given("deferrable") or Constant(False)):
        words.append("DEFERRABLE")
    if truth(given("postgresql_nulls_not_distinct") or Constant(False)):
        words.append("NULLS NOT DISTINCT")
    return tuple(words)


def names(value: Value | None) -> tuple[str, ...] | None:
    """The column names of a list of names, columns or expressions (in parentheses); None where not all are known."""
    if isinstance(value, Text):
        return (value.value,) if value.known else None
    if not isinstance(value, Items) or not value.complete:
        return None
    found = []
    for one in value.items:
        name = _column_name(one)
        if name is None and not isinstance(one, CallValue):
            return None
        found.append(name or "(expression)")
    return tuple(found)
