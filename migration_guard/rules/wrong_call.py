from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Finding
from migration_guard.model.objects import Mistake, Opaque
from migration_guard.rules import Context, Rule
from migration_guard.rules._refusals import BOTH, stopped


class WrongCall(Rule[Opaque]):
    """
    A call that can never work: an argument is missing, unknown or one too many, or a name is nowhere defined.

    ## What happens

    Python or Alembic raises, before the database hears of anything.

    ```python bad
    op.drop_constraint("ck_pets_age")
    ```

    ```python bad
    op.execute("UPDATE pets SET name = :name WHERE id = 1", {"name": "Rex"})
    ```

    ```python bad
    op.add_column("pets", sa.Column("name", sqlmodel.sql.sqltypes.AutoString()))
    ```

    `op.alter_column` takes any word, and does nothing with one that it does not know:

    ```python bad
    op.alter_column("pets", "name", _type=sa.Text())
    ```

    On MySQL and MariaDB Alembic has to be told what a column is, for it is written anew as a whole:

    ```python bad mariadb 10.11
    op.alter_column("pets", "age", nullable=True)
    ```

    ## To whom

    Whoever deploys, or rolls back: it stops there, or nothing is changed at all.

    ## When it is no hazard

    Arguments that come from `*arguments` or `**options` are not known, and what stands under a condition may never be
    called; both are left alone. So are the arguments of dialects, and those of older releases of Alembic.

    ```python good
    op.alter_column("pets", "name", comment="what it answers to", postgresql_using="name::text")
    op.drop_constraint("ck_pets_age", "pets", type_="check")
    ```

    ## What to write instead

    What the message says, as the signature has it. Values go with the statement:
    `op.execute(sa.text("... :name").bindparams(name="Rex"))`.

    ## Sources

    - https://alembic.sqlalchemy.org/en/latest/ops.html, measured on Alembic 1.20.1 by tests/test_wrong_calls.py
    """

    code = "MG635"
    directions = BOTH
    message = "The {stopped} does not work here: {why}."
    help = "Write the call as the signature has it: https://alembic.sqlalchemy.org/en/latest/ops.html"

    def check(self, subject: Opaque, context: Context) -> Iterator[Finding]:
        if subject.fails and subject.mistake is Mistake.CALL:
            yield self.finding(subject, objects=[subject.what], stopped=stopped(subject), why=subject.reason)
