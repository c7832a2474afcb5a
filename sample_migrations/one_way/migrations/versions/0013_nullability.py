"""A NOT NULL that does not come back.

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
    op.alter_column("customers", "name", existing_type=sa.String(100), nullable=True)  # expect: MG753


def downgrade() -> None:
    pass
