"""
Calls of Alembic's directives that cannot work: what Python refuses of their arguments, and what Alembic does. The
signatures are those of Alembic 1.20.1; what an older release took as well is let pass.
(https://alembic.sqlalchemy.org/en/latest/ops.html)
"""

from __future__ import annotations

from difflib import get_close_matches

from migration_guard.model.unknown import Unknown
from migration_guard.reading.directives.arguments import ALIASES, BoundArguments
from migration_guard.reading.interpreter.values import FALSE, Constant, Value

_UNSEEN = Unknown("arguments that are not known").reason
_TABLES = ("table_name", "source_table")
# The parameters without which Python stops.
_REQUIRED = {
    "add_column": ("table_name", "column"),
    "alter_column": ("table_name", "column_name"),
    "bulk_insert": ("table", "rows"),
    "create_check_constraint": ("constraint_name", "table_name", "condition"),
    "create_foreign_key": ("constraint_name", "source_table", "referent_table", "local_cols", "remote_cols"),
    "create_index": ("index_name", "table_name", "columns"),
    "create_primary_key": ("constraint_name", "table_name", "columns"),
    "create_unique_constraint": ("constraint_name", "table_name", "columns"),
    "drop_column": ("table_name", "column_name"),
    "drop_constraint": ("constraint_name", "table_name"),
    "drop_index": ("index_name",),
    "drop_table": ("table_name",),
    "execute": ("sqltext",),
    "rename_table": ("old_table_name", "new_table_name"),
}
# What those that take no other keywords take beside their parameters.
_CLOSED = {
    "add_column": "schema if_not_exists inline_references inline_primary_key insert_before insert_after",
    "bulk_insert": "multiinsert",
    "create_primary_key": "schema",
    "drop_constraint": "type_ schema if_exists",
    "execute": "execution_options",
    "rename_table": "schema",
}
# What alter_column does something for, and what else it knows; it takes any other word, and does nothing with it.
_ASKS = ("nullable", "comment", "server_default", "new_column_name", "name", "type_", "autoincrement")
_ALTER_COLUMN = (
    "nullable comment server_default new_column_name type_ existing_type existing_server_default existing_nullable"
    " existing_comment schema autoincrement existing_autoincrement insert_before insert_after"
)
_OF_DIALECTS = ("postgresql_", "mysql_", "mariadb_", "sqlite_", "mssql_", "oracle_")


def refused_call(name: str, ask: BoundArguments) -> str | None:
    """Why a call of this directive cannot work, as a clause; None where it can, or not all of it is known."""
    made, parameters = ask.made, ask.parameters
    if any(isinstance(one, Unknown) and one.reason == _UNSEEN for one in made.arguments):
        return None
    keywords = dict(made.keywords)
    if "**" in keywords or name not in _REQUIRED:
        return None
    of_batch = _TABLES if ask.batch is not None else ()
    required = [one for one in _REQUIRED[name] if one not in of_batch]
    missing = next((one for one in required if ask[one] is None), None)
    if missing is not None:
        return f"{made.name}() is called without its argument {missing}, and Python raises a TypeError"
    if not ask.signature.takes_rest and len(made.arguments) > len(parameters):
        most = f"at most {len(parameters)} arguments by position"
        return f"{made.name}() takes {most}, and Python raises a TypeError"
    return _unknown_keyword(name, keywords, parameters) or _of_mysql(name, ask)


def _unknown_keyword(name: str, keywords: dict[str, Value], parameters: tuple[str, ...]) -> str | None:
    taken = {*parameters, *ALIASES, *_REQUIRED[name]}
    if name in _CLOSED:
        taken.update(_CLOSED[name].split())
        wrong = next((one for one in keywords if one not in taken), None)
        near = get_close_matches(wrong, taken, 1) if wrong is not None else []
        meant = f" (it is called {near[0]})" if near else ""
        return (
            f"{name}() takes no argument {wrong}{meant}, and Python raises a TypeError" if wrong is not None else None
        )
    if name == "alter_column" and not any(one in keywords for one in _ASKS):
        taken.update(_ALTER_COLUMN.split())
        for wrong in keywords:
            near = get_close_matches(wrong, taken, 1)
            if wrong not in taken and not wrong.startswith(_OF_DIALECTS) and near:
                return f"alter_column() asks for nothing, as it knows no argument {wrong}: it is called {near[0]}"
    return None


def _of_mysql(name: str, ask: BoundArguments) -> str | None:
    """
    MySQL and MariaDB write a whole column anew, and name the kind of a constraint that goes: Alembic has to be told.
    (https://alembic.sqlalchemy.org/en/latest/ops.html#alembic.operations.Operations.alter_column)
    """
    if ask.walker.dialect not in ("mysql", "mariadb"):
        return None
    if name == "drop_constraint" and ask["type_"] in (None, Constant(None)):
        return "Alembic has to know which kind of constraint it drops on MySQL and MariaDB, and raises without type_"
    if name == "alter_column" and all(ask[one] in (None, Constant(None)) for one in ("type_", "existing_type")):
        rewrites = any(ask[one] not in (None, Constant(None)) for one in ("nullable", "new_column_name", "name"))
        comments = ask["comment"] not in (None, FALSE)
        if rewrites or comments:
            return "MySQL and MariaDB write the whole column anew, and Alembic raises without existing_type"
    return None
