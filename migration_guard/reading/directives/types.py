"""SQLAlchemy's types as column types: what each renders to on each dialect."""

from __future__ import annotations

from dataclasses import dataclass, replace

from migration_guard.model.schema import ColumnType
from migration_guard.model.unknown import UNKNOWN, Unknown
from migration_guard.reading.directives.names import schema_of
from migration_guard.reading.directives.package_types import PackageType, package_type
from migration_guard.reading.interpreter.values import (
    Attribute,
    CallValue,
    Class,
    Constant,
    Symbol,
    Text,
    Value,
    plain,
    truth,
)
from migration_guard.reading.sql.reader import read_type

# SQLAlchemy's types, and what PostgreSQL calls them (sqlalchemy/dialects/postgresql/base.py, measured by rendering).
TYPES = {
    "Integer": "integer", "INTEGER": "integer", "INT": "integer", "MEDIUMINT": "integer",
    "BigInteger": "bigint", "BIGINT": "bigint", "SmallInteger": "smallint", "SMALLINT": "smallint",
    "TINYINT": "tinyint",
    "String": "varchar", "VARCHAR": "varchar", "Unicode": "varchar", "NVARCHAR": "varchar",
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
# What MySQL and MariaDB call otherwise (sqlalchemy/dialects/mysql/base.py, measured by rendering). DATETIME and
# TIMESTAMP are two types there: https://dev.mysql.com/doc/refman/8.4/en/datetime.html
_MYSQL = ("mysql", "mariadb")
_IN_MYSQL = {
    "DateTime": "datetime", "DATETIME": "datetime", "Interval": "datetime", "LargeBinary": "blob", "BLOB": "blob",
    "PickleType": "blob", "BINARY": "binary", "VARBINARY": "varbinary",
}  # fmt: skip
_LENGTHS = frozenset({"varchar", "char", "bit", "text"})
_ZONED = {"timestamp": "timestamptz", "time": "timetz"}
_PLAIN_UUID = ColumnType("char", (32,), native=False)


@dataclass(frozen=True, slots=True)
class Types:
    """Reads types for one dialect."""

    dialect: str

    def type(self, value: Value | None) -> ColumnType | Unknown:
        """A column type: the class itself, an instance, or one with variants."""
        match value:
            case Symbol():
                return self._named_type(value, None)
            case Class(name=name):
                return ColumnType(name, known=False)
            case CallValue(function=Symbol(path=path, name="with_variant" as name)) as made:
                # Of an instance that is imported: JsonB.with_variant(...).
                owner: Value = Symbol(path.rpartition(".")[0])
                return self.type(replace(made, function=Attribute(owner, name)))
            case CallValue(function=Attribute(owner=owner, name="with_variant"), arguments=[variant, *dialects]):
                names = [plain(one) for one in dialects]
                ours = "mysql" if self.dialect == "mariadb" and "mariadb" not in names else self.dialect
                return self.type(variant if ours in names else owner)
            case CallValue(function=Attribute(owner=owner)):
                return self.type(owner)
            case CallValue(function=Symbol() as function):
                return self._named_type(function, value)
            case CallValue(function=Class(name=name)):
                return ColumnType(name, known=False)
        return UNKNOWN

    def _named_type(self, symbol: Symbol, made: CallValue | None) -> ColumnType | Unknown:
        name = symbol.name
        if name in ("Enum", "ENUM") and "mysql" not in symbol.path:
            return self._enum(made)
        if name == "ARRAY":
            inner = self.type(made.argument(0, "item_type") if made else None)
            dimensions = plain(made.keyword("dimensions") or Constant(1)) if made else 1
            count = dimensions if isinstance(dimensions, int) else 1
            return inner if isinstance(inner, Unknown) else replace(inner, dimensions=count)
        row = package_type(symbol, made)
        if row is not None:
            return UNKNOWN if isinstance(row, Unknown) else self._of_package(row, made)
        if name not in TYPES or not symbol.path.startswith("sqlalchemy."):
            return ColumnType(name, known=False)
        base = _IN_MYSQL.get(name, TYPES[name]) if self.dialect in _MYSQL else TYPES[name]
        if base == "uuid" and self.dialect != "postgresql":
            return _PLAIN_UUID
        if base == "tinyint" and self.dialect in _MYSQL:
            width = plain(made.argument(0, "display_width") or Constant(None)) if made else None
            return ColumnType("boolean" if width == 1 else base)
        return self._sized(base, name, made or CallValue(symbol))

    def spatial_index(self, value: Value | None, column: str) -> str:
        """
        What the index is built on that GeoAlchemy2 makes with a column of this type (on PostgreSQL it is called
        idx_table_column and is GiST, measured on 0.20.0); empty where it makes none.
        """
        made = value if isinstance(value, CallValue) else None
        symbol = made.function if made is not None else value
        row = package_type(symbol, made) if isinstance(symbol, Symbol) and self.dialect == "postgresql" else None
        return row.own_index(made, column) if isinstance(row, PackageType) else ""

    def _of_package(self, row: PackageType, made: CallValue | None) -> ColumnType | Unknown:
        instead = row.argument(made, row.impl)
        if row.impl and instead is not None:
            return self.type(instead)
        sql = row.sql(self.dialect, made)
        if sql is None:
            return UNKNOWN
        found = read_type(sql, self.dialect)
        return replace(found, name=TYPES.get(found.name.upper(), found.name))

    def _sized(self, base: str, name: str, made: CallValue) -> ColumnType | Unknown:
        numbers: tuple[int, ...] = ()
        if base in _LENGTHS or name in ("BINARY", "VARBINARY"):
            length = made.argument(0, "length")
            if length is not None and not isinstance(plain(length), int | None):
                return UNKNOWN
            numbers = _whole(length)
            if base == "varchar" and not numbers and self.dialect in _MYSQL:
                return ColumnType(base, known=False)  # SQLAlchemy refuses it there: "VARCHAR requires a length"
        elif base == "numeric":
            numbers = _whole(made.argument(0, "precision")) + _whole(made.argument(1, "scale"))
        elif base == "double precision" and name in ("Float", "FLOAT"):
            precision = _whole(made.argument(0, "precision"))
            base = "real" if precision and precision[0] <= 24 else base
        elif base in _ZONED or base == "datetime":
            zone = made.argument(0, "timezone")
            if zone is not None and truth(zone) is None:
                return UNKNOWN
            base = _ZONED[base] if zone is not None and truth(zone) and self.dialect not in _MYSQL else base
            numbers = _whole(made.argument(1, "precision") or made.keyword("fsp"))
        elif base == "bit" and truth(made.argument(1, "varying") or Constant(False)):
            return ColumnType("varbit", _whole(made.argument(0, "length")))
        elif base == "uuid" and truth(made.keyword("native_uuid") or Constant(True)) is False:
            return _PLAIN_UUID
        collation = plain(made.keyword("collation") or Constant(None))
        return ColumnType(base, numbers, collation=collation if isinstance(collation, str) else None)

    def _enum(self, made: CallValue | None) -> ColumnType | Unknown:
        if made is None:
            return UNKNOWN
        first = made.arguments[0] if made.arguments else None
        given = plain(made.keyword("name") or Constant(None))
        if isinstance(first, Class):
            listed, complete = tuple(first.names), True
            given = given or first.name.lower()
        else:
            listed = tuple(item.value for item in made.arguments if isinstance(item, Text) and item.known)
            complete = len(listed) == len(made.arguments)
        labels = listed if complete else UNKNOWN
        native = truth(made.keyword("native_enum") or Constant(True)) is not False
        if not native or self.dialect == "sqlite":
            if isinstance(labels, Unknown):
                return UNKNOWN
            length = plain(made.keyword("length") or Constant(None))
            size = length if isinstance(length, int) else max(map(len, labels), default=0)
            return ColumnType("varchar", (size,), labels=labels, native=False)
        if self.dialect in _MYSQL:
            return ColumnType("enum", labels=labels or UNKNOWN, is_enum=True)
        if not isinstance(given, str):
            return UNKNOWN
        schema = schema_of(made.keyword("schema"), self.dialect)
        return ColumnType(
            given,
            schema=schema,
            labels=labels or UNKNOWN,
            is_enum=True,
        )


def _whole(value: Value | None) -> tuple[int, ...]:
    known = plain(value) if value is not None else None
    return (known,) if isinstance(known, int) else ()
