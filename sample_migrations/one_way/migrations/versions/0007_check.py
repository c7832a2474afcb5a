"""A CHECK that stays.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_check_constraint("ck_customers_name", "customers", "name <> ''")  # expect: MG753, MG754


def downgrade() -> None:
    pass
