"""initial

Revision ID: 8c1d5e7f9a01
Revises:
Create Date: 2026-02-16 09:00:00.000000
"""

import sqlalchemy as sa
from alembic import op

revision = "8c1d5e7f9a01"
down_revision = None
branch_labels = None
depends_on = None

role = sa.Enum("admin", "member", "viewer", name="role")
environment = sa.Enum("local", "dev", "prod", name="environment")
secret_type = sa.Enum("key", "token", "endpoint", name="secrettype")


def upgrade():
    op.create_table(
        "users",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("email", sa.String(255), nullable=False),
        sa.Column("role", role, server_default="viewer", nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=sa.func.now(), nullable=False),
    )
    op.create_table(
        "projects",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("name", sa.String(100), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(), server_default=sa.func.now(), nullable=False),
    )
    op.create_table(
        "secrets",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("project_id", sa.String(36), sa.ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
        sa.Column("type", secret_type, nullable=False),
        sa.Column("environment", environment, server_default="local", nullable=False),
        sa.Column("encrypted_value", sa.LargeBinary(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=True),
    )
    op.create_table(
        "refresh_tokens",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("user_id", sa.String(36), sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("token_hash", sa.String(64), server_default="", nullable=False),
    )
    op.create_table(
        "audit_logs",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("actor_id", sa.String(36), sa.ForeignKey("users.id", ondelete="SET NULL"), nullable=True),
        sa.Column("project_id", sa.String(36), sa.ForeignKey("projects.id", ondelete="CASCADE"), nullable=True),
        sa.Column("action", sa.Text(), server_default="", nullable=False),
    )


def downgrade():
    op.drop_table("audit_logs")
    op.drop_table("refresh_tokens")
    op.drop_table("secrets")
    op.drop_table("projects")
    op.drop_table("users")
    secret_type.drop(op.get_bind())
    environment.drop(op.get_bind())
    role.drop(op.get_bind())
