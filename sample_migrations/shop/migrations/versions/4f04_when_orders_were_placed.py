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
    with op.batch_alter_table("orders") as batch_op:
        batch_op.add_column(
            sa.Column("placed_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)
        )


def downgrade() -> None:
    with op.batch_alter_table("orders") as batch_op:
        batch_op.drop_column("placed_at")
