from __future__ import annotations

from collections.abc import Iterator

from migration_guard.dialects import Ability
from migration_guard.model.constraints import CreateIndex, DropIndex
from migration_guard.model.finding import Direction, Finding
from migration_guard.model.objects import RunSql
from migration_guard.model.operations import Operation
from migration_guard.rules import Context, Rule
from migration_guard.rules._fixes import outside_the_transaction


class ConcurrentInTransaction(Rule[Operation]):
    """
    An index cannot be built or dropped concurrently inside a transaction, and Alembic opens one for every migration.

    PostgreSQL refuses the statement, and the deployment stops there. `autocommit_block()` ends the transaction, runs
    what stands in it statement by statement, and opens a new one.

    ```python bad
    op.create_index("ix_users_email", "users", ["email"], postgresql_concurrently=True)
    ```

    ```python fixed
    with op.get_context().autocommit_block():
        op.create_index("ix_users_email", "users", ["email"], postgresql_concurrently=True)
    ```

    A downgrade runs in a transaction as well:

    ```python bad
    def upgrade():
        with op.get_context().autocommit_block():
            op.create_index("ix_users_email", "users", ["email"], postgresql_concurrently=True)

    def downgrade():
        op.drop_index("ix_users_email", "users", postgresql_concurrently=True)
    ```

    ```python good
    with op.get_context().autocommit_block():
        op.execute("CREATE INDEX CONCURRENTLY ix_users_email ON users (email)")
    ```

    Nor can one be rebuilt, or a partition be detached:

    ```python bad
    op.execute("REINDEX INDEX CONCURRENTLY ix_users_email")
    ```

    ```python fixed
    with op.get_context().autocommit_block():
        op.execute("REINDEX INDEX CONCURRENTLY ix_users_email")
    ```

    Other databases ignore the keyword:

    ```python good sqlite
    op.create_index("ix_users_email", "users", ["email"], postgresql_concurrently=True)
    ```
    """

    code = "MG402"
    directions = (Direction.UPGRADE, Direction.DOWNGRADE)
    supersedes = ("MG401",)
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
