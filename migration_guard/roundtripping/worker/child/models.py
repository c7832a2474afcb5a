"""Alembic's comparison of the models with the database, in words for people. Knows no project."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.engine import Dialect


def metadatas(context: MigrationContext) -> tuple[Any, ...]:
    """env.py's target_metadata: none, one or several."""
    target = context.opts.get("target_metadata")
    if target is None:
        return ()
    return tuple(target) if isinstance(target, (list, tuple)) else (target,)


def differences(context: MigrationContext) -> tuple[str, ...]:
    """What the models and the database do not share, each difference in a sentence."""
    found = compare_metadata(context, context.opts["target_metadata"])
    return tuple(_sentences(found, context.dialect))


def _sentences(found: Iterable[Any], dialect: Dialect) -> Iterable[str]:
    for one in found:
        if isinstance(one, list):  # The changes of one column.
            yield from _sentences(one, dialect)
            continue
        kind, *rest = one
        words = _WORDS.get(kind)
        yield words(dialect, *rest) if words else f"The models and the database differ: {kind} {rest}."


def _missing(what: str) -> str:
    return f"The models have the {what}, which the database lacks."


def _surplus(what: str) -> str:
    return f"The database has the {what}, which the models lack."


def _column(schema: str | None, table: str, column: str) -> str:
    return f"{_name(schema, table)}.{column}"


def _index(index: Any) -> str:
    columns = ", ".join(str(getattr(one, "name", None) or one) for one in index.expressions)
    return f"index {index.name or 'without a name'} on {_of(index)} ({columns})"


def _constraint(constraint: Any) -> str:
    kind = {"UniqueConstraint": "unique constraint", "ForeignKeyConstraint": "foreign key"}.get(
        type(constraint).__name__, "constraint"
    )
    columns = ", ".join(constraint.columns.keys())
    goal = ""
    if kind == "foreign key":
        goal = " to " + ", ".join(element.target_fullname for element in constraint.elements)
    return f"{kind} {constraint.name or 'without a name'} on {_of(constraint)} ({columns}){goal}"


def _of(item: Any) -> str:
    return _name(item.table.schema, item.table.name) if item.table is not None else "an unknown table"


def _name(schema: str | None, name: str) -> str:
    return f"{schema}.{name}" if schema else name


def _modified(property: str, text: Callable[[Dialect, Any], str]) -> Callable[..., str]:
    def sentence(
        dialect: Dialect, schema: str | None, table: str, column: str, existing: object, was: Any, now: Any
    ) -> str:
        return (
            f"{_column(schema, table, column)}: the {property} is {text(dialect, was)} in the database "
            f"and {text(dialect, now)} in the models."
        )

    return sentence


def _type(dialect: Dialect, value: Any) -> str:
    try:
        return str(value.compile(dialect=dialect))
    except Exception:  # A type of the project's own may refuse in any way.
        return repr(value)


def _nullability(dialect: Dialect, value: bool) -> str:
    return "nullable" if value else "not null"


def _default(dialect: Dialect, value: Any) -> str:
    if value is None or value is False:
        return "absent"
    return str(getattr(getattr(value, "arg", value), "text", getattr(value, "arg", value)))


def _comment(dialect: Dialect, value: str | None) -> str:
    return "absent" if value is None else repr(value)


_WORDS: dict[str, Callable[..., str]] = {
    "add_table": lambda dialect, table: _missing(f"table {_name(table.schema, table.name)}"),
    "remove_table": lambda dialect, table: _surplus(f"table {_name(table.schema, table.name)}"),
    "add_column": lambda dialect, schema, table, column: _missing(f"column {_column(schema, table, column.name)}"),
    "remove_column": lambda dialect, schema, table, column: _surplus(f"column {_column(schema, table, column.name)}"),
    "add_index": lambda dialect, index: _missing(_index(index)),
    "remove_index": lambda dialect, index: _surplus(_index(index)),
    "add_constraint": lambda dialect, constraint: _missing(_constraint(constraint)),
    "remove_constraint": lambda dialect, constraint: _surplus(_constraint(constraint)),
    "add_fk": lambda dialect, constraint: _missing(_constraint(constraint)),
    "remove_fk": lambda dialect, constraint: _surplus(_constraint(constraint)),
    "add_table_comment": lambda dialect, table, was: _missing(
        f"comment {table.comment!r} on {_name(table.schema, table.name)}"
    ),
    "remove_table_comment": lambda dialect, table: _surplus(f"comment on {_name(table.schema, table.name)}"),
    "modify_type": _modified("type", _type),
    "modify_nullable": _modified("column", _nullability),
    "modify_default": _modified("default", _default),
    "modify_comment": _modified("comment", _comment),
}
