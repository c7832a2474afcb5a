"""Nobody has written the way back.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("refunds", sa.Column("id", sa.BigInteger(), primary_key=True))


def downgrade() -> None:
    raise NotImplementedError("Refunds stay.")  # expect: MG752
