"""A column that is replaced between two servers' heartbeats.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reviews", sa.Column("body", sa.Text(), nullable=True))
    op.execute("UPDATE reviews SET body = words")  # expect: MG601
    op.drop_column("reviews", "words")  # expect: MG102, MG503


def downgrade() -> None:
    op.add_column("reviews", sa.Column("words", sa.Text(), nullable=True))
    op.drop_column("reviews", "body")
