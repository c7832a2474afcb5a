"""rename setting to settings
"""

import sqlalchemy as sa
from alembic import op

revision = "d00000000004"
down_revision = "d00000000003"
branch_labels = None
depends_on = None


def upgrade():
    op.rename_table("setting", "settings")  # migration-guard: ignore[MG502] no code uses it yet
    op.add_column("users", sa.Column("theme", sa.String(20), server_default="light", nullable=False))


def downgrade():
    op.drop_column("users", "theme")
    op.rename_table("settings", "setting")
