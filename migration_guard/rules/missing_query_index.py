from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from migration_guard.model.conventions import matches
from migration_guard.model.finding import Severity
from migration_guard.model.schema import Table
from migration_guard.model.unknown import Unknown
from migration_guard.rules import Context
from migration_guard.rules._conventions import Breach, Convention, columns, serves
from migration_guard.rules._names import proposed_indexes


class MissingQueryIndex(Convention):
    """
    A column that everybody searches by has no index, so each search reads the whole table.

    ## What happens

    `query-columns` names them: `email`, `slug` and `status`.

    ```python bad
    op.create_table("users", sa.Column("id", sa.Uuid(), primary_key=True), sa.Column("email", sa.Text()))
    ```

    ## To whom

    Every request that looks a user up, more so with each user.

    ## When it is no hazard

    A unique constraint serves as well, and so does an index that begins with the column, or with something that is made
    of it (`lower(email)`), be it on some of the rows only:

    ```python good
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("email", sa.Text()),
        sa.UniqueConstraint("email", name="uq_users_email"),
    )
    ```

    ## What to write instead

    An index, on a table with rows built concurrently: see MG401.

    ## Sources

    - https://www.postgresql.org/docs/18/indexes-intro.html
    - The team's own conventions: `query-columns`, and the presets multi-tenant and strict.
    """

    code = "MG913"
    severity = Severity.WARNING
    missing = True
    message = "A search of {table} reads all of it: there is no index on {what}."
    help = "Add it:\n{advice}"

    def advice(self, breaches: Sequence[Breach], table: Table, context: Context) -> str:
        return proposed_indexes(table, [one.key for one in breaches], context)

    def breaches(self, table: Table, context: Context) -> Iterator[Breach]:
        for column in columns(table):
            searched = matches(column.name, context.conventions.query_columns)
            if searched and not serves(table, (column.name,)) and not _is_indexed(table, column.name):
                yield Breach(column.name, (column.name,))


def _is_indexed(table: Table, column: str) -> bool:
    """Whether an index is on something made of the column, or on those of its rows that are searched."""
    begin = [one.columns[0] for one in table.indexes.values() if not isinstance(one.columns, Unknown) and one.columns]
    word = re.compile(rf"\b{re.escape(column)}\b")
    return any(word.search(one) for one in begin)
