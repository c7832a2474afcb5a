"""
What packages do to change the values of an enumerated type: PostgreSQL can only add one, so that each column is cast to
another type, by way of text, which rewrites its table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from migration_guard.model.operations import Operation
from migration_guard.model.schema import Name, in_sql
from migration_guard.reading.directives.arguments import BoundArguments


@dataclass(frozen=True, slots=True)
class EnumColumn:
    """A column of the type. `default` is the one that it has before, as SQL; empty where none is known."""

    table: Name
    name: str
    is_array: bool = False
    default: str = ""

    @property
    def altered(self) -> str:
        """The SQL that an action on the column begins with."""
        return f"ALTER TABLE {in_sql(self.table)} ALTER COLUMN {in_sql(self.name)}"


def create_type(ask: BoundArguments, type_: Name, labels: Iterable[str]) -> Iterator[Operation]:
    """CREATE TYPE ... AS ENUM."""
    yield from ask.sql(f"CREATE TYPE {in_sql(type_)} AS ENUM ({', '.join(map(quoted, labels))})")


def drop_type(ask: BoundArguments, type_: Name) -> Iterator[Operation]:
    """DROP TYPE."""
    yield from ask.sql(f"DROP TYPE {in_sql(type_)}")


def replaced_type(
    ask: BoundArguments,
    type_: Name,
    labels: Iterable[str],
    columns: Iterable[EnumColumn],
    renamed: Sequence[tuple[str, str]] = (),
    indexes: Sequence[tuple[str, str]] = (),
) -> Iterator[Operation]:
    """
    The type takes another name, one of its name is made with these values, and each column is cast to it. The indexes,
    each with its definition, go meanwhile.
    """
    old = Name(f"{type_.name}_old", type_.schema)
    yield from ask.sql(f"ALTER TYPE {in_sql(type_)} RENAME TO {in_sql(old.name)}")
    yield from create_type(ask, type_, labels)
    for name, _ in indexes:
        yield from ask.sql(f"DROP INDEX IF EXISTS {name}")
    for column in columns:
        if column.default:
            yield from ask.sql(f"{column.altered} DROP DEFAULT")
        yield from cast(ask, column, type_, renamed)
        if column.default:
            value = column.default.partition("::")[0]
            for before, label in renamed:
                value = value.replace(quoted(before), quoted(label))
            yield from ask.sql(f"{column.altered} SET DEFAULT {value}::{in_sql(type_)}{'[]' * column.is_array}")
    yield from drop_type(ask, old)
    for _, definition in indexes:
        yield from ask.sql(definition)


def cast(
    ask: BoundArguments, column: EnumColumn, type_: Name, renamed: Sequence[tuple[str, str]] = ()
) -> Iterator[Operation]:
    """ALTER COLUMN ... TYPE ... USING: the values by their text, and those that are renamed by their new one."""
    array = "[]" * column.is_array
    new = f"{in_sql(type_)}{array}"
    using = f"{in_sql(column.name)}::text{array}::{new}"
    if renamed and not column.is_array:
        cases = " ".join(
            f"WHEN {in_sql(column.name)}::text = {quoted(old)} THEN {quoted(label)}::{new}" for old, label in renamed
        )
        using = f"CASE {cases} ELSE {using} END"
    yield from ask.sql(f"{column.altered} TYPE {new} USING {using}")


def quoted(label: str) -> str:
    """A value as SQL writes it."""
    doubled = label.replace("'", "''")
    return f"'{doubled}'"
