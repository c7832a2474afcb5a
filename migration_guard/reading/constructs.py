"""SQLAlchemy's constructs as schema facts: Column, types, constraints, defaults. Knows what SQLAlchemy renders for each dialect."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from migration_guard.model.schema import (
    UNKNOWN,
    Column,
    ColumnType,
    Constraint,
    ConstraintKind,
    Expression,
    Generated,
    Name,
)
from migration_guard.model.schema import (
    Unknown as NotKnown,
)
from migration_guard.reading import sql
from migration_guard.reading.values import (
    Attribute,
    Class,
    Constant,
    Items,
    Made,
    Symbol,
    Text,
    Value,
    plain,
    truth,
)

# SQLAlchemy's types, and what PostgreSQL calls them (sqlalchemy/dialects/postgresql/base.py, measured by rendering).
TYPES = {
    "Integer": "integer", "INTEGER": "integer", "INT": "integer", "MEDIUMINT": "integer",
    "BigInteger": "bigint", "BIGINT": "bigint", "SmallInteger": "smallint", "SMALLINT": "smallint", "TINYINT": "tinyint",
    "String": "varchar", "VARCHAR": "varchar", "Unicode": "varchar", "NVARCHAR": "varchar", "AutoString": "varchar",
    "CHAR": "char", "NCHAR": "char", "Text": "text", "TEXT": "text", "UnicodeText": "text", "CLOB": "text",
    "LONGTEXT": "longtext", "MEDIUMTEXT": "mediumtext", "TINYTEXT": "tinytext",
    "Boolean": "boolean", "BOOLEAN": "boolean", "Float": "double precision", "FLOAT": "double precision",
    "Double": "double precision", "DOUBLE": "double precision", "DOUBLE_PRECISION": "double precision", "REAL": "real",
    "Numeric": "numeric", "NUMERIC": "numeric", "DECIMAL": "numeric", "Date": "date", "DATE": "date",
    "DateTime": "timestamp", "DATETIME": "timestamp", "TIMESTAMP": "timestamp", "Time": "time", "TIME": "time",
    "Interval": "interval", "INTERVAL": "interval", "LargeBinary": "bytea", "BYTEA": "bytea", "BLOB": "bytea",
    "PickleType": "bytea", "BINARY": "bytea", "VARBINARY": "bytea", "LONGBLOB": "longblob", "MEDIUMBLOB": "mediumblob",
    "JSON": "json", "JSONB": "jsonb", "Uuid": "uuid", "UUID": "uuid", "HSTORE": "hstore", "TSVECTOR": "tsvector",
    "TSQUERY": "tsquery", "INET": "inet", "CIDR": "cidr", "MACADDR": "macaddr", "MACADDR8": "macaddr8", "BIT": "bit",
    "CITEXT": "citext", "MONEY": "money", "OID": "oid", "REGCLASS": "regclass", "INT4RANGE": "int4range",
    "INT8RANGE": "int8range", "NUMRANGE": "numrange", "DATERANGE": "daterange", "TSRANGE": "tsrange",
    "TSTZRANGE": "tstzrange", "YEAR": "year", "XML": "xml", "SET": "set",
}  # fmt: skip
_LENGTHS = frozenset({"varchar", "char", "bit", "text"})
_ZONED = {"timestamp": "timestamptz", "time": "timetz"}
_PLAIN_UUID = ColumnType("char", (32,), native=False)
_SERIAL = frozenset({"integer", "bigint", "smallint"})


@dataclass(frozen=True, slots=True)
class Constructs:
    """Reads constructs for one dialect."""

    dialect: str

    # --- types --------------------------------------------------------------------------------------------------

    def type(self, value: Value | None) -> ColumnType | NotKnown:
        """A column type: the class itself, an instance, or one with variants."""
        match value:
            case Symbol():
                return self._named_type(value, None)
            case Class(name=name):
                return ColumnType(name, known=False)
            case Made(function=Attribute(owner=owner, name="with_variant"), arguments=[variant, *dialects]):
                names = [plain(one) for one in dialects]
                ours = "mysql" if self.dialect == "mariadb" and "mariadb" not in names else self.dialect
                return self.type(variant if ours in names else owner)
            case Made(function=Attribute(owner=owner)):
                return self.type(owner)
            case Made(function=Symbol() as function):
                return self._named_type(function, value)
            case Made(function=Class(name=name)):
                return ColumnType(name, known=False)
        return UNKNOWN

    def _named_type(self, symbol: Symbol, made: Made | None) -> ColumnType | NotKnown:
        name = symbol.name
        if name in ("Enum", "ENUM") and "mysql" not in symbol.path:
            return self._enum(symbol, made)
        if name == "ARRAY":
            inner = self.type(made.argument(0, "item_type") if made else None)
            dimensions = plain(made.keyword("dimensions") or Constant(1)) if made else 1
            count = dimensions if isinstance(dimensions, int) else 1
            return inner if inner is UNKNOWN else replace(inner, dimensions=count)
        if name not in TYPES or not symbol.path.startswith(("sqlalchemy", "sqlmodel", "geoalchemy2")):
            return ColumnType(name, known=False)
        base = TYPES[name]
        if base == "uuid" and self.dialect != "postgresql":
            return _PLAIN_UUID
        if base == "tinyint" and self.dialect in ("mysql", "mariadb"):
            width = plain(made.argument(0, "display_width") or Constant(None)) if made else None
            return ColumnType("boolean" if width == 1 else base)
        if made is None:
            return ColumnType(base)
        return self._sized(base, name, made)

    def _sized(self, base: str, name: str, made: Made) -> ColumnType | NotKnown:
        numbers: tuple[int, ...] = ()
        if base in _LENGTHS or name in ("BINARY", "VARBINARY"):
            length = made.argument(0, "length")
            if length is not None and not isinstance(plain(length), int | None):
                return UNKNOWN
            numbers = _whole(length)
        elif base == "numeric":
            numbers = _whole(made.argument(0, "precision")) + _whole(made.argument(1, "scale"))
        elif base == "double precision" and name in ("Float", "FLOAT"):
            precision = _whole(made.argument(0, "precision"))
            base = "real" if precision and precision[0] <= 24 else base
        elif base in _ZONED:
            zone = made.argument(0, "timezone")
            if zone is not None and truth(zone) is None:
                return UNKNOWN
            base = _ZONED[base] if zone is not None and truth(zone) else base
            numbers = _whole(made.argument(1, "precision") or made.keyword("fsp"))
        elif base == "bit" and truth(made.argument(1, "varying") or Constant(False)):
            return ColumnType("varbit", _whole(made.argument(0, "length")))
        elif base == "uuid" and truth(made.keyword("native_uuid") or Constant(True)) is False:
            return _PLAIN_UUID
        collation = plain(made.keyword("collation") or Constant(None))
        return ColumnType(base, numbers, collation=collation if isinstance(collation, str) else None)

    def _enum(self, symbol: Symbol, made: Made | None) -> ColumnType | NotKnown:
        if made is None:
            return UNKNOWN
        labels: tuple[str, ...] | None = tuple(item.value for item in made.arguments if isinstance(item, Text))
        first = made.arguments[0] if made.arguments else None
        given = plain(made.keyword("name") or Constant(None))
        if isinstance(first, Class):
            labels = tuple(first.names)
            given = given or first.name.lower()
        elif labels is not None and len(labels) != len(made.arguments):
            labels = None
        native = truth(made.keyword("native_enum") or Constant(True)) is not False
        if not native or self.dialect == "sqlite":
            if labels is None:
                return UNKNOWN
            length = plain(made.keyword("length") or Constant(None))
            size = length if isinstance(length, int) else max(map(len, labels), default=0)
            return ColumnType("varchar", (size,), labels=labels, native=False)
        if self.dialect in ("mysql", "mariadb"):
            return ColumnType("enum", labels=labels, is_enum=True)
        if not isinstance(given, str):
            return UNKNOWN
        schema = plain(made.keyword("schema") or Constant(None))
        return ColumnType(
            given,
            schema=_schema(schema),
            labels=labels or None,
            is_enum=True,
        )

    # --- columns ------------------------------------------------------------------------------------------------

    def column(self, made: Made, table: Name) -> ColumnParts | None:
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
        serial = (
            primary
            and not identity
            and not foreign
            and column_type is not UNKNOWN
            and column_type.name in _SERIAL
            and made.keyword("server_default") is None
            and (automatic is None or automatic == Text("auto") or truth(automatic) is True)
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
            tuple(self._foreign_key(one, name.value, table) for one in foreign if isinstance(one, Made)),
            tuple(
                found
                for one in extras
                if isinstance(one, Made) and one.name == "CheckConstraint" and (found := self.constraint(one, table))
            ),
            truth(made.keyword("unique") or Constant(False)) is True,
            truth(made.keyword("index") or Constant(False)) is True,
            given if column_type is not UNKNOWN and column_type.is_enum else None,
        )

    def _nullable(self, made: Made, required: bool) -> bool | NotKnown:
        given = made.keyword("nullable")
        if given is None:
            return not required
        known = truth(given)
        return UNKNOWN if known is None else known

    def _generated(self, value: Value) -> Generated | None:
        if not isinstance(value, Made):
            return None
        persisted = value.argument(1, "persisted")
        known = truth(persisted) if persisted is not None and persisted != Constant(None) else None
        return Generated(self.expression(value.argument(0, "sqltext")), UNKNOWN if known is None else known)

    def default(self, value: Value | None) -> Expression | NotKnown | None:
        """What `server_default=` renders: a str is quoted, text() and func.*() are not."""
        match value:
            case None | Constant(None):
                return None
            case Text(value=text) if value.known:
                quoted = text.replace("'", "''")
                return Expression(f"'{quoted}'", literal=text)
            case Constant(known):
                return Expression(str(known).lower(), literal=str(known).lower())
            case Attribute(name="name" | "value", owner=Text(value=text)):
                return Expression(f"'{text}'", literal=text)
            case Made(function=Symbol(name="FetchedValue" | "Sequence")):
                return UNKNOWN
        found = self.expression(value)
        return UNKNOWN if found.sql == "" else found

    def expression(self, value: Value | None) -> Expression:
        """An SQL expression: text, text(), func.*(), true(), null(), a literal; empty SQL where it cannot be told."""
        match value:
            case Text(value=text):
                return sql.read_expression(text, self.dialect)
            case Made(
                function=Symbol(name="text" | "literal_column" | "DDL" | "DefaultClause"),
                arguments=[Text(value=text), *_],
            ):
                return sql.read_expression(text, self.dialect)
            case Made(function=Symbol(name="true" | "false" | "null" as name)):
                return Expression(name, literal=None if name == "null" else name)
            case Symbol(name="true" | "false" | "null" as name):
                return Expression(name)
            case Made(function=Symbol(path=path), arguments=arguments) if ".func." in path or path.startswith(
                "sqlalchemy.func"
            ):
                return self._function(path.rpartition(".")[2], arguments)
            case Made(function=Symbol(name="literal" | "cast" | "type_coerce"), arguments=[first, *_]):
                return (
                    self.expression(first)
                    if not isinstance(first, Text)
                    else Expression(repr(first.value), literal=first.value)
                )
            case Constant(known) if known is not None:
                return Expression(str(known).lower(), literal=str(known).lower())
            case Made(function=Attribute(owner=owner, name="op" | "bindparams" | "self_group" | "label")):
                return self.expression(owner)
        return Expression("", functions=None)

    def _function(self, name: str, arguments: tuple[Value, ...]) -> Expression:
        inner = [
            self.expression(one) if not isinstance(one, Text) else Expression(repr(one.value)) for one in arguments
        ]
        functions: tuple[str, ...] | None = (name.lower(),)
        for one in inner:
            functions = None if functions is None or one.functions is None else functions + one.functions
        return Expression(f"{name}({', '.join(one.sql for one in inner)})", functions=functions)

    # --- constraints --------------------------------------------------------------------------------------------

    def constraint(self, made: Made, table: Name) -> Constraint | None:
        """A table constraint; None where it is none that we know."""
        name = _optional_name(made.keyword("name"))
        match made.name:
            case "PrimaryKeyConstraint":
                return Constraint(ConstraintKind.PRIMARY_KEY, name, _column_names(made.arguments))
            case "UniqueConstraint":
                return Constraint(ConstraintKind.UNIQUE, name, _column_names(made.arguments))
            case "ForeignKeyConstraint":
                return self._foreign_key_constraint(made, name, table)
            case "CheckConstraint":
                expression = self.expression(made.argument(0, "sqltext"))
                valid = truth(made.keyword("postgresql_not_valid") or Constant(False)) is not True
                return Constraint(ConstraintKind.CHECK, name, expression.columns, expression=expression, valid=valid)
            case "ExcludeConstraint":
                columns = [one.items[0] for one in made.arguments if isinstance(one, Items) and one.items]
                return Constraint(ConstraintKind.EXCLUDE, name, _column_names(columns))
        return None

    def _foreign_key_constraint(self, made: Made, name: str | None, table: Name) -> Constraint:
        local, remote = made.argument(0, "columns"), made.argument(1, "refcolumns")
        targets = [_target(one, self.dialect) for one in (remote.items if isinstance(remote, Items) else [])]
        found = [one for one in targets if one is not None]
        return Constraint(
            ConstraintKind.FOREIGN_KEY,
            name,
            _column_names(local.items if isinstance(local, Items) else []),
            references=found[0][0] if found else None,
            referenced_columns=tuple(column for _, column in found),
            options=options(made.keyword),
            valid=truth(made.keyword("postgresql_not_valid") or Constant(False)) is not True,
        )

    def _foreign_key(self, made: Made, column: str, table: Name) -> Constraint:
        target = _target(made.argument(0, "column"), self.dialect)
        return Constraint(
            ConstraintKind.FOREIGN_KEY,
            _optional_name(made.keyword("name")),
            (column,),
            references=target[0] if target else None,
            referenced_columns=(target[1],) if target else (),
            options=options(made.keyword),
            valid=truth(made.keyword("postgresql_not_valid") or Constant(False)) is not True,
        )


@dataclass(frozen=True, slots=True)
class ColumnParts:
    """A column with what was written inside its Column(...). `enum` is the enum's construct, where its type is one."""

    column: Column
    primary_key: bool
    foreign_keys: tuple[Constraint, ...]
    checks: tuple[Constraint, ...]
    unique: bool
    index: bool
    enum: Value | None


