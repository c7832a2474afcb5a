"""Products, and orders with a state.

Revision ID: 2b02
Revises: 1a01
"""

import sqlalchemy as sa
from alembic import op

revision = "2b02"
down_revision = "1a01"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "products",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("price", sa.Numeric(10, 2), nullable=False),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("customer_id", sa.BigInteger(), sa.ForeignKey("customers.id", ondelete="RESTRICT"), nullable=False),
        sa.Column("status", sa.Enum("open", "paid", "sent", name="order_status"), nullable=False),
    )
    op.create_index("ix_products_name", "products", ["name"])


def downgrade() -> None:
    op.drop_index("ix_products_name", table_name="products")
    op.drop_table("orders")
    op.drop_table("products")
    sa.Enum(name="order_status").drop(op.get_bind(), checkfirst=True)
