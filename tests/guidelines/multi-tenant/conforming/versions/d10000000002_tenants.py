"""create tenants and users

TASK-45
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "d10000000002"
down_revision = "d10000000001"
branch_labels = None
depends_on = None

status = sa.Enum("new", "active", name="user_status")


def upgrade():
    op.execute("CREATE SCHEMA IF NOT EXISTS integration")
    op.create_table(
        "tenants",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("slug", name="uq_tenants_slug"),
    )
    op.create_table(
        "users",
        sa.Column("id", postgresql.UUID(as_uuid=True), primary_key=True),
        sa.Column("tenant_id", sa.Uuid(), sa.ForeignKey("tenants.id"), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("status", status, server_default="new", nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("deleted_at", sa.DateTime()),
        sa.Column("is_deleted", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.create_index("idx_users_tenant_id_created_at", "users", ["tenant_id", sa.text("created_at DESC")])
    op.create_index("uq_users_email", "users", ["email"], unique=True)
    op.create_index("idx_users_status", "users", ["status"])
    op.create_index("idx_users_alive", "users", ["id"], postgresql_where=sa.text("deleted_at IS NULL"))


def downgrade():
    op.drop_table("users")
    op.drop_table("tenants")
    status.drop(op.get_bind())
    op.execute("DROP SCHEMA integration")
