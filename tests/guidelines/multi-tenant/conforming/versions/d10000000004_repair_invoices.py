"""invoices get updated_at and their reference (BILL-8)
"""

import sqlalchemy as sa
from alembic import op

revision = "d10000000004"
down_revision = "d10000000003"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("invoices", sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True))


def downgrade():
    op.drop_column("invoices", "updated_at")
