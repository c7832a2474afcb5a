from __future__ import annotations

import re
from collections.abc import Iterator

from migration_guard import source_edits
from migration_guard.model.finding import Finding, Severity
from migration_guard.model.migration import Migration
from migration_guard.rules import Context, Rule

ASKS = re.compile(r"^(?P<before>[^#\n]*)\b(?P<what>get_bind\(\)|get_context\(\)\.bind\b)", re.MULTILINE)
LOOKS = re.compile(r"\bis_offline_mode\b|\bas_sql\b")


class OfflineIncompatible(Rule[Migration]):
    """
    The migration asks the database, so it cannot be turned into an SQL script for somebody else to run.

    ## What happens

    With `alembic upgrade --sql` there is no connection: `op.get_bind()` is None, and whatever is asked of it raises.

    ```python bad
    bind = op.get_bind()
    bind.execute(sa.text("SELECT 1"))
    ```

    ## To whom

    The database administrator who gets a traceback instead of a script.

    ## When it is no hazard

    ```python good
    op.execute("SELECT 1")
    ```

    A migration that asks `context.is_offline_mode()` first knows what it does.

    ## What to write instead

    `op.execute()` where no result is needed; else a branch for `context.is_offline_mode()`.

    ## Sources

    - https://alembic.sqlalchemy.org/en/latest/offline.html
    """

    code = "MG828"
    severity = Severity.INFO
    enabled = False
    message = "With --sql this migration fails: it asks a connection that is not there."
    help = "Use op.execute() where no result is needed, else ask context.is_offline_mode() first."

    def check(self, subject: Migration, context: Context) -> Iterator[Finding]:
        if subject.upgrade.statement is None or LOOKS.search(context.source):
            return
        places = source_edits.places_of(context.source)
        begin, end = places.range(subject.upgrade.statement)
        found = ASKS.search(context.source, begin, end)
        if found is not None:
            yield self.finding(subject, span=places.span(found.start("what"), found.end("what")))
