"""BILL-8: index invoices by account
"""

from alembic import op

revision = "d10000000005"
down_revision = "d10000000004"
branch_labels = None
depends_on = None


def upgrade():
    with op.get_context().autocommit_block():
        op.create_index("idx_invoices_account_id", "invoices", ["account_id"], postgresql_concurrently=True)


def downgrade():
    with op.get_context().autocommit_block():
        op.drop_index("idx_invoices_account_id", table_name="invoices", postgresql_concurrently=True)
