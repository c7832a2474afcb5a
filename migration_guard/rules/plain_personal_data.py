from __future__ import annotations

import re
from collections.abc import Iterator

from migration_guard.model.conventions import matches
from migration_guard.model.finding import Severity
from migration_guard.model.schema import ConstraintKind, Table
from migration_guard.model.unknown import Unknown
from migration_guard.rules import Context
from migration_guard.rules._conventions import Breach, Convention, columns, constraints

PLAIN = ("text", "varchar", "char", "citext", "integer", "bigint", "numeric")
PROTECTED = re.compile(r"encrypt|cipher|hash|token|mask|last_?(?:4|four)", re.IGNORECASE)


class PlainPersonalData(Convention):
    """
    What identifies a person, or their account, stands readable in the table and in every backup of it.

    ## What happens

    It goes by names: `personal-columns` lists those of social security numbers, bank accounts, cards and passports.

    ```python bad
    op.create_table("employees", sa.Column("id", sa.Uuid(), primary_key=True), sa.Column("ssn", sa.String(11)))
    ```

    ## To whom

    The employees, on the day that a backup or a dump for testing gets lost.

    ## When it is no hazard

    A column of bytes or of a type of the application's own, which may well encrypt it, and one whose name says that it
    is encrypted, hashed or masked:

    ```python good
    op.create_table(
        "employees", sa.Column("id", sa.Uuid(), primary_key=True), sa.Column("ssn_encrypted", sa.LargeBinary())
    )
    ```

    ## What to write instead

    Encrypt it in the application, keep the bytes, and give the column a name that says so.

    ## Sources

    - https://cheatsheetseries.owasp.org/cheatsheets/Cryptographic_Storage_Cheat_Sheet.html
    - The team's own conventions: `personal-columns`, and the presets data-layer and strict.
    """

    code = "MG919"
    severity = Severity.INFO
    message = "Whoever gets hold of a copy of {table} reads {what}."
    help = "Encrypt it in the application, and keep the bytes in a column whose name says so: {column}_encrypted."

    def breaches(self, table: Table, context: Context) -> Iterator[Breach]:
        keys = {name for one in constraints(table, ConstraintKind.FOREIGN_KEY) for name in one.columns}
        for column in columns(table):
            if column.name in keys or PROTECTED.search(column.name) or isinstance(column.type, Unknown):
                continue
            if column.type.name in PLAIN and matches(column.name.lower(), context.conventions.personal_columns):
                yield Breach(column.name, (column.name,))
