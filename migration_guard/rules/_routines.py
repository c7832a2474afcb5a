"""Functions, triggers and their like, of which the schema that we keep has none: those that a downgrade forgets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from migration_guard.model.differences import Fate, SchemaDifference
from migration_guard.model.migration import Migration
from migration_guard.model.objects import DropOwned, DropSchema, RunSql
from migration_guard.model.operations import DropTable, Operation, RecreateTable
from migration_guard.model.unknown import show_holes

_NAME = r'(?:"[^"]+"|`[^`]+`|[\w$]+)'
# OR REPLACE and IF NOT EXISTS are left out: what they make may have been there before.
_MADE = re.compile(
    rf"(?:\s|--[^\n]*\n)*CREATE\s+(?:DEFINER\s*=\s*\S+\s+|CONSTRAINT\s+)*"
    rf"(?P<kind>FUNCTION|PROCEDURE|AGGREGATE|DOMAIN|TRIGGER|POLICY)\s+(?:{_NAME}\s*\.\s*)?(?P<name>{_NAME})(?=\s|\()"
    rf"(?!\s+NOT\s+EXISTS)",
    re.IGNORECASE,
)
_ON_TABLE = re.compile(rf"\sON\s+(?:{_NAME}\s*\.\s*)?(?P<name>{_NAME})", re.IGNORECASE)
_QUOTES = '"`'
# Of these nobody sees what they drop: a function may run DDL.
_RUN_ANYTHING = re.compile(r"\s*(?:SELECT|WITH|CALL|DO|EXECUTE)\b|.*\bCASCADE\b", re.IGNORECASE | re.DOTALL)


def forgotten(migration: Migration) -> Iterator[SchemaDifference]:
    """
    What the upgrade surely makes anew, and nothing in the downgrade takes away again: not by its name, nor with the
    table of a trigger or policy, nor in a way that does not show what goes.
    """
    back = migration.downgrade.operations
    if not back or any(isinstance(one, DropOwned | DropSchema) or _runs_anything(one) for one in back):
        return
    for operation in migration.upgrade.operations:
        sql, site = operation.site.sql or "", operation.site
        made = _MADE.match(sql) if isinstance(operation, RunSql) and not (site.conditional or site.repeated) else None
        if made is None:
            continue
        kind, name = made["kind"].lower(), made["name"].strip(_QUOTES)
        others = [one for one in migration.upgrade.operations if one is not operation and _is_drop(one)]
        if _mention(name, [*others, *back]) or (kind in ("trigger", "policy") and _goes_with_table(sql, back)):
            continue
        yield SchemaDifference(Fate.LEFT_BEHIND, kind, name)


def _runs_anything(operation: Operation) -> bool:
    sql = show_holes(operation.site.sql or "")
    return "{...}" in sql or (isinstance(operation, RunSql) and _RUN_ANYTHING.match(sql) is not None)


def _is_drop(operation: Operation) -> bool:
    return (operation.site.sql or "").lstrip()[:4].upper() == "DROP"


def _mention(name: str, operations: Sequence[Operation]) -> bool:
    word = re.compile(rf"(?<![\w$]){re.escape(name)}(?![\w$])", re.IGNORECASE)
    return any(word.search(one.site.sql or "") for one in operations)


def _goes_with_table(sql: str, operations: Sequence[Operation]) -> bool:
    """Whether the table of a trigger or policy goes, or is made anew; True where it is not seen which it is."""
    found = _ON_TABLE.search(sql)
    table = found["name"].strip(_QUOTES).lower() if found else None
    return table is None or any(
        one.table.name.lower() == table for one in operations if isinstance(one, DropTable | RecreateTable)
    )
