from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Finding
from migration_guard.model.objects import Mistake, Opaque, RunSql
from migration_guard.model.operations import Operation
from migration_guard.model.refusals import RefusalKind
from migration_guard.rules import Context, Rule
from migration_guard.rules._refusals import BOTH, objects_of, stopped

_ALONE = ("VACUUM", "CREATE DATABASE", "DROP DATABASE", "CREATE TABLESPACE", "DROP TABLESPACE", "ALTER SYSTEM")
"""What PostgreSQL runs outside a transaction only; measured by tests/test_refusals_on_postgresql.py."""


class RefusedStatement(Rule[Operation]):
    """
    A statement that the database refuses as it is written, in this version, or for this kind of object.

    ## What happens

    PostgreSQL's own parser does not take the text, though all of it is known:

    ```python bad
    op.execute("DELETE FROM pets WHERE id IN (1, )")
    ```

    Or it takes the text, and refuses what it asks for:

    ```python given
    op.execute("CREATE TABLE visits (day date) PARTITION BY RANGE (day)")
    ```

    ```python bad
    with op.get_context().autocommit_block():
        op.create_index("ix_visits_day", "visits", ["day"], postgresql_concurrently=True)
    ```

    ```python given
    op.create_table("pets", sa.Column("id", sa.Integer()), sa.Column("name", sa.Text()))
    op.execute("CREATE VIEW names AS SELECT id, name FROM pets")
    ```

    ```python bad
    op.execute("CREATE OR REPLACE VIEW names AS SELECT name FROM pets")
    ```

    ```python given
    op.create_table("pets", sa.Column("weight", sa.Integer()))
    ```

    ```python bad postgresql 15
    op.add_column("pets", sa.Column("grams", sa.Integer(), sa.Computed("weight * 1000", persisted=False)))
    ```

    ```python given
    op.create_table("pets", sa.Column("mood", sa.Enum("sad", name="mood")))
    op.execute("CREATE TYPE new_mood AS ENUM ('sad', 'happy')")
    ```

    ```python bad
    # migration-guard: ignore[MG207] a few rows
    op.execute("ALTER TABLE pets ALTER COLUMN mood TYPE new_mood USING mood::new_mood")
    ```

    Or it takes it outside a transaction only, and Alembic opens one for every migration:

    ```python bad
    op.execute("VACUUM pets")
    ```

    ## To whom

    Whoever deploys, or rolls back: it stops there, whatever the database holds, and what was to come behind it does not
    happen.

    ## When it is no hazard

    A text with a piece that is not known, or that something is still to fill in, may be right:

    ```python good
    op.execute(f"DROP TABLE {some_name} IF EXISTS")  # migration-guard: ignore[MG002] read by hand
    ```

    So is what runs under a condition only, for another database perhaps: that is MG002. Only PostgreSQL's parser is
    asked, that of version 18; what a later version would take is left alone.

    ```python given
    op.create_table("pets", sa.Column("id", sa.Integer()), sa.Column("name", sa.Text()))
    op.execute("CREATE VIEW names AS SELECT id FROM pets")
    ```

    ```python good
    op.execute("CREATE OR REPLACE VIEW names AS SELECT id, name FROM pets")
    ```

    ```python good
    with op.get_context().autocommit_block():
        op.execute("VACUUM pets")
    ```

    ## What to write instead

    What the finding says. Of a view with other columns: DROP VIEW, then CREATE VIEW, and its grants anew. From enum to
    enum: by way of text, `USING mood::text::new_mood`.

    ## Sources

    - https://www.postgresql.org/docs/18/sql-createview.html
    - https://www.postgresql.org/docs/18/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
    - https://www.postgresql.org/docs/18/ddl-generated-columns.html
    - That PostgreSQL refuses these is measured by tests/test_refusals_on_postgresql.py.
    """

    code = "MG634"
    directions = BOTH
    message = "The {stopped} stops here: {why}."
    help = "{instead}"

    def check(self, subject: Operation, context: Context) -> Iterator[Finding]:
        if isinstance(subject, Opaque):
            if subject.fails and subject.mistake is Mistake.STATEMENT and not _is_newer_than_parser(context):
                yield self.finding(
                    subject,
                    objects=[str(table) for table in subject.tables],
                    stopped=stopped(subject),
                    why=subject.reason.removesuffix("."),
                    instead="Run the statement by itself against an empty database, and correct it.",
                )
            return
        if isinstance(subject, RunSql) and _is_in_the_way(subject, context):
            yield self.finding(
                subject,
                objects=[str(table) for table in subject.tables],
                stopped=stopped(subject),
                why=f"PostgreSQL refuses {subject.kind} inside the migration's transaction",
                instead="Put it into an autocommit block: with op.get_context().autocommit_block():",
            )
        for one in context.refused(subject, RefusalKind.NEVER)[:1]:
            yield self.finding(
                subject, objects=objects_of([one]), stopped=stopped(subject), why=one.why, instead=one.instead
            )


def _is_in_the_way(statement: RunSql, context: Context) -> bool:
    """Whether it surely runs in a transaction, and does not take one."""
    alone = context.target.dialect == "postgresql" and statement.kind.startswith(_ALONE)
    return alone and not statement.site.conditional and context.in_transaction(statement)


def _is_newer_than_parser(context: Context) -> bool:
    return context.target.version > (18, 99)
