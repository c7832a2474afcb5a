"""
The names that constraints and indexes get: by a naming convention of the application's MetaData, as Alembic applies it,
and cut where they are too long, as SQLAlchemy cuts them.
(https://docs.sqlalchemy.org/en/20/core/constraints.html#configuring-constraint-naming-conventions)
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from migration_guard.model.constraints import AddConstraint, CreateIndex, DropConstraint
from migration_guard.model.migration import Body, Migration
from migration_guard.model.operations import AddColumn, CreateTable, Operation
from migration_guard.model.schema import Constraint, ConstraintKind, Index, Name
from migration_guard.model.unknown import Unknown

LONGEST = {"postgresql": 63, "mysql": 64, "mariadb": 64}
"""How many characters SQLAlchemy lets a name have; it says 9999 of SQLite (`Dialect.max_identifier_length`)."""
KEYS = {
    ConstraintKind.PRIMARY_KEY: "pk",
    ConstraintKind.FOREIGN_KEY: "fk",
    ConstraintKind.UNIQUE: "uq",
    ConstraintKind.CHECK: "ck",
}
GIVEN = "%(constraint_name)s"
_TOKEN = re.compile(r"%\((\w+)\)s")
_NUMBERED = re.compile(r"(?P<of>referred_)?column_(?P<number>\d+)(?P<all>_?N)?_(?P<what>name|key|label)")


def cut(name: str, dialect: str) -> str:
    """
    A name as SQLAlchemy renders one that it may shorten: op.f(), those of a convention and those of `index=True`. Of
    one that is too long it keeps the beginning, and four digits of its md5 sum (measured on SQLAlchemy 1.4 to 2.1).
    """
    longest = LONGEST.get(dialect)
    if longest is None or len(name) <= longest:
        return name
    digest = hashlib.md5(name.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
    return f"{name[: longest - 8]}_{digest[-4:]}"


class NamingConvention:
    """A naming convention: templates by their keys (`ck`), `ck_%(table_name)s_%(constraint_name)s`."""

    def __init__(self, templates: Mapping[str, str], dialect: str) -> None:
        self.templates, self.dialect = templates, dialect

    @classmethod
    def of(cls, lines: Sequence[str], dialect: str) -> NamingConvention:
        """The convention that `Environment.naming_convention` holds: `pk=pk_%(table_name)s`."""
        return cls(dict(line.split("=", 1) for line in lines), dialect)

    def named(self, migration: Migration) -> Migration:
        """The migration with the names that its constraints and indexes get."""
        if not self.templates:
            return migration
        return replace(migration, upgrade=self._body(migration.upgrade), downgrade=self._body(migration.downgrade))

    def _body(self, body: Body) -> Body:
        return replace(body, operations=tuple(map(self._operation, body.operations)))

    def _operation(self, operation: Operation) -> Operation:
        match operation:
            case CreateTable(table=table) if any(one.by_convention for one in table.constraints):
                made = tuple(self._constraint(one, table.name) for one in table.constraints)
                return replace(operation, table=replace(table, constraints=made))
            case AddColumn(inline=inline) if any(one.by_convention for one in inline):
                return replace(operation, inline=tuple(self._constraint(one, operation.table) for one in inline))
            case AddConstraint(constraint=constraint) if constraint.by_convention:
                return replace(operation, constraint=self._constraint(constraint, operation.table))
            case CreateIndex(index=index) if index.by_convention:
                return replace(operation, index=self._index(index, operation.table))
            case DropConstraint(by_convention=True, name=str() as name, kind=kind) if kind in KEYS:
                template = self.templates.get(KEYS[kind], "")
                if GIVEN in template:
                    return replace(operation, name=self._filled(template, operation.table, name, (), None))
        return operation

    def _constraint(self, constraint: Constraint, table: Name) -> Constraint:
        template = self.templates.get(KEYS.get(constraint.kind, ""))
        if template is None or not constraint.by_convention or (constraint.name is None) is (GIVEN in template):
            return constraint
        name = self._filled(template, table, constraint.name, constraint.columns, constraint)
        return replace(constraint, name=name, named=name is None)

    def _index(self, index: Index, table: Name) -> Index:
        template = self.templates.get("ix")
        if template is None or GIVEN in template or isinstance(index.columns, Unknown):
            return index
        return replace(index, name=self._filled(template, table, None, index.columns, None))

    def _filled(
        self, template: str, table: Name, given: str | None, columns: Sequence[str], constraint: Constraint | None
    ) -> str | None:
        """The name that the template gives; None where one of its tokens is not known."""
        filled = template
        for token in _TOKEN.findall(template):
            value = _token(token, table, given, columns, constraint)
            if value is None:
                return None
            filled = filled.replace(f"%({token})s", value)
        return cut(filled, self.dialect)


def _token(
    token: str, table: Name, given: str | None, columns: Sequence[str], constraint: Constraint | None
) -> str | None:
    match token:
        case "table_name":
            return table.name
        case "constraint_name":
            return given
        case "referred_table_name":
            return constraint.references.name if constraint is not None and constraint.references else None
    found = _NUMBERED.fullmatch(token)
    if found is None:
        return None
    of_referred = found["of"] is not None
    names = constraint.referenced_columns if of_referred and constraint is not None else columns
    if found["what"] == "label" and not of_referred:
        prefix = f"{table.schema}_{table.name}" if table.schema else table.name
        names = [f"{prefix}_{name}" for name in names]
    if any(name.startswith("(") for name in names):
        return None
    if found["all"]:
        return ("_" if found["all"] == "_N" else "").join(names) or None
    number = int(found["number"])
    return names[number] if number < len(names) else None
