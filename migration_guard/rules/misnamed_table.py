from __future__ import annotations

import re
from collections.abc import Iterator

from migration_guard.model.finding import Severity
from migration_guard.model.schema import Table
from migration_guard.rules import Context
from migration_guard.rules._conventions import Breach, Convention
from migration_guard.rules._plurals import is_plural

SNAKE_CASE = re.compile(r"_*[a-z][a-z0-9_]*")


class MisnamedTable(Convention):
    """
    A table is named in another way than the others, so people look for it under the wrong name.

    ## What happens

    `table-names` is `plural` (the default: in lower case, words joined by `_`, the last one in the plural) or
    `snake-case`, which leaves the number open.

    ```python bad
    op.create_table("user", sa.Column("id", sa.Uuid(), primary_key=True))
    ```

    ```python bad
    op.create_table("ChangeOrders", sa.Column("id", sa.Uuid(), primary_key=True))
    ```

    ## To whom

    Whoever writes a query by hand. A name with capitals has to be quoted in every one of them.

    ## When it is no hazard

    Plurals without an s (`children`, `people`) and what has none (`change_history`, `metadata`). Tables of others are
    named by `exempt-tables`.

    ```python good
    op.create_table("change_orders", sa.Column("id", sa.Uuid(), primary_key=True))
    op.create_table("change_history", sa.Column("id", sa.Uuid(), primary_key=True))
    ```

    ## What to write instead

    The agreed name, while the table is new. One that is in use is renamed in several deploys: see MG502.

    ## Sources

    - https://www.postgresql.org/docs/18/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS
    - The team's own conventions: `table-names`, and the presets code-generation, data-layer, secrets-dashboard and
      strict.
    """

    code = "MG911"
    severity = Severity.WARNING
    message = "Table {table} is not named as the others are: {what}."
    help = "Name it in lower case with _ between the words, and as table-names says in your configuration."

    def breaches(self, table: Table, context: Context) -> Iterator[Breach]:
        name = table.name.name
        if not SNAKE_CASE.fullmatch(name):
            yield Breach("that is no snake_case")
        elif context.conventions.table_names == "plural" and not is_plural(name):
            yield Breach("that is no plural")
