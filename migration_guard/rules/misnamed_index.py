from __future__ import annotations

from collections.abc import Iterator, Sequence

from migration_guard.model.finding import Fix, Severity
from migration_guard.model.lineage import Moment
from migration_guard.model.schema import Table
from migration_guard.rules import Context, Fixable
from migration_guard.rules._conventions import Breach, Convention, fits_template
from migration_guard.rules._names import begins, filled, renamed


class MisnamedIndex(Convention):
    """
    The name of an index does not say whose it is.

    ## What happens

    `index-name` is how names begin (`ix_{table}_`, the default, or `idx_{table}_`), or with `{columns}` in it the whole
    name.

    ```python bad
    op.create_table("users", sa.Column("id", sa.Uuid(), primary_key=True), sa.Column("email", sa.Text()))
    op.create_index("email_lookup", "users", ["email"])
    ```

    ## To whom

    The person on call who reads the name in a log, and asks of which table it is.

    ## When it is no hazard

    ```python good
    op.create_table("users", sa.Column("id", sa.Uuid(), primary_key=True), sa.Column("email", sa.Text()))
    op.create_index("ix_users_email", "users", ["email"])
    ```

    The index of a constraint has the constraint's name. A unique index may be named as a unique constraint is (MG910).

    ## What to write instead

    The name as agreed, in both directions:

    ```python bad
    def upgrade():
        op.create_table("users", sa.Column("id", sa.Uuid(), primary_key=True), sa.Column("email", sa.Text()))
        op.create_index("email_lookup", "users", ["email"])

    def downgrade():
        op.drop_index("email_lookup", "users")
        op.drop_table("users")
    ```

    ```python fixed
    def upgrade():
        op.create_table("users", sa.Column("id", sa.Uuid(), primary_key=True), sa.Column("email", sa.Text()))
        op.create_index("ix_users_email", "users", ["email"])

    def downgrade():
        op.drop_index("ix_users_email", "users")
        op.drop_table("users")
    ```

    Where a database has run the migration, a new one renames the index: `ALTER INDEX ... RENAME TO` takes an instant,
    also when the table is in use.

    ## Sources

    - https://www.postgresql.org/docs/18/sql-alterindex.html
    - The team's own conventions: `index-name`, and the presets code-generation, data-layer, multi-tenant, platform and
      strict.
    """

    code = "MG909"
    severity = Severity.WARNING
    fixable = Fixable.UNSAFE
    message = "Of which table an index is, its name does not say as agreed: {what} of {table}."
    help = "Begin its name with {advice}, as index-name says in your configuration."

    def advice(self, breaches: Sequence[Breach], table: Table, context: Context) -> str:
        return begins(context.conventions.index_name, table)

    def breaches(self, table: Table, context: Context) -> Iterator[Breach]:
        agreed = context.conventions
        of_constraints = {one.name for one in table.constraints}
        for name, index in table.indexes.items():
            if not index.certain or name in of_constraints:
                continue
            templates = [agreed.index_name] + ([agreed.unique_name] if index.unique is not False else [])
            if not any(fits_template(name, one, table, index.columns) for one in templates):
                yield Breach(name, (name,))

    def fix(self, breach: Breach, moment: Moment, table: Table, context: Context) -> Fix | None:
        (old,) = breach.key
        index = table.indexes.get(old)
        new = filled(context.conventions.index_name, table, index.columns) if index is not None else None
        return renamed(old, new, moment, context)
