"""DO blocks: the statements of a PL/pgSQL body as operations. Knows which may not run, and which run more than once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from json import JSONDecodeError

import postgast

from migration_guard.model.constraints import AddConstraint, CreateIndex, DropConstraint, DropIndex
from migration_guard.model.objects import AddEnumValue, CreateEnum, DropEnum, Opaque
from migration_guard.model.operations import AddColumn, CreateTable, DropColumn, DropTable, Operation
from migration_guard.model.site import Site
from migration_guard.reading.sql.holes import shorten
from migration_guard.reading.sql.postgresql.dynamic import text_of
from migration_guard.reading.sql.tokens import BODY, STRING, Statement, shown, split

SiteFor = Callable[[int, int], Site]
ReadOne = Callable[[Statement, SiteFor], tuple[Operation, ...]]
Json = dict[str, "Json"] | list["Json"] | str | int | bool | None

DEEPEST = 20  # a DO of an EXECUTE of a DO ...: each of them reads all that is in it once more

_LOOPS = ("loop", "while", "fori", "fors", "forc", "foreach_a", "dynfors")
_GUARDS = re.compile(r"\s*(?P<not>not\s+)?(?:\(\s*)?exists\s*\(", re.IGNORECASE)

# Which catalogue tells whether an object is there, which operation then makes or drops it, and what fails where it is.
_CREATES: tuple[tuple[str, str, tuple[type[Operation], ...]], ...] = (
    (r"pg_type|typname", "duplicate_object", (CreateEnum,)),
    (r"pg_enum|enumlabel", "duplicate_object", (AddEnumValue,)),
    (r"information_schema\.columns|pg_attribute", "duplicate_column", (AddColumn,)),
    (r"information_schema\.tables|pg_tables|pg_class|to_regclass", "duplicate_table", (CreateTable, CreateIndex)),
    (r"pg_indexes|pg_index", "duplicate_table", (CreateIndex,)),
    (r"pg_constraint|table_constraints|constraint_column_usage", "duplicate_object", (AddConstraint,)),
)
_DROPS: tuple[tuple[str, tuple[type[Operation], ...]], ...] = (
    (r"pg_type|typname", (DropEnum,)),
    (r"information_schema\.columns|pg_attribute", (DropColumn,)),
    (r"information_schema\.tables|pg_tables|pg_class|to_regclass", (DropTable, DropIndex)),
    (r"pg_indexes|pg_index", (DropIndex,)),
    (r"pg_constraint|table_constraints|constraint_column_usage", (DropConstraint,)),
)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How control gets to a statement, and what was looked at on the way."""

    conditional: bool = False
    repeated: bool = False
    missing: tuple[type[Operation], ...] = ()  # made only where it is not there
    present: tuple[type[Operation], ...] = ()  # dropped only where it is there


def read_do(statement: Statement, site: SiteFor, read: ReadOne, depth: int) -> tuple[Operation, ...]:
    """The operations inside a DO block, which itself is inside `depth` others. `read` reads one SQL statement of it."""
    whole = site(statement.start, statement.end)
    if depth >= DEEPEST:
        return (_opaque(statement, whole, "DO blocks are nested too deeply in it"),)
    try:
        functions = postgast.parse_plpgsql(statement.clean)
    except postgast.PgQueryError as error:
        return (_opaque(statement, whole, f"PostgreSQL's parser does not accept it: {error.message}"),)
    except (JSONDecodeError, UnicodeError, RecursionError):
        return (_opaque(statement, whole, "the parser cannot show what is in its body"),)
    walk = _BlockReader(statement, site, whole, read)
    return tuple(operation for function in functions for operation in walk.function(function))


def _opaque(statement: Statement, site: Site, reason: str) -> Opaque:
    return Opaque(site=site, what=shorten(statement.text), reason=reason)


