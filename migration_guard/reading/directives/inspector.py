"""
Calls that look at the schema: those of SQLAlchemy's inspector, and the older ones of a dialect or an engine. What they
give is left to the replay, which knows the schema of that moment.
(https://docs.sqlalchemy.org/en/20/core/reflection.html#sqlalchemy.engine.reflection.Inspector)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from migration_guard.model.guards import Lists, Matches, Relation
from migration_guard.model.listings import Listing
from migration_guard.model.schema import UNKNOWN_SCHEMA, Name
from migration_guard.reading.directives.handles import is_handle
from migration_guard.reading.directives.names import identifier, schema_of
from migration_guard.reading.interpreter.rows import Answer, AskedRow, AskedRows, Cells, Condition
from migration_guard.reading.interpreter.values import Attribute, CallValue, Symbol, Value
from migration_guard.reading.sql.catalogue_queries import has_table

_OF_TABLE = {
    "get_columns": Listing.COLUMNS,
    "get_indexes": Listing.INDEXES,
    "get_pk_constraint": Listing.PRIMARY_KEY,
    "get_foreign_keys": Listing.FOREIGN_KEYS,
    "get_unique_constraints": Listing.UNIQUE,
    "get_check_constraints": Listing.CHECKS,
}
_NAMES = {"get_table_names": Listing.TABLES, "table_names": Listing.TABLES, "get_view_names": Listing.VIEWS}
_HAS = {"has_column": Listing.COLUMNS, "has_index": Listing.INDEXES}
LOOKS = frozenset({"has_table", "get_enums", "clear_cache", *_OF_TABLE, *_NAMES, *_HAS})
"""The methods of an inspector that are read."""
_INSPECTORS = ("Inspector", "Inspector.from_engine")


@dataclass(slots=True)
class Inspections:
    """
    What the inspectors of one function were asked, and how many operations had been asked for by then: an inspector
    keeps each answer, and gives it again however the schema has changed since.
    """

    asked: dict[tuple[Value, str, Name | str | None], int] = field(default_factory=dict)

    def answer(self, made: CallValue, dialect: str, now: int) -> Answer | None:
        """What a call gives that looks at the schema after so many operations; None for any other call."""
        function = made.function
        if not isinstance(function, Attribute):
            return None
        owner, name, arguments = function.owner, function.name, made.arguments
        if isinstance(owner, Attribute) and owner.name == "dialect" and is_handle(owner.owner) and arguments:
            arguments = arguments[1:]  # the connection
        elif not (is_inspector(owner) or (is_handle(owner) and name in ("has_table", "table_names"))):
            return None
        call = _Call(made, arguments, dialect)

        def moment(of: Name | str | None) -> int:
            return self.asked.setdefault((owner, name, of), now) if is_inspector(owner) else now

        if name == "clear_cache":
            self.asked.clear()
        if name == "has_table":
            return call.has_table(moment)
        if name in _NAMES or name == "get_enums":
            return call.of_schema(name, moment)
        return call.of_table(name, moment)


def is_inspector(value: Value) -> bool:
    """Whether this is an inspector of the database that is migrated."""
    match value:
        case CallValue(function=Symbol(path=path), arguments=[first, *_]):
            known = path in ("sqlalchemy.inspect", "sqlalchemy.inspection.inspect") or (
                path.startswith("sqlalchemy.") and path.endswith(_INSPECTORS)
            )
            return known and is_handle(first)
    return False


@dataclass(frozen=True, slots=True)
class _Call:
    made: CallValue
    arguments: tuple[Value, ...]
    dialect: str

    def argument(self, position: int, name: str) -> Value | None:
        return self.arguments[position] if position < len(self.arguments) else self.made.keyword(name)

    def schema(self, position: int) -> str | None:
        return schema_of(self.argument(position, "schema"), self.dialect)

    def table(self, schema_at: int) -> Name | None:
        name, schema = identifier(self.argument(0, "table_name")), self.schema(schema_at)
        return None if name is None or schema == UNKNOWN_SCHEMA else Name(name, schema)

    def has_table(self, moment: Callable[[Name | str | None], int]) -> Answer | None:
        table = self.table(1)
        return None if table is None else Condition(has_table(table, moment(table)))

    def of_schema(self, name: str, moment: Callable[[Name | str | None], int]) -> Answer | None:
        schema = self.schema(0)
        if schema == UNKNOWN_SCHEMA:
            return None
        rows = AskedRows(Lists(_NAMES.get(name, Listing.ENUMS), moment(schema), schema=schema))
        return Cells(rows, "name") if name in _NAMES else rows

    def of_table(self, name: str, moment: Callable[[Name | str | None], int]) -> Answer | None:
        listing = _OF_TABLE.get(name) or _HAS.get(name)
        table = self.table(2 if name in _HAS else 1)
        if listing is None or table is None:
            return None
        rows = AskedRows(Lists(listing, moment(table), table))
        if listing is Listing.PRIMARY_KEY:
            return AskedRow(rows, is_first=True)
        if name not in _HAS:
            return rows
        part = identifier(self.argument(1, "column_name" if name == "has_column" else "index_name"))
        return None if part is None else Condition(rows.exist(Matches("name", Relation.IS, part)))
