from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Severity
from migration_guard.model.schema import Table
from migration_guard.rules import Context
from migration_guard.rules._conventions import Breach, Convention, columns
from migration_guard.rules.misnamed_table import SNAKE_CASE


class MisnamedColumn(Convention):
    """
    A column has capitals in its name, so every query by hand has to quote it.

    ## What happens

    PostgreSQL folds every name that is not quoted to lower case:

    ```python bad
    op.create_table("users", sa.Column("id", sa.Uuid(), primary_key=True), sa.Column("firstName", sa.Text()))
    ```

    ## To whom

    Whoever writes a query by hand, and is told that the column `firstname` does not exist.

    ## When it is no hazard

    Columns of tables that others made are theirs to name: list the tables in `exempt-tables`.

    ```python good
    op.create_table("users", sa.Column("id", sa.Uuid(), primary_key=True), sa.Column("first_name", sa.Text()))
    ```

    ## What to write instead

    Lower case, with `_` between the words. A column that is in use is renamed in several deploys: see MG501.

    ## Sources

    - https://www.postgresql.org/docs/18/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS
    - The team's own conventions: the presets code-generation and strict.
    """

    code = "MG912"
    severity = Severity.WARNING
    message = "Columns of {table} are no snake_case: {what}."
    help = "Name them in lower case, with _ between the words."

    def breaches(self, table: Table, context: Context) -> Iterator[Breach]:
        for column in columns(table):
            if not SNAKE_CASE.fullmatch(column.name):
                yield Breach(column.name, (column.name,))
