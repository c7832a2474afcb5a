from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Finding
from migration_guard.model.objects import DeleteRows, UpdateRows
from migration_guard.model.operations import Operation
from migration_guard.rules import Context, Rule
from migration_guard.rules._refusals import BOTH


class ConstantCondition(Rule[Operation]):
    """
    A WHERE of SQLAlchemy in which Python decides the condition, so that it is the same for every row.

    ## What happens

    `is`, `not`, `and` and `or` belong to Python: it answers before SQLAlchemy or the database hear of them. A column is
    never None, so `column is None` is False, and no row is changed. `a and b` is only one of the two.

    ```python bad
    pets = sa.table("pets", sa.column("id"), sa.column("name"))
    op.execute(pets.update().where(pets.c.name is None).values(name="Rex"))
    ```

    ```python bad
    pets = sa.table("pets", sa.column("id"), sa.column("name"), sa.column("tame"))
    op.execute(pets.delete().where(pets.c.name == "Rex" and pets.c.id > 3))
    ```

    ```python bad
    pets = sa.table("pets", sa.column("id"), sa.column("tame"))
    op.execute(pets.delete().where(not pets.c.tame))
    ```

    ## To whom

    Whoever relies on the rows: none of them are changed, or others than were meant, and nothing fails.

    ## When it is no hazard

    What SQLAlchemy takes over becomes SQL:

    ```python good
    pets = sa.table("pets", sa.column("id"), sa.column("name"), sa.column("tame"))
    op.execute(pets.update().where(pets.c.name.is_(None), pets.c.id == 7).values(name="Rex"))
    op.execute(pets.delete().where(pets.c.id == 3, ~pets.c.tame))
    ```

    ## What to write instead

    `column.is_(None)` or `column == None`; `~column`; `sa.and_(a, b)`, or `(a) & (b)` with parentheses.

    ## Sources

    - https://docs.sqlalchemy.org/en/20/core/operators.html; measured by tests/test_constant_conditions.py
    """

    code = "MG637"
    directions = BOTH
    supersedes = ("MG602",)
    message = "Other rows of {table} than meant are changed, or none: Python itself decides `{condition}`."
    help = "Write .is_(None) for `is None`, ~ for `not`, & or sa.and_() for `and`, | or sa.or_() for `or`."

    def check(self, subject: Operation, context: Context) -> Iterator[Finding]:
        if isinstance(subject, UpdateRows | DeleteRows) and subject.constant is not None:
            yield self.finding(subject, objects=[str(subject.table)], table=subject.table, condition=subject.constant)
