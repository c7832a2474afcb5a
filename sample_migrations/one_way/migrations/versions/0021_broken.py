"""It does not work at all.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_customers_city", "customers", ["city"])  # expect: MG751


def downgrade() -> None:
    op.drop_index("ix_customers_city", table_name="customers")
