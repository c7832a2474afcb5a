from __future__ import annotations

from collections.abc import Iterator

from migration_guard.dialects import Ability
from migration_guard.model.constraints import CreateIndex, DropIndex
from migration_guard.model.finding import Direction, Finding
from migration_guard.model.objects import RunSql
from migration_guard.model.operations import Operation
from migration_guard.rules import Context, Fixable, Rule
from migration_guard.rules._fixes import outside_the_transaction


class ConcurrentInTransaction(Rule[Operation]):
    """
    An index cannot be built or dropped concurrently inside a transaction, and Alembic opens one for every migration.

    ## What happens

    PostgreSQL refuses the statement. A downgrade runs in a transaction as well:

    ```python bad
    def upgrade():
        with op.get_context().autocommit_block():
            op.create_index("ix_users_email", "users", ["email"], postgresql_concurrently=True)

    def downgrade():
        op.drop_index("ix_users_email", "users", postgresql_concurrently=True)
    ```

    ## To whom

    The deployment: it stops there, each time that it is tried.

    ## When it is no hazard

    `autocommit_block()` ends the transaction, runs what stands in it statement by statement, and opens a new one:

    ```python good
    with op.get_context().autocommit_block():
        op.execute("CREATE INDEX CONCURRENTLY ix_users_email ON users (email)")
    ```

    Nor is it one where env.py runs migrations without a transaction. Other databases ignore the keyword:

    ```python good sqlite
    op.create_index("ix_users_email", "users", ["email"], postgresql_concurrently=True)
    ```

    ## What to write instead

    Put the statement into an autocommit block. `--fix` does it where it is the migration's only work. Otherwise the
    block would commit what comes before it: that takes `--unsafe-fixes`.

    ```python bad
    op.create_index("ix_users_email", "users", ["email"], postgresql_concurrently=True)
    ```

    ```python fixed
    with op.get_context().autocommit_block():
        op.create_index("ix_users_email", "users", ["email"], postgresql_concurrently=True)
    ```

    The same holds for an index that is rebuilt, and for a partition that is detached:

    ```python bad
    op.execute("REINDEX INDEX CONCURRENTLY ix_users_email")
    ```

    ```python fixed
    with op.get_context().autocommit_block():
        op.execute("REINDEX INDEX CONCURRENTLY ix_users_email")
    ```

    ## Sources

    - Indexes: https://www.postgresql.org/docs/18/sql-createindex.html and
      https://www.postgresql.org/docs/18/sql-dropindex.html
    - Rebuilding: https://www.postgresql.org/docs/18/sql-reindex.html
    - Partitions: https://www.postgresql.org/docs/18/sql-altertable.html
    - `autocommit_block()`: https://alembic.sqlalchemy.org/en/latest/api/runtime.html
    """

    code = "MG402"
    directions = (Direction.UPGRADE, Direction.DOWNGRADE)
    supersedes = ("MG401",)
    fixable = Fixable.DEPENDS
    message = "{does} {index} concurrently fails here: PostgreSQL refuses it inside the migration's transaction."
    help = "Put it into an autocommit block."

    def check(self, subject: Operation, context: Context) -> Iterator[Finding]:
        words = _words(subject)
        if words is None or not (context.can(Ability.CONCURRENT_INDEX) and context.in_transaction(subject)):
            return
        does, name = words
        yield self.finding(
            subject,
            objects=[name],
            fix=outside_the_transaction(subject, context),
            does=does,
            index=name,
        )


def _words(subject: Operation) -> tuple[str, str] | None:
    """What is done concurrently, and to what; None where nothing is."""
    match subject:
        case CreateIndex(concurrently=True, index=index, table=table):
            return "Creating", index.name or f"an index on {table}"
        case DropIndex(concurrently=True, name=name):
            return "Dropping", name
        case RunSql(kind=kind, tables=tables) if kind.endswith("CONCURRENTLY"):
            about = " of " + ", ".join(map(str, tables)) if tables else ""
            if kind.startswith("REINDEX"):
                return "Rebuilding", f"the indexes{about}" if about else "an index"
            if kind.startswith("ALTER TABLE DETACH"):
                return "Detaching", f"a partition{about}"
    return None
