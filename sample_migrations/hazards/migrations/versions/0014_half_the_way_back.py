"""Half the way back.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("carts", sa.Column("id", sa.Integer(), primary_key=True))
    op.create_table("cart_items", sa.Column("id", sa.Integer(), primary_key=True))
    op.execute("CREATE SEQUENCE cart_number")
    op.alter_column("orders", "total", server_default=sa.text("0"))


def downgrade() -> None:  # expect: MG704, MG708, MG712
    op.alter_column("orders", "total", server_default=sa.text("1"))
    op.add_column("orders", sa.Column("memo", sa.Text(), nullable=False))  # expect: MG710
    op.drop_table("cart_items")
