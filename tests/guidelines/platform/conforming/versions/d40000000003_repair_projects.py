"""projects say when they were changed
"""

import sqlalchemy as sa
from alembic import op

revision = "d40000000003"
down_revision = "d40000000002"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("projects", sa.Column("updated_at", sa.DateTime(), nullable=True))


def downgrade():
    op.drop_column("projects", "updated_at")
