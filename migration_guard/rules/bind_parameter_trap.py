from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Finding
from migration_guard.model.objects import Mistake, Opaque
from migration_guard.rules import Context, Rule
from migration_guard.rules._refusals import BOTH, stopped


class BindParameterTrap(Rule[Opaque]):
    r"""
    A colon and a word in SQL text are a parameter to SQLAlchemy, and nothing gives it a value.

    ## What happens

    `op.execute` and `sa.text` look for `:name` everywhere, in quotes and in JSON as well:

    ```python bad
    op.execute("UPDATE pets SET traits = '{\"tame\":true}' WHERE id = 1")
    ```

    ```python bad
    op.execute("UPDATE pets SET name = :name WHERE id = 1")
    ```

    ## To whom

    Whoever deploys, or rolls back: SQLAlchemy raises "A value is required for bind parameter". With `--sql` it writes
    `%(true)s` into the script, and says nothing.

    ## When it is no hazard

    Casts, times, and a colon with a blank behind it are no parameters; nor is one with a backslash before it, or one
    that gets its value:

    ```python good
    op.execute("UPDATE pets SET traits = '{\"tame\": true}'::json, fed = '12:30:00' WHERE id = 1")
    op.execute("UPDATE pets SET traits = '{\"tame\"\\:true}' WHERE id = 1")
    op.execute(sa.text("UPDATE pets SET name = :name WHERE id = 1").bindparams(name="Rex"))
    op.get_bind().execute(sa.text("UPDATE pets SET name = :name WHERE id = 1"), {"name": "Rex"})
    ```

    ## What to write instead

    A backslash before the colon (`\\:true` in a Python string), a blank behind it in JSON, or
    `sa.text(...).bindparams(name="Rex")`.

    ## Sources

    - https://docs.sqlalchemy.org/en/20/core/sqlelement.html#sqlalchemy.sql.expression.text; measured by
      tests/test_wrong_calls.py
    """

    code = "MG604"
    directions = BOTH
    message = "The {stopped} stops here: SQLAlchemy takes {parameter} for a parameter, and nothing gives it a value."
    help = r"Write \\{parameter} (in JSON, a blank behind the colon), or give it a value: sa.text(...).bindparams(...)."

    def check(self, subject: Opaque, context: Context) -> Iterator[Finding]:
        if subject.fails and subject.mistake is Mistake.BIND:
            yield self.finding(subject, objects=[subject.reason], stopped=stopped(subject), parameter=subject.reason)
