"""An enum that stays when its table goes.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(  # expect: MG753, MG754
        "orders",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("state", sa.Enum("open", "paid", name="order_state"), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("orders")
