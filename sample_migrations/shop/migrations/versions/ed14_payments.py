"""Payments.

Revision ID: ed14
Revises: dc13
"""

import sqlalchemy as sa
from alembic import op

revision = "ed14"
down_revision = "dc13"
branch_labels = None
depends_on = None


def upgrade() -> None:
    method = sa.Enum("card", "transfer", name="payment_method")
    op.create_table(
        "payments",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("order_id", sa.BigInteger(), sa.ForeignKey("orders.id", ondelete="CASCADE"), nullable=False),
        sa.Column("method", method, nullable=False),
        sa.CheckConstraint("order_id > 0", name="ck_payments_order_id"),
    )
    op.create_index("ix_payments_order_id", "payments", ["order_id"])


def downgrade() -> None:
    op.drop_index("ix_payments_order_id", table_name="payments")
    op.drop_table("payments")
    sa.Enum(name="payment_method").drop(op.get_bind(), checkfirst=True)
