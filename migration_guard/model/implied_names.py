"""The names that a database gives to constraints without one, and keeps when tables and columns get others."""

from __future__ import annotations

import re
from dataclasses import replace

from migration_guard.model.schema import Constraint, ConstraintKind, Name, Table


def chosen_names(table: Name, constraint: Constraint) -> tuple[str, ...]:
    """
    The names that PostgreSQL chooses for a constraint without one, when it makes it.
    (https://www.postgresql.org/docs/18/sql-createtable.html; ChooseConstraintName in its sources)
    """
    if constraint.name is not None:
        return ()
    if constraint.chosen:
        return constraint.chosen
    columns = "_".join(constraint.columns)
    match constraint.kind:
        case ConstraintKind.PRIMARY_KEY:
            return (f"{table.name}_pkey",)
        case ConstraintKind.FOREIGN_KEY:
            return (f"{table.name}_{columns}_fkey",)
        case ConstraintKind.UNIQUE:
            return (f"{table.name}_{columns}_key",)
        case ConstraintKind.CHECK:
            return (f"{table.name}_{columns}_check", f"{table.name}_check")
        case ConstraintKind.EXCLUDE:
            return (f"{table.name}_{columns}_excl",)
    return ()


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
