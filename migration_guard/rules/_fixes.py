"""The fixes that several rules share. A fix is None where the text at hand does not allow it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from migration_guard import source_edits
from migration_guard.model.finding import Edit, Fix
from migration_guard.model.operations import Operation
from migration_guard.model.printable import printable
from migration_guard.rules import Context

# A DO block is a transaction of its own: nothing in it can leave it.
BLOCK = re.compile(r"\bDO\s+(?:LANGUAGE\s+\w+\s+)?(?:\$|E?')", re.IGNORECASE)
COMMITS = "the block commits what the migration did before it, so that a failure later on leaves it half applied"


def outside_the_transaction(operation: Operation, context: Context, *edits: Edit | None) -> Fix | None:
    """Make these edits, and put the statement into an autocommit block. Safe where it is the migration's only work."""
    made = [edit for edit in edits if edit is not None]
    if len(made) < len(edits):
        return None
    if not context.in_transaction(operation):
        return Fix(True, tuple(made)) if made else None
    site = operation.site
    name = source_edits.op_name(site, context.migration)
    if name is None or site.helper or site.batch or not context.is_alone(operation):
        return None
    if BLOCK.search(source_edits.places_of(context.source).of(site.statement)):
        return None
    wrapping = source_edits.wrap(context.source, site.statement, f"with {name}.get_context().autocommit_block():")
    if wrapping is None:
        return None
    only = len(context.together(operation)) == 1 and not site.repeated
    inside = [source_edits.deeper(context.source, edit) for edit in made]
    return Fix(only, (*inside, *wrapping), "" if only else COMMITS)


def keyword(operation: Operation, context: Context, name: str, value: str) -> Edit | None:
    """Set a keyword argument of the call that asks for the operation; not of one that carries SQL text."""
    site = operation.site
    if site.call is None or site.sql is not None or site.helper or site.call.column:
        return None
    return source_edits.set_keyword(context.source, site.call, name, value)


def in_sql(operation: Operation, context: Context, pattern: str, text: str) -> Edit | None:
    """
    Put some text behind the one place where the pattern matches the operation's SQL.

    None where the SQL does not stand in the source letter by letter, or says it more than once.
    """
    span = operation.site.text_span
    if span is None or operation.site.helper:
        return None
    places = source_edits.places_of(context.source)
    begin, end = places.range(span)
    found = list(re.finditer(pattern, context.source[begin:end], re.IGNORECASE | re.DOTALL))
    if len(found) != 1:
        return None
    at = begin + found[0].end()
    return Edit(places.span(at, at), text)


def quoted(names: Iterable[str]) -> str:
    """Names as a list that can be pasted into a migration."""
    shown = ", ".join(f'"{printable(name)}"' for name in names)
    return f"[{shown}]"


UNCHECKED = "the old rows stay unchecked until a later migration validates the constraint"


def not_valid(operation: Operation, context: Context) -> Fix | None:
    """Add the constraint as NOT VALID."""
    if operation.site.sql is None:
        edit = keyword(operation, context, "postgresql_not_valid", "True")
    elif context.is_alone(operation):
        edit = in_sql(operation, context, r"\bADD\b.*[^\s;]", " NOT VALID")
    else:
        edit = None
    return Fix(False, (edit,), UNCHECKED) if edit else None
