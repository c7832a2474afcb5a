"""projects
"""

import sqlalchemy as sa
from alembic import op

revision = "d40000000002"
down_revision = "d40000000001"
branch_labels = None
depends_on = None

plan = sa.Enum("free", "paid", name="plan")


def upgrade():
    op.create_table(
        "users",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("email", sa.String(255), nullable=False, unique=True),
        sa.Column("plan", plan, nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=True),
        sa.Column("updated_at", sa.DateTime(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "projects",
        sa.Column("id", sa.UUID(), primary_key=True),
        sa.Column("user_id", sa.String(), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("created_at", sa.DateTime()),
    )
    op.create_index("idx_projects_user_id", "projects", ["user_id"])
    op.create_table(
        "project_user",
        sa.Column("project_id", sa.UUID(), sa.ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
        sa.Column("user_id", sa.String(), sa.ForeignKey("users.id", ondelete="NO ACTION"), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "user_id"),
    )
    op.create_index("idx_project_user_user_id", "project_user", ["user_id"], unique=False)
    op.create_index("idx_users_alive", "users", ["email"], postgresql_where=sa.text("deleted_at IS NULL"))
    op.execute("CREATE VIEW people AS SELECT id FROM users")


def downgrade():
    op.execute("DROP VIEW people")
    op.drop_table("project_user")
    op.drop_table("projects")
    op.drop_table("users")
    plan.drop(op.get_bind())
