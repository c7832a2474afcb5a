"""Rows that change all at once, or are gone.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("active", sa.Boolean(), nullable=True))
    op.execute("UPDATE users SET active = true")  # expect: MG601
    op.execute("UPDATE orders SET total = round(total) WHERE total IS NOT NULL")  # expect: MG602
    op.execute("DELETE FROM happenings")  # expect: MG111
    op.execute("TRUNCATE orders")  # expect: MG103


def downgrade() -> None:
    op.drop_column("users", "active")
