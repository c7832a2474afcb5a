"""
Writes rows into the tables of a database and reads what is needed for that. The database has the last word: what it
refuses is told in its own words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from migration_guard.roundtripping.rows.references import Row, Values
from migration_guard.roundtripping.rows.tables import Check, ForeignKey, RowDialect, TableInfo, TableName, place
from migration_guard.roundtripping.servers.access import Access, database_message

TOGETHER = 100  # tables in one query: planning a UNION of hundreds takes longer than a few queries
JUDGED_TOGETHER = 500  # rows in one query
MOST_QUESTIONS = 200  # about rows with which the database cannot even compute a condition


class RowsRefused(Exception):
    """The database's own words on what it does not take."""


class _Enough(Exception):
    """Ends a transaction in which something was only tried."""


class RowWriter:
    """Reads and writes rows whose values are texts, as `RowDialect.literal` writes them."""

    def __init__(self, access: Access, dialect: RowDialect) -> None:
        self._access = access
        self._dialect = dialect

    def counts(self, tables: Sequence[TableInfo]) -> dict[TableName, int]:
        """How many rows there are."""
        found: dict[TableName, int] = {}
        for start in range(0, len(tables), TOGETHER):
            part = tables[start : start + TOGETHER]
            counts = " union all ".join(
                f"select {number}, count(*) from {place(self._dialect, table.name)}"
                for number, table in enumerate(part)
            )
            found |= {part[int(str(number))].name: int(str(count)) for number, count in self._access.query(counts)}
        return found

    def parents(self, key: ForeignKey, referred: TableInfo, most: int) -> list[Values]:
        """What a foreign key may name: the last ones, as those are ours where there are some."""
        quoted = self._dialect.quoted
        names = ", ".join(quoted(name) for name in key.referred)
        texts = ", ".join(self._dialect.text(referred.column(name)) for name in key.referred)
        needed = " and ".join(f"{quoted(name)} is not null" for name in key.referred)
        latest = ", ".join(f"{quoted(name)} desc" for name in key.referred)
        table = place(self._dialect, key.table)
        sql = f"select {texts} from (select distinct {names} from {table} where {needed}) t order by {latest}"
        found = self._access.query(f"{sql} limit {most}")
        return [tuple(_as_text(one) for one in row) for row in reversed(found)]

    def rows(self, table: TableInfo) -> list[tuple[str, Row]]:
        """The rows that there are, each with what identifies it in this table; none where nothing does."""
        texts = ", ".join(self._dialect.text(column) for column in table.written)
        keys = ", ".join(self._dialect.quoted(name) for name in table.identity) or self._dialect.identity
        if not texts or not keys:
            return []
        identity = "''" if table.identity else keys
        found = self._access.query(
            f"select {identity}, {texts} from {place(self._dialect, table.name)} order by {keys}"
        )
        names = [column.name for column in table.written]
        return [
            (str(identity), dict(zip(names, (_as_text(one) for one in values), strict=True)))
            for identity, *values in found
        ]

    def judge(self, table: TableInfo, checks: Sequence[Check], rows: Sequence[Row]) -> list[bool] | None:
        """Whether the rows satisfy the conditions, as the database sees it: NULL satisfies, too."""
        quoted, typed = self._dialect.quoted, self._dialect.typed
        names = {name for check in checks for name in check.columns}
        columns = [column for column in table.columns if column.name in names]
        if not columns or any(not column.written for column in columns):
            return None
        conditions = " and ".join(f"({check.condition})" for check in checks)
        questions = 0

        def ask(part: Sequence[Row]) -> list[bool]:
            nonlocal questions
            questions += 1
            if questions > MOST_QUESTIONS:
                return [False] * len(part)
            selected = " union all ".join(
                f"select {number} as migration_guard_row, "
                + ", ".join(f"{typed(row[column.name], column)} as {quoted(column.name)}" for column in columns)
                for number, row in enumerate(part)
            )
            sql = f"select migration_guard_row, coalesce({conditions}, 1 = 1) from ({selected}) t order by 1"
            try:
                return [bool(verdict) for _, verdict in self._access.query(sql)]
            except DBAPIError:
                middle = len(part) // 2
                return [*ask(part[:middle]), *ask(part[middle:])] if middle else [False]

        return [
            verdict for at in range(0, len(rows), JUDGED_TOGETHER) for verdict in ask(rows[at : at + JUDGED_TOGETHER])
        ]

    def insert(self, table: TableInfo, rows: Iterable[Row]) -> int:
        """Write new rows, all or none; how many the database has kept. Raises RowsRefused."""
        return self._run([self._insertion(table, rows)])

    def refusal(self, table: TableInfo, row: Row) -> str:
        """Why the database does not take this row; empty if it does. Nothing is written."""

        def work(connection: Connection) -> None:
            connection.execution_options(no_parameters=True).exec_driver_sql(self._insertion(table, [row]))
            raise _Enough

        try:
            self._access.run(work)
        except _Enough:
            return ""
        except DBAPIError as error:
            return first_line(error)
        return ""

    def insert_together(self, tables: Iterable[tuple[TableInfo, Sequence[Row]]]) -> int:
        """The same for tables that need one another. Raises RowsRefused."""
        return self._run([*self._dialect.deferring, *(self._insertion(table, rows) for table, rows in tables)])

    def update(self, table: TableInfo, names: Sequence[str], rows: Sequence[tuple[str, Row]]) -> int:
        """Write values into these columns where there are none. Raises RowsRefused."""
        quoted, dialect = self._dialect.quoted, self._dialect
        wheres = [self._where(table, identity, row) for identity, row in rows]
        sets = []
        for column in (table.column(name) for name in names):
            cases = " ".join(
                f"when {where} then {dialect.typed(row[column.name], column)}"
                for where, (_, row) in zip(wheres, rows, strict=True)
            )
            sets.append(f"{quoted(column.name)} = coalesce({quoted(column.name)}, case {cases} end)")
        ours = " or ".join(wheres)
        return self._run([f"update {place(dialect, table.name)} set {', '.join(sets)} where {ours}"])

    def _where(self, table: TableInfo, identity: str, row: Row) -> str:
        if not table.identity:
            escaped = identity.replace("'", "''")
            return f"{self._dialect.identity} = '{escaped}'"
        return (
            "("
            + " and ".join(
                f"{self._dialect.quoted(name)} = {self._dialect.literal(row[name], table.column(name))}"
                for name in table.identity
            )
            + ")"
        )

    def _insertion(self, table: TableInfo, rows: Iterable[Row]) -> str:
        columns = table.written
        into = f"insert into {place(self._dialect, table.name)}"
        if not columns:
            return f"{into} default values"
        names = ", ".join(self._dialect.quoted(column.name) for column in columns)
        overriding = " overriding system value" if any(column.always for column in columns) else ""
        tuples = ", ".join(
            "(" + ", ".join(self._dialect.literal(row[column.name], column) for column in columns) + ")" for row in rows
        )
        return f"{into} ({names}){overriding} values {tuples}"

    def _run(self, statements: Sequence[str]) -> int:
        """Run the statements in one transaction; how many rows the last of them wrote."""

        def work(connection: Connection) -> int:
            written = 0
            for statement in statements:
                result = connection.execution_options(no_parameters=True).exec_driver_sql(statement)
                written = result.rowcount
            return written

        try:
            return self._access.run(work)
        except DBAPIError as error:
            raise RowsRefused(first_line(error)) from error


def first_line(error: DBAPIError) -> str:
    """What PostgreSQL adds on further lines are details of our statement."""
    return database_message(error).partition("\n")[0].strip()


def _as_text(value: object) -> str | None:
    """What `RowDialect.text` gave: a text, but for drivers that give bytes and for numbers."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode(errors="replace")
    return None if value is None else str(value)
