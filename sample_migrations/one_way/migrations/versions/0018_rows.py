"""It works on an empty table.

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
    op.add_column("customers", sa.Column("country", sa.Text(), nullable=False))  # expect: MG758


def downgrade() -> None:
    op.drop_column("customers", "country")
