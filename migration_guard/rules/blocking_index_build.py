from __future__ import annotations

from collections.abc import Iterator

from migration_guard.dialects import Ability, Change
from migration_guard.model.constraints import CreateIndex
from migration_guard.model.finding import Finding
from migration_guard.model.schema import Index
from migration_guard.model.unknown import Unknown
from migration_guard.rules import Context, Fixable, Rule
from migration_guard.rules._fixes import in_sql, keyword, outside_the_transaction

PARTITIONED = """\
1. Make the index on the parent alone, in an instant: CREATE INDEX IF NOT EXISTS {name} ON ONLY {parent:sql} (...)
2. Build one CONCURRENTLY on each partition, in an autocommit block.
3. Attach each of them: ALTER INDEX {name} ATTACH PARTITION ..."""


class BlockingIndexBuild(Rule[CreateIndex]):
    """
    Building an index the plain way blocks every write to its table until it is done.

    ## What happens

    The table is read from end to end, and nothing may change meanwhile. On a partitioned table that holds for all its
    partitions until the last one is built. `index=True` on a new column builds an index
    too:

    ```python bad
    op.add_column("users", sa.Column("email", sa.Text(), index=True))
    ```

    ## To whom

    Every request that inserts, updates or deletes a row of the table: on a large, busy table that is minutes of failed
    requests. Readers go on.

    ## When it is no hazard

    A table made by the same migration has no readers or writers yet:

    ```python good
    op.create_table("users", sa.Column("email", sa.Text()))
    op.create_index("ix_users_email", "users", ["email"])
    ```

    MySQL, MariaDB and SQLite have no other way; MySQL and MariaDB let writers through by themselves:

    ```python good mysql 8.0
    op.create_index("ix_users_email", "users", ["email"])
    ```

    A partitioned table knows no concurrent build. ON ONLY makes an index on it that is empty; those of the partitions
    are built concurrently and attached to it:

    ```python given
    op.execute("CREATE TABLE readings (day date NOT NULL, device int) PARTITION BY RANGE (day)")
    op.execute("CREATE TABLE readings_1 PARTITION OF readings DEFAULT")
    ```

    ```python good
    op.execute("CREATE INDEX IF NOT EXISTS ix_readings ON ONLY readings (device)")
    with op.get_context().autocommit_block():
        op.execute("CREATE INDEX CONCURRENTLY ix_readings_1 ON readings_1 (device)")
    op.execute("ALTER INDEX ix_readings ATTACH PARTITION ix_readings_1")
    ```

    Materialized views have no writers, and are left alone. A table that the migration has emptied has nothing to be
    read. Where only the run decides whether it is concurrent, nothing is said.

    ## What to write instead

    Build it concurrently. That takes longer but lets writes through; it cannot run inside a transaction, and when it
    fails it leaves an invalid index behind that has to be dropped. `--fix` writes it where the index is the migration's
    only work; otherwise the block would commit what comes before it, and `--unsafe-fixes` does.

    ```python bad
    op.create_index("ix_users_email", "users", ["email"])
    ```

    ```python fixed
    with op.get_context().autocommit_block():
        op.create_index("ix_users_email", "users", ["email"], postgresql_concurrently=True)
    ```

    The same in SQL:

    ```python bad
    op.execute("CREATE UNIQUE INDEX ix_users_email ON users (email)")
    ```

    ```python fixed
    with op.get_context().autocommit_block():
        op.execute("CREATE UNIQUE INDEX CONCURRENTLY ix_users_email ON users (email)")
    ```

    ## Sources

    - `autocommit_block()`: https://alembic.sqlalchemy.org/en/latest/api/runtime.html
    """

    code = "MG401"
    changes = (Change.CREATE_INDEX,)
    fixable = Fixable.DEPENDS
    message = "Creating {index} this way blocks {blocks} to {table} until it is built."
    help = "Build it concurrently, outside the migration's transaction."

    def check(self, subject: CreateIndex, context: Context) -> Iterator[Finding]:
        impact = context.impact(subject)
        if not (impact and impact.blocks and context.can(Ability.CONCURRENT_INDEX)):
            return
        known = context.before.table(subject.table)
        if context.is_empty(subject) or subject.table in context.before.views or subject.only:
            return
        name = subject.index.name
        if known is not None and known.partitioned:
            yield self.finding(
                subject,
                help=PARTITIONED,
                objects=[name or str(subject.table)],
                index=f"index {name}" if name else _nameless(subject.index),
                name=name or "ix_...",
                table=f"{subject.table} and all its partitions",
                parent=subject.table,
                blocks=impact.blocks,
            )
            return
        fix = outside_the_transaction(
            subject,
            context,
            in_sql(subject, context, r"\bCREATE\s+(?:UNIQUE\s+)?INDEX\b", " CONCURRENTLY")
            if subject.site.sql
            else keyword(subject, context, "postgresql_concurrently", "True"),
        )
        yield self.finding(
            subject,
            objects=[name or str(subject.table)],
            fix=fix,
            index=f"index {name}" if name else _nameless(subject.index),
            table=subject.table,
            blocks=impact.blocks,
        )


def _nameless(index: Index) -> str:
    return "an index" if isinstance(index.columns, Unknown) else f"an index on {', '.join(index.columns)}"
