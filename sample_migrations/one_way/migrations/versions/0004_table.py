"""A table that stays.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("invoices", sa.Column("id", sa.BigInteger(), primary_key=True))
    op.create_table("reminders", sa.Column("id", sa.BigInteger(), primary_key=True))  # expect: MG753, MG754


def downgrade() -> None:
    op.drop_table("invoices")
