"""
Fills the tables of a database with rows that satisfy their constraints, and reads what is in them. What takes no rows
is named, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from sqlalchemy.exc import DBAPIError

from migration_guard.roundtripping.catalogues.snapshot import Snapshot
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
        self._pen = RowWriter(access, self._dialect)
        self._rows = rows
        self._lessons: Lessons = {} if lessons is None else lessons
        self._facts: Mapping[TableName, TableInfo] = {}
        self._seen: list[tuple[Snapshot, Mapping[TableName, TableInfo]]] = []
        self._filled: dict[TableName, TableInfo] = {}
        # The primary keys of our rows, whatever their table is called now; tables without one, if all rows are ours.
        self._keys: set[tuple[tuple[str, ...], Values]] = set()
        self._keyless: set[TableName] = set()

    def fill(self, snapshot: Snapshot) -> None:
        """Write rows into the tables that are new or have changed. `snapshot` is the catalogue as it is now."""
        self._look(snapshot)
        self._filled = {table: facts for table, facts in self._filled.items() if table in self._facts}
        self._keyless &= self._filled.keys()
        new = [facts for facts in self._facts.values() if self._filled.get(facts.table) != facts]
        for facts in new:
            if facts.refuses:
                self.unfilled[str(facts.table)] = facts.refuses
        new = [facts for facts in new if not facts.refuses]
        counts = self._pen.counts(new) if new else {}
        late: Late = {}
        for group in in_order(new):
            try:
                self._fill_group(group, counts, late)
            except DBAPIError as error:  # what is there cannot even be read: a function or a collation is missing
                self.unfilled |= {str(facts.table): f"the database says: {first_line(error)}" for facts in group}
            self._filled |= {facts.table: facts for facts in group}
        for table, names in late.items():
            self._fill_columns(self._facts[table], names, None)

    def _fill_group(self, group: Sequence[TableInfo], counts: Mapping[TableName, int], late: Late) -> None:
        for facts in group:
            if counts[facts.table]:
                self._fill_columns(facts, self._new_columns(facts), late)
        lacking = [facts for facts in group if counts[facts.table] < self._rows]
        if len(lacking) > 1:
            self._fill_circle(lacking)
        elif lacking:
            self._fill_table(lacking[0], counts[lacking[0].table], late)

    def learn(self, words: str, statements: Sequence[str]) -> bool:
        """
        Whether an upgrade that failed on our rows teaches what the database's texts have to be like. That goes into
        the lessons that were given, for databases that are filled from now on.

        `words` is the failure's message, `statements` are those of the step in their order: the last one failed. The
        tables are those of the last `fill` or `capture`.
        """
        before = dict(self._lessons)
        self._lessons |= lessons_of(words, statements, self._facts.values(), self._rows)
        self._seen.clear()
        return self._lessons != before

    def capture(self, snapshot: Snapshot) -> Rows:
        """Everything that is in the tables now."""
        self._look(snapshot)
        there = [facts for facts in self._facts.values() if not facts.refuses]
        contents = self._dialect.contents(there)
        found = {str(table): TableRows(self._facts[table].primary, rows) for table, rows in contents}
        # What somebody has emptied is filled again next time.
        emptied = {name for name, its in found.items() if not its.rows} - self.unfilled.keys()
        self._filled = {table: facts for table, facts in self._filled.items() if str(table) not in emptied}
        return found

    def _look(self, snapshot: Snapshot) -> None:
        """A downgrade leads back to what was seen before, so that is kept."""
        known = next((facts for one, facts in self._seen if one is snapshot or one == snapshot), None)
        self._facts = known or {
            facts.table: applied(self._lessons, facts) for facts in with_implied(self._dialect.tables())
        }
        self._seen = [(snapshot, self._facts), *(one for one in self._seen if one[1] is not known)][:REMEMBERED]

    def _fill_table(self, facts: TableInfo, there: int, late: Late) -> None:
        parents = self._parents(facts, late)
        rows = self._planned(facts, range(there, self._rows), parents)
        taken: Sequence[Row] = rows
        written, refusal = self._insert(facts, rows) if rows else (0, NO_COMBINATION)
        if refusal and rows:
            columns = frozenset(column.name for column in facts.written)
            satisfy(facts, rows, columns - _named(facts), frozenset(), self._judge(facts))
            point_to_itself(facts, rows, frozenset())
            written, refusal = self._insert(facts, rows)
        if refusal and len(rows) > 1:
            written, refusal, taken = self._insert_each(facts, rows)
        if refusal and rows and not there and self._empty_what_is_refused(facts, rows):
            written, refusal, taken = self._insert_each(facts, rows)
        self.written += written
        if written:
            if not there and not facts.identity:
                self._keyless.add(facts.table)
            self._name_columns(facts, taken, late.get(facts.table, set()))
        elif not there:
            missing = [str(key.table) for key, rows in parents.items() if not rows and not facts.optional(key)]
            nothing = "the database took them and kept none: a trigger or a rule is in the way."
            self.unfilled[str(facts.table)] = (
                f"it needs rows of {missing[0]}, which has none." if missing else refusal or nothing
            )

    def _insert_each(self, facts: TableInfo, rows: Sequence[Row]) -> tuple[int, str, list[Row]]:
        """How many rows were kept, the database's words if none was taken, and those that were."""
        written, refusals = 0, []
        taken: list[Row] = []
        refused: list[Row] = []
        for row in rows:
            if not names_one_of(facts, row, refused):
                count, refusal = self._insert(facts, [row])
                written += count
                if not refusal:
                    taken.append(row)
                    continue
                refusals.append(refusal)
            refused.append(row)
        return written, "" if taken else refusals[0], taken

    def _empty_what_is_refused(self, facts: TableInfo, rows: Sequence[Row]) -> bool:
        """Where the database takes a row without its optional values: find those to blame, name them, do without."""
        optional = [one.name for one in facts.written if one.nullable and rows[0][one.name] is not None]
        bare = rows[0] | dict.fromkeys(optional, None)
        if not optional or self._pen.refusal(facts, bare):
            return False
        refusals = {name: self._pen.refusal(facts, bare | {name: rows[0][name]}) for name in optional}
        for name in [name for name, words in refusals.items() if words] or optional:
            words = refusals[name] or "it refuses the values of all columns together."
            self.unfilled[f"{facts.table}.{name}"] = f"the database says: {words}"
            for row in rows:
                row[name] = None
        return True

    def _planned(
        self, facts: TableInfo, numbers: Iterable[int], parents: Mapping[ForeignKey, Sequence[Values]]
    ) -> list[Row]:
        """Rows as they should be, as far as can be known without asking the database about conditions."""
        if not facts.written:
            return [{}]  # all that may be said is DEFAULT VALUES
        rows = [
            {one.name: value(one, number, key=one.name in facts.keyed) for one in facts.written} for number in numbers
        ]
        rows = point(facts, rows, parents, frozenset())
        point_to_itself(facts, rows, frozenset())
        return rows

    def _parents(self, facts: TableInfo, late: Late) -> dict[ForeignKey, Sequence[Values]]:
        """The rows that the foreign keys may name; where those come later, the columns are written later."""
        found: dict[ForeignKey, Sequence[Values]] = {}
        for key in facts.foreign_keys:
            referred = self._facts.get(key.table)
            if key.table == facts.table or referred is None or referred.refuses:
                continue
            parents = self._pen.parents(key, referred, self._rows)
            if parents or not key.implied:
                found[key] = parents
            if not parents and not key.implied and facts.optional(key):
                late.setdefault(facts.table, set()).update(key.columns)
        return found

    def _fill_circle(self, group: Sequence[TableInfo]) -> None:
        """Tables whose rows cannot be without each other: their keys are known before they are written."""
        rows: dict[TableName, list[Row]] = {}
        for facts in group:
            columns = facts.written
            rows[facts.table] = [
                {one.name: value(one, number, key=one.name in facts.keyed) for one in columns}
                for number in range(self._rows)
            ]
        for facts in group:
            parents = self._parents(facts, {})
            for key in facts.foreign_keys:
                if key.table in rows and key.table != facts.table:
                    parents[key] = [tuple(row[name] for name in key.referred) for row in rows[key.table]]
            rows[facts.table][:] = point(facts, rows[facts.table], parents, frozenset())
            free = frozenset(column.name for column in facts.written) - _named(facts)
            satisfy(facts, rows[facts.table], free, facts.keyed, self._judge(facts))
            point_to_itself(facts, rows[facts.table], frozenset())
        try:
            self._pen.insert_together([(facts, rows[facts.table]) for facts in group])
        except RowsRefused as refusal:
            for facts in group:
                others = ", ".join(str(one.table) for one in group if one != facts)
                self.unfilled[str(facts.table)] = f"its rows need rows of {others} and those need its own: {refusal}"
            return
        for facts in group:
            self.written += len(rows[facts.table])
            self._remember(facts, rows[facts.table])
            self._name_columns(facts, rows[facts.table], set())

    def _new_columns(self, facts: TableInfo) -> set[str]:
        """Columns that have come since the table was filled, or values of their type; all where it was not."""
        before = self._filled.get(facts.table)
        known = {column.name for column in before.columns if value(column, 0) is not None} if before else set()
        return {one.name for one in facts.written if one.name not in known and one.nullable and not one.always}

    def _fill_columns(self, facts: TableInfo, names: set[str], late: Late | None) -> None:
        """
        Columns that have come later, in rows of ours that are there already and where they are NULL. What has to be
        written when other tables have rows goes into `late`; with None, all of them have what they can have.
        """
        if names and facts.table in self._keyless and self._dialect.identity is None:
            nowhere = "its rows are there already, and without a primary key nothing tells them apart."
            self.unfilled |= {f"{facts.table}.{name}": nowhere for name in names}
            return
        rows = [(identity, row) for identity, row in self._pen.rows(facts) if names and self._is_ours(facts, row)]
        empty = sorted(name for name in names if any(row[name] is None for _, row in rows))
        if not empty:
            return
        given = frozenset(column.name for column in facts.written) - set(empty)
        planned = [
            row | {name: value(facts.column(name), number, key=name in facts.keyed) for name in empty}
            for number, (_, row) in enumerate(rows)
        ]
        later: Late = {} if late is None else late
        planned = point(facts, planned, self._parents(facts, later), given)
        if len(planned) < len(rows):
            return
        point_to_itself(facts, planned, given)
        identities = [identity for identity, _ in rows]
        refusal = self._update(facts, empty, identities, planned)
        if refusal:
            satisfy(facts, planned, frozenset(empty) - _named(facts), given, self._judge(facts))
            refusal = self._update(facts, empty, identities, planned)
        if refusal:
            refusals = [self._update(facts, empty, [one], [row]) for one, row in zip(identities, planned, strict=True)]
            refusal = refusals[0] if all(refusals) else ""
        if refusal:
            self.unfilled |= {f"{facts.table}.{name}": f"the database says: {refusal}" for name in empty}
        else:
            for name in empty:
                self.unfilled.pop(f"{facts.table}.{name}", None)
            self._name_columns(facts, planned, set() if late is None else later.get(facts.table, set()), empty)

    def _update(self, facts: TableInfo, names: Sequence[str], identities: Sequence[str], rows: Sequence[Row]) -> str:
        try:
            self._pen.update(facts, names, list(zip(identities, rows, strict=True)))
        except RowsRefused as refusal:
            return str(refusal)
        return ""

    def _insert(self, facts: TableInfo, rows: Sequence[Row]) -> tuple[int, str]:
        """How many rows were kept, or the database's words where it refused."""
        try:
            written = self._pen.insert(facts, rows)
        except RowsRefused as refusal:
            return 0, f"the database says: {refusal}"
        self._remember(facts, rows)
        return written, ""

    def _remember(self, facts: TableInfo, rows: Sequence[Row]) -> None:
        if facts.identity:
            self._keys.update((facts.identity, tuple(row[name] for name in facts.identity)) for row in rows)

    def _is_ours(self, facts: TableInfo, row: Row) -> bool:
        if not facts.identity:
            return facts.table in self._keyless
        return (facts.identity, tuple(row[name] for name in facts.identity)) in self._keys

    def _judge(self, facts: TableInfo) -> Callable[[Sequence[Check], Sequence[Row]], list[bool] | None]:
        return lambda checks, rows: self._pen.judge(facts, checks, rows)

    def _name_columns(
        self, facts: TableInfo, rows: Sequence[Row], late: set[str], names: Sequence[str] | None = None
    ) -> None:
        """Tell the columns in which there is nothing but NULL."""
        for column in facts.written:
            name = f"{facts.table}.{column.name}"
            if names is not None and column.name not in names:
                continue
            if column.name in late or name in self.unfilled or any(row[column.name] is not None for row in rows):
                continue
            key = next((key for key in facts.foreign_keys if column.name in key.columns), None)
            if key is not None:
                self.unfilled[name] = f"it refers to {key.table}, where no row fits."
            elif value(column, 0) is None:
                self.unfilled[name] = f"no value of the type {column.type} is known."
            else:
                self.unfilled[name] = "no value was found that satisfies its conditions."


def _named(facts: TableInfo) -> frozenset[str]:
    """The columns whose values are those of other rows."""
    return frozenset(name for key in facts.foreign_keys for name in key.columns if not key.implied)
