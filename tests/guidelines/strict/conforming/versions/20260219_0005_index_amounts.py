"""Invoices are found by amount

Reason: payments name nothing else. TASK-45 asks for it.
"""

from alembic import op

revision = "d50000000005"
down_revision = "d50000000004"
branch_labels = None
depends_on = None


def upgrade():
    with op.get_context().autocommit_block():
        op.drop_index("idx_invoices_amount", "invoices", schema="billing", postgresql_concurrently=True, if_exists=True)
        op.create_index("idx_invoices_amount", "invoices", ["amount"], schema="billing", postgresql_concurrently=True, if_not_exists=True)


def downgrade():
    with op.get_context().autocommit_block():
        op.drop_index("idx_invoices_amount", table_name="invoices", schema="billing", postgresql_concurrently=True, if_exists=True)
