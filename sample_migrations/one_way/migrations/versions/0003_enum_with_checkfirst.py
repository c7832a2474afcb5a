"""An enum that stays unseen, because the next upgrade looks first.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

method = postgresql.ENUM("card", "transfer", name="payment_method", create_type=False)

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    method.create(op.get_bind(), checkfirst=True)  # expect: MG753
    op.create_table("payments", sa.Column("id", sa.BigInteger(), primary_key=True), sa.Column("method", method))


def downgrade() -> None:
    op.drop_table("payments")
