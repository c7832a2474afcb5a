"""People say when they were changed

Reason: the office asks who changed a role, and when.
"""

import sqlalchemy as sa
from alembic import op

revision = "d30000000004"
down_revision = "d30000000003"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("people", sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False), if_not_exists=True)


def downgrade():
    op.drop_column("people", "updated_at", if_exists=True)
