"""A default that does not come back.

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
    op.alter_column("customers", "status", server_default=None)  # expect: MG753


def downgrade() -> None:
    pass
