"""
Fills tables with rows that satisfy their constraints, and reads what is in them. The database has the last word: a row
that it refuses is left out, and a table that takes none is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from migration_guard.roundtrip.access import Access
from migration_guard.roundtrip.rows.checks import Row, satisfy
from migration_guard.roundtrip.rows.facts import Check, Column, Dialect, ForeignKey, Table, TableFacts, place
from migration_guard.roundtrip.rows.losses import Rows, TableRows
from migration_guard.roundtrip.rows.mysql import MySQL
from migration_guard.roundtrip.rows.postgresql import PostgreSQL
from migration_guard.roundtrip.rows.sqlite import SQLite
from migration_guard.roundtrip.rows.values import value
from migration_guard.roundtrip.snapshot import Snapshot

DIALECTS: Mapping[str, Callable[[Access, str], Dialect]] = {
    "postgresql": PostgreSQL,
    "sqlite": SQLite,
    "mysql": MySQL,
    "mariadb": MySQL,
}
JUDGED_TOGETHER = 500  # rows in one query


class Filler:
    """The rows of one database. `written` counts ours; `unfilled` says why a table or a column has none."""

    def __init__(self, access: Access, dialect: str, *, rows: int, version_table: str) -> None:
        self.written = 0
        self.unfilled: dict[str, str] = {}
        self._access = access
        self._dialect = DIALECTS[dialect](access, version_table)
        self._rows = rows
        self._facts: tuple[TableFacts, ...] = ()
        self._seen: Snapshot | None = None
        self._filled: dict[Table, TableFacts] = {}

    def fill(self, snapshot: Snapshot) -> None:
        """Write rows into the tables that are new or have changed. `snapshot` is the catalogue as it is now."""
        self._look(snapshot)
        new = [facts for facts in self._facts if self._filled.get(facts.table) != facts]
        if not new:
            return
        counts = self._counts(new)
        late: list[tuple[TableFacts, ForeignKey]] = []
        for facts in _parents_first(new):
            if counts[facts.table] < self._rows:
                self._fill_table(facts, late)
            elif counts[facts.table]:
                self._fill_columns(facts)
            self._filled[facts.table] = facts
        for facts, key in late:
            self._refer(facts, key)

    def capture(self, snapshot: Snapshot) -> Rows:
        """Everything that is in the tables now."""
        self._look(snapshot)
        contents = self._dialect.contents(self._facts)
        return {str(facts.table): TableRows(facts.primary, contents[facts.table]) for facts in self._facts}

    def _look(self, snapshot: Snapshot) -> None:
        if self._seen is not snapshot and self._seen != snapshot:
            self._facts = self._dialect.facts()
        self._seen = snapshot

    def _counts(self, tables: Sequence[TableFacts]) -> dict[Table, int]:
        parts = [
            f"select {number}, count(*) from {place(self._dialect, facts.table)}" for number, facts in enumerate(tables)
        ]
        found = [self._access.query(part)[0] for part in parts]
        return {facts.table: int(str(count)) for facts, (_, count) in zip(tables, found, strict=True)}

    def _fill_table(self, facts: TableFacts, late: list[tuple[TableFacts, ForeignKey]]) -> None:
        columns = [column for column in facts.columns if column.written]
        rows = [self._row(facts, columns, number) for number in range(self._rows)]
        fixed: set[str] = set()
        for key in facts.foreign_keys:
            if not self._point(facts, key, rows, fixed):
                late.append((facts, key))
                for row in rows:
                    row.update(dict.fromkeys(key.columns, None))
            fixed.update(key.columns)
        satisfy(facts, rows, frozenset(fixed), lambda checks, some: self._judge(facts, checks, some))
        unknown = [one.name for one in columns if rows[0][one.name] is None and one.name not in fixed]
        for name in unknown:
            column = facts.column(name)
            if value(column, 0) is None:
                self.unfilled[f"{facts.table}.{name}"] = f"no value of the type {column.type} is known."
        self._insert(facts, columns, rows)

    def _row(self, facts: TableFacts, columns: Sequence[Column], number: int) -> Row:
        keyed = {name for unique in facts.uniques for name in unique}
        return {column.name: value(column, number, key=column.name in keyed) for column in columns}

    def _point(self, facts: TableFacts, key: ForeignKey, rows: Sequence[Row], fixed: set[str]) -> bool:
        """Let the columns of a foreign key name rows that exist. False where there are none yet."""
        parents = [] if key.table == facts.table else self._keys(key)
        if not parents:
            return False
        for number, row in enumerate(rows):
            shared = [place for place, name in enumerate(key.columns) if name in fixed]
            fitting = [one for one in parents if all(one[at] == row[key.columns[at]] for at in shared)] or parents
            row.update(zip(key.columns, fitting[number % len(fitting)], strict=True))
        return True

    def _keys(self, key: ForeignKey) -> list[tuple[str | None, ...]]:
        quoted = self._dialect.quoted
        columns = ", ".join(quoted(name) for name in key.referred)
        needed = " and ".join(f"{quoted(name)} is not null" for name in key.referred)
        table = place(self._dialect, key.table)
        try:
            found = self._access.query(f"select distinct {columns} from {table} where {needed} order by {columns}")
        except DBAPIError:  # SQLite lets a foreign key name a table that is not there
            return []
        return [tuple(_as_text(one) for one in row) for row in found[: self._rows]]

    def _judge(self, facts: TableFacts, checks: Sequence[Check], rows: Sequence[Row]) -> list[bool] | None:
        """Whether the rows satisfy the conditions, as the database sees it: NULL satisfies, too."""
        quoted, typed = self._dialect.quoted, self._dialect.typed
        names = {name for check in checks for name in check.columns}
        columns = [column for column in facts.columns if column.name in names]
        if not columns or any(not column.written for column in columns):
            return None
        # A condition on what is not there cannot be tried: whole rows, tables, functions on them.
        conditions = " and ".join(f"({check.condition})" for check in checks)
        verdicts: list[bool] = []
        for start in range(0, len(rows), JUDGED_TOGETHER):
            part = rows[start : start + JUDGED_TOGETHER]
            selected = " union all ".join(
                f"select {number} as migration_guard_row, "
                + ", ".join(f"{typed(row[column.name], column)} as {quoted(column.name)}" for column in columns)
                for number, row in enumerate(part)
            )
            sql = f"select migration_guard_row, coalesce({conditions}, 1 = 1) from ({selected}) as t order by 1"
            try:
                verdicts += [bool(verdict) for _, verdict in self._access.query(sql)]
            except DBAPIError:
                if len(rows) == 1:
                    verdicts.append(False)
                    continue
                alone = [self._judge(facts, checks, [row]) for row in part[:JUDGED_TOGETHER]]
                verdicts += [bool(one and one[0]) for one in alone]
        return verdicts

    def _insert(self, facts: TableFacts, columns: Sequence[Column], rows: Sequence[Row]) -> None:
        """All rows at once; where that fails one by one, without those that the database refuses."""
        if not columns:
            self._try([f"insert into {place(self._dialect, facts.table)} default values"])
            return
        if self._try([self._insertion(facts, columns, rows)]) is None:
            self.written += len(rows)
            return
        refusals = [self._try([self._insertion(facts, columns, [row])]) for row in rows]
        self.written += refusals.count(None)
        if None not in refusals:
            self.unfilled[str(facts.table)] = f"the database says: {refusals[0]}"

    def _insertion(self, facts: TableFacts, columns: Sequence[Column], rows: Iterable[Row]) -> str:
        names = ", ".join(self._dialect.quoted(column.name) for column in columns)
        overriding = " overriding system value" if any(column.always for column in columns) else ""
        tuples = ", ".join(
            "(" + ", ".join(self._dialect.literal(row[column.name], column) for column in columns) + ")" for row in rows
        )
        return f"insert into {place(self._dialect, facts.table)} ({names}){overriding} values {tuples}"

    def _fill_columns(self, facts: TableFacts) -> None:
        """Columns that have come later, in rows that are there already."""
        quoted, table = self._dialect.quoted, place(self._dialect, facts.table)
        before = self._filled.get(facts.table)
        known = {column.name for column in before.columns} if before else set()
        fixed = {name for key in facts.foreign_keys for name in key.columns}
        new = [one for one in facts.columns if one.name not in known and one.written and one.name not in fixed]
        if not facts.primary or not new:
            return
        keys = ", ".join(quoted(name) for name in facts.primary)
        rows = self._access.query(f"select {keys} from {table} order by {keys}")[: self._rows]
        values = [self._row(facts, facts.columns, number) for number in range(len(rows))]
        satisfy(facts, values, frozenset(fixed), lambda checks, some: self._judge(facts, checks, some))
        statements = []
        for key, row in zip(rows, values, strict=True):
            where = " and ".join(
                f"{quoted(name)} = {self._dialect.literal(_as_text(one), facts.column(name))}"
                for name, one in zip(facts.primary, key, strict=True)
            )
            sets = ", ".join(
                f"{quoted(one.name)} = coalesce({quoted(one.name)}, {self._dialect.literal(row[one.name], one)})"
                for one in new
            )
            statements.append(f"update {table} set {sets} where {where}")
        refusal = self._try(statements)
        if refusal is not None:
            names = ", ".join(column.name for column in new)
            self.unfilled[f"{facts.table} ({names})"] = f"the database says: {refusal}"

    def _refer(self, facts: TableFacts, key: ForeignKey) -> None:
        """Foreign keys in a circle, or to the table itself: the rows are there now."""
        if any(not facts.column(name).nullable for name in key.columns):
            return
        quoted, table = self._dialect.quoted, place(self._dialect, facts.table)
        parents = self._keys(key)
        if not parents or not facts.primary or len(facts.primary) > 1:
            return
        name = facts.primary[0]
        rows = self._access.query(f"select {quoted(name)} from {table} order by 1")[: self._rows]
        statements = []
        for number, (identity,) in enumerate(rows):
            parent = parents[number % len(parents)]
            sets = ", ".join(
                f"{quoted(column)} = {self._dialect.literal(one, facts.column(column))}"
                for column, one in zip(key.columns, parent, strict=True)
            )
            literal = self._dialect.literal(_as_text(identity), facts.column(name))
            statements.append(f"update {table} set {sets} where {quoted(name)} = {literal}")
        self._try(statements)

    def _try(self, statements: Sequence[str]) -> str | None:
        """Run the statements in one transaction; the database's words where it refuses one of them."""

        def work(connection: Connection) -> None:
            for statement in statements:
                connection.execution_options(no_parameters=True).exec_driver_sql(statement)

        try:
            self._access.run(work)
        except DBAPIError as error:
            return " ".join(str(error.orig).split())
        return None


def _parents_first(tables: Sequence[TableFacts]) -> list[TableFacts]:
    """An order in which most foreign keys find their rows; in a circle those that may be NULL do not count."""
    by_name: Mapping[Table, TableFacts] = {facts.table: facts for facts in tables}
    done: dict[Table, TableFacts] = {}
    for strict in (False, True):
        waiting = [facts for facts in tables if facts.table not in done]
        while waiting:
            ready = [facts for facts in waiting if not _waits_for(facts, by_name, done, only_needed=strict)]
            if not ready:
                break
            done |= {facts.table: facts for facts in ready}
            waiting = [facts for facts in waiting if facts.table not in done]
    return [*done.values(), *(facts for facts in tables if facts.table not in done)]


def _waits_for(
    facts: TableFacts, known: Mapping[Table, TableFacts], done: Mapping[Table, TableFacts], *, only_needed: bool
) -> bool:
    return any(
        key.table in known
        and key.table not in done
        and key.table != facts.table
        and not (only_needed and all(facts.column(name).nullable for name in key.columns))
        for key in facts.foreign_keys
    )


def _as_text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex()
    if isinstance(value, bool):
        return str(int(value))
    return str(value)
