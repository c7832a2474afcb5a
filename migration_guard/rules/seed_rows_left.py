from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.finding import Finding, Severity
from migration_guard.model.migration import Form
from migration_guard.model.objects import DeleteRows, InsertRows, TruncateTable
from migration_guard.model.operations import DropTable, Operation
from migration_guard.model.schema import ConstraintKind, Name, Table
from migration_guard.model.unknown import Unknown
from migration_guard.rules import Context, Rule
from migration_guard.rules._downgrades import is_declared_irreversible, may_write


class SeedRowsLeft(Rule[InsertRows]):
    """
    The upgrade inserts rows with keys of its own into an older table, and the downgrade leaves them there.

    ## What happens

    After a rollback the rows are still there. The next upgrade inserts them again and meets its own keys: "duplicate
    key value violates unique constraint".

    ```python given
    op.create_table("roles", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.Text()))
    ```

    ```python bad
    def upgrade():
        op.execute("INSERT INTO roles (id, name) VALUES (7, 'auditor')")

    def downgrade():
        pass
    ```

    ```python given
    op.create_table("roles", sa.Column("code", sa.Text(), primary_key=True), sa.Column("name", sa.Text()))
    ```

    ```python bad
    def upgrade():
        op.add_column("roles", sa.Column("rank", sa.Integer()))
        roles = sa.table("roles", sa.column("code"), sa.column("name"))
        op.bulk_insert(roles, [{"code": "aud", "name": "auditor"}])

    def downgrade():
        op.drop_column("roles", "rank")
    ```

    ## To whom

    The next deployment, on the day when a release was taken back and is rolled out again.

    ## When it is no hazard

    The downgrade deletes them, or the insert minds what is there:

    ```python given
    op.create_table("roles", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.Text()))
    ```

    ```python good
    def upgrade():
        op.execute("INSERT INTO roles (id, name) VALUES (7, 'auditor')")

    def downgrade():
        op.execute("DELETE FROM roles WHERE id = 7")
    ```

    ```python given
    op.create_table("roles", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.Text()))
    ```

    ```python good
    def upgrade():
        op.execute("INSERT INTO roles (id, name) VALUES (7, 'auditor') ON CONFLICT DO NOTHING")

    def downgrade():
        pass
    ```

    Nothing is said where the history does not show the table's keys, the key is drawn from a sequence, the insert is
    conditional, the downgrade runs what nobody sees, or the revision is declared one-way with a reason.

    ## What to write instead

    Delete in downgrade() the rows that upgrade() inserts, by their keys.

    ## Sources

    - https://www.postgresql.org/docs/18/sql-insert.html
    - `migration-guard roundtrip` proves it on a database (MG754).
    """

    code = "MG714"
    severity = Severity.WARNING
    message = "downgrade() leaves the rows in {table} that this inserts: the next upgrade fails on a duplicate {key}."
    help = "Delete them in downgrade(), by their keys: DELETE FROM {table:sql} WHERE {key:sql} IN (...)"

    def check(self, subject: InsertRows, context: Context) -> Iterator[Finding]:
        site, known = subject.site, context.before.table(subject.table)
        if subject.skips or subject.from_select or site.conditional or known is None or context.is_empty(subject):
            return
        downgrade = context.migration.downgrade
        if downgrade.form not in (Form.BODY, Form.EMPTY) or is_declared_irreversible(context):
            return
        key = _key(known, frozenset(subject.given))
        tables = {subject.table, *_parents(known)}
        if key is None or any(_may_delete(one, name) for one in downgrade.operations for name in tables):
            return
        if any(one.table == subject.table for one in context.earlier(subject, DeleteRows)):
            return
        yield self.finding(subject, objects=[str(subject.table)], table=subject.table, key=key)


def _key(table: Table, given: frozenset[str]) -> str | None:
    """The columns of a key that the rows give in full; None where there is none."""
    if not (table.complete and table.certain):
        return None
    unique = (ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE)
    keys = [one.columns for one in table.constraints if one.kind in unique and one.certain]
    keys += [
        one.columns
        for one in table.indexes.values()
        if one.unique is True and one.certain and not one.where and not isinstance(one.columns, Unknown)
    ]
    return next((", ".join(key) for key in keys if key and given.issuperset(key)), None)


def _parents(table: Table) -> Iterator[Name]:
    """The tables with whose rows those of this one go."""
    for one in table.constraints:
        if one.references is not None and "ON DELETE CASCADE" in map(str.upper, one.options):
            yield one.references


def _may_delete(operation: Operation, table: Name) -> bool:
    """Whether the downgrade may take the rows away: it deletes some of that table, or runs what nobody sees."""
    match operation:
        case DeleteRows() | TruncateTable() | DropTable():
            return operation.table == table
    return may_write(operation, table)
