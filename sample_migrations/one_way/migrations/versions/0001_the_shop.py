"""The shop as it was.

Revision ID: 0001
Revises: 
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customers",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False, comment="As on the invoice"),
        sa.Column("nickname", sa.Text()),
        sa.Column("status", sa.Text(), server_default="new", nullable=False),
    )
    op.create_table("plans", sa.Column("name", sa.Text(), primary_key=True))
    op.create_index("ix_customers_name", "customers", ["name"])


def downgrade() -> None:
    op.drop_index("ix_customers_name", table_name="customers")
    op.drop_table("plans")
    op.drop_table("customers")
