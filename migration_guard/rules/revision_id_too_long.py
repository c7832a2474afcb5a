from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Finding
from migration_guard.model.migration import Migration
from migration_guard.model.operations import Operation
from migration_guard.model.outlook import names_of
from migration_guard.model.schema import VERSION_TABLE
from migration_guard.rules import Context, Rule

LONGEST = 32


class RevisionIdTooLong(Rule[Migration]):
    """
    The revision's id is longer than the column in which Alembic keeps it.

    ## What happens

    Alembic makes `alembic_version.version_num` with 32 characters. All of upgrade() runs; then the id does not fit, and
    PostgreSQL, MySQL and MariaDB refuse it. See the cases of this rule in tests/cases.

    ## To whom

    Whoever deploys: it fails on its last statement. SQLite does not look at lengths, so tests there pass.

    ## When it is no hazard

    An id of at most 32 characters, or a column that was made wider, by env.py or by an earlier revision:

    ```python good
    op.execute("ALTER TABLE alembic_version ALTER COLUMN version_num TYPE varchar(128)")
    ```

    Only the first revision of a history that is too long is named: behind it the database shows that the column is wide
    enough, or nothing has been deployed.

    ## What to write instead

    A shorter id: `alembic revision --rev-id 0042`; the words belong into the file's name. Where the revision was
    released already, make the column wider in an earlier one.

    ## Sources

    - https://alembic.sqlalchemy.org/en/latest/api/ddl.html#alembic.ddl.impl.DefaultImpl.version_table_impl
    """

    code = "MG015"
    dialects = ("postgresql", "mysql", "mariadb")
    message = (
        "The deployment fails on its last statement: the id {revision} has {length} characters, and"
        " alembic_version.version_num takes 32."
    )
    help = "Give the revision an id of at most 32 characters; the words belong into the file's name."

    def check(self, subject: Migration, context: Context) -> Iterator[Finding]:
        if len(subject.revision) <= LONGEST or context.history.environment.names_version_column:
            return
        for earlier in context.history.graph.order:
            if len(earlier.revision) > LONGEST and earlier.revision != subject.revision:
                return
            if any(map(_is_about_version_table, earlier.upgrade.operations)):
                return
            if earlier.revision == subject.revision:
                break
        yield self.finding(
            subject,
            span=subject.revision_span,
            objects=[subject.revision],
            revision=subject.revision,
            length=len(subject.revision),
        )


def _is_about_version_table(operation: Operation) -> bool:
    named = any(name.name == VERSION_TABLE for name in names_of(operation))
    return named or VERSION_TABLE in (operation.site.sql or "")
