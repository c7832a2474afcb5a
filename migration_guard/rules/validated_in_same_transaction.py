from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from migration_guard.dialects import Ability
from migration_guard.model.constraints import AddConstraint, ValidateConstraint
from migration_guard.model.finding import Finding, Severity
from migration_guard.rules import Context, Rule


class ValidatedInSameTransaction(Rule[ValidateConstraint]):
    """
    A constraint is added NOT VALID and validated in one transaction: the scan runs under the lock of the first step.

    ## What happens

    NOT VALID takes its strong lock for a moment, VALIDATE a weak one for a long time. In one transaction the strong
    lock stays until the end, and the table is read under it.

    ```python bad
    op.execute("ALTER TABLE users ADD CONSTRAINT ck_users_age CHECK (age > 0) NOT VALID")
    op.execute("ALTER TABLE users VALIDATE CONSTRAINT ck_users_age")
    ```

    Two revisions are no cure by themselves: without `transaction_per_migration=True` in env.py, Alembic runs all that
    are pending in one transaction. Where env.py does not say it, and both revisions are judged in this run, that is a
    warning at the one that validates.

    ## To whom

    Every request to the table, as long as its rows are read; of a foreign key, every write to both tables.

    ## When it is no hazard

    An autocommit block ends the transaction, and so does a table that the migration itself makes have no rows:

    ```python good
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE users ADD CONSTRAINT ck_users_age CHECK (age > 0) NOT VALID")
        op.execute("ALTER TABLE users VALIDATE CONSTRAINT ck_users_age")
    ```

    ```python good
    op.create_table("pets", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("age", sa.Integer()))
    op.execute("ALTER TABLE pets ADD CONSTRAINT ck_pets_age CHECK (age > 0) NOT VALID")
    op.execute("ALTER TABLE pets VALIDATE CONSTRAINT ck_pets_age")
    ```

    ## What to write instead

    1. Add the constraint NOT VALID in one migration.
    2. Validate it in the next, with `transaction_per_migration=True` in the configure() of env.py.

    ## Sources

    - Locks of ADD CONSTRAINT and VALIDATE: https://www.postgresql.org/docs/18/sql-altertable.html
    - A lock is held until its transaction ends: https://www.postgresql.org/docs/18/explicit-locking.html
    - `transaction_per_migration`: https://alembic.sqlalchemy.org/en/latest/api/runtime.html
    """

    code = "MG306"
    dialects = ("postgresql",)
    message = "Validating {name} reads {table} under the lock that {before} takes in the same transaction."
    help = """\
1. Add {name} NOT VALID in one migration.
2. Validate it in the next, with transaction_per_migration=True in the configure() of env.py."""

    def check(self, subject: ValidateConstraint, context: Context) -> Iterator[Finding]:
        if not (context.can(Ability.NOT_VALID_CONSTRAINTS) and context.in_transaction(subject)):
            return
        if context.is_new(subject.table):
            return
        added = next((one for one in context.earlier(subject, AddConstraint) if _is_added(one, subject, context)), None)
        if added is not None:
            yield self._found(subject, f"line {added.site.span.line}", Severity.ERROR)
            return
        revision = _added_before(subject, context)
        if revision is not None:
            yield self._found(subject, f"revision {revision}", Severity.WARNING)

    def _found(self, subject: ValidateConstraint, before: str, severity: Severity) -> Finding:
        found = self.finding(subject, objects=[subject.name], name=subject.name, table=subject.table, before=before)
        return replace(found, severity=severity)


def _is_added(one: AddConstraint, subject: ValidateConstraint, context: Context) -> bool:
    """Whether it adds the constraint, in the transaction in which it is validated."""
    same = one.table == subject.table and one.constraint.name == subject.name and one.constraint.valid is False
    return same and one.site.segment == subject.site.segment and context.in_transaction(one)


def _added_before(subject: ValidateConstraint, context: Context) -> str | None:
    """The other revision of this run that adds the constraint, where env.py runs all in one transaction."""
    known = context.before.table(subject.table)
    waiting = known and any(one.name == subject.name and one.valid is False for one in known.constraints)
    if context.history.environment.transaction_per_migration is not False or not waiting:
        return None
    for migration in context.history.migrations:
        if migration.revision == context.migration.revision or migration.revision not in context.judged:
            continue
        operations = migration.upgrade.operations
        last = max((one.site.segment for one in operations), default=0)
        added = (one for one in operations if isinstance(one, AddConstraint) and one.constraint.valid is False)
        named = (one for one in added if one.table == subject.table and one.constraint.name == subject.name)
        if any(one.site.segment == last and not one.site.autocommit for one in named):
            return migration.revision
    return None
