from __future__ import annotations

from collections.abc import Iterator

from migration_guard.model.conventions import matches
from migration_guard.model.finding import Severity
from migration_guard.model.schema import Constraint, ConstraintKind, Table
from migration_guard.model.unknown import Unknown
from migration_guard.rules import Context
from migration_guard.rules._conventions import Breach, Convention, constraints

TENANT = "tenant_id"


class MalformedTenantColumn(Convention):
    """
    A row may belong to no tenant, or to one that does not exist.

    ## What happens

    A `tenant_id` is a UUID, not null, and a foreign key to `tenants.id`:

    ```python bad
    op.create_table(
        "invoices",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
    )
    ```

    A table that `tenant-tables` names has to have one.

    ## To whom

    The customer whose rows nobody finds, and the one who is shown them.

    ## When it is no hazard

    A table without the column that no list names:

    ```python good
    op.create_table("countries", sa.Column("id", sa.Uuid(), primary_key=True))
    ```

    And one that has all three:

    ```python good
    op.create_table(
        "invoices",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), sa.ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False),
    )
    ```

    ## What to write instead

    What is missing of the three. On a table with rows each is a step of its own: fill the column, add the key as NOT
    VALID and validate it, then set NOT NULL.

    ## Sources

    - The team's own conventions: `tenant-tables`, and the presets multi-tenant and strict.
    """

    code = "MG905"
    severity = Severity.WARNING
    missing = True
    message = "Rows of {table} may be of no tenant: {what}."
    help = """\
It is to be: sa.Column("tenant_id", sa.Uuid(), sa.ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False)"""

    def breaches(self, table: Table, context: Context) -> Iterator[Breach]:
        column = table.columns.get(TENANT)
        if column is None:
            if matches(str(table.name), context.conventions.tenant_tables):
                yield Breach("it has no tenant_id", (TENANT,))
            return
        type = column.type
        if not isinstance(type, Unknown) and type.known and type.native and type.name != "uuid":
            yield Breach(f"tenant_id is {type}, no UUID", (TENANT,), "type")
        if column.nullable is True:
            yield Breach("tenant_id may be null", (TENANT,), "nullable")
        keys = [one for one in constraints(table, ConstraintKind.FOREIGN_KEY) if TENANT in one.columns]
        if not any(_refers_to_tenants(one) for one in keys):
            yield Breach("tenant_id is no foreign key to tenants.id", (TENANT,), "key")


def _refers_to_tenants(key: Constraint) -> bool:
    """Whether it may be a foreign key from tenant_id to tenants.id: a key without columns is to the primary key."""
    columns = dict(zip(key.columns, key.referenced_columns, strict=False))
    return key.references is None or (key.references.name == "tenants" and columns.get(TENANT, "id") == "id")
