"""What the rules on round trips share: where in the migration something happened, and how a failure is told."""

from __future__ import annotations

import re
from collections.abc import Sequence

from migration_guard.model.differences import Fate
from migration_guard.model.finding import Direction, Span
from migration_guard.model.migration import Body, Form
from migration_guard.model.printable import printable
from migration_guard.model.trip import QUERY, CatalogueDifference, Cause, Failure, Place, SentStatement, Trip
from migration_guard.rules import Context
from migration_guard.rules._word import OurLines

LONGEST_STATEMENT = 400
ON_ROWS = re.compile(rf"{QUERY.pattern}|\s*(?:INSERT|UPDATE|DELETE|MERGE|REPLACE)\b", re.IGNORECASE)


def spans(place: Place | None, direction: Direction, context: Context) -> tuple[Span | None, Span | None]:
    """
    What a finding points at, and the whole statement around it: the operation on that line of the migration, else the
    line as it is, else the `def` line of the function.
    """
    migration = context.migration
    body = migration.upgrade if direction is Direction.UPGRADE else migration.downgrade
    if place is None or place.path != migration.path:
        return body.span, body.statement
    for operation in migration.operations:
        site = operation.site
        if not site.helper and site.statement.line <= place.line <= site.statement.end_line:
            return site.span, site.statement
    lines = context.source.splitlines()
    if not 1 <= place.line <= len(lines):
        return body.span, body.statement
    line = lines[place.line - 1]
    span = Span(place.line, len(line) - len(line.lstrip()) + 1, place.line, len(line) + 1)
    return span, span


def origin(difference: CatalogueDifference, trip: Trip, *, rows: bool = False) -> Place | None:
    """
    The line of the operation that brought an object into this state: of one that is left behind the first that names
    it, otherwise the last; failing that, one on its table. `rows`: statements on rows count, too.
    """
    name = difference.name.partition("(")[0].rpartition(".")[2]
    table = (difference.table or "").rpartition(".")[2]
    upgrade, downgrade = trip.statements(Direction.UPGRADE), trip.statements(Direction.DOWNGRADE)
    tried = [[name, table], [name], [table]]
    if table and not rows:
        # A batch makes the table anew under this name, and says nothing of what it leaves out.
        anew = f"_alembic_tmp_{table}"
        if difference.fate is Fate.LEFT_BEHIND:
            tried.insert(0, [name, anew])
        else:
            told = difference.kind != "column" and not name.endswith(" ")
            tried.insert(2 if told else 0, [anew])
    if difference.fate is not Fate.LEFT_BEHIND:
        upgrade, downgrade = upgrade[::-1], downgrade[::-1]
    for words in tried:
        for statements in (upgrade, downgrade):
            place = _first_naming([word for word in words if word], statements, QUERY if rows else ON_ROWS)
            if place:
                return place
    return None


def _first_naming(words: Sequence[str], statements: Sequence[SentStatement], besides: re.Pattern[str]) -> Place | None:
    patterns = [re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE) for word in words]
    if not patterns:
        return None
    for statement in statements:
        passed = statement.place is None or besides.match(statement.sql)
        if not passed and all(pattern.search(statement.sql) for pattern in patterns):
            return statement.place
    return None


def reason(failure: Failure, body: Body | None = None) -> str:
    """
    Why a step failed, as it follows a colon: the database's or the exception's own words, ending in a full stop. `body`
    is the function that was to run.
    """
    if body is not None and body.form is Form.MISSING:
        return "there is none."
    words = " ".join(failure.message.split())
    if failure.cause is Cause.PYTHON and failure.kind and not words.startswith(failure.kind):
        words = f"{failure.kind}: {words}" if words else failure.kind
    words = words or failure.kind or "no reason was given"
    return words if words.endswith((".", "!", "?")) else f"{words}."


def advice(failure: Failure, context: Context, help: str) -> OurLines:
    """What to do, below the statement that failed and the line outside the migration where it did, if there are any."""
    said = []
    place = failure.place
    if place is not None and place.path != context.migration.path:
        said.append(f"It failed in {printable(place.path)}:{place.line}.")
    if failure.statement:
        text = failure.statement.strip()
        cut = text if len(text) <= LONGEST_STATEMENT else f"{text[:LONGEST_STATEMENT]} ..."
        shown = printable(cut, lines=True).replace("\n", "\n  ")
        said.append(f"The statement was:\n\n  {shown}\n")
    return OurLines("\n".join((*said, help)))


def named(failure: Failure) -> tuple[str, ...]:
    """The objects that the database names in its message."""
    return tuple(dict.fromkeys(re.findall(r'"([^"\n]{1,63})"', failure.message)))
