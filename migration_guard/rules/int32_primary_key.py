from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Severity
from migration_guard.model.schema import ConstraintKind, Table
from migration_guard.model.unknown import Unknown
from migration_guard.rules import Context
from migration_guard.rules._conventions import Breach, Convention, constraints, key_columns

SMALL = {"integer": "2,147,483,647", "smallint": "32,767"}


class Int32PrimaryKey(Convention):
    """
    The numbers of a key run out, and from one insert to the next none succeeds any more.

    ## What happens

    An `integer` ends at 2,147,483,647, with failed inserts counted, too.

    ```python bad
    op.create_table("events", sa.Column("id", sa.Integer(), primary_key=True))
    ```

    ## To whom

    Every request that writes a row, on the day that the last number is used. To widen the key then rewrites the table,
    and every one that refers to it.

    ## When it is no hazard

    A key that is made of foreign keys has no numbers of its own. In a key of several columns only a number that the
    database draws counts the rows: a version, or the place in a list, begins anew for each of the others. SQLite's
    INTEGER has 64 bits.

    ```python good
    op.create_table("events", sa.Column("id", sa.BigInteger(), primary_key=True))
    ```

    ## What to write instead

    `sa.BigInteger()`, in SQL `bigint`.

    ## Sources

    - https://www.postgresql.org/docs/18/datatype-numeric.html#DATATYPE-INT
    - The team's own conventions.
    """

    code = "MG921"
    severity = Severity.WARNING
    dialects = ("postgresql", "mysql", "mariadb")
    message = "Inserts into {table} fail once its key has used up its numbers: {what}."
    help = 'Write sa.Column("{column}", sa.BigInteger(), primary_key=True).'

    def breaches(self, table: Table, context: Context) -> Iterator[Breach]:
        foreign = {name for one in constraints(table, ConstraintKind.FOREIGN_KEY) for name in one.columns}
        key = key_columns(table)
        for name in key:
            column = table.columns.get(name)
            if column is None or name in foreign or isinstance(column.type, Unknown):
                continue
            if len(key) > 1 and not (column.serial or column.identity):
                continue
            if not column.type.dimensions and (last := SMALL.get(column.type.name)):
                yield Breach(f"{name} ends at {last}", (name,))
