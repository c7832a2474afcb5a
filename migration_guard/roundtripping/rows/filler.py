"""
Fills the tables of a database with rows that satisfy their constraints, and reads what is in them. What takes no rows
is named, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from sqlalchemy.exc import DBAPIError

from migration_guard.roundtripping.catalogues.definitions import Snapshot
from migration_guard.roundtripping.rows.checks import satisfy
from migration_guard.roundtripping.rows.lessons import Lessons, applied, lessons_of
from migration_guard.roundtripping.rows.losses import Rows, TableRows
from migration_guard.roundtripping.rows.mysql import MySQLRows
from migration_guard.roundtripping.rows.postgresql import PostgreSQLRows
from migration_guard.roundtripping.rows.references import (
    Row,
    Values,
    in_order,
    names_one_of,
    point,
    point_to_itself,
    with_implied,
)
from migration_guard.roundtripping.rows.sqlite import SQLiteRows
from migration_guard.roundtripping.rows.tables import Check, ForeignKey, RowDialect, TableInfo, TableName
from migration_guard.roundtripping.rows.values import value
from migration_guard.roundtripping.rows.writer import RowsRefused, RowWriter, first_line
from migration_guard.roundtripping.servers.access import Access

DIALECTS: Mapping[str, Callable[[Access, str], RowDialect]] = {
    "postgresql": PostgreSQLRows,
    "sqlite": SQLiteRows,
    "mysql": MySQLRows,
    "mariadb": MySQLRows,
}
REMEMBERED = 2  # states of the catalogue: before an upgrade and after it
NO_COMBINATION = "no rows of other tables are left that its keys may name."
Late = dict[TableName, set[str]]


class Filler:
    """The rows of one database. `written` counts ours; `unfilled` says why a table or a column has none."""

    def __init__(
        self, access: Access, dialect: str, *, rows: int, version_table: str, lessons: Lessons | None = None
    ) -> None:
        self.written = 0
        self.unfilled: dict[str, str] = {}
        self._dialect = DIALECTS[dialect](access, version_table)
        self._writer = RowWriter(access, self._dialect)
        self._rows = rows
        self._lessons: Lessons = {} if lessons is None else lessons
        self._tables: Mapping[TableName, TableInfo] = {}
        self._seen: list[tuple[Snapshot, Mapping[TableName, TableInfo]]] = []
        self._filled: dict[TableName, TableInfo] = {}
        # The primary keys of our rows, whatever their table is called now; tables without one, if all rows are ours.
        self._keys: set[tuple[tuple[str, ...], Values]] = set()
        self._keyless: set[TableName] = set()

    def fill(self, snapshot: Snapshot) -> None:
        """Write rows into the tables that are new or have changed. `snapshot` is the catalogue as it is now."""
        self._look(snapshot)
        self._filled = {name: table for name, table in self._filled.items() if name in self._tables}
        self._keyless &= self._filled.keys()
        new = [table for table in self._tables.values() if self._filled.get(table.name) != table]
        for table in new:
            if table.refuses:
                self.unfilled[str(table.name)] = table.refuses
        new = [table for table in new if not table.refuses]
        counts = self._writer.counts(new) if new else {}
        late: Late = {}
        for group in in_order(new):
            try:
                self._fill_group(group, counts, late)
            except DBAPIError as error:  # what is there cannot even be read: a function or a collation is missing
                self.unfilled |= {str(table.name): f"the database says: {first_line(error)}" for table in group}
            self._filled |= {table.name: table for table in group}
        for name, columns in late.items():
            self._fill_columns(self._tables[name], columns, None)

    def _fill_group(self, group: Sequence[TableInfo], counts: Mapping[TableName, int], late: Late) -> None:
        for table in group:
            if counts[table.name]:
                self._fill_columns(table, self._new_columns(table), late)
        lacking = [table for table in group if counts[table.name] < self._rows]
        if len(lacking) > 1:
            self._fill_circle(lacking)
        elif lacking:
            self._fill_table(lacking[0], counts[lacking[0].name], late)

    def learn(self, words: str, statements: Sequence[str]) -> bool:
        """
        Whether an upgrade that failed on our rows teaches what the database's texts have to be like. That goes into
        the lessons that were given, for databases that are filled from now on.

        `words` is the failure's message, `statements` are those of the step in their order: the last one failed. The
        tables are those of the last `fill` or `capture`.
        """
        before = dict(self._lessons)
        self._lessons |= lessons_of(words, statements, self._tables.values(), self._rows)
        self._seen.clear()
        return self._lessons != before

    def capture(self, snapshot: Snapshot) -> Rows:
        """Everything that is in the tables now."""
        self._look(snapshot)
        there = [table for table in self._tables.values() if not table.refuses]
        contents = self._dialect.contents(there)
        found = {str(name): TableRows(self._tables[name].primary, rows) for name, rows in contents}
        # What somebody has emptied is filled again next time.
        emptied = {name for name, its in found.items() if not its.rows} - self.unfilled.keys()
        self._filled = {name: table for name, table in self._filled.items() if str(name) not in emptied}
        return found

    def _look(self, snapshot: Snapshot) -> None:
        """A downgrade leads back to what was seen before, so that is kept."""
        known = next((tables for one, tables in self._seen if one is snapshot or one == snapshot), None)
        self._tables = known or {
            table.name: applied(self._lessons, table) for table in with_implied(self._dialect.tables())
        }
        self._seen = [(snapshot, self._tables), *(one for one in self._seen if one[1] is not known)][:REMEMBERED]

    def _fill_table(self, table: TableInfo, there: int, late: Late) -> None:
        parents = self._parents(table, late)
        rows = self._planned(table, range(there, self._rows), parents)
        taken: Sequence[Row] = rows
        written, refusal = self._insert(table, rows) if rows else (0, NO_COMBINATION)
        if refusal and rows:
            columns = frozenset(column.name for column in table.written)
            satisfy(table, rows, columns - _named(table), frozenset(), self._judge(table))
            point_to_itself(table, rows, frozenset())
            written, refusal = self._insert(table, rows)
        if refusal and len(rows) > 1:
            written, refusal, taken = self._insert_each(table, rows)
        if refusal and rows and not there and self._empty_what_is_refused(table, rows):
            written, refusal, taken = self._insert_each(table, rows)
        self.written += written
        if written:
            if not there and not table.identity:
                self._keyless.add(table.name)
            self._name_columns(table, taken, late.get(table.name, set()))
        elif not there:
            missing = [str(key.table) for key, rows in parents.items() if not rows and not table.optional(key)]
            nothing = "the database took them and kept none: a trigger or a rule is in the way."
            self.unfilled[str(table.name)] = (
                f"it needs rows of {missing[0]}, which has none." if missing else refusal or nothing
            )

    def _insert_each(self, table: TableInfo, rows: Sequence[Row]) -> tuple[int, str, list[Row]]:
        """How many rows were kept, the database's words if none was taken, and those that were."""
        written, refusals = 0, []
        taken: list[Row] = []
        refused: list[Row] = []
        for row in rows:
            if not names_one_of(table, row, refused):
                count, refusal = self._insert(table, [row])
                written += count
                if not refusal:
                    taken.append(row)
                    continue
                refusals.append(refusal)
            refused.append(row)
        return written, "" if taken else refusals[0], taken

    def _empty_what_is_refused(self, table: TableInfo, rows: Sequence[Row]) -> bool:
        """Where the database takes a row without its optional values: find those to blame, name them, do without."""
        optional = [one.name for one in table.written if one.nullable and rows[0][one.name] is not None]
        bare = rows[0] | dict.fromkeys(optional, None)
        if not optional or self._writer.refusal(table, bare):
            return False
        refusals = {name: self._writer.refusal(table, bare | {name: rows[0][name]}) for name in optional}
        for name in [name for name, words in refusals.items() if words] or optional:
            words = refusals[name] or "it refuses the values of all columns together."
            self.unfilled[f"{table.name}.{name}"] = f"the database says: {words}"
            for row in rows:
                row[name] = None
        return True

    def _planned(
        self, table: TableInfo, numbers: Iterable[int], parents: Mapping[ForeignKey, Sequence[Values]]
    ) -> list[Row]:
        """Rows as they should be, as far as can be known without asking the database about conditions."""
        if not table.written:
            return [{}]  # all that may be said is DEFAULT VALUES
        rows = [
            {one.name: value(one, number, key=one.name in table.keyed) for one in table.written} for number in numbers
        ]
        rows = point(table, rows, parents, frozenset())
        point_to_itself(table, rows, frozenset())
        return rows

    def _parents(self, table: TableInfo, late: Late) -> dict[ForeignKey, Sequence[Values]]:
        """The rows that the foreign keys may name; where those come later, the columns are written later."""
        found: dict[ForeignKey, Sequence[Values]] = {}
        for key in table.foreign_keys:
            referred = self._tables.get(key.table)
            if key.table == table.name or referred is None or referred.refuses:
                continue
            parents = self._writer.parents(key, referred, self._rows)
            if parents or not key.implied:
                found[key] = parents
            if not parents and not key.implied and table.optional(key):
                late.setdefault(table.name, set()).update(key.columns)
        return found

    def _fill_circle(self, group: Sequence[TableInfo]) -> None:
        """Tables whose rows cannot be without each other: their keys are known before they are written."""
        rows: dict[TableName, list[Row]] = {}
        for table in group:
            columns = table.written
            rows[table.name] = [
                {one.name: value(one, number, key=one.name in table.keyed) for one in columns}
                for number in range(self._rows)
            ]
        for table in group:
            parents = self._parents(table, {})
            for key in table.foreign_keys:
                if key.table in rows and key.table != table.name:
                    parents[key] = [tuple(row[name] for name in key.referred) for row in rows[key.table]]
            rows[table.name][:] = point(table, rows[table.name], parents, frozenset())
            free = frozenset(column.name for column in table.written) - _named(table)
            satisfy(table, rows[table.name], free, table.keyed, self._judge(table))
            point_to_itself(table, rows[table.name], frozenset())
        try:
            self._writer.insert_together([(table, rows[table.name]) for table in group])
        except RowsRefused as refusal:
            for table in group:
                others = ", ".join(str(one.name) for one in group if one != table)
                self.unfilled[str(table.name)] = f"its rows need rows of {others} and those need its own: {refusal}"
            return
        for table in group:
            self.written += len(rows[table.name])
            self._remember(table, rows[table.name])
            self._name_columns(table, rows[table.name], set())

    def _new_columns(self, table: TableInfo) -> set[str]:
        """Columns that have come since the table was filled, or values of their type; all where it was not."""
        before = self._filled.get(table.name)
        known = {column.name for column in before.columns if value(column, 0) is not None} if before else set()
        return {one.name for one in table.written if one.name not in known and one.nullable and not one.always}

    def _fill_columns(self, table: TableInfo, names: set[str], late: Late | None) -> None:
        """
        Columns that have come later, in rows of ours that are there already and where they are NULL. What has to be
        written when other tables have rows goes into `late`; with None, all of them have what they can have.
        """
        if names and table.name in self._keyless and self._dialect.identity is None:
            nowhere = "its rows are there already, and without a primary key nothing tells them apart."
            self.unfilled |= {f"{table.name}.{name}": nowhere for name in names}
            return
        rows = [(identity, row) for identity, row in self._writer.rows(table) if names and self._is_ours(table, row)]
        empty = sorted(name for name in names if any(row[name] is None for _, row in rows))
        if not empty:
            return
        given = frozenset(column.name for column in table.written) - set(empty)
        planned = [
            row | {name: value(table.column(name), number, key=name in table.keyed) for name in empty}
            for number, (_, row) in enumerate(rows)
        ]
        later: Late = {} if late is None else late
        planned = point(table, planned, self._parents(table, later), given)
        if len(planned) < len(rows):
            return
        point_to_itself(table, planned, given)
        identities = [identity for identity, _ in rows]
        refusal = self._update(table, empty, identities, planned)
        if refusal:
            satisfy(table, planned, frozenset(empty) - _named(table), given, self._judge(table))
            refusal = self._update(table, empty, identities, planned)
        if refusal:
            refusals = [self._update(table, empty, [one], [row]) for one, row in zip(identities, planned, strict=True)]
            refusal = refusals[0] if all(refusals) else ""
        if refusal:
            self.unfilled |= {f"{table.name}.{name}": f"the database says: {refusal}" for name in empty}
        else:
            for name in empty:
                self.unfilled.pop(f"{table.name}.{name}", None)
            self._name_columns(table, planned, set() if late is None else later.get(table.name, set()), empty)

    def _update(self, table: TableInfo, names: Sequence[str], identities: Sequence[str], rows: Sequence[Row]) -> str:
        try:
            self._writer.update(table, names, list(zip(identities, rows, strict=True)))
        except RowsRefused as refusal:
            return str(refusal)
        return ""

    def _insert(self, table: TableInfo, rows: Sequence[Row]) -> tuple[int, str]:
        """How many rows were kept, or the database's words where it refused."""
        try:
            written = self._writer.insert(table, rows)
        except RowsRefused as refusal:
            return 0, f"the database says: {refusal}"
        self._remember(table, rows)
        return written, ""

    def _remember(self, table: TableInfo, rows: Sequence[Row]) -> None:
        if table.identity:
            self._keys.update((table.identity, tuple(row[name] for name in table.identity)) for row in rows)

    def _is_ours(self, table: TableInfo, row: Row) -> bool:
        if not table.identity:
            return table.name in self._keyless
        return (table.identity, tuple(row[name] for name in table.identity)) in self._keys

    def _judge(self, table: TableInfo) -> Callable[[Sequence[Check], Sequence[Row]], list[bool] | None]:
        return lambda checks, rows: self._writer.judge(table, checks, rows)

    def _name_columns(
        self, table: TableInfo, rows: Sequence[Row], late: set[str], names: Sequence[str] | None = None
    ) -> None:
        """Tell the columns in which there is nothing but NULL."""
        for column in table.written:
            name = f"{table.name}.{column.name}"
            if names is not None and column.name not in names:
                continue
            if column.name in late or name in self.unfilled or any(row[column.name] is not None for row in rows):
                continue
            key = next((key for key in table.foreign_keys if column.name in key.columns), None)
            if key is not None:
                self.unfilled[name] = f"it refers to {key.table}, where no row fits."
            elif value(column, 0) is None:
                self.unfilled[name] = f"no value of the type {column.type} is known."
            else:
                self.unfilled[name] = "no value was found that satisfies its conditions."


def _named(table: TableInfo) -> frozenset[str]:
    """The columns whose values are those of other rows."""
    return frozenset(name for key in table.foreign_keys for name in key.columns if not key.implied)
