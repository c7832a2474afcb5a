"""Add teams.
"""

import sqlalchemy as sa
from alembic import op

revision = "d20000000003"
down_revision = "d20000000002"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "teams",
        sa.Column("id", sa.UUID(), primary_key=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "team_members",
        sa.Column("team_id", sa.UUID(), sa.ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("user_id", sa.UUID(), sa.ForeignKey("users.id", ondelete="RESTRICT"), primary_key=True, index=True),
    )
    op.execute("CREATE VIEW \"TeamView\" AS SELECT id FROM teams")


def downgrade():
    op.execute("DROP VIEW \"TeamView\"")
    op.drop_table("team_members")
    op.drop_table("teams")
