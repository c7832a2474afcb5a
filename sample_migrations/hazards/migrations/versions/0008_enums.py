"""Enums: a value too new to be used, a type made twice, and one never made.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TYPE mood ADD VALUE 'calm'")  # expect: MG605
    op.add_column("users", sa.Column("mood", postgresql.ENUM(name="mood", create_type=False), server_default="calm"))
    op.create_table("pets", sa.Column("mood", sa.Enum("happy", "sad", name="mood")))  # expect: MG621
    op.add_column("orders", sa.Column("state", sa.Enum("open", "paid", name="order_state")))  # expect: MG622


def downgrade() -> None:
    op.drop_column("orders", "state")
    op.drop_table("pets")
    op.drop_column("users", "mood")
