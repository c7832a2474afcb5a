"""Other names for indexes and constraints: what a template makes of one, and the edits that write it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from migration_guard.model.constraints import DropConstraint, DropIndex, RenameConstraint, RenameIndex
from migration_guard.model.finding import Edit, Fix
from migration_guard.model.lineage import Moment
from migration_guard.model.migration import History
from migration_guard.model.schema import Table
from migration_guard.model.unknown import Unknown
from migration_guard.rules import Context
from migration_guard.rules._fixes import quoted
from migration_guard.rules._word import OurLines, Word
from migration_guard.source_edits import places_of

LONGEST = 63
RENAMED = (DropIndex, DropConstraint, RenameIndex, RenameConstraint)
RELEASED = "a database that has run the migration keeps the old name"


def filled(template: str, table: Table, columns: Sequence[str] | Unknown) -> str | None:
    """The name that a template gives; None where what belongs into it is not known, or it would be cut."""
    if isinstance(columns, Unknown) or not columns or any(not re.fullmatch(r"\w+", one) for one in columns):
        return None
    joined = "_".join(columns)
    name = template.format(table=table.name.name, columns=joined) + ("" if "{columns}" in template else joined)
    return name if len(name) <= LONGEST else None


def begins(template: str, table: Table) -> str:
    """How names begin that a template gives to what belongs to this table: for people, as code has it."""
    return template.format(table=table.name.name, columns="...")


def index_call(op: str, name: str, table: Table, columns: Sequence[str], options: str = "") -> str:
    """The call that makes an index on these columns."""
    index, of = Word(name), Word(table.name)
    return f'{op}.create_index("{index}", "{of:name}", {quoted(columns)}{of:schema}{options})'


def proposed_indexes(table: Table, every: Iterable[Sequence[str]], context: Context) -> OurLines:
    """A call for each of the indexes, one a line, under the names that the team has agreed on."""
    template = context.conventions.index_name
    named = {tuple(one): filled(template, table, one) or begins(template, table) for one in every}
    return OurLines("\n".join(index_call("op", name, table, columns) for columns, name in named.items()))


def renamed(old: str, new: str | None, moment: Moment, context: Context) -> Fix | None:
    """
    The new name wherever the file of the moment has the old one as a string of its own. None where it says it in
    another way too, or another migration does.
    """
    if new is None or moment.operation.site.helper or _is_used_elsewhere(old, moment, context):
        return None
    written = list(re.finditer(rf"(?<=['\"]){re.escape(old)}(?=['\"])", context.source))
    if not written or len(written) != len(re.findall(rf"(?<!\w){re.escape(old)}(?!\w)", context.source)):
        return None
    places = places_of(context.source)
    return Fix(False, tuple(Edit(places.span(one.start(), one.end()), new) for one in written), RELEASED)


def _is_used_elsewhere(name: str, moment: Moment, context: Context) -> bool:
    return bool(_used_by(context.history).get(name, frozenset()) - {moment.migration.path})


@lru_cache(maxsize=8)
def _used_by(history: History) -> Mapping[str, frozenset[str]]:
    """The paths of the migrations that drop or rename an index or a constraint, by its name."""
    found: dict[str, frozenset[str]] = {}
    for migration in history.migrations:
        for one in migration.operations:
            if isinstance(one, RENAMED) and isinstance(one.name, str):
                found[one.name] = found.get(one.name, frozenset()) | {migration.path}
    return found
