from __future__ import annotations

from collections.abc import Iterator, Sequence

from migration_guard.dialects import Ability
from migration_guard.model.constraints import AddConstraint, CreateIndex
from migration_guard.model.finding import Finding, Severity
from migration_guard.model.migration import Migration
from migration_guard.model.operations import CreateTable, Operation
from migration_guard.rules import Context, Rule
from migration_guard.rules._resuming import fails_again, words


class HalfAppliedOnFailure(Rule[Migration]):
    """
    If a later statement fails, what came before is there for good, and the revision cannot be run again.

    ## What happens

    An autocommit block commits what stands before it. When the concurrent build in it fails (a duplicate, a timeout,
    a deploy that is cut off), the version is still the old one, the column is there, and the next try stops at it:
    "already exists".

    ```python bad
    op.add_column("users", sa.Column("nickname", sa.Text()))
    with op.get_context().autocommit_block():
        op.create_index("ix_users_nickname", "users", ["nickname"], postgresql_concurrently=True)
    ```

    MySQL and MariaDB commit each DDL statement by itself, so that a revision with several of them does the same:

    ```python bad mysql 8.0
    op.add_column("users", sa.Column("nickname", sa.Text()))
    op.add_column("users", sa.Column("motto", sa.Text()))
    ```

    ## To whom

    The person on call, who has to find out by hand what is there, and undo it before anything can be deployed.

    ## When it is no hazard

    A statement alone, and one that minds what is there already:

    ```python good
    op.execute("ALTER TABLE users ADD COLUMN IF NOT EXISTS nickname text")
    with op.get_context().autocommit_block():
        op.create_index("ix_users_nickname", "users", ["nickname"], postgresql_concurrently=True)
    ```

    ```python good mysql 8.0
    op.add_column("users", sa.Column("nickname", sa.Text()))
    ```

    What can be said twice (SET NOT NULL, a default, a type) is not counted, nor are the tables, keys and indexes that
    the first revision of a history makes.

    ## What to write instead

    One such statement in a revision, or IF NOT EXISTS and IF EXISTS on those that come before.

    ## Sources

    - `autocommit_block()`: https://alembic.sqlalchemy.org/en/latest/api/runtime.html
    - MySQL commits: https://dev.mysql.com/doc/refman/8.4/en/implicit-commit.html
    - Confirmed on PostgreSQL 15 and MariaDB 10.11: the second try says that the column exists.
    """

    code = "MG614"
    severity = Severity.WARNING
    dialects = ("postgresql", "mysql", "mariadb")
    supersedes = ("MG405",)
    message = "If line {line} fails, {what} stays, and the revision cannot be run again: it stops there."
    help = "Put each in its own revision, or give IF NOT EXISTS (if_not_exists=True) to what comes before line {line}."

    def check(self, subject: Migration, context: Context) -> Iterator[Finding]:
        found = _first(subject.upgrade.operations, context)
        if found is not None:
            first, later = found
            yield self.finding(first, objects=[subject.revision], what=words(first), line=later.site.span.line)


def _first(operations: Sequence[Operation], context: Context) -> tuple[Operation, Operation] | None:
    """The first operation that is committed before another one may fail, with that one."""
    commits_each = not context.can(Ability.TRANSACTIONAL_DDL)
    committed: Operation | None = None
    first_of_all = not context.migration.parents
    for one in operations:
        if first_of_all and isinstance(one, CreateTable | CreateIndex | AddConstraint) and not one.site.autocommit:
            continue
        if committed is not None and one.site.statement != committed.site.statement:
            if commits_each and fails_again(one):
                return committed, one
            if not commits_each and one.site.autocommit and one.site.segment > committed.site.segment:
                return committed, one
        if committed is None and fails_again(one) and (commits_each or not one.site.autocommit):
            committed = one
    return None
