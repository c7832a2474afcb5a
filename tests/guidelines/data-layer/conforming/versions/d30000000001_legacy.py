"""legacy
"""

import sqlalchemy as sa
from alembic import op

revision = "d30000000001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "Legacy",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("madeAt", sa.DateTime(), nullable=False),
        sa.Column("slug", sa.Text(), unique=True),
        sa.Column("deleted_at", sa.DateTime(), nullable=False),
    )
    op.create_index("legacy_made", "Legacy", ["madeAt"])


def downgrade():
    op.drop_table("Legacy")
