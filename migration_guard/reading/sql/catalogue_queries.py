"""
Queries on the catalogue (`SELECT ... FROM information_schema.columns WHERE table_name = 'pets'`) as what they list.
Knows the usual forms: one source, and conditions joined by AND. What else is asked is not decided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from migration_guard.model.guards import UNDECIDED, Guard, Lists, Matches, Relation, all_of, any_of
from migration_guard.model.listings import Listing
from migration_guard.model.schema import Name
from migration_guard.model.target import without_default
from migration_guard.reading.sql.tokens import BIND, NAME, NUMBER, STRING, WORD, Token, scan

LONGEST_QUERY = 5_000
TABLE, SCHEMA = "table", "schema"


@dataclass(frozen=True, slots=True)
class SchemaQuery:
    """
    What a query lists, and which parts it selects; `given` is what has to hold for there to be any rows. `is_test`
    where it gives true or false (EXISTS), `is_count` where it counts.
    """

    lists: Lists
    given: Guard
    selected: tuple[str, ...] = ()
    is_test: bool = False
    is_count: bool = False


@dataclass(frozen=True, slots=True)
class _Source:
    """A table of the catalogue: what it lists, and what its columns are called in a row of that."""

    listing: Listing
    parts: Mapping[str, str] = field(default_factory=dict)
    also: str | None = None
    """What a row has to be as well: the `type` of a row of sqlite_master."""


_TABLES = {"table_name": "name", "table_schema": SCHEMA}
_COLUMNS = {"table_name": TABLE, "table_schema": SCHEMA, "column_name": "name"}
_CONSTRAINTS = {"table_name": TABLE, "table_schema": SCHEMA, "constraint_name": "name"}
_STATISTICS = {"table_name": TABLE, "table_schema": SCHEMA, "index_name": "name"}
_SOURCES = {
    "information_schema.tables": _Source(Listing.TABLES, _TABLES),
    "information_schema.columns": _Source(Listing.COLUMNS, _COLUMNS),
    "information_schema.table_constraints": _Source(Listing.CONSTRAINTS, _CONSTRAINTS),
    "information_schema.statistics": _Source(Listing.INDEXES, _STATISTICS),
    "information_schema.views": _Source(Listing.VIEWS, _TABLES),
    "pg_indexes": _Source(Listing.INDEXES, {"tablename": TABLE, "schemaname": SCHEMA, "indexname": "name"}),
    "pg_tables": _Source(Listing.TABLES, {"tablename": "name", "schemaname": SCHEMA}),
    "pg_views": _Source(Listing.VIEWS, {"viewname": "name", "schemaname": SCHEMA}),
    "pg_type": _Source(Listing.ENUMS, {"typname": "name"}),
    "pg_constraint": _Source(Listing.CONSTRAINTS, {"conname": "name", "conrelid": TABLE}),
    "sqlite_master": _Source(Listing.TABLES, {"name": "name"}, "table"),
    "sqlite_schema": _Source(Listing.TABLES, {"name": "name"}, "table"),
}
_HERE = ("CURRENT_SCHEMA", "DATABASE", "SCHEMA", "CURRENT_DATABASE")


def read_query(text: str, dialect: str, parameters: Mapping[str, str], after: int) -> SchemaQuery | None:
    """
    What a query on the catalogue lists, asked after so many operations of its function; None for any other statement.
    `parameters` are the values of its bind parameters, as far as they are known.
    """
    if len(text) > LONGEST_QUERY:
        return None
    tokens = [token for token in scan(text, dialect) if token.raw != ";"]
    return _QueryReader(tokens, dialect, parameters, after).query()


def has_table(table: Name, after: int) -> Guard:
    """That there is a table or a view of this name after so many operations."""
    named = Matches("name", Relation.IS, table.name)
    return any_of(*(Lists(one, after, schema=table.schema, where=named) for one in (Listing.TABLES, Listing.VIEWS)))


class _QueryReader:
    def __init__(self, tokens: Sequence[Token], dialect: str, parameters: Mapping[str, str], after: int) -> None:
        self.tokens, self.dialect, self.parameters, self.after = tokens, dialect, parameters, after

    def query(self) -> SchemaQuery | None:
        words = [token.word if token.kind == WORD else token.raw for token in self.tokens]
        match words:
            case ["PRAGMA", "TABLE_INFO" | "TABLE_XINFO", "(", _, ")"]:
                return self.of_table(self.tokens[3])
            case ["SELECT", "EXISTS", "(", *_]:
                end = len(words) - 1 - words[::-1].index(")") if ")" in words else 0
                inner = _QueryReader(self.tokens[3:end], self.dialect, self.parameters, self.after).select()
                return None if inner is None else SchemaQuery(inner.lists, inner.given, is_test=True)
            case ["SELECT", "TO_REGCLASS", "(", _, ")", *rest] if rest in ([], ["IS", "NOT", "NULL"]):
                return self.regclass(self.tokens[3], is_test=bool(rest))
        return self.select()

    def of_table(self, token: Token) -> SchemaQuery:
        table = Name(token.word if token.kind in (NAME, STRING) else token.raw)
        parts = ("", "name", "", "", "", "")
        return SchemaQuery(Lists(Listing.COLUMNS, self.after, table), has_table(table, self.after), parts)

    def regclass(self, token: Token, *, is_test: bool) -> SchemaQuery | None:
        named = self.value(token)
        if named is None:
            return None
        schema, _, name = named.rpartition(".")
        table = Name(name.strip('"'), without_default(schema.strip('"'), self.dialect) if schema else None)
        where = Matches("name", Relation.IS, table.name)
        lists = Lists(Listing.TABLES, self.after, schema=table.schema, where=where)
        return SchemaQuery(lists, all_of(), ("name",), is_test=is_test)

    def select(self) -> SchemaQuery | None:
        words = [token.word if token.kind == WORD else "" for token in self.tokens]
        others = {"JOIN", "UNION", "GROUP", "HAVING", "OFFSET"} & set(words)
        if words[:1] != ["SELECT"] or words.count("SELECT") > 1 or "FROM" not in words or others:
            return None
        begin = words.index("FROM")
        end = words.index("WHERE") if "WHERE" in words else len(words)
        source, alias = self.source(begin + 1, end)
        if source is None:
            return None
        selected = [token for token in self.tokens[1:begin] if token.word not in ("DISTINCT", ",")]
        lists, given = self.where(source, end + 1, alias)
        is_count = "COUNT" in words[1:begin]
        parts = tuple(source.parts.get(token.raw.lower(), token.raw.lower()) for token in selected)
        return SchemaQuery(lists, given, parts if not is_count else (), is_count=is_count)

    def source(self, begin: int, end: int) -> tuple[_Source | None, str]:
        """The source between two places, and what it is called in the query; None where there is another."""
        names = [token.raw.lower() for token in self.tokens[begin:end]]
        for stop in (")", "limit", "order"):
            names = names[: names.index(stop)] if stop in names else names
        for size in (3, 1):
            source = _SOURCES.get("".join(names[:size]).removeprefix("pg_catalog."))
            rest = [name for name in names[size:] if name != "as"]
            if source is not None and len(rest) <= 1:
                return source, rest[0] if rest else ""
        return None, ""

    def where(self, source: _Source, begin: int, alias: str) -> tuple[Lists, Guard]:
        """What the conditions from a place on pick, and what has to hold for there to be any rows."""
        table: str | None = None
        schema: str | None = None
        tests: list[Guard] = []
        for condition in _split(self.tokens[begin:], alias):
            part, values = self.condition(source, condition)
            if part == SCHEMA and len(values) == 1:
                schema = without_default(values[0], self.dialect) if values[0] else None
            elif part == TABLE and len(values) == 1:
                table = values[0]
            elif part == "" and source.also is not None and values == [source.also]:
                continue
            elif part in (None, "", TABLE, SCHEMA) or not values:
                tests.append(UNDECIDED)
            else:
                tests.append(any_of(*(Matches(part or "", Relation.IS, value) for value in values)))
        of = Name(table, schema) if table is not None else None
        lists = Lists(source.listing, self.after, of, None if of else schema, all_of(*tests))
        return lists, has_table(of, self.after) if of is not None else all_of()

    def condition(self, source: _Source, tokens: Sequence[Token]) -> tuple[str | None, list[str]]:
        """The part that a condition is about, and the values it may have; None, or none, where it is another."""
        raw = [token.raw.lower() for token in tokens]
        if raw[:1] == ["type"] and source.also is not None:
            part: str | None = ""
        else:
            part = source.parts.get(raw[0]) if raw else None
        match raw[1:]:
            case ["=", _]:
                values = [self.value(tokens[2])]
            case ["=", name, "(", ")"] if name.upper() in _HERE and part == SCHEMA:
                return part, [""]
            case ["=", _, "::", "regclass"] if part == TABLE:
                values = [self.value(tokens[2])]
            case ["in", "(", *_, ")"]:
                values = [self.value(token) for token in tokens[3:-1] if token.raw != ","]
            case _:
                return part, []
        return part, [] if None in values else [value for value in values if value is not None]

    def value(self, token: Token) -> str | None:
        if token.kind == STRING:
            return token.word
        if token.kind == BIND:
            return self.parameters.get(token.raw.lstrip(":"))
        return token.raw if token.kind == NUMBER else None


def _split(tokens: Sequence[Token], alias: str) -> list[list[Token]]:
    """The conditions of a WHERE, up to LIMIT or ORDER BY, without the alias before their columns."""
    found: list[list[Token]] = [[]]
    depth = 0
    for place, token in enumerate(tokens):
        depth += (token.raw == "(") - (token.raw == ")")
        if token.kind == WORD and token.word in ("LIMIT", "ORDER"):
            break
        ahead = tokens[place + 1].raw if place + 1 < len(tokens) else ""
        before = tokens[place - 1].raw if place else ""
        if token.kind == WORD and token.word == "AND" and not depth:
            found.append([])
        elif not (alias and ((token.raw.lower() == alias and ahead == ".") or (token.raw == "." and before == alias))):
            found[-1].append(token)
    return [one for one in found if one]
