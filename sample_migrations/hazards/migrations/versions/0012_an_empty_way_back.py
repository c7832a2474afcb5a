"""A way back that does nothing.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("gifts", sa.Column("id", sa.Integer(), primary_key=True))


def downgrade() -> None:  # expect: MG702
    pass
