"""Users have names

Reason: letters are to begin with one. TASK-45 asks for it.
"""

import sqlalchemy as sa
from alembic import op

revision = "d50000000006"
down_revision = "d50000000004"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("users", sa.Column("full_name", sa.Text(), server_default="", nullable=False), if_not_exists=True)


def downgrade():
    op.drop_column("users", "full_name", if_exists=True)
