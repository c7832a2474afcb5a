from __future__ import annotations

from collections.abc import Iterator, Sequence

from migration_guard.model.finding import Severity
from migration_guard.model.schema import Table
from migration_guard.rules import Context
from migration_guard.rules._conventions import Breach, Convention, serves
from migration_guard.rules._names import proposed_indexes
from migration_guard.rules.malformed_tenant_column import TENANT

CREATED = "created_at"


class MissingTenantIndex(Convention):
    """
    What a tenant sees first, its newest rows, is looked for among the rows of all tenants.

    ## What happens

    A table with `tenant_id` and `created_at` has an index that begins with both, in this order:

    ```python bad
    op.create_table(
        "invoices",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), sa.ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    )
    op.create_index("idx_invoices_tenant_id", "invoices", ["tenant_id"])
    ```

    ## To whom

    The tenant with many rows, whose every list is sorted anew.

    ## When it is no hazard

    An index that begins with both and goes on, or counts one of them downwards:

    ```python good
    op.create_table(
        "invoices",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), sa.ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
    )
    op.create_index("idx_invoices_tenant_id_created_at", "invoices", ["tenant_id", sa.text("created_at DESC")])
    ```

    ## What to write instead

    `op.create_index("idx_invoices_tenant_id_created_at", "invoices", ["tenant_id", "created_at"])`; on a table with
    rows, concurrently: see MG401.

    ## Sources

    - https://www.postgresql.org/docs/18/indexes-multicolumn.html
    - The team's own conventions: the presets multi-tenant and strict.
    """

    code = "MG906"
    severity = Severity.WARNING
    missing = True
    message = "The rows of one tenant in {table}, by time, have no index: none begins with tenant_id, created_at."
    help = "Add it:\n{advice}"

    def advice(self, breaches: Sequence[Breach], table: Table, context: Context) -> str:
        return proposed_indexes(table, [one.key for one in breaches], context)

    def breaches(self, table: Table, context: Context) -> Iterator[Breach]:
        if TENANT in table.columns and CREATED in table.columns and not serves(table, (TENANT, CREATED), in_order=True):
            yield Breach(key=(TENANT, CREATED))
