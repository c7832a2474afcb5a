"""What the rules on downgrades share: what an upgrade does that a downgrade has to undo, in names and in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from migration_guard.model.constraints import AddConstraint, CreateIndex, DropConstraint, DropIndex
from migration_guard.model.differences import DEFINITION, LABELS, Fate, SchemaDifference, differences
from migration_guard.model.migration import Form, History
from migration_guard.model.objects import Opaque, RunSql
from migration_guard.model.operations import (
    AddColumn,
    AlterColumnType,
    ColumnOperation,
    CreateTable,
    DropNotNull,
    Operation,
    SetDefault,
    SetNotNull,
)
from migration_guard.model.schema import Name
from migration_guard.rules import Context

MADE_BY_HAND = ("FUNCTION", "TRIGGER", "PROCEDURE", "POLICY", "DOMAIN", "AGGREGATE")
MOST_NAMED = 4
ENOUGH = 10
"""A history of so many revisions without one downgrade has none by decision: that is said once."""


def listed(names: Sequence[str]) -> str:
    """Names as a sentence takes them: "a, b and c"; a long list is cut, and says so."""
    shown = list(names[:MOST_NAMED])
    if len(names) > MOST_NAMED:
        shown.append(f"{len(names) - MOST_NAMED} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def undone(context: Context) -> list[tuple[str, str]]:
    """
    What the upgrade changes in the schema and a rollback leaves: (name of the object, words for it).

    Taken from the comparison of schemas; where the operations are conditional, or the schema before is not known, from
    the operations themselves.
    """
    found = [
        (one.name, f"the {one}" if one.fate is Fate.CHANGED else str(one))
        for one in context.replayed.differences
        if one.kind != LABELS
    ]
    if found:
        return found
    said: dict[str, str] = {}
    for operation in context.migration.upgrade.operations:
        for name, words in _touched(operation, context):
            said.setdefault(name, words)
    return list(said.items())


def said_of_all(context: Context) -> tuple[str, str] | None:
    """
    What the message and the help say besides where no revision of a history undoes its upgrade, which is said of the
    newest; None for the others. Both are empty where each revision is told of.
    """
    forward, back = _both_ways(context.history)
    if any(revision in back for revision in context.judged):
        return "", ""
    judged = [revision for revision in forward if revision in context.judged]
    if len(judged) < ENOUGH:
        return "", ""
    if context.migration.revision != judged[-1]:
        return None
    return (
        f" None of the {len(judged)} revisions that are judged here has a downgrade.",
        '. Where nobody rolls back, say so once, in the configuration: ignore = ["MG701", "MG702", "MG703"]',
    )


@lru_cache(maxsize=8)
def _both_ways(history: History) -> tuple[tuple[str, ...], frozenset[str]]:
    """The revisions that change the schema, in their order, and do not undo it; and those that do, or say why not."""
    forward, back = [], []
    for one in history.graph.order:
        declared = one.irreversible is not None and bool(one.irreversible.reason)
        if declared or one.downgrade.form not in (Form.MISSING, Form.EMPTY, Form.RAISES):
            back.append(one.revision)
        elif any(not isinstance(operation, RunSql | Opaque) for operation in one.upgrade.operations):
            forward.append(one.revision)
    return tuple(forward), frozenset(back)


def _touched(operation: Operation, context: Context) -> Iterator[tuple[str, str]]:
    """The object whose schema an operation changes, where the comparison of schemas cannot tell."""
    unsure = operation.site.conditional
    match operation:
        case RunSql(kind=kind) if kind.startswith("CREATE ") and any(word in kind for word in MADE_BY_HAND):
            yield kind.removeprefix("CREATE ").lower(), f"what {kind} makes"
        case CreateTable() if unsure and not operation.temporary:
            yield str(operation.table.name), f"table {operation.table.name}"
        case AddColumn() if unsure:
            yield f"{operation.table}.{operation.column.name}", f"column {operation.table}.{operation.column.name}"
        case CreateIndex() if unsure and operation.index.name:
            yield operation.index.name, f"index {operation.index.name}"
        case AddConstraint() if unsure and operation.constraint.name:
            yield operation.constraint.name, f"constraint {operation.constraint.name}"
        case SetNotNull() | DropNotNull() | SetDefault() | AlterColumnType() if _is_old(operation, context):
            yield f"{operation.table}.{operation.column}", f"column {operation.table}.{operation.column}"
        case DropIndex() if (unsure or operation.table is None) and not _is_only_tidied(operation, context):
            yield operation.name, f"index {operation.name}"
        case DropConstraint(name=str() as name) if context.replayed.before.table(operation.table):
            yield name, f"constraint {name}"


def _is_only_tidied(operation: DropIndex, context: Context) -> bool:
    """Whether it drops with IF EXISTS what nothing in the history makes: what old versions may have left."""
    return operation.if_exists and context.replayed.before.index(operation.name) is None


def _is_old(operation: ColumnOperation, context: Context) -> bool:
    return not context.is_new_column(operation.table, operation.column, operation)


def is_compared(context: Context) -> bool:
    """Whether the downgrade does something, is meant to bring everything back, and was read well enough to say so."""
    if context.migration.downgrade.form is not Form.BODY or is_declared_irreversible(context):
        return False
    return context.replayed.comparable


def is_ignored(one: SchemaDifference, context: Context) -> bool:
    """
    Whether the database does not look at what has changed: SQLite takes values of any length, whatever a type says.
    https://www.sqlite.org/datatype3.html#affinity_name_examples
    """
    if context.target.dialect != "sqlite" or one.kind != "type of":
        return False
    was, now = (text.partition("(")[0] for text in (one.was, one.now))
    return was == now


def came_back_otherwise(one: SchemaDifference, context: Context) -> bool:
    """Whether the downgrade has set it, to something else than it was: not what the upgrade alone has changed."""
    if one.fate is not Fate.CHANGED or one.kind == LABELS:
        return False
    return one not in differences(context.replayed.before, context.replayed.after)


def may_write(operation: Operation, table: Name) -> bool:
    """Whether it runs what nobody sees, which may change rows of the table, or looks at them first."""
    match operation:
        case Opaque(tables=tables):
            return not tables or table in tables
        case RunSql(kind="SELECT" | "DO" | "CALL" | "WITH", tables=tables):
            return not tables or table in tables
    return False


OF_TABLES = ("table", "column", "index", "type")


def is_left_object(one: SchemaDifference) -> bool:
    """Whether it is left behind, and no table, type, or part of a table: a view, a function, a privilege."""
    return one.fate is Fate.LEFT_BEHIND and one.kind not in OF_TABLES and not one.kind.endswith("constraint")


def changed_words(one: SchemaDifference) -> str:
    """What has become of what is changed, in words."""
    if one.kind == DEFINITION:
        return f"the {one} is another one"
    return f"the {one} is {one.now}; it was {one.was}"


def is_declared_irreversible(context: Context) -> bool:
    """Whether the revision says that it goes one way, and why."""
    declared = context.migration.irreversible
    return declared is not None and bool(declared.reason)
