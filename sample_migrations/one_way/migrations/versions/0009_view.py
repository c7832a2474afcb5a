"""A view that stays.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE OR REPLACE VIEW new_customers AS SELECT id FROM customers WHERE status = 'new'")  # expect: MG753


def downgrade() -> None:
    pass
