"""A type that does not come back.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("customers", "name", type_=sa.Text(), existing_nullable=False)  # expect: MG753


def downgrade() -> None:
    pass
