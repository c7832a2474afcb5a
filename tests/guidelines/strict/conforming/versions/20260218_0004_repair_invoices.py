"""Invoices say when they were changed

Reason: corrections have to be found. TASK-45 asks for it.
"""

import sqlalchemy as sa
from alembic import op

revision = "d50000000004"
down_revision = "d50000000003"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("invoices", sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False), schema="billing", if_not_exists=True)


def downgrade():
    op.drop_column("invoices", "updated_at", schema="billing", if_exists=True)
