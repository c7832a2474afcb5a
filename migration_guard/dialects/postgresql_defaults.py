"""
Which defaults PostgreSQL refuses for a column, and which it takes for good at once: measured, not guessed.

A number or a boolean does not turn into another type by itself; a text in quotes is read as a value of the type.
(https://www.postgresql.org/docs/18/typeconv-query.html; the tests ask a real server)
"""

from __future__ import annotations

import json
import re
from uuid import UUID

from migration_guard.dialects.postgresql_functions import names
from migration_guard.dialects.postgresql_types import BUILT_IN, NUMBERS, STRINGS, casts_by_itself, is_enum, name_of
from migration_guard.model.schema import ColumnType, Expression
from migration_guard.model.unknown import Unknown

_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)")
_WHOLE = re.compile(r"\s*[-+]?(?:\d[\d_]*|0[xobXOB][\da-fA-F_]+)\s*")
_REAL = re.compile(
    r"\s*[-+]?(?:(?:\d[\d_]*\.?\d*|\.\d+)(?:e[-+]?\d+)?|nan|inf(?:inity)?|0[xob][\da-f_]+)\s*", re.IGNORECASE
)
_QUOTED = re.compile(r"'(?:[^']|'')*'")
_BOOLEANS = names("true false t f tr tru fa fal fals yes no y n ye on off of 1 0")
_INTEGERS = frozenset(("smallint", "integer", "bigint", "oid"))
# Bits take a number; into ranges and geometry nobody writes one.
_TAKE_NUMBERS = NUMBERS | STRINGS | {"bit", "varbit"}
MOMENTS = names("date time timetz timestamp timestamptz")
# What PostgreSQL reads as a moment, once, when it reads the default.
# https://www.postgresql.org/docs/18/datatype-datetime.html#DATATYPE-DATETIME-SPECIAL-VALUES
_NOW = re.compile(r"\s*(?:now|today|tomorrow|yesterday)\s*(?:\(\s*\))?\s*", re.IGNORECASE)
_CALL = re.compile(
    r"\s*(?:(?:now|clock_timestamp|statement_timestamp|transaction_timestamp|gen_random_uuid|uuid_generate_v\d\w*|uuidv\d)"
    r"\s*\(\s*\)|current_timestamp|current_date|current_time|localtimestamp|localtime)\s*(?:\(\s*\d*\s*\))?\s*",
    re.IGNORECASE,
)


def is_quoted(default: Expression) -> bool:
    """Whether the default is a plain text in quotes."""
    return _QUOTED.fullmatch(default.sql.strip()) is not None and default.literal is not None


def is_quoted_call(type: ColumnType, default: Expression) -> bool:
    """Whether a call, or a word that stands for one, was put in quotes, for a column of moments or of UUIDs."""
    if not is_quoted(default) or type.dimensions or not type.known or default.literal is None:
        return False
    name = name_of(type)
    if name in MOMENTS:
        return bool(_NOW.fullmatch(default.literal) or _CALL.fullmatch(default.literal))
    return name == "uuid" and type.native and _CALL.fullmatch(default.literal) is not None


def is_frozen(type: ColumnType, default: Expression) -> bool:
    """Whether PostgreSQL takes a text in quotes for the moment at which it reads it."""
    return name_of(type) in MOMENTS and default.literal is not None and _NOW.fullmatch(default.literal) is not None


def refused_default(type: ColumnType, default: Expression) -> str | None:
    """Why PostgreSQL refuses the default of a column of this type, in words; None where it takes it, or who knows."""
    name, sql, value = name_of(type), default.sql.strip(), default.literal
    if not type.known or not (is_enum(type) or name in BUILT_IN):
        return None
    shown = f"{type}"
    if _NUMBER.fullmatch(sql):
        refused = bool(type.dimensions) or is_enum(type) or name not in _TAKE_NUMBERS
        return f"{sql} is a number, and the column a {shown}" if refused else None
    if sql.lower() in ("true", "false"):
        refused = bool(type.dimensions) or is_enum(type) or name not in STRINGS | {"boolean"}
        return f"{sql} is a boolean, and the column of type {shown}" if refused else None
    if type.dimensions or value is None or not is_quoted(default) or is_quoted_call(type, default):
        return None
    return f"'{value}' is no {shown}" if not _reads(type, name, value) else None


def _reads(type: ColumnType, name: str, value: str) -> bool:
    """Whether PostgreSQL reads a text in quotes as a value of the type, as far as we know the type."""
    if is_enum(type):
        return isinstance(type.labels, Unknown) or not type.labels or value in type.labels
    if name == "boolean":
        return value.strip().lower() in _BOOLEANS
    if name in _INTEGERS:
        return _WHOLE.fullmatch(value) is not None
    if name in ("numeric", "real", "double precision"):
        return _REAL.fullmatch(value) is not None
    if name == "uuid" and type.native:
        return _is(UUID, value.strip())
    return name not in ("json", "jsonb") or _is(json.loads, value)


def _is(reader: object, value: str) -> bool:
    try:
        reader(value)  # type: ignore[operator]
    except ValueError:
        return False
    return True


def loses_default(old: ColumnType, new: ColumnType, default: Expression) -> bool:
    """
    Whether a default stands in the way of a change of type: USING is for the rows alone, the default has to turn into
    the new type by itself. (https://www.postgresql.org/docs/18/sql-altertable.html)
    """
    sql = default.sql.strip()
    before = name_of(old)
    own = (
        is_quoted(default)
        or (_NUMBER.fullmatch(sql) and before in NUMBERS)
        or (sql.lower() in ("true", "false") and before == "boolean")
    )
    return bool(own) and casts_by_itself(old, new) is False
