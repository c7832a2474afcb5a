"""add user preferences

Revision ID: 8c1d5e7f9a02
Revises: 8c1d5e7f9a01
Create Date: 2026-02-22 09:00:00.000000
"""

import sqlalchemy as sa
from alembic import op

revision = "8c1d5e7f9a02"
down_revision = "8c1d5e7f9a01"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "user_preferences",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("user_id", sa.String(36), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("theme", sa.String(20), server_default="light", nullable=False),
    )


def downgrade():
    op.drop_table("user_preferences")
