"""No way back at all.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:  # expect: MG701
    op.create_table("coupons", sa.Column("id", sa.Integer(), primary_key=True))
