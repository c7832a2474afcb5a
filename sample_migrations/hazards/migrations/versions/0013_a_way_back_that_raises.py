"""A way back that raises, and does not say why.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("vouchers", sa.Column("id", sa.Integer(), primary_key=True))


def downgrade() -> None:  # expect: MG703
    raise NotImplementedError
