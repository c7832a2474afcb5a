from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from migration_guard.model.finding import Direction, Finding, Severity
from migration_guard.model.trip import Failure, Trip
from migration_guard.rules import Context, Rule
from migration_guard.rules._trips import advice, named, reason, spans

DATA = re.compile(
    r"\s*(?:--[^\n]*\n|/\*.*?\*/|\s|\()*(?:INSERT|UPDATE|DELETE|MERGE|REPLACE|SELECT|WITH|COPY)\b", re.I | re.S
)
# The table that Alembic's batch mode copies into: that INSERT is its way to change a schema.
COPIED = "_alembic_tmp_"
# What depends on the values that we made up: https://www.postgresql.org/docs/18/errcodes-appendix.html class 22
# (data exceptions) and 23 without 23502 (not_null_violation), which no value but NULL brings about.
VALUES = re.compile(r"22...|23503|23505|23514|23P01")
# The same in the words of SQLite (https://www.sqlite.org/rescode.html, SQLITE_CONSTRAINT) and in the numbers of MySQL
# and MariaDB (https://mariadb.com/kb/en/mariadb-error-code-reference/): duplicates, foreign keys, checks, cut values.
SQLITE_VALUES = re.compile(r"(?:UNIQUE|CHECK|FOREIGN KEY) constraint failed")
MYSQL_VALUES = {"1062", "1264", "1265", "1366", "1406", "1452", "3819", "4025"}


class FailsOnExistingRows(Rule[Trip]):
    """
    The upgrade works on empty tables and fails as soon as they hold rows.

    ## What happens

    Seen by running it twice: on tables with rows that the round trip wrote, and on empty ones.

    ```python given
    op.create_table("users", sa.Column("id", sa.Integer(), primary_key=True))
    ```

    ```python bad sqlite
    def upgrade():
        with op.batch_alter_table("users") as batch_op:
            batch_op.add_column(sa.Column("email", sa.Text(), nullable=False))

    def downgrade():
        with op.batch_alter_table("users") as batch_op:
            batch_op.drop_column("email")
    ```

    ## To whom

    The deployment: it passes on the laptop and in the tests, and stops in production.

    ## When it is no hazard

    The rows that are there satisfy what is asked for:

    ```python given
    op.create_table("users", sa.Column("id", sa.Integer(), primary_key=True))
    ```

    ```python good sqlite
    def upgrade():
        with op.batch_alter_table("users") as batch_op:
            batch_op.add_column(sa.Column("email", sa.Text(), nullable=False, server_default="unknown"))

    def downgrade():
        with op.batch_alter_table("users") as batch_op:
            batch_op.drop_column("email")
    ```

    Where it depends on the values (a UNIQUE on what may be there twice, a CHECK, a cast) or where a statement on data
    stops, our rows may be unlike yours: that is a warning.

    ## What to write instead

    1. Bring the rows into a state that satisfies it first: add the column as nullable, fill it, correct what is wrong.
    2. Then ask for the constraint or the type.

    ## Sources

    - What the database said stands in the finding. The rows, and what they are like: docs/roundtrip.md.
    - What depends on values goes by the class of the error: https://www.postgresql.org/docs/18/errcodes-appendix.html
      and https://www.sqlite.org/rescode.html
    """

    code = "MG758"
    message = "upgrade() works on empty tables and fails on rows: {reason}"
    help = """\
1. Bring the rows into a state that satisfies it first: add the column as nullable, fill it, correct what is wrong.
2. Then ask for the constraint or the type."""
    doubt = """\
The rows were made up, and yours may be others: make sure that none of them is like that, or correct them in this
revision before."""

    def check(self, subject: Trip, context: Context) -> Iterator[Finding]:
        failed = subject.upgrade.failure if subject.upgrade else None
        if failed is None or subject.on_empty is None or subject.on_empty.failure is not None:
            return
        span, statement = spans(failed.place, Direction.UPGRADE, context)
        unsure = depends_on_values(failed)
        finding = self.finding(
            subject,
            span=span,
            around=statement,
            direction=Direction.UPGRADE,
            objects=named(failed),
            reason=reason(failed),
            help="{advice}",
            advice=advice(failed, context, self.doubt if unsure else self.help),
        )
        yield replace(finding, severity=Severity.WARNING) if unsure else finding


def depends_on_values(failure: Failure) -> bool:
    """Whether other rows than ours might have passed: a statement on data, or a complaint about a value."""
    if failure.statement is None:
        return True
    if DATA.match(failure.statement) and COPIED not in failure.statement:
        return True
    state = failure.sqlstate or ""
    return bool(VALUES.fullmatch(state) or SQLITE_VALUES.search(failure.message) or state in MYSQL_VALUES)
