"""The column comes back, its contents do not.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("customers", "nickname")  # expect: MG756


def downgrade() -> None:
    op.add_column("customers", sa.Column("nickname", sa.Text()))
