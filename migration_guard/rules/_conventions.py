"""What the rules on conventions share: a breach stands where it was made, and only if the history leaves it so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

from migration_guard.model.finding import Finding, Fix
from migration_guard.model.lineage import Key, Moment, TableLineage
from migration_guard.model.replay import Replayed
from migration_guard.model.schema import VERSION_TABLE, Column, Constraint, ConstraintKind, Expression, Table
from migration_guard.model.unknown import Unknown
from migration_guard.rules import Context, Rule

# A column of an index that is counted downwards, or sorts NULL somewhere: `(created_at DESC)`.
_ORDERED = re.compile(r"^\(?\"?([^()\"\s]+)\"?(?:\s+(?:ASC|DESC))?(?:\s+NULLS\s+(?:FIRST|LAST))?\)?$", re.IGNORECASE)

_NOT_NULL = re.compile(r"^[\s(]*\"?(\w+)\"?\s+IS\s+NOT\s+NULL[\s)]*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Breach:
    """
    What breaks a convention. `what` says it in the sentence of the rule. `key` are the names of what it is about:
    nothing for the table as a whole. `aspect` tells it from what else may be wrong with the same.
    """

    what: str = ""
    key: Key = ()
    aspect: str = ""


class Convention(Rule[TableLineage]):
    """
    A rule on a table. Subclasses write `breaches`; `message` and `help` may say {table}, {what}, which is what all
    breaches with one cause say, {column}, the first name of the first of them, and {advice}.
    """

    enabled = False
    missing: ClassVar[bool] = False
    """Whether it finds that something is missing: then nothing is said of a table that is not known in full."""

    def breaches(self, table: Table, context: Context) -> Iterator[Breach]:
        """What is wrong with the table as it stands."""
        raise NotImplementedError

    def check(self, subject: TableLineage, context: Context) -> Iterator[Finding]:
        table = subject.table
        unknown = self.missing and not (table.complete and subject.certain)
        if (
            unknown
            or not table.certain
            or table.name.name == VERSION_TABLE
            or context.conventions.exempts(self.code, str(table.name))
        ):
            return
        found: dict[int, tuple[Moment, list[Breach]]] = {}
        for breach in self.breaches(table, context):
            moment = subject.since(breach.key, partial(self._breaks, breach.aspect, context))
            if moment is not None and self.minds(moment, context):
                found.setdefault(id(moment), (moment, []))[1].append(breach)
        for moment, breaches in found.values():
            yield self._at(moment, breaches, table, context)

    def minds(self, moment: Moment, context: Context) -> bool:
        """Whether the team minds that this is how the breach came about."""
        return True

    def _breaks(self, aspect: str, context: Context, table: Table, key: Key) -> bool:
        """Whether the table broke the convention, at another time, by what was called so then."""
        return any((breach.key, breach.aspect) == (key, aspect) for breach in self.breaches(table, context))

    def fix(self, breach: Breach, moment: Moment, table: Table, context: Context) -> Fix | None:
        """The fix of the file of the moment, whose text the context has; None where it is not certain."""
        return None

    def advice(self, breaches: Sequence[Breach], table: Table, context: Context) -> str:
        """What is to be written instead, where that goes by the table or the configuration."""
        return ""

    def _at(self, moment: Moment, breaches: Sequence[Breach], table: Table, context: Context) -> Finding:
        names = [name for breach in breaches for name in breach.key]
        here = replace(context, source=context.source_of(moment.migration.path), replayed=Replayed(moment.migration))
        found = self.finding(
            moment.operation,
            fix=_united([self.fix(one, moment, table, here) for one in breaches]),
            objects=[f"{table.name}.{name}" for name in names] or [str(table.name)],
            table=table.name,
            what=", ".join(dict.fromkeys(breach.what for breach in breaches)),
            column=names[0] if names else "",
            advice=self.advice(breaches, table, context),
        )
        return replace(found, path=moment.migration.path, revision=moment.migration.revision)


def _united(fixes: Sequence[Fix | None]) -> Fix | None:
    """All of the fixes as one; None where one of them is missing or they touch the same text."""
    known = [one for one in fixes if one is not None]
    if len(known) < len(fixes) or len({one.edits for one in known}) < len(known):
        return None
    edits = tuple(edit for one in known for edit in one.edits)
    return Fix(all(one.safe for one in known), edits, known[0].reason) if known else None


def columns(table: Table) -> Iterator[Column]:
    """The columns that are certainly there."""
    return (column for column in table.columns.values() if column.certain)


def constraints(table: Table, kind: ConstraintKind) -> tuple[Constraint, ...]:
    """The constraints of this kind, be they certain or not."""
    return tuple(one for one in table.constraints if one.kind is kind)


def key_columns(table: Table) -> tuple[str, ...]:
    """
    The columns of the primary key; empty where none is known. The last that was made is the one: a table has one, so
    those before it went under a name that is not known here (`PRIMARY` on MySQL).
    """
    return next((one.columns for one in reversed(constraints(table, ConstraintKind.PRIMARY_KEY))), ())


def is_association(table: Table) -> bool:
    """
    Whether the table connects two others: foreign keys, at least two, form its key. Without a primary key that is a
    unique constraint, or all that the table has.
    """
    primary = key_columns(table)
    unique = [one.columns for one in constraints(table, ConstraintKind.UNIQUE)]
    return any(_connects(table, key) for key in ([primary] if primary else [*unique, tuple(table.columns)]))


def _connects(table: Table, key: Sequence[str]) -> bool:
    every = [set(one.columns) for one in constraints(table, ConstraintKind.FOREIGN_KEY)]
    within = [columns for columns in every if columns and columns <= set(key)]
    return len(within) > 1 and set().union(*within) == set(key)


def fits_template(name: str, template: str, table: Table, columns: Sequence[str] | Unknown) -> bool:
    """
    Whether a name is as a template has it, which is the beginning of one unless it says {columns}. Names are cut where
    databases cut them, at 63 characters, and what is not known may fit.
    """
    if "{columns}" not in template:
        return name.startswith(template.format(table=table.name.name)[:63])
    if isinstance(columns, Unknown) or any(one.startswith("(") for one in columns):
        return name.startswith(template.partition("{columns}")[0].format(table=table.name.name)[:63])
    return name[:63] == template.format(table=table.name.name, columns="_".join(columns))[:63]


def serves(table: Table, wanted: Sequence[str], *, in_order: bool = False) -> bool:
    """
    Whether an index, a unique constraint or the primary key begins with these columns. One that may be there does, and
    one whose columns are not known. A partial index does not, unless it leaves out nothing but NULL in one of them. In
    any order, what is unique in some of the columns does as well: it leads to the one row that can have the others.
    """
    kinds = (ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE)
    every = [one.columns for one in table.constraints if one.kind in kinds]
    unique = every + [
        one.columns
        for one in table.indexes.values()
        if one.unique is True and not one.where and not isinstance(one.columns, Unknown)
    ]
    if not in_order and any(set(columns) <= set(wanted) for columns in unique):
        return True
    every += [
        () if isinstance(one.columns, Unknown) else one.columns
        for one in table.indexes.values()
        if not one.where or _leaves_out_null(one.where, wanted)
    ]
    return any(_begins_with(columns, wanted, in_order) for columns in every)


def _leaves_out_null(where: str, wanted: Sequence[str]) -> bool:
    """
    Whether an index with this condition has every row that a search for values of the columns may find.
    https://www.postgresql.org/docs/18/indexes-partial.html
    """
    column = _NOT_NULL.match(where)
    return column is not None and column[1] in wanted


def _begins_with(columns: Sequence[str], wanted: Sequence[str], in_order: bool) -> bool:
    if not columns:
        return True
    if len(columns) < len(wanted):
        return False
    if "(expression)" in columns[: len(wanted)]:
        return True
    begin = [_ORDERED.sub(r"\1", one) for one in columns[: len(wanted)]]
    return begin == list(wanted) if in_order else set(begin) == set(wanted)


def who_fills_in(column: Column, wanted: str) -> str:
    """What is wrong with who gives the column its value, where `server` or `client` is wanted; empty for nothing."""
    if wanted == "server" and column.default is None:
        return "has no default of the server"
    return "has a default of the server" if wanted == "client" and isinstance(column.default, Expression) else ""
