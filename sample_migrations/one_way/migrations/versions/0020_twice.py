"""It works once.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("INSERT INTO plans (name) VALUES ('free')")  # expect: MG754


def downgrade() -> None:
    pass
