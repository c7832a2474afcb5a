"""The old orders keep to the key as well, and those of a voucher are found.

Revision ID: af10
Revises: 9e09
"""

from alembic import op

revision = "af10"
down_revision = "9e09"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE orders VALIDATE CONSTRAINT fk_orders_voucher")
    with op.get_context().autocommit_block():
        op.create_index("ix_orders_voucher_id", "orders", ["voucher_id"], postgresql_concurrently=True)


def downgrade() -> None:
    # A validated key does no harm to the revision before.
    with op.get_context().autocommit_block():
        op.drop_index("ix_orders_voucher_id", table_name="orders", postgresql_concurrently=True)
