"""invoices for BILL-7
"""

import sqlalchemy as sa
from alembic import op

revision = "d10000000003"
down_revision = "d10000000002"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "accounts",
        sa.Column("id", sa.UUID(), primary_key=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()")),
        schema="integration",
    )
    op.execute("""
    CREATE TABLE invoices (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
        tenant_id uuid NOT NULL REFERENCES tenants (id),
        account_id uuid REFERENCES integration.accounts (id),
        created_at timestamptz NOT NULL DEFAULT now()
    )
    """)
    op.execute("CREATE INDEX idx_invoices_tenant_id_created_at ON invoices (tenant_id, created_at DESC)")
    op.create_table(
        "invoice_users",
        sa.Column("invoice_id", sa.UUID(), sa.ForeignKey("invoices.id"), primary_key=True),
        sa.Column("user_id", sa.UUID(), sa.ForeignKey("users.id"), primary_key=True),
    )
    op.create_index("idx_invoice_users_user_id", "invoice_users", ["user_id"])
    op.execute("CREATE VIEW open_invoice AS SELECT id FROM invoices")


def downgrade():
    op.execute("DROP VIEW open_invoice")
    op.drop_table("invoice_users")
    op.drop_table("invoices")
    op.drop_table("accounts", schema="integration")
