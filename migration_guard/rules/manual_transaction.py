from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Direction, Finding
from migration_guard.model.objects import RunSql
from migration_guard.rules import Context, Rule

BEGINS = ("BEGIN", "START TRANSACTION")


class ManualTransaction(Rule[RunSql]):
    """
    COMMIT, BEGIN or ROLLBACK by hand take the transaction out of Alembic's hands.

    ## What happens

    Alembic has opened the transaction and writes the new version in it. After a COMMIT by hand, what came before is
    there even if the rest fails, and the version is not. The driver opens the next transaction by itself: a concurrent
    build behind it is refused all the same with psycopg 3.

    ```python bad
    op.execute("COMMIT")
    op.execute("CREATE INDEX CONCURRENTLY ix_users_email ON users (email)")
    ```

    ## To whom

    The deployment that fails half-way: it cannot be run again, and nobody sees why.

    ## When it is no hazard

    Where no transaction is open, in an autocommit block or under an env.py that runs in autocommit, they bracket what
    belongs together:

    ```python good
    with op.get_context().autocommit_block():
        op.execute("BEGIN")
        op.execute("COMMENT ON TABLE users IS 'everybody'")
        op.execute("COMMIT")
    ```

    A SAVEPOINT, and ROLLBACK TO one, stay inside the transaction.

    ## What to write instead

    Put what needs no transaction into `with op.get_context().autocommit_block()`.

    ## Sources

    - `autocommit_block()`: https://alembic.sqlalchemy.org/en/latest/api/runtime.html
    - psycopg 3 begins again: https://www.psycopg.org/psycopg3/docs/basic/transactions.html
    """

    code = "MG608"
    directions = (Direction.UPGRADE, Direction.DOWNGRADE)
    dialects = ("postgresql", "sqlite")
    message = "{kind} by hand ends what Alembic has begun: if a later line fails, what came before stays."
    help = "Let Alembic end it: put what needs no transaction into with op.get_context().autocommit_block()."

    def check(self, subject: RunSql, context: Context) -> Iterator[Finding]:
        environment = context.history.environment
        if subject.site.autocommit or environment.autocommit or environment.transactional_ddl is False:
            return
        if subject.kind not in ("COMMIT", "BEGIN", "START TRANSACTION", "ROLLBACK", "END"):
            return
        begun = next((one for one in reversed(context.earlier(subject, RunSql)) if one.kind in BEGINS), None)
        if begun is None or not begun.site.autocommit:
            yield self.finding(subject, objects=[subject.kind], kind=subject.kind)
