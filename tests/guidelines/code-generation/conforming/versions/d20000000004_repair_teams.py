"""Teams say when they were changed.
"""

import sqlalchemy as sa
from alembic import op

revision = "d20000000004"
down_revision = "d20000000003"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("teams", sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False))


def downgrade():
    op.drop_column("teams", "updated_at")
