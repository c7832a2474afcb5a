"""Says in words what operations do that concerns no table: types, views, sequences, functions, rights."""

from __future__ import annotations

from migration_guard.model.objects import (
    AddEnumValue,
    CreateEnum,
    CreateSchema,
    CreateSequence,
    CreateView,
    DropDatabase,
    DropEnum,
    DropOwned,
    DropSchema,
    DropSequence,
    DropView,
    RenameEnumValue,
    RenameType,
    RunSql,
)
from migration_guard.model.operations import Operation

# Statements that ask, or only concern the session: nothing is other than before once they have run.
PASSING = (
    *("SELECT", "SHOW", "SET", "RESET", "EXPLAIN", "VALUES", "PRAGMA", "USE", "LOCK", "UNLOCK", "ANALYZE", "VACUUM"),
    *("BEGIN", "START", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "END"),
)


class OtherChanges:
    """What was done, each once; what is made and dropped again is not there."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], None] = {}

    def follow(self, operation: Operation) -> None:
        """Takes in what an operation does."""
        match operation:
            case CreateEnum():
                self._said["create", f"type {operation.type.name}"] = None
            case DropEnum():
                self._drop(f"type {operation.type}")
            case AddEnumValue():
                self._said["add", f"value {operation.value!r} to type {operation.type}"] = None
            case RenameEnumValue():
                words = f"value {operation.value!r} of type {operation.type} to {operation.new_value!r}"
                self._said["rename", words] = None
            case RenameType():
                self._said["rename", f"type {operation.type} to {operation.new_name}"] = None
            case CreateView():
                self._said["create", f"view {operation.view.name}"] = None
            case DropView():
                self._drop(f"view {operation.view}")
            case CreateSequence():
                self._said["create", f"sequence {operation.sequence}"] = None
            case DropSequence():
                self._drop(f"sequence {operation.sequence}")
            case CreateSchema():
                self._said[
                    "create", f"schema {operation.schema}" if isinstance(operation.schema, str) else "a schema"
                ] = None
            case DropSchema():
                self._drop(f"schema {operation.schema or 'that is the default one'}")
            case DropDatabase():
                self._said["drop", f"database {operation.database}"] = None
            case DropOwned():
                self._said["drop", f"whatever belongs to {', '.join(operation.roles)}"] = None
            case RunSql() if not operation.kind.startswith(PASSING):
                tables = f" {', '.join(map(str, operation.tables))}" if operation.tables else ""
                self._said["run", f"{operation.kind}{tables}"] = None

    def _drop(self, what: str) -> None:
        if ("create", what) in self._said:
            del self._said["create", what]
        else:
            self._said["drop", what] = None

    def words(self) -> tuple[str, ...]:
        """The books, closed: `create type mood`."""
        return tuple(f"{verb} {what}" for verb, what in self._said)
