"""How many of a product there are; a constant default is free to add.

Revision ID: 5e05
Revises: 4d04
"""

import sqlalchemy as sa
from alembic import op

revision = "5e05"
down_revision = "4d04"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("products", sa.Column("stock", sa.Integer(), server_default="0", nullable=False))
    op.add_column("products", sa.Column("sku", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("products", "sku")
    op.drop_column("products", "stock")
