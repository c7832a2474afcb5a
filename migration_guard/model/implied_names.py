"""The names that a database gives to constraints without one, and keeps when tables and columns get others."""

from __future__ import annotations

import re
from dataclasses import replace

from migration_guard.model.schema import Constraint, ConstraintKind, Name, Table

LONGEST_NAME = 63
"""Bytes. https://www.postgresql.org/docs/18/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS"""
MOST = 100
"""Constraints of one table; real tables have fewer."""


def chosen_names(table: Name, constraint: Constraint, number: str = "") -> tuple[str, ...]:
    """
    The names that PostgreSQL chooses for a constraint without one, the likeliest first; with a number behind them where
    that is taken. (https://www.postgresql.org/docs/18/sql-createtable.html; ChooseConstraintName and makeObjectName in
    its sources)
    """
    if constraint.name is not None:
        return ()
    if constraint.chosen:
        return constraint.chosen
    columns = "_".join(constraint.columns)
    match constraint.kind:
        case ConstraintKind.PRIMARY_KEY:
            return (_joined(table.name, "", f"pkey{number}"),)
        case ConstraintKind.FOREIGN_KEY:
            return (_joined(table.name, columns, f"fkey{number}"),)
        case ConstraintKind.UNIQUE:
            return (_joined(table.name, columns, f"key{number}"),)
        case ConstraintKind.CHECK:
            about = constraint.columns or (constraint.expression.columns if constraint.expression else ())
            with_column, without = (_joined(table.name, name, f"check{number}") for name in ("_".join(about), ""))
            return (with_column, without) if len(about) == 1 else (without, with_column)
        case ConstraintKind.EXCLUDE:
            return (_joined(table.name, columns, f"excl{number}"),)
    return ()


def real_name(table: Table, constraint: Constraint) -> str | None:
    """
    The name that a constraint has on PostgreSQL once it is added to this table, be it its own or the one that the
    server chooses; None where it is put together at run time. Of a table with more than `MOST` constraints it is the
    likeliest one: which names are taken is not looked through.
    """
    if constraint.name is not None or constraint.named:
        return constraint.name
    if len(table.constraints) > MOST:
        return next(iter(chosen_names(table.name, constraint)), None)
    name, taken = None, set(table.indexes)
    for one in (*table.constraints, constraint):
        numbers = ("", *map(str, range(1, len(table.constraints) + 2)))
        choices = (first for number in numbers for first in chosen_names(table.name, one, number)[:1])
        name = one.name or next((choice for choice in choices if choice not in taken), None)
        taken.add(name or "")
    return name


def _joined(table: str, columns: str, label: str) -> str:
    """Both names and a label: where that is longer than PostgreSQL's 63 bytes, the longer of the two is cut."""
    left = LONGEST_NAME - len(label) - 1 - bool(columns)
    first, second = table.encode(errors="surrogatepass"), columns.encode(errors="surrogatepass")
    while len(first) + len(second) > left:
        first, second = (first[:-1], second) if len(first) > len(second) else (first, second[:-1])
    kept = (one.decode(errors="ignore") for one in (first, second) if one)
    return "_".join((*kept, label))


def with_chosen_names(table: Table) -> Table:
    """The table whose constraints without a name keep the one that they have, whatever it is called from now on."""
    if all(one.name is not None or one.chosen for one in table.constraints):
        return table
    kept = tuple(
        one if one.name is not None or one.chosen else replace(one, chosen=chosen_names(table.name, one))
        for one in table.constraints
    )
    return replace(table, constraints=kept)


def is_chosen(name: str, table: Name, constraint: Constraint, dialect: str) -> bool:
    """
    Whether the database may have given this name to a constraint without one. PostgreSQL counts where the name is
    taken, MySQL and MariaDB count keys and checks, and call a unique one after its first column; SQLite gives none.
    (https://dev.mysql.com/doc/refman/8.4/en/create-table-foreign-keys.html)
    """
    if dialect == "sqlite":
        return False
    if dialect == "postgresql":
        names = chosen_names(table, constraint)
        return any(re.fullmatch(rf"{re.escape(one[:55])}.*", name) for one in names)
    kinds = {ConstraintKind.FOREIGN_KEY: "ibfk", ConstraintKind.CHECK: "chk"}
    if constraint.kind in kinds:
        return re.fullmatch(rf".+_{kinds[constraint.kind]}_\d+|CONSTRAINT_\d+", name) is not None
    first = constraint.columns[0] if constraint.columns else ""
    if constraint.kind is ConstraintKind.PRIMARY_KEY:
        return True
    return re.fullmatch(rf"{re.escape(first)}(_\d+)?", name) is not None
