"""
What the types of packages render: asks the packages themselves and writes `package_types.tsv`, which the tests read.
No part of the tests, since it needs the packages:

    pip install -r tests/renderings/requirements.txt
    python tests/renderings/package_types.py
"""

from __future__ import annotations

import warnings
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import CompileError, UnsupportedCompilationError

WRITTEN = Path(__file__).with_suffix(".tsv")
DIALECTS = ("postgresql", "mysql", "sqlite")
PACKAGES = {
    "sqlmodel": "sqlmodel.sql.sqltypes",
    "fastapi-users-db-sqlalchemy": "fastapi_users_db_sqlalchemy.generics",
    "advanced-alchemy": "advanced_alchemy.types",
    "sqlalchemy-utils": "sqlalchemy_utils",
    "geoalchemy2": "geoalchemy2",
    "pgvector": "pgvector.sqlalchemy",
}
EXPRESSIONS = """
sqlmodel.AutoString()
sqlmodel.sql.sqltypes.AutoString(length=50)
sqlmodel.AutoString(50)
fastapi_users_db_sqlalchemy.generics.GUID()
fastapi_users_db_sqlalchemy.generics.TIMESTAMPAware(timezone=True)
fastapi_users_db_sqlalchemy.generics.TIMESTAMPAware()
advanced_alchemy.types.GUID()
advanced_alchemy.types.guid.GUID(length=16)
advanced_alchemy.types.GUID(binary=False)
advanced_alchemy.types.DateTimeUTC(timezone=True)
advanced_alchemy.types.JsonB
advanced_alchemy.types.BigIntIdentity
advanced_alchemy.types.EncryptedString()
advanced_alchemy.types.EncryptedString(key="a", length=50)
advanced_alchemy.types.EncryptedText()
advanced_alchemy.types.PasswordHash(backend=None)
advanced_alchemy.types.PasswordHash(backend=None, length=60)
advanced_alchemy.types.StoredObject("documents")
advanced_alchemy.types.Vector(3)
advanced_alchemy.types.TOTPSecret(key="a")
advanced_alchemy.types.OneTimeCode(backend=None)
advanced_alchemy.types.Bool()
sqlalchemy_utils.ArrowType()
sqlalchemy_utils.ArrowType(timezone=True)
sqlalchemy_utils.ChoiceType([("a", "A")])
sqlalchemy_utils.ChoiceType([(1, "A")], impl=sa.Integer())
sqlalchemy_utils.ColorType()
sqlalchemy_utils.ColorType(30)
sqlalchemy_utils.types.color.ColorType(length=20)
sqlalchemy_utils.CountryType()
sqlalchemy_utils.CurrencyType()
sqlalchemy_utils.EmailType()
sqlalchemy_utils.types.email.EmailType(length=100)
sqlalchemy_utils.EncryptedType(sa.Unicode, "key")
sqlalchemy_utils.types.encrypted.encrypted_type.StringEncryptedType(sa.Unicode, "key", length=255)
sqlalchemy_utils.StringEncryptedType(sa.Unicode, "key")
sqlalchemy_utils.EnrichedDateTimeType()
sqlalchemy_utils.EnrichedDateTimeType(timezone=True)
sqlalchemy_utils.EnrichedDateType()
sqlalchemy_utils.IPAddressType()
sqlalchemy_utils.types.ip_address.IPAddressType(length=50)
sqlalchemy_utils.types.json.JSONType()
sqlalchemy_utils.LocaleType()
sqlalchemy_utils.LtreeType()
sqlalchemy_utils.types.password.PasswordType(max_length=1094)
sqlalchemy_utils.PhoneNumberType()
sqlalchemy_utils.types.phone_number.PhoneNumberType(length=20)
sqlalchemy_utils.PhoneNumberType("GB", 30)
sqlalchemy_utils.IntRangeType()
sqlalchemy_utils.Int8RangeType()
sqlalchemy_utils.NumericRangeType()
sqlalchemy_utils.DateRangeType()
sqlalchemy_utils.DateTimeRangeType()
sqlalchemy_utils.ScalarListType()
sqlalchemy_utils.TimezoneType(backend="zoneinfo")
sqlalchemy_utils.TSVectorType("name", "content")
sqlalchemy_utils.types.ts_vector.TSVectorType()
sqlalchemy_utils.URLType()
sqlalchemy_utils.UUIDType()
sqlalchemy_utils.types.uuid.UUIDType(binary=False)
sqlalchemy_utils.UUIDType(False)
sqlalchemy_utils.UUIDType(native=False)
sqlalchemy_utils.UUIDType(binary=False, native=False)
sqlalchemy_utils.WeekDaysType()
geoalchemy2.Geometry()
geoalchemy2.types.Geometry(geometry_type="POINT", srid=4326, from_text="ST_GeomFromEWKT", name="geometry")
geoalchemy2.Geometry("POLYGON", 3857)
geoalchemy2.Geometry(geometry_type=None)
geoalchemy2.Geography("POINT", srid=4326)
geoalchemy2.types.Raster(spatial_index=False, from_text="raster", name="raster")
pgvector.sqlalchemy.Vector()
pgvector.sqlalchemy.Vector(3)
pgvector.sqlalchemy.vector.VECTOR(dim=1536)
pgvector.sqlalchemy.HALFVEC(3)
pgvector.sqlalchemy.BIT(3)
pgvector.sqlalchemy.SPARSEVEC(5)
""".strip().splitlines()


def main() -> None:
    """Write each expression with what it renders on each dialect, nothing where the package refuses to."""
    warnings.simplefilter("ignore")
    names = {"sa": sa}
    for module in PACKAGES.values():
        import_module(module)
        names[module.partition(".")[0]] = import_module(module.partition(".")[0])
    versions = ", ".join(f"{package} {version(package)}" for package in ("sqlalchemy", *PACKAGES))
    rows = [f"# {versions}", "\t".join(("expression", *DIALECTS))]
    for expression in EXPRESSIONS:
        type_ = eval(expression, names)
        rows.append("\t".join((expression, *(rendered(type_, dialect) for dialect in DIALECTS))))
    WRITTEN.write_text("\n".join(rows) + "\n", encoding="utf-8")


def rendered(type_: sa.types.TypeEngine[object], dialect: str) -> str:
    """What a type renders on a dialect; empty where it does not."""
    try:
        return str(type_.compile(dialect=import_module(f"sqlalchemy.dialects.{dialect}").dialect()))
    except (CompileError, UnsupportedCompilationError):
        return ""


if __name__ == "__main__":
    main()