_EXTRAS = frozenset(
    {"ForeignKey", "CheckConstraint", "Identity", "Computed", "Sequence", "FetchedValue", "DefaultClause"}
)


def _name_of(value: Value) -> str:
    return value.name if isinstance(value, Made | Symbol) else ""


def _whole(value: Value | None) -> tuple[int, ...]:
    known = plain(value) if value is not None else None
    return (known,) if isinstance(known, int) else ()


def _comment(value: Value | None) -> str | NotKnown | None:
    if value is None:
        return None
    known = plain(value)
    return known if isinstance(known, str) or value == Constant(None) else UNKNOWN  # type: ignore[return-value]


def _schema(name: object, dialect: str = "postgresql") -> str | None:
    return name if isinstance(name, str) and name != "public" else None


def _optional_name(value: Value | None) -> str | None:
    known = plain(value) if value is not None else None
    return known if isinstance(known, str) and (not isinstance(value, Text) or value.known) else None


def _column_names(values: Iterator[Value] | tuple[Value, ...] | list[Value]) -> tuple[str, ...]:
    names = []
    for value in values:
        if isinstance(value, Text):
            names.append(value.value)
        elif isinstance(value, Made) and value.name in ("Column", "column") and value.arguments:
            names.append(str(plain(value.arguments[0])))
        elif isinstance(value, Attribute):
            names.append(value.name)
        elif isinstance(value, Made) and value.name == "text" and isinstance(value.arguments[0], Text):
            names.append(f"({value.arguments[0].value})")
    return tuple(names)


