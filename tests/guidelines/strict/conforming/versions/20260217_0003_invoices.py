"""Invoices and who reads them

Reason: accounting moves in. TASK-45 asks for it.
"""

import sqlalchemy as sa
from alembic import op

revision = "d50000000003"
down_revision = "d50000000002"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE SCHEMA IF NOT EXISTS billing")
    op.execute("""
    CREATE TABLE IF NOT EXISTS billing.invoices (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        number bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
        tenant_id uuid NOT NULL REFERENCES public.tenants (id) ON DELETE NO ACTION,
        amount numeric(12, 2) NOT NULL DEFAULT 0,
        rounded numeric(12, 0) GENERATED ALWAYS AS (round(amount)) STORED NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        deleted_at timestamptz,
        is_deleted boolean NOT NULL DEFAULT false
    )
    """)
    op.execute("CREATE INDEX IF NOT EXISTS idx_invoices_tenant_id_created_at ON billing.invoices (tenant_id, created_at)")
    op.create_table(
        "invoice_readers",
        sa.Column("invoice_id", sa.UUID(), sa.ForeignKey("billing.invoices.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("user_id", sa.UUID(), sa.ForeignKey("public.users.id", ondelete="CASCADE"), primary_key=True),
        schema="billing",
        if_not_exists=True,
    )
    op.create_index("idx_invoice_readers_user_id", "invoice_readers", ["user_id"], schema="billing", if_not_exists=True)
    op.execute("CREATE OR REPLACE VIEW billing.open_invoice AS SELECT id FROM billing.invoices")


def downgrade():
    op.execute("DROP VIEW IF EXISTS billing.open_invoice")
    op.drop_table("invoice_readers", schema="billing", if_exists=True)
    op.drop_table("invoices", schema="billing", if_exists=True)
    op.execute("DROP SCHEMA IF EXISTS billing")
