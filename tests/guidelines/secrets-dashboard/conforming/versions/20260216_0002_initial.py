"""initial
"""

import sqlalchemy as sa
from alembic import op

revision = "d00000000002"
down_revision = "d00000000001"
branch_labels = None
depends_on = None

role = sa.Enum("admin", "member", "viewer", name="role")


def upgrade():
    op.create_table(
        "users",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("email", sa.String(255), server_default="", nullable=False),
        sa.Column("role", role, server_default="viewer", nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("email"),
    )
    op.create_table(
        "projects",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("number", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("name", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("name_lower", sa.Text(), sa.Computed("lower(name)", persisted=True), nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=sa.func.now(), nullable=False),
        sa.Column("deleted_at", sa.DateTime()),
    )
    op.create_table(
        "project_users",
        sa.Column("project_id", sa.Text(), sa.ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("user_id", sa.String(36), sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    )
    op.create_index("project_users_by_user", "project_users", ["user_id"])
    op.create_index("projects_alive", "projects", ["name"], postgresql_where=sa.text("deleted_at IS NULL"))


def downgrade():
    op.drop_table("project_users")
    op.drop_table("projects")
    op.drop_table("users")
    role.drop(op.get_bind())
