"""
The types of the packages that migrations use beside SQLAlchemy's own, and what each renders: a row for each class, as
its package compiles it. `tests/renderings/package_types.py` asks the packages again, and a test holds the rows against
what it wrote.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from migration_guard.model.unknown import Unknown
from migration_guard.reading.interpreter.values import CallValue, Constant, Symbol, Text, Value, truth

_ARGUMENT = re.compile(r"\{(\w+)(?::([\w-]+))?\}")


@dataclass(frozen=True, slots=True)
class PackageType:
    """
    A type class of a package, and the SQL that it becomes on each dialect: MySQL's where that differs from
    PostgreSQL's, and SQLite's where that differs from MySQL's. MariaDB is as MySQL.

    `{length:255}` stands for the argument `length`, and for 255 where none is given. `parameters` are the names of its
    arguments in their order. `when` are the truth values of arguments for which the row holds, where they are given; of
    several rows for a class the first that holds counts. `impl` is the argument that gives another type to take
    instead. `index` is the expression that the GiST index of such a column is built on, unless it is told otherwise.
    """

    name: str
    parameters: str
    postgresql: str
    mysql: str = ""
    sqlite: str = ""
    when: Mapping[str, bool] = field(default_factory=dict)
    impl: str = ""
    index: str = ""

    def argument(self, made: CallValue | None, name: str) -> Value | None:
        """The argument of a call; None where it is not given."""
        if made is None:
            return None
        names = self.parameters.split()
        return made.argument(names.index(name), name) if name in names else made.keyword(name)

    def own_index(self, made: CallValue | None, column: str) -> str:
        """What the index is built on that comes with a column of this type; empty where none does."""
        wanted = self.argument(made, "spatial_index")
        return "" if wanted is not None and truth(wanted) is False else self.index.format(column=column)

    def holds(self, made: CallValue | None) -> bool | None:
        """Whether the row is the one for a call; None where that is decided at run time."""
        held = True
        for name, expected in self.when.items():
            given = self.argument(made, name)
            known = truth(given) if given is not None else None
            if given is not None and known is None:
                return None
            held &= known is expected
        return held

    def sql(self, dialect: str, made: CallValue | None) -> str | None:
        """What it becomes on a dialect; None where an argument that it holds is not known."""
        if dialect == "postgresql":
            template = self.postgresql
        else:
            template = (self.sqlite if dialect == "sqlite" else "") or self.mysql or self.postgresql
        values: dict[str, str] = {}
        for name, default in _ARGUMENT.findall(template):
            match self.argument(made, name):
                case None | Constant(None):
                    values[name] = default
                case Constant(value=int(number)):
                    values[name] = str(number)
                case Text(value=text) as given if given.known and text.isidentifier():
                    values[name] = text
                case _:
                    return None
        return _ARGUMENT.sub(lambda place: values[place[1]], template).replace("()", "")


_STRING = "varchar({length:255})"
_MADE_ELSEWHERE = "varchar(255)"  # what SQLAlchemy-Utils keeps a range in where the database has none
_ZONED = {"timezone": True}
_SHAPE = "geometry_type srid dimension spatial_index"
_ANY_SHAPE = {"geometry_type": False}
_GEOMETRY, _GEOGRAPHY = (f"{kind}({{geometry_type:GEOMETRY}},{{srid:-1}})" for kind in ("geometry", "geography"))

# https://pypi.org/project/sqlmodel/0.0.50, measured.
_SQLMODEL = (PackageType("AutoString", "length", "varchar({length})", _STRING, "varchar({length})"),)
# https://pypi.org/project/fastapi-users-db-sqlalchemy/7.0.0, measured.
_FASTAPI_USERS = (
    PackageType("GUID", "", "uuid", "char(36)"),
    PackageType("TIMESTAMPAware", "timezone", "timestamptz", "timestamp", when=_ZONED),
    PackageType("TIMESTAMPAware", "timezone", "timestamp"),
)
# https://pypi.org/project/advanced-alchemy/1.12.0, measured. Its template sets them on `sa`, and Alembic writes
# `sa.GUID(length=16)`.
_ADVANCED_ALCHEMY = (
    PackageType("GUID", "binary", "uuid", "char(32)", when={"binary": False}),
    PackageType("GUID", "binary", "uuid", "binary(16)"),
    PackageType("DateTimeUTC", "timezone", "timestamptz", "datetime"),
    PackageType("JsonB", "", "jsonb", "json"),
    PackageType("BigIntIdentity", "", "bigint", "bigint", "integer"),
    PackageType("EncryptedString", "key backend length", "varchar", "text", "varchar"),
    PackageType("EncryptedText", "key backend", "text"),
    PackageType("PasswordHash", "backend length", _STRING),
    PackageType("StoredObject", "", "jsonb", "json"),
    PackageType("Vector", "dim", "vector({dim})", "json"),
    PackageType("TOTPSecret", "key backend", "varchar", "text", "varchar"),
    PackageType("OneTimeCode", "", "jsonb", "json"),
    PackageType("Bool", "", "boolean"),
)
# https://pypi.org/project/SQLAlchemy-Utils/0.43.0, measured.
_SQLALCHEMY_UTILS = (
    PackageType("ArrowType", "timezone", "timestamptz", "datetime", when=_ZONED),
    PackageType("ArrowType", "timezone", "timestamp", "datetime"),
    PackageType("ChoiceType", "choices impl", "varchar(255)", impl="impl"),
    PackageType("ColorType", "max_length", "varchar({max_length:20})"),
    PackageType("CountryType", "", "varchar(2)"),
    PackageType("CurrencyType", "", "varchar(3)"),
    PackageType("EmailType", "length", _STRING),
    PackageType("EncryptedType", "", "bytea", "blob"),
    PackageType("StringEncryptedType", "", "varchar({length})"),
    PackageType("EnrichedDateTimeType", "", "timestamptz", "datetime", when=_ZONED),
    PackageType("EnrichedDateTimeType", "", "timestamp", "datetime"),
    PackageType("EnrichedDateType", "", "date"),
    PackageType("IPAddressType", "max_length", "varchar({max_length:50})"),
    PackageType("JSONType", "", "json", "text"),
    PackageType("LocaleType", "", "varchar(10)"),
    PackageType("LtreeType", "", "ltree"),
    PackageType("PasswordType", "max_length", "bytea", "varbinary({max_length})", "blob"),
    PackageType("PhoneNumberType", "region max_length", "varchar({max_length:20})"),
    PackageType("IntRangeType", "", "int4range", _MADE_ELSEWHERE),
    PackageType("Int8RangeType", "", "int8range", _MADE_ELSEWHERE),
    PackageType("NumericRangeType", "", "numrange", _MADE_ELSEWHERE),
    PackageType("DateRangeType", "", "daterange", _MADE_ELSEWHERE),
    PackageType("DateTimeRangeType", "", "tsrange", _MADE_ELSEWHERE),
    PackageType("ScalarListType", "", "text"),
    PackageType("TimezoneType", "", "varchar(50)"),
    PackageType("TSVectorType", "", "tsvector"),
    PackageType("URLType", "", "text"),
    PackageType("UUIDType", "binary native", "char(32)", when={"native": False, "binary": False}),
    PackageType("UUIDType", "binary native", "binary(16)", when={"native": False}),
    PackageType("UUIDType", "binary native", "uuid", "char(32)", when={"binary": False}),
    PackageType("UUIDType", "binary native", "uuid", "binary(16)"),
    PackageType("WeekDaysType", "", "bit(7)", "binary(7)", "varchar(7)"),
)
# https://pypi.org/project/GeoAlchemy2/0.20.0, measured.
_GEOALCHEMY2 = (
    PackageType("Geometry", _SHAPE, "geometry", when=_ANY_SHAPE, index="{column}"),
    PackageType("Geometry", _SHAPE, _GEOMETRY, "{geometry_type:geometry}", _GEOMETRY, index="{column}"),
    PackageType("Geography", _SHAPE, "geography", "geometry", "geography", when=_ANY_SHAPE, index="{column}"),
    PackageType("Geography", _SHAPE, _GEOGRAPHY, "{geometry_type:geometry}", _GEOGRAPHY, index="{column}"),
    PackageType("Raster", "spatial_index", "raster", "geometry", "raster", index="(ST_ConvexHull({column}))"),
)
# https://pypi.org/project/pgvector/0.5.1, measured.
_PGVECTOR = (
    PackageType("Vector", "dim", "vector({dim})"),
    PackageType("VECTOR", "dim", "vector({dim})"),
    PackageType("HALFVEC", "dim", "halfvec({dim})"),
    PackageType("BIT", "length", "bit({length})"),
    PackageType("SPARSEVEC", "dim", "sparsevec({dim})"),
)

_TYPES: dict[str, dict[str, list[PackageType]]] = {}
for _package, _rows in {
    "sqlmodel": _SQLMODEL,
    "fastapi_users_db_sqlalchemy": _FASTAPI_USERS,
    "advanced_alchemy": _ADVANCED_ALCHEMY,
    "sqlalchemy_utils": _SQLALCHEMY_UTILS,
    "geoalchemy2": _GEOALCHEMY2,
    "pgvector": _PGVECTOR,
}.items():
    for _row in _rows:
        _TYPES.setdefault(_package, {}).setdefault(_row.name, []).append(_row)


def package_type(symbol: Symbol, made: CallValue | None) -> PackageType | Unknown | None:
    """
    The row of a class or a call of it; None where it is of no package that is read, Unknown where its arguments
    decide between rows at run time.
    """
    for row in _TYPES.get(symbol.path.partition(".")[0], {}).get(symbol.name, ()):
        holds = row.holds(made)
        if holds is None:
            return Unknown("an argument of the type is decided at run time")
        if holds:
            return row
    return None