class _BlockReader:
    """The way through one body, statement after statement: `position` is how far its text is read."""

    def __init__(self, statement: Statement, site: SiteFor, whole: Site, read: ReadOne) -> None:
        self.site, self.whole, self.read = site, whole, read
        self.body, self.start = _body(statement)
        self.position = 0

    def function(self, function: Json) -> Iterator[Operation]:
        """The operations of what parse_plpgsql gives for one block."""
        yield from self.statements([_get(function, "PLpgSQL_function", "action")], Circumstances())

    def statements(self, statements: Json, way: Circumstances) -> Iterator[Operation]:
        """The operations of a list of statements."""
        for each in statements if isinstance(statements, list) else ():
            for kind, content in each.items() if isinstance(each, dict) else ():
                if isinstance(content, dict):
                    yield from self.one(kind.removeprefix("PLpgSQL_stmt_"), content, way)

    def one(self, kind: str, content: dict[str, Json], way: Circumstances) -> Iterator[Operation]:
        """The operations of one PL/pgSQL statement."""
        match kind:
            case "block":
                yield from self.block(content, way)
            case "if":
                yield from self.branches(content, way)
            case "case":
                for when in _list(content.get("case_when_list")):
                    yield from self.statements(_get(when, "PLpgSQL_case_when", "stmts"), _maybe(way))
                yield from self.statements(content.get("else_stmts"), _maybe(way))
            case "dynexecute":
                yield from self.execute(content, way)
            case "execsql" | "perform" | "call":
                query = _get(content, "expr" if kind != "execsql" else "sqlstmt", "PLpgSQL_expr", "query")
                yield from self.sql(str(query or ""), way, self.find(str(query or ""), kind))
            case _ if kind in _LOOPS:
                if kind == "dynfors":
                    yield from self.execute(content, way)
                yield from self.statements(content.get("body"), replace(way, repeated=True))

    def block(self, content: dict[str, Json], way: Circumstances) -> Iterator[Operation]:
        """BEGIN ... EXCEPTION WHEN ... END."""
        handlers = _list(_get(content, "exceptions", "PLpgSQL_exception_block", "exc_list"))
        inner = _guarded_by_handlers(way, handlers) if handlers else way
        yield from self.statements(content.get("body"), inner)
        for handler in handlers:
            yield from self.statements(_get(handler, "PLpgSQL_exception", "action"), _maybe(way))

    def branches(self, content: dict[str, Json], way: Circumstances) -> Iterator[Operation]:
        """IF ... ELSIF ... ELSE."""
        condition = str(_get(content, "cond", "PLpgSQL_expr", "query") or "")
        yield from self.statements(content.get("then_body"), _guarded_by_condition(way, condition))
        for other in _list(content.get("elsif_list")):
            yield from self.statements(_get(other, "PLpgSQL_if_elsif", "stmts"), _maybe(way))
        yield from self.statements(content.get("else_body"), _maybe(way))

    def execute(self, content: dict[str, Json], way: Circumstances) -> Iterator[Operation]:
        """EXECUTE: what its text is known to be is read in turn."""
        query = str(_get(content, "query", "PLpgSQL_expr", "query") or "")
        text = text_of(query)
        if text is None:
            self.find(query, "execute")
            site = self.marked(self.whole, way)
            yield Opaque(site=site, what=shorten(f"EXECUTE {query}"), reason="its SQL is put together at run time")
        else:
            self.find(query, "execute")
            yield from self.sql(text, way, None)

    def sql(self, query: str, way: Circumstances, start: int | None) -> Iterator[Operation]:
        """The operations of SQL text, which stands at `start` of the whole text if that is known."""

        def site(first: int, last: int) -> Site:
            if start is None:
                return self.marked(replace(self.whole, sql=shown(query[first:last]), text_span=None), way)
            return self.marked(self.site(start + first, start + last), way)

        for statement in split(query, "postgresql"):
            for operation in self.read(statement, site):
                yield _guard(operation, way)

    def find(self, query: str, kind: str) -> int | None:
        """Where this text stands in the source; None where the body is quoted in another way."""
        if kind == "perform":
            query = query.removeprefix("SELECT").strip()
        found = self.body.find(query, self.position) if query else -1
        if found < 0:
            return None
        self.position = found + len(query)
        return None if self.start is None or kind == "perform" else self.start + found

    @staticmethod
    def marked(site: Site, way: Circumstances) -> Site:
        """The site, marked with how control gets there."""
        if not (way.conditional or way.repeated):
            return site
        return replace(site, conditional=site.conditional or way.conditional, repeated=site.repeated or way.repeated)


def _body(statement: Statement) -> tuple[str, int | None]:
    """The text of the body and where it starts; None where quotes are doubled in it."""
    for token in statement.tokens:
        if token.kind == BODY:
            fence = token.raw.index("$", 1) + 1
            first = token.start - statement.start + fence
            return statement.clean[first : token.end - statement.start - fence], token.start + fence
        if token.kind == STRING:
            return token.word, None
    return "", None


# --- guards ---------------------------------------------------------------------------------------------------------


def _maybe(way: Circumstances) -> Circumstances:
    return Circumstances(conditional=True, repeated=way.repeated)


def _guarded_by_condition(way: Circumstances, condition: str) -> Circumstances:
    """IF NOT EXISTS (SELECT ... FROM pg_type ...) THEN CREATE TYPE is CREATE TYPE IF NOT EXISTS."""
    guard = _GUARDS.match(condition)
    if not guard:
        return _maybe(way)
    if guard["not"]:
        made = [types for pattern, _, types in _CREATES if re.search(pattern, condition, re.IGNORECASE)]
        return replace(_maybe(way), missing=sum(made, ()))
    dropped = [types for pattern, types in _DROPS if re.search(pattern, condition, re.IGNORECASE)]
    return replace(_maybe(way), present=sum(dropped, ()))


def _guarded_by_handlers(way: Circumstances, handlers: Sequence[Json]) -> Circumstances:
    """EXCEPTION WHEN duplicate_object THEN NULL is IF NOT EXISTS too."""
    names = {
        str(_get(condition, "PLpgSQL_condition", "condname"))
        for handler in handlers
        for condition in _list(_get(handler, "PLpgSQL_exception", "conditions"))
        if not _list(_get(handler, "PLpgSQL_exception", "action"))
    }
    made = [types for _, error, types in _CREATES if error in names]
    return replace(_maybe(way), missing=sum(made, ()))


def _guard(operation: Operation, way: Circumstances) -> Operation:
    """A guarded operation says so itself, and its object is there (or gone) whichever way control took."""
    if isinstance(operation, way.missing) and isinstance(
        operation, CreateEnum | AddEnumValue | AddColumn | AddConstraint | CreateTable | CreateIndex
    ):
        return replace(operation, if_not_exists=True, site=replace(operation.site, conditional=False))
    if isinstance(operation, way.present) and isinstance(
        operation, DropEnum | DropColumn | DropConstraint | DropIndex | DropTable
    ):
        return replace(operation, if_exists=True, site=replace(operation.site, conditional=False))
    return operation


def _get(value: Json, *keys: str) -> Json:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
