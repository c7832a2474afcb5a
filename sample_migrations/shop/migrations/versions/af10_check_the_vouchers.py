"""The old orders keep to the key as well.

Revision ID: af10
Revises: 9e09
"""

from alembic import op

revision = "af10"
down_revision = "9e09"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE orders VALIDATE CONSTRAINT fk_orders_voucher")


def downgrade() -> None:
    # A validated key does no harm to the revision before.
    pass
