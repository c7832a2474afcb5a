"""When orders were placed.

Revision ID: 4f04
Revises: 3c03
"""

import sqlalchemy as sa
from alembic import op

revision = "4f04"
down_revision = "3c03"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "orders",
        sa.Column("placed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("orders", "placed_at")
