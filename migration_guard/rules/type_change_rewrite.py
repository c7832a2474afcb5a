from __future__ import annotations

import re
from collections.abc import Iterator

from migration_guard import source_edits
from migration_guard.dialects import Change
from migration_guard.model.finding import Finding, Fix
from migration_guard.model.objects import RunSql
from migration_guard.model.operations import AlterColumnType
from migration_guard.model.unknown import Unknown
from migration_guard.rules import Context, Fixable, Rule

ZONE = (
    "Changing {table}.{column} from {old} to {new} rewrites the whole table and blocks {blocks} to it until then,"
    " unless the session's TimeZone is UTC. That cannot be seen from here."
)
ZONE_HELP = """\
If the times are stored in UTC, say so before: the table is then left as it is.
   op.execute("SET LOCAL TimeZone = 'UTC'")
If they are not, that line would shift every one of them: add a new column instead, and copy in batches."""
UTC = re.compile(r"\bTIME\s*ZONE\b\s*(?:=|TO)?\s*'?(?:UTC|GMT|Etc/UTC|0)'?", re.IGNORECASE)


class TypeChangeRewrite(Rule[AlterColumnType]):
    """
    Most changes of a column's type copy the whole table, and build every index on it again, while nobody can use it.

    ## What happens

    The values are stored in another form, so every row is written anew.

    ```python bad
    op.alter_column("users", "id", existing_type=sa.Integer(), type_=sa.BigInteger())
    ```

    ```python bad
    op.execute("ALTER TABLE users ALTER COLUMN id TYPE bigint")
    ```

    ## To whom

    Every request to the table until it is copied: reads and writes on PostgreSQL, writes on MySQL and MariaDB. It also
    takes twice the space meanwhile.

    ## When it is no hazard

    Some changes are free: a longer or unlimited VARCHAR, VARCHAR to TEXT, a NUMERIC of more digits and the same scale.

    ```python good
    op.alter_column("users", "name", existing_type=sa.String(50), type_=sa.String(200))
    op.alter_column("users", "bio", existing_type=sa.String(50), type_=sa.Text())
    op.alter_column("users", "score", existing_type=sa.Numeric(10, 2), type_=sa.Numeric(12, 2))
    ```

    The history knows the type where the author does not repeat it:

    ```python given
    op.create_table("users", sa.Column("name", sa.String(50)))
    ```

    ```python good
    op.execute("ALTER TABLE users ALTER COLUMN name TYPE varchar(100)")
    ```

    A table that the migration has made or emptied has no rows to copy:

    ```python good
    op.create_table("users", sa.Column("id", sa.Integer()))
    op.alter_column("users", "id", existing_type=sa.Integer(), type_=sa.BigInteger())
    ```

    Where the old type is not known and the new one may be free, nothing is said.

    ## What to write instead

    1. Add a new column of the new type, and a trigger that keeps it equal for rows that are written from now on.
    2. Fill the old rows in batches.
    3. Release the code that uses the new column, and drop the old one in a later release.

    Between times with and without time zone it depends on the session. Where the times are stored in UTC, say so
    before, which `--unsafe-fixes` does; where they are not, that line would shift every one of them:

    ```python bad
    op.alter_column("users", "seen", existing_type=sa.DateTime(), type_=sa.DateTime(timezone=True))
    ```

    ```python fixed
    op.execute("SET LOCAL TimeZone = 'UTC'")
    op.alter_column("users", "seen", existing_type=sa.DateTime(), type_=sa.DateTime(timezone=True))
    ```

    ## Sources

    - Every pair of types is tried on a server by tests/test_dialect_rows_on_postgresql.py.
    """

    code = "MG207"
    dialects = ("postgresql", "mysql", "mariadb")
    changes = (Change.CHANGE_TYPE_REWRITE, Change.CHANGE_TYPE_TIME_ZONE)
    fixable = Fixable.UNSAFE
    message = (
        "Changing {table}.{column} from {old} to {new} rewrites the whole table and blocks {blocks} to it until then."
    )
    help = """\
1. Add a new column of the new type, and a trigger that keeps it equal for rows that are written from now on.
2. Fill the old rows in batches.
3. Release the code that uses the new column, and drop the old one in a later release."""

    def check(self, subject: AlterColumnType, context: Context) -> Iterator[Finding]:
        changes, impact = context.changes(subject), context.impact(subject)
        if context.is_empty(subject) or impact is None or not (impact.blocks and impact.rewrites):
            return
        fix = None
        zone = Change.CHANGE_TYPE_TIME_ZONE in changes
        if zone:
            earlier = (one.site.sql or "" for one in context.earlier(subject, RunSql))
            if any(UTC.search(sql) for sql in earlier):
                return
            fix = _in_utc(subject, context)
        old = context.type_before(subject)
        yield self.finding(
            subject,
            objects=[f"{subject.table}.{subject.column}"],
            fix=fix,
            message=ZONE if zone else None,
            help=ZONE_HELP if zone else None,
            table=subject.table,
            column=subject.column,
            old="its old type" if isinstance(old, Unknown) else old,
            new=subject.type,
            blocks=impact.blocks,
        )


def _in_utc(subject: AlterColumnType, context: Context) -> Fix | None:
    name = source_edits.op_name(subject.site, context.migration)
    if name is None or subject.site.batch:
        return None
    code = f"{name}.execute(\"SET LOCAL TimeZone = 'UTC'\")"
    edit = source_edits.insert_before(context.source, subject.site.statement, code)
    return Fix(False, (edit,), "it is only right if the times are stored in UTC") if edit else None