def _target(value: Value | None, dialect: str) -> tuple[Name, str] | None:
    """What "schema.table.column" points at."""
    if isinstance(value, Text) and value.known:
        parts = value.value.split(".")
        if len(parts) >= 2:
            schema = ".".join(parts[:-2]) or None
            return Name(parts[-2], _schema(schema)), parts[-1]
    if isinstance(value, Attribute) and isinstance(value.owner, Class):
        table = value.owner.names.get("__tablename__")
        if isinstance(table, Text):
            return Name(table.value), value.name
    return None


def options(given: Callable[[str], Value | None]) -> tuple[str, ...]:
    """A foreign key's clauses in SQL's words, from the arguments of its call."""
    words = []
    for key, clause in (
        ("match", "MATCH"),
        ("onupdate", "ON UPDATE"),
        ("ondelete", "ON DELETE"),
        ("initially", "INITIALLY"),
    ):
        known = plain(given(key) or Constant(None))
        if isinstance(known, str):
            words.append(f"{clause} {known.upper()}")
    if truth(given("deferrable") or Constant(False)):
        words.append("DEFERRABLE")
    return tuple(words)


def names(value: Value | None) -> tuple[str, ...] | None:
    """The column names of a list of names, columns or expressions (in parentheses); None where not all are known."""
    if isinstance(value, Text):
        return (value.value,) if value.known else None
    if not isinstance(value, Items) or not value.complete:
        return None
    found = _column_names(value.items)
    if len(found) == len(value.items) and not any(isinstance(one, Text) and not one.known for one in value.items):
        return found
    if all(isinstance(one, Text | Made | Attribute) for one in value.items):
        return tuple(found) + ("(expression)",) * (len(value.items) - len(found))
    return None
